"""A demo's people have birthdays, agree to greetings, and some dates with them have passed."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import groupby
from time import time

from station.archive.calls import agenda, homes
from station.archive.calls import caring as thoughts
from station.archive.calls.agenda import Next
from station.archive.calls.caring import Sending, Thought
from station.archive.customers import book, consents
from station.archive.customers import fields as field_book
from station.archive.customers.fields import Value
from station.archive.database import Connection
from station.contact import moon
from station.contact.care import Glad
from station.contact.occasions import Calendar, Occasion, OccasionKind
from station.model import (
    DAY_S,
    CallPurpose,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
    day_date,
    day_number,
)
from station.services.access import LOCAL_ACCOUNT, today
from station.services.ask import Ask
from station.services.calls import messages, wording
from station.services.customers import occasions

PURPOSES, CHANNELS = (Purpose.CARE, Purpose.SERVICE), (Channel.SMS, Channel.PHONE)
"""What those who agree agree to, and how."""
AGREED, BORN, BY_MOON, SERVED, DATED, GRIEF, CARED = 4, 9, 27, 17, 23, 613, 5
"""Each so many-th customer: does not agree, has a birthday these weeks (by the moon's calendar),
a service that is due, a date that passed, a grief; and who was greeted at the last feast."""
SPREAD_DAYS, WEEK_DAYS = 40, 7
MORNING_S = 2 * 3600
"""A list leaves after so many seconds of its day, in universal time."""
MID_AUTUMN = (8, 15)
SERVICES = (("inspection_until", 0), ("oil_on", 180), ("wash_on", 30))
"""By which field a service is due, so many days after it."""


def bring(ask: Ask, last_day: int, agreed_day: int, *, has_calls: bool = False) -> None:
    """Write down what a demo's people said of themselves, around its last day.

    Where calls are made, their results set the dates, and greetings left in lists, one a station.
    """
    now_s = int(time())
    with ask.db.writing(changes_figures=False) as conn:
        people = [(one.customer_id, one.station_id) for one in homes.people(conn) if one.station_id]
        willing = [who for who, _ in people if who % AGREED]
        consents.add(conn, agreed(willing, agreed_day, PURPOSES, CHANNELS))
        for who, station_id in people:
            _days(conn, ask, who, last_day, now_s)
            if not has_calls:
                _date(conn, who, station_id, now_s)
        greeted = [_greeting(who, here, last_day, now_s) for who, here in people if not who % CARED]
        listed = _listed(conn, greeted) if has_calls else greeted
        thoughts.add(conn, listed)
        field_book.put(conn, [_service(who, last_day) for who, _ in people if not who % SERVED])


def _greeting(customer_id: int, station_id: int, last_day: int, now_s: int) -> Thought:
    """Return that somebody was greeted at the last Mid-Autumn before the demo's last day."""
    feasts = (moon.falls_on(day_date(last_day).year - back, *MID_AUTUMN) for back in (0, 1))
    on = next(day for day in feasts if day is not None and day_number(day) <= last_day)
    day = day_number(on)
    return Thought(
        customer_id=customer_id,
        station_id=station_id,
        occasion=Glad.MID_AUTUMN.value,
        about=str(on.year),
        due_day=day,
        channel=Channel.SMS.value,
        list_id=None,
        account=LOCAL_ACCOUNT,
        day=day,
        at=now_s,
    )


def _listed(conn: Connection, greeted: Sequence[Thought]) -> list[Thought]:
    """Return the greetings of those who agreed, in the lists that left, one a station."""
    willing = sorted((one for one in greeted if one.customer_id % AGREED), key=_station)
    found = []
    for station_id, some in groupby(willing, _station):
        mine = list(some)
        feast, at = mine[0], mine[0].day * DAY_S + MORNING_S
        words = wording.wording(conn, station_id, Glad.MID_AUTUMN, "zh")
        new = Sending(
            station_id=station_id,
            occasion=feast.occasion,
            channel=feast.channel,
            lang="zh",
            words=words.template.words,
            offer=words.offer,
            status=messages.SENT,
            people=len(mine),
            account=LOCAL_ACCOUNT,
            made_at=at,
            reason="",
            key=f"demo-{feast.occasion}-{station_id}",
            tries=1,
            answered_at=at,
        )
        list_id = thoughts.put_list(conn, new)
        found += [one._replace(list_id=list_id, at=at) for one in mine]
    return found


def _station(one: Thought) -> int:
    return one.station_id


def agreed(
    customer_ids: Collection[int],
    day: int,
    purposes: Collection[Purpose],
    channels: Collection[Channel],
) -> list[Consent]:
    """Return that these agreed on a day at the counter, each for all purposes by all channels."""
    now_s = int(time())
    return [
        Consent(
            customer_id=customer_id,
            purpose=purpose,
            channel=channel,
            given=True,
            source=ConsentSource.COUNTER,
            text_version="demo",
            on_day=day,
            account=LOCAL_ACCOUNT,
            written_at=now_s,
        )
        for customer_id in customer_ids
        for purpose in purposes
        for channel in channels
    ]


def _days(conn: Connection, ask: Ask, customer_id: int, last_day: int, now_s: int) -> None:
    """Keep the birthday of some, by the moon's calendar of a few, and a grief of very few."""
    if customer_id % AGREED == 0:
        return
    if customer_id % BORN == 0:
        shift = customer_id // BORN % SPREAD_DAYS - SPREAD_DAYS // 2
        on = day_date(last_day) + timedelta(days=shift)
        calendar = Calendar.LUNAR if customer_id % BY_MOON == 0 else Calendar.SOLAR
        birthday = Occasion(OccasionKind.BIRTHDAY, on.month, min(on.day, 28), calendar=calendar)
        occasions.keep(conn, ask, customer_id, birthday, now_s)
    if customer_id % GRIEF == 0:
        on = day_date(last_day)
        grief = Occasion(OccasionKind.BEREAVEMENT, on.month, min(on.day, 28), on.year)
        occasions.keep(conn, ask, customer_id, grief, now_s)


def _date(conn: Connection, customer_id: int, station_id: int, now_s: int) -> None:
    """Let the dates with some have passed, and those with others lie ahead."""
    if customer_id % DATED:
        return
    day = day_number(today()) + customer_id // DATED % (2 * WEEK_DAYS) - WEEK_DAYS
    keeper_id = book.sure(conn, customer_id).keeper_id
    new = Next(customer_id, station_id, keeper_id, day, CallPurpose.KEEP, LOCAL_ACCOUNT, now_s)
    agenda.put_next(conn, new)


def _service(customer_id: int, last_day: int) -> Value:
    """Return which service to somebody's car is known of, due about the demo's last day."""
    name, days = SERVICES[customer_id // SERVED % len(SERVICES)]
    on = day_date(last_day - days + customer_id % WEEK_DAYS)
    return Value(customer_id, name, on.isoformat(), None)
