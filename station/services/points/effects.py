"""Does the programme work? Whether members come more often, come again, and redeem at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from station.analysis import uptake
from station.analysis.uptake import Uptake
from station.archive import lake
from station.archive.points import awards, sums
from station.model import PointMove, day_number
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.points import ledgers, reporting

YEAR_MONTHS = 12
SPENT = (PointMove.REDEEM.value, PointMove.CONFIRM.value)


@dataclass(frozen=True, slots=True)
class Effect:
    """What is known of the programme's effect; a share of too few people is None.

    `again` is the share of the members of `month` who earned in the next month, too; `redeemers`
    the share of those who earned within a year that redeemed within it.
    """

    uptake: Uptake
    month: str
    again: float | None
    earners: int
    redeemers: float | None


@right("points.report")
def effect(ask: Ask, *, stations: Sequence[str] = ()) -> Effect:
    """Return what the programme seems to do, of members who earned at the stations in sight.

    Raises:
        NotFoundError: a station is not in sight.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        day = ledgers.day_now(conn, ask)
        now = sums.month_of(day)
        months = {one.month: one for one in sums.stretches(conn, day)}
        year = [one for month, one in months.items() if month > now - YEAR_MONTHS]
        earned = {one.month: sums.who(conn, one, (PointMove.EARN.value,), wanted) for one in year}
        spent: set[int] = set().union(*(sums.who(conn, one, SPENT, None) for one in year))
        firsts = awards.first_days(conn)
    earners: set[int] = set().union(*earned.values())
    then, later = earned.get(now - 2, set()), earned.get(now - 1, set())
    return Effect(
        uptake=_uptake(ask, stations, wanted, firsts),
        month=reporting.month_names(pd.Series([now - 2]))[0],
        again=_share(then & later, then),
        earners=len(earners),
        redeemers=_share(earners & spent, earners),
    )


def _share(part: set[int], whole: set[int]) -> float | None:
    return len(part) / len(whole) if len(whole) >= reporting.LEAST_MEMBERS else None


def _uptake(
    ask: Ask, stations: Sequence[str], wanted: frozenset[int], firsts: dict[int, int]
) -> Uptake:
    """Return how often members come since they earn, of the visits at these stations."""
    last = min(board.last_day(ask), ask.as_of)
    if not firsts:
        return Uptake(uptake.Verdict.UNKNOWN, 0)
    visits = lake.query(
        ask.db,
        lake.text("visit_days"),
        station_ids=wanted,
        as_of_day=day_number(last),
        rules=ask.settings.lake,
    )
    known = board.vehicles(ask, stations=stations)[["vehicle_id", "customer_id"]]
    known = known.drop_duplicates("vehicle_id")
    days = known["customer_id"].map(firsts)
    told = known.assign(first_day=days)[days.notna()].astype({"first_day": "int64"})
    others = known.loc[known["customer_id"].isna(), "vehicle_id"]
    rules = ask.settings.uptake
    return uptake.compare(visits, told, others, rules, as_of_day=day_number(last))
