"""Which regulars have stopped coming, since when is that odd, and what is at stake?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis.pace import Pace
from station.frames import PROFILES, require
from station.model import Stability, State

MONTH_DAYS = 30.4375
NOWHERE = pd.DataFrame({"vehicle_id": [], "station_id": [], "last_day": []})


@dataclass(frozen=True, slots=True)
class LapseRules:
    """When a regular is overdue and lost, and how far ahead a return is asked for."""

    overdue_below: float = 0.5
    lost_below: float = 0.1
    horizon_days: int = 30
    moved_days: int = 60


def find_lapsed(
    profiles: pd.DataFrame,
    pace: Pace,
    *,
    elsewhere: pd.DataFrame | None = None,
    rules: LapseRules | None = None,
) -> pd.DataFrame:
    """Return the regulars that are overdue, lost or moved, the most worth a call first.

    Args:
        profiles: PROFILES with `stability`, as `stability.classify` returns them.
        pace: the rhythm of the whole base, passers-by included.
        elsewhere: (vehicle_id, station_id, last_day) at each of the chain's stations.
        rules: the numbers.
    """
    regulars = profiles[profiles["stability"] == Stability.REGULAR.value]
    judged = judge(regulars, pace, elsewhere=elsewhere, rules=rules)
    lapsed = judged[judged["state"] != State.ACTIVE.value]
    order = ["value_at_risk", "vehicle_id", "station_id"]
    return lapsed.sort_values(order, ascending=[False, True, True], ignore_index=True)


def judge(
    profiles: pd.DataFrame,
    pace: Pace,
    *,
    elsewhere: pd.DataFrame | None = None,
    rules: LapseRules | None = None,
) -> pd.DataFrame:
    """Return `profiles` with p_alive, alarm_day, state, p_return, amounts and sentence.

    `monthly_amount` is what the vehicle spent in a month while it came. `value_at_risk` weighs it
    with the chance that a call decides: the vehicle can still be won (p_alive) and does not come
    by itself (1 - p_return).
    """
    rules = rules or LapseRules()
    require(profiles, PROFILES)
    p_alive = pace.p_alive(profiles)
    p_return = pace.p_return(profiles, rules.horizon_days)
    monthly = _monthly_amount(profiles)
    frame = profiles.assign(
        p_alive=p_alive,
        alarm_day=profiles["last_day"] + _alarm_days(profiles, pace, rules),
        p_return=p_return,
        horizon_days=rules.horizon_days,
        usual_gap_days=profiles["gap_median_days"].fillna(profiles["mean_gap_days"]),
        monthly_amount=monthly,
        value_at_risk=(monthly * p_alive * (1 - p_return)).fillna(0),
        **_elsewhere(profiles, elsewhere),
    )
    state = _states(frame, rules)
    return frame.assign(state=state, sentence="lapse." + state)


def _alarm_days(profiles: pd.DataFrame, pace: Pace, rules: LapseRules) -> np.ndarray:
    """Return the whole days of silence after which P(alive) is at or below `overdue_below`."""
    return pace.alarm_days(profiles, rules.overdue_below)


def _monthly_amount(profiles: pd.DataFrame) -> pd.Series:
    """Return the amount a month while the vehicle came: n visit-days last n mean gaps."""
    days = profiles["mean_gap_days"] * profiles["visit_days"]
    return profiles["amount"] / days.clip(lower=MONTH_DAYS) * MONTH_DAYS


def _elsewhere(profiles: pd.DataFrame, elsewhere: pd.DataFrame | None) -> dict[str, pd.Series]:
    """Return station and day of the vehicle's visit elsewhere, if one is later than here."""
    seen = NOWHERE if elsewhere is None else elsewhere
    newest = seen.sort_values("last_day").drop_duplicates("vehicle_id", keep="last")
    newest = newest.set_index("vehicle_id").astype("float64")
    last_day = profiles["vehicle_id"].map(newest["last_day"])
    later = last_day > profiles["last_day"]
    return {
        "moved_to": profiles["vehicle_id"].map(newest["station_id"]).where(later),
        "moved_last_day": last_day.where(later),
    }


def _states(frame: pd.DataFrame, rules: LapseRules) -> np.ndarray:
    as_of_day = frame["last_day"] + frame["days_silent"]
    has_moved = as_of_day - frame["moved_last_day"] <= rules.moved_days
    return np.select(
        [
            frame["p_alive"] > rules.overdue_below,
            has_moved,
            frame["p_alive"] <= rules.lost_below,
        ],
        [State.ACTIVE.value, State.MOVED.value, State.LOST.value],
        State.OVERDUE.value,
    ).astype(object)


def silent_longer(profiles: pd.DataFrame, days: int) -> pd.Series:
    """Return the fixed rule: which vehicles have been silent for more than `days`."""
    return profiles["days_silent"] > days


def silent_beyond_rhythm(profiles: pd.DataFrame, factor: float = 3.0) -> pd.Series:
    """Return the rule of thumb: which are silent longer than `factor` times their median gap."""
    return profiles["days_silent"] > factor * profiles["gap_median_days"]
