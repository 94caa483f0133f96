"""Who has time for calls at a station, on which days; when it has its peak, whose law holds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from station.archive import stations as sites
from station.archive.calls import rosters
from station.archive.calls.rosters import Absence, Hours, Season
from station.archive.database import Connection
from station.contact.plan_parts import PlanRules, Shift
from station.contact.rules import WEEK as WEEK  # noqa: PLC0414 - pages name it
from station.contact.rules import WORKDAYS as WORKDAYS  # noqa: PLC0414 - pages name it
from station.errors import BadValueError, NotFoundError
from station.model import Act, day_date, day_number
from station.services import trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.calls import clock
from station.services.customers import contacts

PEAK, SLACK = "peak", "slack"
SEASONS = (PEAK, SLACK)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may call a station's customers: his minutes on each weekday, and when away.

    `is_usual` means that nothing is written of him and the usual hours hold.
    """

    account: str
    weekdays: dict[int, tuple[int, int, int]]
    away: tuple[tuple[date, date], ...]
    is_usual: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """Who has time for calls at a station, and how it stands with its season and its law."""

    station: str
    members: tuple[Member, ...]
    season: str
    since: date | None
    law: str
    laws: tuple[str, ...]


def station_of(conn: Connection, ask: Ask, code: str) -> int:
    """Return the id of a station in sight.

    Raises:
        NotFoundError: there is no such station, or it is not in sight; both answer alike.
    """
    station_id = sites.ids(conn).get(code)
    if station_id is None or station_id not in ask.scope.station_ids:
        raise NotFoundError("error.station_not_found", station=code)
    return station_id


@right("calls.plan")
def roster(ask: Ask, *, station: str) -> Roster:
    """Return who has time for calls at a station from today on.

    Raises:
        NotFoundError: there is no such station in sight.
    """
    with ask.db.reading() as conn:
        station_id = station_of(conn, ask, station)
        day = _today(conn, station_id)
        people = contacts.who_work_there(conn, frozenset({station_id}))
        written = rosters.hours_of(conn, station_id)
        away = rosters.absences_of(conn, people, day)
        season = season_on(conn, station_id, day)
    members = tuple(
        _member(name, account_id, written, away, day, ask.settings.planning)
        for account_id, name in sorted(people.items(), key=lambda one: one[1])
    )
    return Roster(
        station=station,
        members=members,
        season=season.season,
        since=day_date(season.from_day) if season.from_day else None,
        law=season.law or ask.settings.contact.law,
        laws=tuple(ask.settings.contact.laws),
    )


def _member(
    name: str,
    account_id: int,
    written: Sequence[Hours],
    away: Sequence[Absence],
    day: int,
    rules: PlanRules,
) -> Member:
    mine = [one for one in written if one.account_id == account_id]
    week = {weekday: _hours(mine, weekday, day, rules) for weekday in WEEK}
    gone = [one for one in away if one.account_id == account_id]
    return Member(
        account=name,
        weekdays={weekday: told for weekday, told in week.items() if told[0]},
        away=tuple((day_date(one.from_day), day_date(one.to_day)) for one in gone),
        is_usual=not mine,
    )


def _hours(mine: Sequence[Hours], weekday: int, day: int, rules: PlanRules) -> tuple[int, int, int]:
    """Return minutes, begin and end of somebody's weekday: as last written, else usual."""
    told = [one for one in mine if one.weekday == weekday and one.from_day <= day]
    if told:
        return told[-1].minutes, told[-1].from_min, told[-1].to_min
    minutes = rules.day_min if weekday in WORKDAYS and not mine else 0
    return minutes, rules.from_min, rules.to_min


def shifts(conn: Connection, ask: Ask, station_id: int, days: Iterable[int]) -> tuple[Shift, ...]:
    """Return who has how many minutes for calls on each of these days."""
    wanted = sorted(days)
    people = contacts.who_work_there(conn, frozenset({station_id}))
    written = rosters.hours_of(conn, station_id)
    away = rosters.absences_of(conn, people, wanted[0]) if wanted else []
    gone = {(one.account_id, d) for one in away for d in range(one.from_day, one.to_day + 1)}
    found = []
    for account_id in sorted(people):
        mine = [one for one in written if one.account_id == account_id]
        for day in wanted:
            weekday = day_date(day).isoweekday()
            minutes, first, last = _hours(mine, weekday, day, ask.settings.planning)
            if minutes and (account_id, day) not in gone:
                found.append(Shift(account_id, day, minutes, first, last))
    return tuple(found)


def season_on(conn: Connection, station_id: int, day: int) -> Season:
    """Return what a station has on a day; where nothing was ever set, its peak."""
    told = [one for one in rosters.seasons_of(conn, station_id) if one.from_day <= day]
    return told[0] if told else Season(station_id, 0, PEAK, "")


