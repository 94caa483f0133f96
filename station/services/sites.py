"""A station's settings change from a day on, with a reason; what they were is never lost."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from time import time

import pandas as pd

from station.archive import stations
from station.archive.database import Connection
from station.archive.people import accounts
from station.archive.stations import ARCHIVIST, Change
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.ingest.records_file import PROVINCES
from station.model import Act, Scope, Station, StationKind, day_number
from station.services import alarms, trail
from station.services.access import LOCAL_ACCOUNT, right, rights_of, stations_in_sight, today
from station.services.ask import Ask
from station.services.people import asking
from station.services.people.asking import Effect, Payload


class Came(StrEnum):
    """What came of a change that somebody wanted."""

    HOLDS = "holds"
    WAITS = "waits"
    ASKED = "asked"


FIELDS = (
    *("name", "region", "kind", "province", "day_starts_at_min", "night_ends_at_min"),
    "calls_per_week",
    ARCHIVIST,
)
"""What may be changed; code, zone and currency are settled when the station is made."""
LEARNT_BY = frozenset({"kind"})
"""What moves alarm dates: stations of a kind share a rhythm."""
WIDENS = frozenset({"region", ARCHIVIST})
"""What gives somebody more rights when it changes: that takes two people."""
SETTING = "site"
KEEPER = ARCHIVIST
PLATE_PROVINCES = sorted(PROVINCES)
LONGEST = 80
DAY_MIN = 24 * 60
MOST_CALLS = 1000
"""Calls a week beyond which a number was mistyped."""
EARLIEST = date(2000, 1, 1)
MOST_DAYS_AHEAD = 3660
BY_FILE = "batch:"
"""How the reason of a change begins that a file brought."""
BY_UNDO = "undo:"
"""How it begins where the undoing of an import changed something back."""


@right("stations.keep")
def listing(ask: Ask) -> pd.DataFrame:
    """Return every station in sight: its settings, who keeps its archive, and what waits."""
    with ask.db.reading() as conn:
        known = stations.listing(conn)
        every = stations.changes(conn)
    waiting = every[every["applied_at"].isna()].groupby("station_id").size()
    counts = known["id"].map(waiting).fillna(0).astype("int64")
    return _in_sight(ask, known.assign(waiting=counts), "id")


def _in_sight(ask: Ask, rows: pd.DataFrame, column: str) -> pd.DataFrame:
    return rows[rows[column].isin(ask.scope.station_ids)].reset_index(drop=True)


@right("archive.verify")
def archivists(ask: Ask) -> pd.DataFrame:
    """Return code, name and archivist (none: nobody) of every station: who keeps its archive."""
    with ask.db.reading() as conn:
        known = stations.listing(conn)
    return _in_sight(ask, known, "id")[["code", "name", ARCHIVIST]]


@right("stations.keep")
def candidates(ask: Ask, *, station: str) -> list[str]:
    """Return the accounts that may keep a station's archive: those with a role there."""
    station_id = _id(ask, station)
    with ask.db.reading() as conn:
        known, sites = accounts.listing(conn), stations.everything(conn)
        may_enter = known[known["disabled_at"].isna()]
        able = [_may_keep(conn, int(who), sites, station_id) for who in may_enter["id"]]
    return list(may_enter.loc[able, "name"])


@right("stations.keep")
def history(ask: Ask, *, station: str = "") -> pd.DataFrame:
    """Return the changes of one station's settings or of all in sight, the latest day first.

    They name station, field, old, new, from_day, applied_at (none: it lies ahead), account,
    written_at and reason; accounts stand there by their names.
    """
    station_id = _id(ask, station) if station else None
    with ask.db.reading() as conn:
        every = stations.changes(conn, station_id)
        codes = {id_: code for code, id_ in stations.ids(conn).items()}
        names = _account_names(conn)
    is_person = every["field"] == ARCHIVIST
    for side in ("old", "new"):
        every[side] = every[side].mask(is_person, every[side].map(names))
    return _in_sight(ask, every.assign(station=every["station_id"].map(codes)), "station_id")


