"""What do the points do and cost? Given, redeemed, run out; and what those still open may cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from station.archive import stations as sites
from station.archive.customers import book, filters
from station.archive.database import Connection
from station.archive.points import sums
from station.loyalty import breakage, flows, programme
from station.loyalty.breakage import Forecast, Range
from station.loyalty.liability import value_minor
from station.loyalty.programme import Version
from station.model import Station, day_date, day_number
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import naming
from station.services.points import ledgers, rules
from station.services.points.ledgers import Ledger

LEAST_MEMBERS = 5
"""Sums of fewer people are told to nobody who may not see the people themselves."""
SEES_PEOPLE = "contact.reveal"
"""Whoever has this right may open the cards that a small sum could betray."""
REPLAYED_MONTHS, REPLAYED_AHEAD = 12, 3
"""How many past months a forecast of how many months is held against."""
MOST_NAMES = 200
SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class Flows:
    """What happened to points: `months` and `stations` have flows.FLOWS and members.

    `months` is summed over the stations in sight; `cells` has a row a month and station. A sum of
    too few people is missing, and its `is_hidden` true.
    """

    day: date
    months: pd.DataFrame
    stations: pd.DataFrame
    cells: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Money:
    """What points are worth at most, as expected, and between what it lies four times in five."""

    currency: str
    open_minor: int
    expected_minor: int
    low_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What the open points may cost; `open` is what members may spend and what is set apart.

    `owed` is not taken off. `use` says how many will be redeemed, `is_known` whether the past is
    enough to tell; if not, count with all. `inside` of `replayed` past forecasts held; where too
    few did, the band is as wide as would have held four in five. No `money`: no rules say what a
    point is worth.
    """

    day: date
    open: int
    held: int
    owed: int
    members: int
    is_known: bool
    use: Range
    money: Money | None
    cohorts: pd.DataFrame
    months: pd.DataFrame
    inside: int
    replayed: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """What runs out soon: `days` by day, `names` by member, masked; `points` within the notice."""

    day: date
    notice_days: int
    points: int
    soon: int
    members: int
    days: pd.DataFrame
    names: pd.DataFrame


