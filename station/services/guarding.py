"""On which days is nobody to blame for not coming? Worked out from the till lines of the chain."""

import numpy as np
import pandas as pd

from station.analysis import grades, guards
from station.analysis.guards import Guard
from station.archive import derived, lake, views
from station.model import day_number
from station.services import keepsakes
from station.services.ask import Ask
from station.services.memory import remembered

SORT = "guard"
FORMAT = 1
"""Raised when what is kept changes shape."""
GUARDED_DAYS = 760
"""How far back closures and dead cameras are looked for: two years and a baseline."""


def known_grades(ask: Ask) -> pd.DataFrame:
    """Return product_id, product_group and octane of each fuel."""
    with ask.db.reading() as conn:
        return grades.grades(views.products_known(conn))


@remembered(entries=4)
def guarded(ask: Ask) -> Guard:
    """Return the days that no vehicle of the chain is blamed for: closures, cameras, festivals."""
    mark = _mark(ask)
    known = keepsakes.found(ask, SORT, mark, guards.from_words)
    if known is not None:
        return known
    found = _watched(ask)
    derived.keep(ask.db, SORT, mark, guards.as_words(found))
    return found


def _mark(ask: Ask) -> str:
    """Return what names the lines, the fuels, the day and the rules."""
    with ask.db.reading() as conn:
        lines = sorted(views.taken(conn).items())
    fuels = known_grades(ask).to_dict("list")
    return keepsakes.mark(FORMAT, lines, fuels, ask.as_of, ask.settings.guards)


def _watched(ask: Ask) -> Guard:
    as_of_day = day_number(ask.as_of)
    lines = lake.query(
        ask.db,
        lake.text("lines"),
        station_ids=None,
        as_of_day=as_of_day,
        from_day=as_of_day - GUARDED_DAYS,
        by=["station_id", "product_group", "local_day"],
        frames={"grades": known_grades(ask)},
        rules=ask.settings.lake,
    )
    return guards.watch(lines, as_of_day, ask.settings.guards)


def held_days(ask: Ask, keys: pd.DataFrame, last_day: np.ndarray) -> np.ndarray:
    """Return the days since `last_day` that are not held against each (vehicle_id, station_id)."""
    guard = guarded(ask)
    if guard.windows.empty:
        return np.zeros(len(keys))
    mains = lake.query(
        ask.db,
        lake.text("mains"),
        station_ids=None,
        as_of_day=day_number(ask.as_of),
        frames={"grades": known_grades(ask)},
        rules=ask.settings.lake,
    )
    rows = keys.merge(mains, on=["vehicle_id", "station_id"], how="left")
    until = pd.Series(day_number(ask.as_of), index=rows.index)
    return guard.between(rows, pd.Series(last_day, index=rows.index), until)
