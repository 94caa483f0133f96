"""When did customers come for the first time, and do they come a third?"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from station.analysis import newcomers
from station.archive import lake
from station.archive.customers import book, retention
from station.archive.customers.book import Tie
from station.model import day_date, day_number
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.memory import remembered

FIRST_DAYS = """
WITH mine AS (
    SELECT w.customer_id, v.local_day AS day, min(v.station_id) AS station_id
    FROM visits v
    JOIN wanted w ON w.vehicle_id = v.vehicle_id
        AND v.local_day >= w.from_day AND v.local_day < w.to_day
    GROUP BY 1, 2
)
SELECT * FROM mine
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY day) <= 3
"""
"""The first three days on which each customer came to any station of the chain."""


@right("calls.report")
def third_fills(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return newcomers.COLUMNS, one row a station in sight, by how many came a third time.

    A newcomer is a customer of the archive whose first visit in the chain was there, long enough
    ago that his time for a third is over.
    """
    wanted, rules = stations_in_sight(ask, stations), ask.settings.care
    days = first_days(ask)
    told = newcomers.third_fills(
        days,
        as_of_day=day_number(ask.as_of),
        within_days=rules.third_fill_days,
        newcomer_days=rules.newcomer_days,
        warm_days=rules.warm_days,
    )
    known = board.stations_known(ask).set_index("station_id")
    told = told[told["station_id"].isin(wanted)]
    names = told["station_id"].map(known["name"])
    return told.assign(station_name=names).reset_index(drop=True)


def visit_days(ask: Ask) -> dict[int, tuple[date, ...]]:
    """Return the days of the first three visits of each customer whose first is known to be one."""
    days = first_days(ask)
    known = newcomers.firsts(days, ask.settings.care.warm_days)
    days = days[days["customer_id"].isin(known["customer_id"])]
    told: dict[int, tuple[date, ...]] = defaultdict(tuple)
    for who, day in zip(days["customer_id"].tolist(), days["day"].tolist(), strict=True):
        told[who] += (day_date(day),)
    return dict(told)


def first_days(ask: Ask) -> pd.DataFrame:
    """Return customer_id, day and station_id of the first three visit-days of each customer.

    Of the whole chain: who came elsewhere before is no newcomer here. So it is one answer for all.
    """
    return _first_days(replace(ask, scope=replace(ask.scope, station_ids=frozenset())))


@remembered(entries=2)
def _first_days(ask: Ask) -> pd.DataFrame:
    with ask.db.reading() as conn:
        ties = retention.every_tie(conn)
    found = lake.query(
        ask.db,
        FIRST_DAYS,
        station_ids=None,
        as_of_day=day_number(ask.as_of),
        frames={"wanted": _held(ties)},
        rules=ask.settings.lake,
    )
    days = found.sort_values(["customer_id", "day", "station_id"])
    days = days.drop_duplicates(["customer_id", "day"])  # of vehicles that are read apart
    return days.groupby("customer_id").head(newcomers.THIRD).astype("int64")


def _held(ties: Iterable[Tie]) -> pd.DataFrame:
    """Return customer_id, vehicle_id, from_day and to_day of when each vehicle was whose."""
    of_vehicle: dict[int, list[Tie]] = defaultdict(list)
    for tie in ties:
        of_vehicle[tie.vehicle_id].append(tie)
    rows = [
        (who, span.vehicle_id, span.from_day, span.to_day)
        for some in of_vehicle.values()
        for who in {tie.customer_id for tie in some}
        for span in book.held(some, who)
    ]
    columns = ["customer_id", "vehicle_id", "from_day", "to_day"]
    return pd.DataFrame(rows, columns=columns, dtype="int64")