@right("stations.keep")
def setting_on(ask: Ask, *, station: str, field: str, day: date) -> str:
    """Return a setting as it was, or will be, on a day.

    Raises:
        NotFoundError: there is no such station in sight.
        BadValueError: there is no such setting.
    """
    station_id = _id(ask, station)
    _known_field(field)
    with ask.db.reading() as conn:
        value = stations.value_on(conn, station_id, field, day_number(day))
        return _account_names(conn).get(value, value) if field == ARCHIVIST else value


def _account_names(conn: Connection) -> dict[str, str]:
    known = accounts.listing(conn)
    return {"": "", **dict(zip(known["id"].astype(str), known["name"], strict=True))}


@right("stations.keep")
def change(ask: Ask, *, station: str, field: str, new: str, from_on: date, reason: str) -> Came:
    """Change a setting from a day on and return what came of it.

    One from today or earlier holds at once, a later one waits for its day. One that gives somebody
    more rights becomes a request, but for whoever keeps the archive's files.

    Raises:
        NotFoundError: there is no such station in sight.
        BadValueError: the setting cannot have this value, or has it already.
        NotAllowedError: somebody would make himself keeper of an archive.
    """
    station_id, reason = _id(ask, station), trail.needed(reason)
    _known_field(field)
    _possible_day(from_on)
    with ask.db.writing() as conn:
        value = _checked(conn, ask, station_id, field=field, new=" ".join(new.split()))
        old = stations.value_on(conn, station_id, field, day_number(from_on))
        if value == old:
            raise BadValueError("sites.same")
        asked = Change(station_id, field, old, value, day_number(from_on))
        if field in WIDENS and value and ask.scope.account != LOCAL_ACCOUNT:
            asking.put(conn, ask, kind=SETTING, payload=asdict(asked), reason=reason)
            return Came.ASKED
        _write(conn, ask.scope, asked, reason)
        apply_due(conn)
    if field in LEARNT_BY:
        alarms.renew(ask)
    return Came.HOLDS if from_on <= today() else Came.WAITS


def _change_asked(conn: Connection, ask: Ask, payload: Payload) -> str:
    fields = ("station_id", "field", "old", "new", "from_day")
    asked = Change(**{name: payload[name] for name in fields})
    _write(conn, ask.scope, asked, payload["reason"])
    apply_due(conn)
    return ""


def _gains(conn: Connection, payload: Payload) -> str:
    """Return who gains by a change: the person who is to keep the archive."""
    if payload["field"] != ARCHIVIST:
        return ""
    account = accounts.find(conn, account_id=int(payload["new"]))
    return account.person if account else ""


def _sees(_conn: Connection, ask: Ask, payload: Payload) -> None:
    if payload["station_id"] not in ask.scope.station_ids:
        raise NotAllowedError("approvals.out_of_reach")


def _tell(conn: Connection, payload: Payload) -> Payload:
    site = stations.everything(conn)[payload["station_id"]]
    is_person = payload["field"] == ARCHIVIST
    new = _account_names(conn).get(payload["new"], "") if is_person else payload["new"]
    named = {"field": payload["field"], "from_day": payload["from_day"]}
    return {**named, "station": site.name or site.code, "new": new}


EFFECTS: Mapping[str, Effect] = {SETTING: Effect(_change_asked, _gains, _sees, _tell)}
"""What happens when a request of this room is approved."""


def _id(ask: Ask, station: str) -> int:
    if not station:
        raise NotFoundError("error.station_not_found", station=station)
    return next(iter(stations_in_sight(ask, [station])))


def _known_field(field: str) -> None:
    if field not in FIELDS:
        raise BadValueError("sites.no_field", field=field)


def _possible_day(day: date) -> None:
    if not day >= EARLIEST or (day - today()).days > MOST_DAYS_AHEAD:
        raise BadValueError("sites.bad_day", first=EARLIEST, days=MOST_DAYS_AHEAD)


