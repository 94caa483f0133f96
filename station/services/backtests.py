"""How good is the lapse list? Every rule replayed on the archive's own past."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from station.analysis import backtest
from station.analysis.backtest import METHODS, BacktestRules
from station.archive import lake
from station.errors import BadValueError
from station.model import day_date, day_number
from station.services import alarms, board, sites
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.memory import remembered

LEAST_DAYS = 60
"""Days of sales that a rule must have seen before its first cut-off."""
MOST_CUTOFFS = 24
MOST_DAYS = 366
MOST_CALLS = sites.MOST_CALLS
FIGURES = (
    *("auc", "log_loss", "brier", "flagged", "came_back"),
    *("flags_per_week", "new_came_back", "silence_at_flag"),
)


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed: how far ahead, from how many past days, for vehicles seen how often.

    `calls` is how many customers a station can call in a week; None: what the stations' settings
    say, on average.
    """

    horizon: int = 30
    cutoffs: int = 4
    min_visits: int = 4
    calls: int | None = None


@right("board.read")
@remembered(entries=8)
def replay(
    ask: Ask, *, stations: Sequence[str] = (), asked: Replay | None = None
) -> dict[str, Any]:
    """Return how every rule would have done on past days, in the words of the contract.

    `calls_per_week` says at how many calls of a station each rule's `at_capacity` is cut.

    Raises:
        BadValueError: a number is out of its range, or the sales do not reach back far enough.
        NotFoundError: a station is not in sight.
    """
    asked = asked or Replay()
    _possible(asked)
    history = _history(ask, stations)
    days = _cutoffs(history, day_number(ask.as_of), asked)
    calls = usual_calls(ask, stations) if asked.calls is None else asked.calls
    rules = BacktestRules(
        min_visits=asked.min_visits,
        overdue_below=ask.settings.lapse.overdue_below,
        capacity=calls,
        pace=ask.settings.pace,
    )
    found = backtest.replay(history, days, asked.horizon, rules)
    cutoffs = [day_date(day).isoformat() for day in found["cutoffs"]]
    return found | {"cutoffs": cutoffs, "calls_per_week": calls}


@right("board.read")
def usual_calls(ask: Ask, stations: Sequence[str] = ()) -> int:
    """Return how many customers one of the stations can call in a week, on average.

    Raises:
        NotFoundError: a station is not in sight.
    """
    stations_in_sight(ask, stations)
    calls = alarms.calls_per_week(ask)
    named = [calls[code] for code in stations or calls]
    return round(sum(named) / max(len(named), 1))


def _possible(asked: Replay) -> None:
    if not 1 <= asked.horizon <= MOST_DAYS:
        raise BadValueError("backtest.bad_horizon", most=MOST_DAYS)
    if not 1 <= asked.cutoffs <= MOST_CUTOFFS:
        raise BadValueError("backtest.bad_cutoffs", most=MOST_CUTOFFS)
    if asked.min_visits < 1:
        raise BadValueError("backtest.bad_visits")
    if asked.calls is not None and not 0 <= asked.calls <= MOST_CALLS:
        raise BadValueError("sites.bad_calls", most=MOST_CALLS)


def _history(ask: Ask, stations: Sequence[str]) -> pd.DataFrame:
    """Return the visit-days of the stations, each with its kind of station."""
    rows = lake.query(
        ask.db,
        lake.text("visit_days"),
        station_ids=stations_in_sight(ask, stations),
        as_of_day=day_number(ask.as_of),
        rules=ask.settings.lake,
    )
    kinds = board.stations_known(ask).set_index("station_id")["kind"]
    return rows.assign(station_kind=rows["station_id"].map(kinds))


def _cutoffs(history: pd.DataFrame, as_of_day: int, asked: Replay) -> list[int]:
    """Return the past days, a horizon apart, after which the horizon is known; the first first."""
    first = int(history["local_day"].min()) if len(history) else as_of_day
    back = range(asked.cutoffs, 0, -1)
    days = [as_of_day - number * asked.horizon for number in back]
    known = [day for day in days if day - first >= LEAST_DAYS]
    if not known:
        raise BadValueError("backtest.too_short", days=LEAST_DAYS + asked.horizon)
    return known


def table(found: dict[str, Any]) -> pd.DataFrame:
    """Return one row a rule: method and FIGURES."""
    told = {name: found["methods"][name] for name in METHODS if name in found["methods"]}
    rows = [(name, *(figures[figure] for figure in FIGURES)) for name, figures in told.items()]
    return pd.DataFrame(rows, columns=["method", *FIGURES])