@right("points.report")
def movements(ask: Ask, *, stations: Sequence[str] = (), day: date | None = None) -> Flows:
    """Return what was issued, redeemed, expired, taken back and corrected, by month and station.

    Each belongs to the station where it happened; what happens nowhere (points that run out) to
    the station that had given the points. Corrections by hand are of no station: only whoever sees
    the whole chain is told them.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        ledger = ledgers.read(conn, ask, _number(day))
        known = sites.everything(conn)
        wanted = _with_nowhere(wanted, known)
    told = flows.flows(ledger.moved).merge(ledger.people, on=["month", "station_id"], how="left")
    told = told.fillna({"members": 0}).astype({"members": "int64"})
    cells = told[told["station_id"].isin(wanted)].reset_index(drop=True)
    by_station = cells.groupby("station_id", as_index=False).agg(_SUMMED)
    by_month = cells.groupby("month", as_index=False).agg(_SUMMED)
    names = {i: (one.code, one.name or one.code) for i, one in known.items()}
    return Flows(
        day_date(ledger.day),
        _months_named(_hidden(ask, by_month, alone=True)),
        _stations_named(_hidden(ask, by_station), names),
        _months_named(_stations_named(_hidden(ask, cells, within="month"), names)),
    )


def are_few(members: int, ask: Ask) -> bool:
    """Return whether a sum of so many people is kept from who asks."""
    return members < LEAST_MEMBERS and SEES_PEOPLE not in ask.scope.rights


_SUMMED = dict.fromkeys(flows.FLOWS, "sum") | {"members": "max"}
"""Of people of several months or stations at least so many are different ones."""


def _number(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _with_nowhere(wanted: frozenset[int], known: Mapping[int, Station]) -> frozenset[int]:
    """Return the stations of a report; whoever sees the whole chain sees what is of none."""
    return wanted | {sums.NOWHERE} if wanted >= known.keys() else wanted


def _hidden(ask: Ask, rows: pd.DataFrame, *, within: str = "", alone: bool = False) -> pd.DataFrame:
    """Return sums with those of too few people taken out, for whoever may not see the people.

    Where one of several would be the only one missing, it could be found from the total: the next
    smallest is missing, too.
    """
    if SEES_PEOPLE in ask.scope.rights:
        return rows.assign(is_hidden=False)
    few = rows["members"] < LEAST_MEMBERS
    if not alone:
        group = rows[within] if within else pd.Series(0, index=rows.index)
        is_only = few.groupby(group).transform("sum") == 1
        others = rows["members"].where(~few)
        smallest = others.groupby(group).transform("min")
        few |= is_only & (others == smallest)
    told = rows.astype(dict.fromkeys(flows.FLOWS, "Int64")).assign(is_hidden=few)
    told.loc[few, [*flows.FLOWS, "members"]] = [pd.NA] * len(flows.FLOWS) + [0]
    return told


def _months_named(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(month=month_names(rows["month"]))


def month_names(months: pd.Series) -> pd.Series:
    """Return months counted from January 1970 as 2026-11."""
    names = [f"{1970 + month // 12}-{month % 12 + 1:02}" for month in months]
    return pd.Series(names, index=months.index, dtype=str)


def _stations_named(rows: pd.DataFrame, names: Mapping[int, tuple[str, str]]) -> pd.DataFrame:
    pairs = [names.get(one, ("", "")) for one in rows["station_id"]]
    return rows.assign(
        station=pd.Series([code for code, _ in pairs], index=rows.index, dtype=str),
        station_name=pd.Series([name for _, name in pairs], index=rows.index, dtype=str),
    ).drop(columns="station_id")


# --- what open points cost ------------------------------------------------------------------------


@right("points.report")
def liability(ask: Ask, *, stations: Sequence[str] = (), day: date | None = None) -> Liability:
    """Return what the points cost that are open, of those that the stations in sight had given.

    Points are spent in the whole chain, but they were sold with a purchase somewhere: that station
    answers for them. So what the stations' points cost is what the chain's cost, and a merge of
    customers or a moved home changes nothing of it.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        ledger = ledgers.read(conn, ask, _number(day))
        is_whole = wanted >= sites.everything(conn).keys()
        members = sums.holders(conn, None if is_whole else wanted)
    wanted |= {sums.NOWHERE} if is_whole else set()
    return _liability(ask, ledger.of(wanted), members)


def _liability(ask: Ask, ledger: Ledger, members: int) -> Liability:
    day, rules = ledger.day, ask.settings.breakage
    there = flows.stock(ledger.moved)
    counts = (there["expires_day"] == sums.FOREVER) | (there["expires_day"] >= day)
    live = there[counts].assign(points=there["left"] + there["held"])
    late = int(there.loc[~counts, "held"].sum())  # ran out while set apart: still good for that
    lots, uses = flows.histories(ledger.moved, ledger.opened)
    live = live.assign(earned_day=flows.first_days(live["lot_month"]))
    replays = _replayed(lots, uses, ask, breakage.month_of(day))
    told = breakage.forecast_within(lots, uses, live, rules, day=day).widened(
        breakage.missed(replays)
    )
    version = _rule_of_worth(ask, day)
    is_few = are_few(members, ask)
    open_points = int(live["points"].sum()) + late
    is_known = told.is_known and not is_few
    use = told.use if is_known else Range(open_points, 0, open_points)
    return Liability(
        day=day_date(day),
        open=open_points,
        held=int(there["held"].sum()),
        owed=int(there["owed"].sum()),
        members=members,
        is_known=is_known,
        use=use,
        money=_money(open_points, use, version),
        cohorts=_cohorts(told if not is_few else None, version),
        months=_ahead(told if is_known else None, breakage.month_of(day)),
        inside=sum(one.is_inside for one in replays),
        replayed=len(replays),
    )