def _checked(conn: Connection, ask: Ask, station_id: int, *, field: str, new: str) -> str:
    """Return the value as the history keeps it."""
    if field == ARCHIVIST:
        return _archivist(conn, ask, station_id, new)
    return CHECKS[field](new)


def _name(new: str) -> str:
    if not new:
        raise BadValueError("sites.no_name")
    return _text(new)


def _text(new: str) -> str:
    if len(new) > LONGEST or not new.isprintable():
        raise BadValueError("sites.bad_text", limit=LONGEST)
    return new


def _kind(new: str) -> str:
    if new not in {kind.value for kind in StationKind}:
        raise BadValueError("sites.bad_kind", known=", ".join(kind.value for kind in StationKind))
    return new


def _province(new: str) -> str:
    if new and new not in PROVINCES:
        raise BadValueError("sites.bad_province")
    return new


def _minute(new: str) -> str:
    if not (new.isascii() and new.isdecimal() and len(new) <= len(str(DAY_MIN))) or (
        int(new) >= DAY_MIN
    ):
        raise BadValueError("sites.bad_minute")
    return str(int(new))


def _calls(new: str) -> str:
    if not (new.isascii() and new.isdecimal() and len(new) <= len(str(MOST_CALLS))) or (
        int(new) > MOST_CALLS
    ):
        raise BadValueError("sites.bad_calls", most=MOST_CALLS)
    return str(int(new))


CHECKS: Mapping[str, Callable[[str], str]] = {
    "name": _name,
    "region": _text,
    "kind": _kind,
    "province": _province,
    "day_starts_at_min": _minute,
    "night_ends_at_min": _minute,
    "calls_per_week": _calls,
}


def _archivist(conn: Connection, ask: Ask, station_id: int, name: str) -> str:
    """Return the id of whoever is to keep the station's archive, nothing for nobody."""
    if not name:
        return ""
    account = accounts.find(conn, name=name.casefold())
    if account is None:
        raise NotFoundError("accounts.unknown", account=name)
    known = stations.everything(conn)
    if account.disabled_at is not None or not _may_keep(conn, account.id, known, station_id):
        raise BadValueError("sites.no_role_there", account=account.name)
    if account.person == ask.scope.person:
        raise NotAllowedError("sites.own_archive")
    return str(account.id)


def _may_keep(
    conn: Connection, account_id: int, known: Mapping[int, Station], station_id: int
) -> bool:
    held = accounts.grants_of(conn, account_id, day_number(today()))
    return any(station_id in ids for ids in rights_of(held, known).values())


def _write(conn: Connection, scope: Scope, asked: Change, reason: str) -> None:
    stations.put_change(conn, asked, account=scope.account, now_s=int(time()), reason=reason)
    object_name = f"station:{asked.station_id}:{asked.field}"
    trail.note(conn, scope, Act.CHANGE, object_name, station_id=asked.station_id, reason=reason)


def apply_due(conn: Connection) -> int:
    """Return how many changes hold from now on; doing it twice changes nothing."""
    return len(stations.apply_due(conn, day_number(today()), int(time())))


def waits(conn: Connection) -> bool:
    """Return whether a change's day has come."""
    return bool(stations.due(conn, day_number(today())))


@contextmanager
def watched(conn: Connection, scope: Scope, reason: str) -> Iterator[None]:
    """Write into the history what a file changes of stations that were there before."""
    before = stations.everything(conn)
    yield
    after = stations.everything(conn)
    day = day_number(today())
    for station_id in before.keys() & after.keys():
        old, new = before[station_id], after[station_id]
        for field, (was, is_now) in _differences(old, new).items():
            _write(conn, scope, Change(station_id, field, was, is_now, day), reason)
    apply_due(conn)


def _differences(old: Station, new: Station) -> dict[str, tuple[str, str]]:
    was, is_now = stations.values_of(old), stations.values_of(new)
    return {
        field: (str(was[field]), str(is_now[field])) for field in was if was[field] != is_now[field]
    }