@right("calls.plan")
def set_hours(
    ask: Ask,
    *,
    station: str,
    account: str,
    weekdays: Sequence[int],
    minutes: int,
    from_min: int,
    to_min: int,
) -> None:
    """Let somebody have so many minutes for calls on these weekdays from today on, 0 for none.

    Raises:
        NotFoundError: there is no such station in sight, or nobody of this name works there.
        BadValueError: the times cannot be.
    """
    is_span = 0 <= from_min < to_min <= clock.DAY_MIN and 0 <= minutes <= to_min - from_min
    if not is_span or not weekdays or not set(weekdays) <= set(WEEK):
        raise BadValueError("planning.bad_hours")
    with acting(ask) as conn:
        station_id, account_id = _worker(conn, ask, station, account)
        day, now_s = _today(conn, station_id), clock.moment("UTC").at
        usual = [one for one in rosters.hours_of(conn, station_id) if one.account_id == account_id]
        new = Hours(
            account_id=account_id,
            station_id=station_id,
            weekday=0,
            from_day=day,
            minutes=minutes,
            from_min=from_min,
            to_min=to_min,
            made_by=ask.scope.account,
            made_at=now_s,
        )
        if not usual:
            _write_usual(conn, new, ask.settings.planning)
        for weekday in weekdays:
            rosters.put_hours(conn, replace(new, weekday=weekday))
        what = f"account:{account_id}:hours"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id, count=minutes)


def _write_usual(conn: Connection, new: Hours, rules: PlanRules) -> None:
    """Write down the usual week of somebody of whom nothing was written: the rest of it stays."""
    usual = replace(new, minutes=rules.day_min, from_min=rules.from_min, to_min=rules.to_min)
    for weekday in WORKDAYS:
        rosters.put_hours(conn, replace(usual, weekday=weekday))


@right("calls.plan")
def set_away(ask: Ask, *, station: str, account: str, from_on: date, to_on: date) -> None:
    """Let somebody be away from a day to a last one; the reason is not asked for.

    Raises:
        NotFoundError: there is no such station in sight, or nobody of this name works there.
        BadValueError: the last day lies before the first, or before today.
    """
    with acting(ask) as conn:
        station_id, account_id = _worker(conn, ask, station, account)
        first, last = day_number(from_on), day_number(to_on)
        if last < first or last < _today(conn, station_id):
            raise BadValueError("planning.bad_days")
        absence, now_s = Absence(account_id, first, last), clock.moment("UTC").at
        rosters.add_absence(conn, absence, made_by=ask.scope.account, made_at=now_s)
        what = f"account:{account_id}:away"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)


@right("calls.plan")
def set_back(ask: Ask, *, station: str, account: str) -> None:
    """Let somebody be back from today on.

    Raises:
        NotFoundError: there is no such station in sight, or nobody of this name works there.
    """
    with acting(ask) as conn:
        station_id, account_id = _worker(conn, ask, station, account)
        if rosters.drop_absences(conn, account_id, _today(conn, station_id)):
            what = f"account:{account_id}:back"
            trail.note(conn, ask.scope, Act.CHANGE, what, station_id=station_id)


@right("calls.plan")
def set_season(ask: Ask, *, station: str, season: str) -> None:
    """Let a station have its peak or its slack from today on.

    Raises:
        NotFoundError: there is no such station in sight.
        BadValueError: there is no such season.
    """
    if season not in SEASONS:
        raise BadValueError("planning.bad_season")
    with acting(ask) as conn:
        station_id = station_of(conn, ask, station)
        now = season_on(conn, station_id, _today(conn, station_id))
        _put_season(conn, ask, now._replace(season=season), f"season:{station_id}", season)


@right("stations.keep")
def set_law(ask: Ask, *, station: str, law: str) -> None:
    """Let a law hold at a station from today on, none named: that of the chain.

    Whoever calls does not choose by which law.

    Raises:
        NotFoundError: there is no such station in sight.
        BadValueError: there is no such law.
    """
    if law and law not in ask.settings.contact.laws:
        raise BadValueError("planning.bad_law", laws=" ".join(ask.settings.contact.laws))
    with acting(ask) as conn:
        station_id = station_of(conn, ask, station)
        now = season_on(conn, station_id, _today(conn, station_id))
        _put_season(conn, ask, now._replace(law=law), f"law:{station_id}", law)


def _put_season(conn: Connection, ask: Ask, told: Season, what: str, reason: str) -> None:
    new = told._replace(from_day=_today(conn, told.station_id))
    now_s = clock.moment("UTC").at
    rosters.put_season(conn, new, made_by=ask.scope.account, made_at=now_s)
    trail.note(conn, ask.scope, Act.CHANGE, what, station_id=told.station_id, reason=reason)


def _worker(conn: Connection, ask: Ask, station: str, account: str) -> tuple[int, int]:
    station_id = station_of(conn, ask, station)
    return station_id, worker(contacts.who_work_there(conn, frozenset({station_id})), account)


def worker(people: Mapping[int, str], account: str) -> int:
    """Return the id of an account by its name, of those who work at a station.

    Raises:
        NotFoundError: nobody of this name works there.
    """
    found = [one for one, name in people.items() if name == account.strip().casefold()]
    if not found:
        raise NotFoundError("accounts.unknown", account=account)
    return found[0]


def _today(conn: Connection, station_id: int) -> int:
    return clock.moment(sites.everything(conn)[station_id].zone).day