def _rule_of_worth(ask: Ask, day: int) -> Version | None:
    """Return the version that says what a point is worth on a day; before the first the first."""
    with ask.db.reading() as conn:
        told = rules.told(conn, ask)
    first = min(told.versions, key=lambda version: version.starts, default=None)
    return programme.at(told, day) or first


def _money(open_points: int, use: Range, version: Version | None) -> Money | None:
    if version is None:
        return None
    worth = version.redeeming.worth
    points = (open_points, use.expected, use.low, use.high)
    return Money(version.currency, *(value_minor(one, worth) for one in points))


def _cohorts(told: Forecast | None, version: Version | None) -> pd.DataFrame:
    """Return month, open, expected, low, high and open_minor of the points of each month."""
    pairs = told.cohorts if told else ()
    rows = [(c.month, c.open(), use.expected, use.low, use.high) for c, use in pairs]
    names = ["month", "open", "expected", "low", "high"]
    frame = pd.DataFrame(rows, columns=names).astype("int64")
    frame = frame.groupby("month", as_index=False).sum()
    worth = version.redeeming.worth if version else None
    minor = [value_minor(points, worth) if worth else 0 for points in frame["expected"]]
    return _months_named(frame.assign(expected_minor=minor))


def _ahead(told: Forecast | None, month: int) -> pd.DataFrame:
    """Return month, expected, low and high of what will be redeemed in each month to come."""
    uses = told.months if told else ()
    rows = [(month + at, use.expected, use.low, use.high) for at, use in enumerate(uses)]
    frame = pd.DataFrame(rows, columns=["month", "expected", "low", "high"]).astype("int64")
    return _months_named(frame)


def _replayed(
    lots: pd.DataFrame, uses: pd.DataFrame, ask: Ask, month: int
) -> list[breakage.Replay]:
    """Return what would have been foretold at the ends of past months, and what came."""
    if lots.empty:
        return []
    first = breakage.month_of(int(lots["earned_day"].min())) + REPLAYED_AHEAD
    last = month - 1 - REPLAYED_AHEAD
    months = range(max(first, last - REPLAYED_MONTHS + 1), last + 1)
    told = breakage.replay(lots, uses, ask.settings.breakage, months=months, ahead=REPLAYED_AHEAD)
    return [one for one in told if one.foretold.expected or one.came]


# --- what runs out soon ---------------------------------------------------------------------------


@right("points.report")
def expiring(ask: Ask, *, stations: Sequence[str] = ()) -> Expiring:
    """Return what of the stations' points runs out within the programme's notice, from today on.

    Names are of members registered at a station in sight; whoever sees the whole chain sees all.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    notice = ask.settings.programme.notice_days
    with ask.db.reading() as conn:
        today = ledgers.day_now(conn, ask)
        is_whole = wanted >= sites.everything(conn).keys()
        rows = sums.ending(conn, today, today + notice, None if is_whole else wanted)
        here = filters.registered(conn, wanted)
        people = book.same_of_many(conn, rows["customer_id"].tolist())
        rows["customer_id"] = rows["customer_id"].map(lambda one: people[one][0])
        seen = rows if is_whole else rows[rows["customer_id"].isin(here)]
        names = _named(conn, ask, seen)
    points, members = int(rows["points"].sum()), int(rows["customer_id"].nunique())
    is_few = are_few(members, ask)
    soon = int(rows.loc[rows["expires_day"] <= today + SOON_DAYS, "points"].sum())
    days = rows.groupby("expires_day", as_index=False)[["points"]].sum()
    return Expiring(
        day_date(today),
        notice,
        0 if is_few else points,
        0 if is_few else soon,
        members,
        days.head(0) if is_few else days,
        names,
    )


def _named(conn: Connection, ask: Ask, rows: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, who (masked), points and expires_day of members, the soonest first."""
    by = ["expires_day", "customer_id"]
    told = rows.groupby(by, as_index=False)[["points"]].sum()
    told = told.sort_values(["expires_day", "points"], ascending=[True, False]).head(MOST_NAMES)
    names = naming.in_list(conn, ask, told["customer_id"].tolist())
    return told.assign(who=told["customer_id"].map(names).astype(str)).reset_index(drop=True)
