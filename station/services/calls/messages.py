"""Messages on an occasion to many: who gets one, a list that leaves the house, and its delivery."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd

from station import text
from station.archive import stations as sites
from station.archive.calls import caring as store
from station.archive.calls.caring import Sending as Sending  # noqa: PLC0414 - pages name it
from station.archive.calls.caring import Thought
from station.archive.customers import book
from station.archive.database import Connection
from station.contact import care, rules
from station.contact.care import Kind
from station.contact.rules import Person, Refusal
from station.errors import BadValueError, ConfigError, NotAllowedError, NotFoundError
from station.model import Act, Channel, day_date, day_number
from station.output import gateway as out
from station.services import sheets, trail
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import allowed, caring, clock, gateways, newcomers, wording
from station.services.calls.caring import IN_LISTS, Due
from station.services.calls.wording import For

WAITING, SENT, EXPORTED, FAILED, WITHDRAWN = "waiting", "sent", "exported", "failed", "withdrawn"
SENDING = "sending"
"""It is on its way, or the house lost its power meanwhile: sent again it is delivered once."""
OPEN = frozenset({WAITING, FAILED})
"""A list that may still be sent, or withdrawn."""
SHOWN_LISTS, SAMPLES, MOST_SAMPLED = 20, 3, 50
FIELD_OF = {Channel.SMS: "phone", Channel.EMAIL: "email"}
"""Where a message goes, by the field of a card."""
NO_WORDS, SAME_ADDRESS = "no_words", "same_address"
"""Why somebody is put aside beside what the contact rules say."""
KEY = re.compile(r"[\w-]{8,64}")
ID_LENGTH = 24


@dataclass(frozen=True, slots=True)
class One:
    """One message: for whom, where it goes and what it says."""

    customer_id: int
    about: str
    due_day: int
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list would be: how many, who is put aside and why, and some texts, masked."""

    people: int
    aside: Mapping[str, int]
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a list: its standing, how many it is for, and what the gateway answered."""

    status: str
    people: int
    answer: int
    tries: int


# --- one alone --------------------------------------------------------------------------------


@right("calls.read")
def draft(ask: Ask, *, customer_id: int, kind: Kind, about: str, lang: str) -> str:
    """Return what one may say to a customer who is due; his name is masked.

    Raises:
        NotFoundError: there is no such customer in the asker's care, or nothing is due.
    """
    one = caring.still_due(ask, customer_id, kind, about)
    with ask.db.reading() as conn:
        template = wording.wording(conn, one.station_id, kind, lang).template
        card = wording.cards(conn, ask, [one.customer_id])[one.customer_id]
    whom = For(one.station, _on(one.day, lang))
    return wording.written_for(ask, template, card, whom, is_masked=True).text


# --- who gets one ---------------------------------------------------------------------------------


@right("calls.plan")
def preview(ask: Ask, *, station: str, kind: Kind, way: Channel, lang: str) -> Preview:
    """Return what a list of messages would be, without making it; no text tells a name in full.

    Raises:
        NotFoundError: there is no such station, or none in sight; both answer alike.
        NotAllowedError: of this occasion one speaks by mouth only.
    """
    (station_id,) = stations_in_sight(ask, [station])
    due = _due(ask, station_id, kind, way)
    with ask.db.reading() as conn:
        told, aside = _messages(conn, ask, due, way, lang)
        masked, _ = _messages(conn, ask, due[:MOST_SAMPLED], way, lang, is_masked=True)
    return Preview(len(told), aside, tuple(one.text for one in masked[:SAMPLES]))


def _due(ask: Ask, station_id: int, kind: Kind, way: Channel) -> list[Due]:
    """Return who is to be written to of an occasion; of family by mouth only.

    Raises:
        NotAllowedError: of this occasion one speaks by mouth only.
    """
    if way not in IN_LISTS or way not in caring.ways_of(kind):
        raise NotAllowedError("caring.by_mouth_only")
    came = newcomers.visit_days(ask)
    with ask.db.reading() as conn:
        return caring.everybody(conn, ask, station_id, kind, came)


def _messages(
    conn: Connection,
    ask: Ask,
    due: Sequence[Due],
    way: Channel,
    lang: str,
    *,
    is_masked: bool = False,
) -> tuple[list[One], dict[str, int]]:
    """Return the messages to whoever may get one, and how many are put aside for what.

    All are of one station and one occasion.
    """
    told, aside, taken = list[One](), Counter[str](), set[str]()
    aside.update(one.refused[way][0].value for one in due if way in one.refused)
    some = [one for one in due if way in one.ways]
    if not some:
        return told, dict(aside)
    template = wording.wording(conn, some[0].station_id, some[0].kind, lang).template
    cards = wording.cards(conn, ask, {one.customer_id for one in some})
    for one in some:
        card, whom = cards[one.customer_id], For(one.station, _on(one.day, lang))
        written = wording.written_for(ask, template, card, whom, is_masked=is_masked)
        to = card.get(FIELD_OF[way], "")
        why = NO_WORDS if written.missing else SAME_ADDRESS if to in taken else ""
        if why or not to:
            aside[why or Refusal.UNREACHABLE.value] += 1
            continue
        taken.add(to)
        told.append(One(one.customer_id, one.about, day_number(one.day), to, written.text))
    return told, dict(aside)


def _on(day: date, lang: str) -> str:
    return text.say(lang, "caring.day", day=day)


# --- lists ----------------------------------------------------------------------------------------


@right("calls.plan")
def make(ask: Ask, *, station: str, kind: Kind, way: Channel, lang: str, key: str) -> int:
    """Return the id of a list of messages; under one key it is made once.

    Whoever is in it counts as thought of from now on, so nobody writes to him twice.

    Raises:
        NotFoundError: there is no such station or nobody to write to, or none in sight.
        NotAllowedError: of this occasion one speaks by mouth only.
        BadValueError: there is no key.
    """
    (station_id,) = stations_in_sight(ask, [station])
    if not KEY.fullmatch(key):
        raise BadValueError("caring.bad_key")
    due = _due(ask, station_id, kind, way)
    with acting(ask) as conn:
        known = store.by_key(conn, key)
        if known is not None:
            return _own(ask, known).id
        left = caring.still(conn, ask, due)
        told, _ = _messages(conn, ask, left, way, lang)
        if not told:
            raise NotFoundError("caring.nobody")
        now = caring.now_at(conn, ask, [station_id]).moment
        words = wording.wording(conn, station_id, kind, lang)
        new = Sending(
            station_id=station_id,
            occasion=kind.value,
            channel=way.value,
            lang=lang,
            words=words.template.words,
            offer=words.offer,
            status=WAITING,
            people=len(told),
            account=ask.scope.account,
            made_at=now.at,
            reason="",
            key=key,
        )
        list_id = store.put_list(conn, new)
        store.add(conn, [_thought(new, list_id, one, now.day) for one in told])
        _note(conn, ask, replace(new, id=list_id), "made")
    return list_id


def _own(ask: Ask, one: Sending) -> Sending:
    """Return a list that is in sight and was made by the asker."""
    if one.station_id not in ask.scope.station_ids or one.account != ask.scope.account:
        raise NotFoundError("caring.no_list")
    return one


def _thought(new: Sending, list_id: int, one: One, day: int) -> Thought:
    return Thought(
        customer_id=one.customer_id,
        station_id=new.station_id,
        occasion=new.occasion,
        about=one.about,
        due_day=one.due_day,
        channel=new.channel,
        list_id=list_id,
        account=new.account,
        day=day,
        at=new.made_at,
    )


def _note(conn: Connection, ask: Ask, one: Sending, deed: str, reason: str = "") -> None:
    trail.note(
        conn,
        ask.scope,
        Act.CHANGE,
        f"care_list:{one.id}:{deed}",
        station_id=one.station_id,
        count=one.people,
        reason=reason,
    )


@right("calls.plan")
def lists(ask: Ask, *, stations: Sequence[str] = ()) -> list[Sending]:
    """Return the newest lists of stations in sight, the newest first."""
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        return store.lists(conn, wanted, limit=SHOWN_LISTS)


@right("calls.plan")
def withdraw(ask: Ask, *, list_id: int, reason: str) -> None:
    """Take back a list that has not left: nobody in it was thought of after all.

    Raises:
        NotFoundError: there is no such list, or none in sight; both answer alike.
        NotAllowedError: it has left the house.
        BadValueError: no reason is given.
    """
    why = trail.needed(reason)
    with acting(ask) as conn:
        one = _found(conn, ask, list_id, OPEN)
        store.take_out(conn, list_id)
        store.mark_list(conn, list_id, status=WITHDRAWN)
        _note(conn, ask, one, WITHDRAWN, why)


def _found(conn: Connection, ask: Ask, list_id: int, statuses: Collection[str]) -> Sending:
    """Return a list that stands so."""
    one = store.find_list(conn, list_id, ask.scope.station_ids)
    if one is None:
        raise NotFoundError("caring.no_list")
    if one.status not in statuses:
        raise NotAllowedError("caring.has_left")
    return one


def _of_list(conn: Connection, ask: Ask, one: Sending) -> list[One]:
    """Return the messages of a list to whoever may still be written to; others leave it.

    Written anew in the words of the list: a name that was mended meanwhile is right.
    """
    members = store.members(conn, one.id)
    whole = book.same_of_many(conn, [member.customer_id for member in members])
    now, here = caring.now_at(conn, ask, [one.station_id]), one.station_id
    ids = {rows[0] for rows in whole.values()}
    persons = allowed.people(conn, ids, now.moment, but_list=one.id)
    kind, way = care.kind_of(one.occasion), Channel(one.channel)
    cards = wording.cards(conn, ask, persons)
    template, station = care.template(kind, one.words, one.offer), sites.everything(conn)
    named = station[one.station_id].name or station[one.station_id].code
    told, gone = list[One](), list[int]()
    for member in members:
        stands = whole[member.customer_id][0]
        whom = For(named, _on(day_date(member.due_day), one.lang))
        written = wording.written_for(ask, template, cards[stands], whom, is_masked=False)
        to = cards[stands].get(FIELD_OF[way], "")
        said = caring.against(ask, persons[stands], kind, way, here, now)
        if not to or written.missing or said:
            gone.append(member.customer_id)
        else:
            told.append(One(stands, member.about, member.due_day, to, written.text))
    store.take_out(conn, one.id, gone)
    return told


# --- out of the house -----------------------------------------------------------------------------


@right("contact.reveal_any")
def export(ask: Ask, *, list_id: int, kind: str, reason: str, lang: str) -> bytes:
    """Return a list as a csv or xlsx file: where each message goes, and what it says.

    Whoever does not agree any more has left it. It can be taken out again.

    Raises:
        NotFoundError: there is no such list, or none in sight; both answer alike.
        NotAllowedError: it was sent or withdrawn, or the asker may take no rows out.
        LimitReachedError: it is more than one account may take out in a day.
        BadValueError: no reason is given.
    """
    why = trail.needed(reason)
    with acting(ask) as conn:
        one = _found(conn, ask, list_id, {*OPEN, EXPORTED})
        told = _of_list(conn, ask, one)
    rows = pd.DataFrame([(each.to, each.text) for each in told], columns=["to", "text"])
    headings = {name: text.say(lang, f"caring.column_{name}") for name in rows.columns}
    made = sheets.export(
        ask, frame=rows, headings=headings, kind=kind, name="care", reason=why, lang=lang
    )
    with acting(ask) as conn:
        one = _found(conn, ask, list_id, {*OPEN, EXPORTED})
        changes = {"status": EXPORTED, "people": len(told), "reason": why}
        store.mark_list(conn, list_id, **changes)
        _note(conn, ask, replace(one, people=len(told)), EXPORTED, why)
    return made


@right("contact.reveal_any")
def send(ask: Ask, *, list_id: int, reason: str) -> Delivery:
    """Send a list to the gateway and return what became of it; sent again it is delivered once.

    Raises:
        ConfigError: there is no gateway, or its file is not as it must be.
        NotFoundError: there is no such list, or nobody in it any more; or none in sight.
        NotAllowedError: it has left already, nobody is addressed at this hour, or the asker may
            take no rows out.
        LimitReachedError: it is more than one account may take out in a day.
        BadValueError: no reason is given.
    """
    why = trail.needed(reason)
    with ask.db.reading() as conn:
        _found(conn, ask, list_id, {*OPEN, SENDING})
    where = gateways.read(ask.db.folder)
    with acting(ask) as conn:
        one = _found(conn, ask, list_id, {*OPEN, SENDING})
        _refuse_untimely(conn, ask, one)
        told = _of_list(conn, ask, one)
        changes = {"people": len(told), "reason": why}
        store.mark_list(conn, list_id, **changes, **({} if told else {"status": WITHDRAWN}))
    if not told:
        raise NotFoundError("caring.nobody")
    sheets.count(ask, name="care", rows=len(told), reason=why)
    with acting(ask) as conn:  # from here on nobody takes it back, or out by another door
        _found(conn, ask, list_id, {*OPEN, SENDING})
        store.mark_list(conn, list_id, status=SENDING)
    answer = out.deliver(where, _body(one, told), key=one.key, rules=ask.settings.gateway)
    with acting(ask) as conn:
        now = store.find_list(conn, list_id, ask.scope.station_ids) or one
        is_sent = answer.is_taken or now.status == SENT  # in another tab, perhaps
        status = SENT if is_sent else FAILED
        store.mark_list(
            conn,
            list_id,
            status=status,
            tries=one.tries + answer.tries,
            answered_at=clock.moment("UTC").at,
            answer=str(answer.status or ""),
        )
        _note(conn, ask, replace(one, people=len(told)), status, why)
    return Delivery(status, len(told), answer.status, answer.tries)


def _refuse_untimely(conn: Connection, ask: Ask, one: Sending) -> None:
    """Refuse to send when nobody is addressed, by the hours of law and house.

    Raises:
        NotAllowedError: it is a holiday, or too early or too late.
    """
    now = caring.now_at(conn, ask, [one.station_id])
    law, at = now.laws[one.station_id], now.moment
    hours = rules.spans(Person(0), at.day, Channel(one.channel), law)
    if not any(first <= at.at_min < last for first, last in hours):
        raise NotAllowedError("caring.out_of_hours")


def _body(one: Sending, told: Sequence[One]) -> bytes:
    """Return what the gateway is sent: the same number for a message, however often it is sent."""
    messages = [
        {"id": _number(one.key, each.customer_id), "to": each.to, "text": each.text}
        for each in told
    ]
    said = {"list": one.key, "channel": one.channel, "lang": one.lang, "messages": messages}
    return json.dumps(said, ensure_ascii=False).encode()


def _number(key: str, customer_id: int) -> str:
    return hashlib.sha256(f"{key}/{customer_id}".encode()).hexdigest()[:ID_LENGTH]


@right("calls.plan")
def has_gateway(ask: Ask) -> bool:
    """Return whether messages can be sent from here."""
    try:
        gateways.read(ask.db.folder)
    except ConfigError:
        return False
    return True
