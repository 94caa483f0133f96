"""What would other rules have given? A version is tried on the archive's own last sales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from station.archive.customers import buyers
from station.archive.customers.buyers import Buyer
from station.archive.database import Connection
from station.archive.points import awards, deeds
from station.archive.points.awards import Sold
from station.archive.points.deeds import Days
from station.errors import BadValueError
from station.loyalty import programme, ranks, simulate, tiers
from station.loyalty.programme import Programme, Version
from station.model import day_date, day_number
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.points import booking, grading, reporting, rules

MOST_DAYS = 1_096
COLUMNS = ("before", "after")
OF_MEMBERS = ("levels", "grades", "birthday")
"""Conditions by which a line is judged by whose it is: by the new version, if it asks."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a version would have done to past sales, against the one that it replaces.

    `old` is "" where no points were given before. `stations` and `months` have before and after,
    each of so few members hidden; `levels` has a level's words, and how many had it and would.
    """

    name: str
    old: str
    starts: date
    first: date
    last: date
    lines: int
    members: int
    points_before: int
    points_after: int
    currency: str
    worth_before_minor: int
    worth_after_minor: int
    gaining: int
    losing: int
    stations: pd.DataFrame
    months: pd.DataFrame
    levels: pd.DataFrame


def _next_version(ask: Ask, day: date) -> Version:
    """Return the version that starts next after a day.

    Raises:
        BadValueError: none does.
    """
    later = [one for one in _told(ask).versions if one.starts > day]
    if not later:
        raise BadValueError("trying.no_next")
    return min(later, key=lambda version: version.starts)


@right("points.report")
def trial(
    ask: Ask, *, version: Version | None = None, days: int = 90, stations: Sequence[str] = ()
) -> Trial:
    """Return what a version (none: the next of config.yaml) would have given in the last days.

    Lines are those of whoever can be told by card or vehicle, at the stations in sight; caps and
    remainders count as if there had been nothing before the first of them.

    Raises:
        BadValueError: no version starts later, or the days are too many.
        NotFoundError: a station is not in sight.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadValueError("trying.bad_days", most=MOST_DAYS)
    wanted = stations_in_sight(ask, stations)
    tried = version or _next_version(ask, day_date(booking.today(ask.settings.programme.zone)))
    old = _replaced(ask, tried)
    last = day_number(ask.as_of)
    with ask.db.reading() as conn:
        sold = awards.between(conn, last - days + 1, last, wanted)
        whose = buyers.of_lines(conn, sold)
        theirs = [line for line in sold if _is_somebodys(whose.get(line.sale_id))]
        lines = _frame(conn, ask, theirs, whose, [one for one in (old, tried) if one])
        levels = _levels(conn, ask, wanted, old, tried)
    found = simulate.effect(lines, old, tried)
    is_few = reporting.are_few(len(found.members), ask)
    return Trial(
        name=tried.name,
        old=old.name if old else "",
        starts=tried.starts,
        first=day_date(last - days + 1),
        last=ask.as_of,
        lines=found.lines,
        members=len(found.members),
        points_before=0 if is_few else found.points_before,
        points_after=0 if is_few else found.points_after,
        currency=tried.currency,
        worth_before_minor=0 if is_few else found.worth_before_minor,
        worth_after_minor=0 if is_few else found.worth_after_minor,
        gaining=0 if is_few else found.gaining,
        losing=0 if is_few else found.losing,
        stations=_of_enough(ask, lines, found.stations, "station"),
        months=_of_enough(ask, lines, found.months, "month"),
        levels=levels.head(0) if is_few else levels,
    )


def _replaced(ask: Ask, tried: Version) -> Version | None:
    """Return the version that holds up to the day on which one starts."""
    return programme.at(_told(ask), day_number(tried.starts) - 1)


def _told(ask: Ask) -> Programme:
    with ask.db.reading() as conn:
        return rules.told(conn, ask)


def _is_somebodys(buyer: Buyer | None) -> bool:
    return buyer is not None and buyer.erased_at is None


def _frame(
    conn: Connection,
    ask: Ask,
    sold: Sequence[Sold],
    whose: Mapping[int, Buyer],
    versions: Sequence[Version],
) -> pd.DataFrame:
    """Return simulate.LINES."""
    who = [whose[line.sale_id].customer_id for line in sold]
    told = pd.DataFrame(sold, columns=list(Sold._fields))
    told = told.assign(member_id=pd.Series(who, dtype="int64"))
    told["day"], told["hour"] = [line.day for line in sold], [line.hour for line in sold]
    own = told["receipt_no"].where(told["receipt_no"] != "", told["sale_id"].astype(str))
    keys = [told["member_id"], told["station"], own, told["day"]]
    told = told.assign(receipt=told.groupby(keys).ngroup() if len(told) else 0, points_minor=0)
    pairs = list(zip(told["member_id"], told["day"], strict=True))
    asking = [one for one in versions if any(grading.asks(one, part) for part in OF_MEMBERS)]
    graded = grading.graded_by(conn, ask, asking[-1], set(pairs)) if asking and pairs else {}
    known = [graded.get(pair, grading.Graded()) for pair in pairs]
    return told.assign(
        level=pd.Series([one.level for one in known], dtype=object),
        grade=pd.Series([one.grade for one in known], dtype=object),
        birthday=pd.Series([one.birthday for one in known], dtype="int64"),
    )[list(simulate.LINES)]


def _of_enough(ask: Ask, lines: pd.DataFrame, sums: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the sums of enough members, months by their names."""
    months = lines["day"].map(lambda day: day_date(day).strftime("%Y-%m"))
    key = months if by == "month" else lines[by]
    members = lines["member_id"].groupby(key).nunique()
    told = sums.assign(**{by: reporting.month_names(sums[by])}) if by == "month" else sums
    enough = [not reporting.are_few(int(members.get(one, 0)), ask) for one in told[by]]
    return told[pd.Series(enough, index=told.index, dtype=bool)].reset_index(drop=True)


def _levels(
    conn: Connection, ask: Ask, wanted: frozenset[int], old: Version | None, tried: Version
) -> pd.DataFrame:
    """Return name, before and after: how many of the members in sight have which level today."""
    counts = {
        column: _counted(conn, ask, wanted, version)
        for column, version in zip(COLUMNS, (old, tried), strict=True)
        if version is not None and version.tiers.levels
    }
    names = list(dict.fromkeys(name for told in counts.values() for name in told))
    rows = [(name, *(counts.get(one, {}).get(name, 0) for one in COLUMNS)) for name in names]
    return pd.DataFrame(rows, columns=["name", *COLUMNS])


def _counted(
    conn: Connection, ask: Ask, wanted: frozenset[int], version: Version
) -> dict[str, int]:
    day = day_number(ask.as_of)
    days = Days(tiers.since(version.tiers, day), day)
    told = grading.deeds_of(conn, version, days, None)
    places, nothing = grading.places_on(told, version, day), ranks.of_nothing(version.tiers)
    mine = deeds.seen_at(conn, wanted, days) & set(deeds.members(conn))
    held = [grading.at_place(version, places.get(one, nothing)).name for one in sorted(mine)]
    order = [level.name for level in version.tiers.levels]
    return {name: held.count(name) for name in ["", *order] if name in held or name in order}
