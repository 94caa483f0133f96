"""Which regulars have stopped coming, since when is that odd, and what is at stake?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from station.analysis import guards
from station.analysis.guards import Guard
from station.analysis.pace import Pace
from station.frames import PROFILES, require
from station.model import Stability, State

MONTH_DAYS = 30.4375
CODE = 100_000
"""What habits.sql multiplies a gap with, to carry a second number."""
NOWHERE = pd.DataFrame({"vehicle_id": [], "station_id": [], "last_day": []})


@dataclass(frozen=True, slots=True)
class LapseRules:
    """When a regular is overdue, lost or moved, and how far ahead a return is asked for.

    A visit at a sister station counts for `moved_days`, or `moved_gaps` of its own usual gaps.
    """

    overdue_below: float = 0.5
    lost_below: float = 0.1
    horizon_days: int = 30
    moved_days: int = 60
    moved_gaps: float = 2.0
    returned_visit_days: int = 4


def find_lapsed(
    profiles: pd.DataFrame,
    pace: Pace,
    *,
    elsewhere: pd.DataFrame | None = None,
    guard: Guard = guards.NOTHING,
    rules: LapseRules | None = None,
) -> pd.DataFrame:
    """Return the regulars that are overdue, lost or moved, the most worth a call first.

    Args:
        profiles: PROFILES with `stability`, as `stability.classify` returns them.
        pace: the rhythm of the whole base, passers-by included.
        elsewhere: (vehicle_id, station_id, last_day) at each of the chain's stations.
        guard: the days that are not held against a vehicle.
        rules: the numbers.
    """
    regulars = profiles[profiles["stability"] == Stability.REGULAR.value]
    judged = judge(regulars, pace, elsewhere=elsewhere, guard=guard, rules=rules)
    lapsed = judged[~judged["state"].isin([State.ACTIVE.value, State.PAUSED.value])]
    order = ["value_at_risk", "vehicle_id", "station_id"]
    return lapsed.sort_values(order, ascending=[False, True, True], ignore_index=True)


def judge(
    profiles: pd.DataFrame,
    pace: Pace,
    *,
    elsewhere: pd.DataFrame | None = None,
    guard: Guard = guards.NOTHING,
    rules: LapseRules | None = None,
) -> pd.DataFrame:
    """Return `profiles` with p_alive, alarm_day, state, p_return, amounts and sentence.

    Silence is counted without the `held_days` of `guard` (it needs the column product_group); who
    is not overdue for them alone is paused, and `held_by` says by what. `monthly_amount` is what
    the vehicle spent in a month while it came. `value_at_risk` weighs it with the chance that a
    call decides: the vehicle can still be won (p_alive) and does not come by itself (1 - p_return).
    """
    rules = rules or LapseRules()
    require(profiles, PROFILES)
    until = profiles["last_day"] + profiles["days_silent"]
    held = guard.between(profiles, profiles["last_day"], until)
    counted = profiles.assign(days_silent=profiles["days_silent"] - held)
    p_alive = pace.p_alive(counted)
    # Two models answer; whoever comes back is still coming, so one bounds the other.
    p_return = np.minimum(pace.p_return(counted, rules.horizon_days), p_alive)
    monthly = _monthly_amount(profiles)
    gap = pace.alarm_days(profiles, rules.overdue_below)
    frame = profiles.assign(
        p_alive=p_alive,
        alarm_day=guard.first_reached(profiles, profiles["last_day"], gap),
        lost_day=guard.first_reached(
            profiles, profiles["last_day"], pace.alarm_days(profiles, rules.lost_below)
        ),
        held_days=held,
        held_by=np.where(held > 0, guard.cause(profiles), "").astype(object),
        is_late=gap <= profiles["days_silent"],
        p_return=p_return,
        horizon_days=rules.horizon_days,
        usual_gap_days=profiles["gap_median_days"].fillna(profiles["mean_gap_days"]),
        monthly_amount=monthly,
        value_at_risk=(monthly * p_alive * (1 - p_return)).fillna(0),
        **_elsewhere(profiles, elsewhere),
    )
    state = _states(frame, rules)
    told = np.where(state == State.PAUSED.value, "paused_" + frame["held_by"], state)
    return frame.assign(state=state, sentence="lapse." + told).drop(columns="is_late")


def has_returned(
    profiles: pd.DataFrame, pace: Pace, guard: Guard, rules: LapseRules | None = None
) -> np.ndarray:
    """Return who came again within the last 30 days after a silence that had called it overdue.

    `profiles` has gap_and_day and gap_and_number of habits.sql: the longest gap that ended of late.
    """
    rules = rules or LapseRules()
    gap, day = np.divmod(profiles["gap_and_day"].fillna(0).to_numpy(dtype="int64"), CODE)
    number = profiles["gap_and_number"].fillna(0).to_numpy(dtype="int64") % CODE
    last_day = np.where(gap > 0, day - gap, profiles["first_day"])
    # A silence so long may have been learnt as a pause since; when it began it was none.
    paused = profiles.get("pause_days", pd.Series(0.0, profiles.index))
    before = profiles.assign(
        visit_days=np.maximum(number - 1, 1),
        last_day=last_day,
        days_silent=0,
        pause_days=(paused - gap).clip(lower=0, upper=last_day - profiles["first_day"]),
    )
    held = guard.between(before, before["last_day"], pd.Series(day, index=before.index))
    is_known = (gap > 0) & (before["visit_days"] >= rules.returned_visit_days)
    return np.asarray(is_known & (gap - held >= pace.alarm_days(before, rules.overdue_below)))


def _monthly_amount(profiles: pd.DataFrame) -> pd.Series:
    """Return the amount a month while the vehicle came: n visit-days last n mean gaps."""
    days = profiles["mean_gap_days"] * profiles["visit_days"]
    return profiles["amount"] / days.clip(lower=MONTH_DAYS) * MONTH_DAYS


def _elsewhere(profiles: pd.DataFrame, elsewhere: pd.DataFrame | None) -> dict[str, pd.Series]:
    """Return station and day of the vehicle's visit elsewhere, if one is later than here."""
    seen = NOWHERE if elsewhere is None else elsewhere
    newest = seen.sort_values("last_day", kind="stable").drop_duplicates("vehicle_id", keep="last")
    newest = newest.set_index("vehicle_id").astype("float64")
    last_day = profiles["vehicle_id"].map(newest["last_day"])
    later = last_day > profiles["last_day"]
    return {
        "moved_to": profiles["vehicle_id"].map(newest["station_id"]).where(later),
        "moved_last_day": last_day.where(later),
    }


def _states(frame: pd.DataFrame, rules: LapseRules) -> np.ndarray:
    as_of_day = frame["last_day"] + frame["days_silent"]
    patience = np.maximum(rules.moved_days, rules.moved_gaps * frame["usual_gap_days"])
    has_moved = as_of_day - frame["moved_last_day"] <= patience
    comes = frame["p_alive"] > rules.overdue_below
    return np.select(
        [
            comes & frame["is_late"] & (frame["held_by"] != ""),
            comes,
            has_moved,
            frame["p_alive"] <= rules.lost_below,
        ],
        [State.PAUSED.value, State.ACTIVE.value, State.MOVED.value, State.LOST.value],
        State.OVERDUE.value,
    ).astype(object)


def silent_longer(profiles: pd.DataFrame, days: int) -> pd.Series:
    """Return the fixed rule: which vehicles have been silent for more than `days`."""
    return profiles["days_silent"] > days


def silent_beyond_rhythm(profiles: pd.DataFrame, factor: float = 3.0) -> pd.Series:
    """Return the rule of thumb: which are silent longer than `factor` times their median gap."""
    return profiles["days_silent"] > factor * profiles["gap_median_days"]
