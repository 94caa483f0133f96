"""How good is a lapse list? Precision and recall against a truth, at equal length of the lists."""

import numpy as np
import pandas as pd

from station.analysis.lapse import silent_beyond_rhythm, silent_longer
from station.model import AT_RISK

FIXED_DAYS = (30, 60, 90)
OWN_FACTOR = 3.0
OURS = "rhythm"


def candidates(judged: pd.DataFrame) -> dict[str, pd.Series]:
    """Return how urgent each vehicle is under each rule; NaN leaves it off the rule's list.

    `judged` is what `lapse.judge` returns for the regulars.
    """
    silent = judged["days_silent"].astype("float64")
    ratio = silent / judged["gap_median_days"]
    fixed = {f"fixed_{d}": silent.where(silent_longer(judged, d)) for d in FIXED_DAYS}
    own = ratio.where(silent_beyond_rhythm(judged, OWN_FACTOR))
    rhythm = (1 - judged["p_alive"]).where(judged["state"].isin(list(AT_RISK)))
    return {OURS: rhythm, **fixed, "own_gap_3": own}


def score(judged: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return one row a rule: length, precision and recall of its list, whole and at equal length.

    At equal length a rule lists its most urgent, as many as the rhythm lists, or all it has.

    Args:
        judged: the regulars as `lapse.judge` returns them.
        truth: (vehicle_id, station_id, lost_day); lost_day is NaN for who still comes.
    """
    lost = _is_lost(judged, truth)
    lists = candidates(judged)
    equal = int(lists[OURS].notna().sum())
    rows: list[dict[str, str | float]] = [
        {"rule": name}
        | _rates("", urgency, lost, len(urgency))
        | _rates("_at_equal", urgency, lost, equal)
        for name, urgency in lists.items()
    ]
    return pd.DataFrame(rows)


def _is_lost(judged: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    known = judged[["vehicle_id", "station_id"]].merge(
        truth.drop_duplicates(["vehicle_id", "station_id"]),
        on=["vehicle_id", "station_id"],
        how="left",
    )
    as_of_day = (judged["last_day"] + judged["days_silent"]).to_numpy()
    return np.asarray(known["lost_day"].to_numpy(dtype="float64") <= as_of_day)


def _rates(
    suffix: str, urgency: pd.Series, lost: np.ndarray, length: int
) -> dict[str, str | float]:
    """Return length, precision and recall of the `length` most urgent of a list."""
    order = np.argsort(-urgency.fillna(-np.inf).to_numpy(), kind="stable")
    listed = order[: min(length, int(urgency.notna().sum()))]
    found = int(lost[listed].sum())
    return {
        f"listed{suffix}": len(listed),
        f"precision{suffix}": found / len(listed) if len(listed) else np.nan,
        f"recall{suffix}": found / lost.sum() if lost.any() else np.nan,
    }
