"""How do stations differ, beyond what chance does to small numbers?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import bdtr, bdtrik, ndtri

from station.frames import UNITS
from station.model import AT_RISK, Stability

LAPSED = tuple(state.value for state in AT_RISK)
"""A vehicle that moved to a sister station is not counted as lapsed."""


@dataclass(frozen=True, slots=True)
class CompareRules:
    """How wide the intervals are, and how rare a flag is at a station that does not differ."""

    confidence: float = 0.95
    funnel_tail: float = 0.001
    funnel_warning_tail: float = 0.025


def compare(profiles: pd.DataFrame, rules: CompareRules | None = None) -> pd.DataFrame:
    """Return one row a station: counts, shares with intervals, and funnel limits of lapse.

    `profiles` has `stability`, and `state` where the vehicle is a regular. Amounts of different
    units stay in columns of their own; money is in the station's currency.
    """
    rules = rules or CompareRules()
    frame = _counts(profiles)
    regulars = frame[Stability.REGULAR.value].to_numpy()
    for name in Stability:
        share = f"{name.value}_share"
        frame[share] = frame[name.value] / frame["vehicles"]
        frame[f"{share}_low"], frame[f"{share}_high"] = wilson(
            frame[name.value].to_numpy(), frame["vehicles"].to_numpy(), rules.confidence
        )
    frame["lapsed_share"] = frame["lapsed"] / frame["regular"].where(frame["regular"] > 0)
    frame["lapsed_share_low"], frame["lapsed_share_high"] = wilson(
        frame["lapsed"].to_numpy(), regulars, rules.confidence
    )
    chain = frame["lapsed"].sum() / max(regulars.sum(), 1)
    frame["chain_lapsed_share"] = chain
    frame["funnel_low"], frame["funnel_high"] = funnel(regulars, chain, rules.funnel_tail)
    frame["warning_low"], frame["warning_high"] = funnel(regulars, chain, rules.funnel_warning_tail)
    return frame.assign(sentence=_sentences(frame))


def _counts(profiles: pd.DataFrame) -> pd.DataFrame:
    is_regular = profiles["stability"] == Stability.REGULAR.value
    figures = ["visits", *(f"quantity_{unit}" for unit in UNITS), "amount"]
    marks = profiles[["station_id", *figures]].assign(
        vehicles=1,
        lapsed=(is_regular & profiles["state"].isin(LAPSED)).astype("int64"),
        **{name.value: (profiles["stability"] == name.value).astype("int64") for name in Stability},
    )
    counted = ["vehicles", *(name.value for name in Stability), "lapsed"]
    sums = marks.groupby("station_id", as_index=False)[[*counted, *figures]].sum()
    return sums.sort_values("station_id", ignore_index=True)


def wilson(
    hits: np.ndarray, tries: np.ndarray, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of a share, as E. B. Wilson (1927) gives them; NaN without tries."""
    n = np.where(tries > 0, tries, np.nan)
    z = ndtri((1 + confidence) / 2)
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return np.maximum(centre - half, 0), np.minimum(centre + half, 1)


def funnel(tries: np.ndarray, target: float, tail: float) -> tuple[np.ndarray, np.ndarray]:
    """Return between which shares all but 2 x `tail` of stations at `target` lie.

    Exact binomial limits, interpolated (D. J. Spiegelhalter 2005, Funnel plots for comparing
    institutional performance); NaN without tries.
    """
    return _funnel_limit(tries, target, tail), _funnel_limit(tries, target, 1 - tail)


def _funnel_limit(tries: np.ndarray, target: float, at: float) -> np.ndarray:
    if not 0 < target < 1:
        return np.where(tries > 0, target, np.nan)
    n = np.maximum(tries, 1)
    k = np.maximum(np.ceil(bdtrik(at, n, target)), 0)  # the smallest count that reaches `at`
    below = np.where(k > 0, bdtr(np.maximum(k - 1, 0), n, target), 0)
    over = (bdtr(k, n, target) - at) / (bdtr(k, n, target) - below)
    return np.where(tries > 0, np.clip((k - over) / n, 0, 1), np.nan)


def _sentences(frame: pd.DataFrame) -> np.ndarray:
    return np.select(
        [
            frame["regular"] == 0,
            frame["lapsed_share"] > frame["funnel_high"],
            frame["lapsed_share"] < frame["funnel_low"],
        ],
        ["compare.no_regulars", "compare.above", "compare.below"],
        "compare.within",
    ).astype(object)
