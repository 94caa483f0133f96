"""A person's own dates as a calendar that his telephone reads: a secret address, no names in it."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from station import text
from station.archive import stations as sites
from station.archive.calls import agenda, links
from station.archive.calls.agenda import Call, Next
from station.archive.calls.links import Link
from station.archive.customers import book
from station.archive.database import Connection, Database
from station.config import Settings
from station.errors import NotFoundError
from station.model import DAY_S, Act, CallPurpose, Station, day_date, day_number
from station.services import access, trail
from station.services.access import acting, right, token_hash
from station.services.ask import Ask
from station.services.calls import caring, clock
from station.services.people import sign_in

PATH = "/calendar"
"""Where calendars are read, outside the sign-in: whoever knows the secret reads them."""
SECRET = re.compile(r"[\w-]{43}")
NOBODYS = "0" * 64
BACK_DAYS, AHEAD_DAYS = 14, 92
"""So far back and ahead a calendar tells."""
UID_LENGTH = 32
PRODUCT = "-//Station//Revisit calls//EN"
RIGHT = "calls.read"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Since when somebody's calendar can be read by its address; the address is kept nowhere."""

    made_at: int
    lang: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A calendar as it is sent, and by what it is known to be the same as before."""

    body: bytes
    tag: str


# --- one's own link -------------------------------------------------------------------------------


@right("account.own")
def subscribed(ask: Ask) -> Subscribed | None:
    """Return since when one's own calendar can be read, none if it cannot."""
    with ask.db.reading() as conn:
        link = links.of_account(conn, ask.scope.account_id)
    return None if link is None else Subscribed(link.made_at, link.lang)


@right("account.own")
def renew(ask: Ask, *, lang: str) -> str:
    """Return the path of a new address of one's own calendar; the one before leads nowhere.

    Shown once: of its secret the archive keeps a hash.

    Raises:
        NotFoundError: whoever keeps the files has no calendar.
    """
    if not ask.scope.account_id:
        raise NotFoundError("calendar.no_account")
    secret = sign_in.new_token()
    with acting(ask) as conn:
        link = Link(ask.scope.account_id, token_hash(secret), lang, clock.moment("UTC").at)
        links.put(conn, link)
        _note(conn, ask, "calendar_made")
    return f"{PATH}/{secret}.ics"


@right("account.own")
def revoke(ask: Ask) -> None:
    """Let the address of one's own calendar lead nowhere from now on."""
    with acting(ask) as conn:
        if links.revoke(conn, ask.scope.account_id, at=clock.moment("UTC").at):
            _note(conn, ask, "calendar_revoked")


def _note(conn: Connection, ask: Ask, deed: str) -> None:
    trail.note(conn, ask.scope, Act.CHANGE, f"account:{ask.scope.account_id}:{deed}")


# --- at the door, where nobody is signed in -------------------------------------------------------


def feed(db: Database, settings: Settings, secret: str) -> Feed:
    """Return the calendar of whoever the secret is of, as he may see it today.

    Raises:
        NotFoundError: there is no such secret, it was revoked, or his account sees nothing any
            more; all answer alike.
    """
    link = _link(db, secret)
    scope = access.scope_of_account(db, link.account_id, RIGHT)
    if not scope.station_ids:
        raise NotFoundError("calendar.none")
    ask = Ask(db, settings, scope, access.today())
    body = _calendar(ask, link)
    return Feed(body, hashlib.sha256(body).hexdigest())


def _link(db: Database, secret: str) -> Link:
    wanted = token_hash(secret) if SECRET.fullmatch(secret) else NOBODYS
    with db.reading() as conn:
        link = links.by_hash(conn, wanted)
    kept = link.token_hash if link else "1" * len(NOBODYS)
    if not hmac.compare_digest(wanted, kept) or link is None:
        raise NotFoundError("calendar.none")
    return link


def _calendar(ask: Ask, link: Link) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", text.say(link.lang, "calendar.title"))
    for entry in sorted(_entries(ask, link.lang), key=lambda one: (str(one.on), one.about)):
        calendar.add_component(_event(entry, link))
    return bytes(calendar.to_ical())


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do: a call at an instant, or something of a day; no name is in it."""

    about: str
    on: date
    what: str
    code: str
    made_at: int
    minutes: int = 0


def _entries(ask: Ask, lang: str) -> Iterator[Entry]:
    """Yield planned calls, agreed dates, and whom to think of: codes and purposes, no names."""
    own, due = ask.scope.account_id, caring.due(ask)
    with ask.db.reading() as conn:
        stations = sites.everything(conn)
        today = caring.now_at(conn, ask, ask.scope.station_ids).moment.day
        first, last = today - BACK_DAYS, today + AHEAD_DAYS
        planned = agenda.due(
            conn, ask.scope.station_ids, from_day=first, to_day=last, account_id=own
        )
        calls = [one for one in planned if one.account_id == own]
        dates = [
            one
            for one in agenda.next_of_account(conn, own)
            if one.day <= last and one.station_id in ask.scope.station_ids
        ]
        ids = {one.customer_id for one in calls} | {one.customer_id for one in dates}
        codes = {one: book.sure(conn, one).code for one in ids}
    yield from (_of_call(one, codes[one.customer_id], stations, lang) for one in calls)
    called = {(one.customer_id, one.day) for one in calls}
    for one in dates:
        if (one.customer_id, one.day) not in called:
            yield _of_date(one, codes[one.customer_id], lang)
    for each in due:  # of what occasion is not told: it may be one of the family
        about = f"care/{each.customer_id}/{each.kind}/{each.about}"
        what, made_at = _what(CallPurpose.CARE, lang), day_number(each.day) * DAY_S
        yield Entry(about, each.day, what, each.code, made_at)


def _of_call(call: Call, code: str, stations: Mapping[int, Station], lang: str) -> Entry:
    on: date = day_date(call.day)
    if call.at_min is not None:
        midnight = datetime.combine(on, time(), ZoneInfo(stations[call.station_id].zone))
        on = (midnight + timedelta(minutes=call.at_min)).astimezone(UTC)
    what = _what(call.purpose, lang)
    return Entry(f"call/{call.id}", on, what, code, call.made_at, call.minutes)


def _of_date(one: Next, code: str, lang: str) -> Entry:
    about = f"next/{one.customer_id}/{one.day}"
    return Entry(about, day_date(one.day), _what(one.why, lang), code, one.set_at)


def _what(purpose: CallPurpose, lang: str) -> str:
    return text.say(lang, f"word.call_purpose.{purpose}")


def _event(entry: Entry, link: Link) -> Event:
    """Return an entry of the calendar; its uid tells nobody of whom or of what it is."""
    key, about = link.token_hash.encode(), entry.about.encode()
    event = Event()
    event.add("uid", f"{hmac.new(key, about, hashlib.sha256).hexdigest()[:UID_LENGTH]}@station")
    event.add("dtstamp", datetime.fromtimestamp(entry.made_at, UTC))
    event.add("dtstart", entry.on)
    if isinstance(entry.on, datetime):
        event.add("duration", timedelta(minutes=entry.minutes))
    event.add("summary", text.say(link.lang, "calendar.entry", what=entry.what, code=entry.code))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    return event
