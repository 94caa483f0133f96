"""Where does a vehicle stand, once all that is known of it is put together?

`lapse.judge` says from the rhythm alone who comes, is overdue or is lost. Here it is weighed with
what else is known: a return, a falling share, a fleet that left together, what somebody heard.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import bdtrc

from station.analysis.warning import SLOWING, SMALLER
from station.model import AT_RISK, LapseReason, Stability, State

GONE = frozenset({LapseReason.VEHICLE_SOLD, LapseReason.ELECTRIC})
"""Heard reasons after which the vehicle itself will not come again."""
FLEET_ENDED = frozenset({LapseReason.CONTRACT, LapseReason.PROJECT_END})
AWAY = frozenset({LapseReason.AWAY, LapseReason.SEASON, LapseReason.VEHICLE_IDLE})
"""Heard reasons after which it may come again by itself."""
EXPLAINING = GONE | FLEET_ENDED | AWAY
"""Heard reasons that change a vehicle's state."""
PAUSED_BY_WORD = "word"


@dataclass(frozen=True, slots=True)
class StateRules:
    """When a fleet has left together, and for how long a heard reason explains silence."""

    fleet_least: int = 3
    fleet_share: float = 0.6
    fleet_tail: float = 0.001
    fleet_spread_days: int = 45
    word_days: int = 120


def settle(
    frame: pd.DataFrame, rules: StateRules | None = None, *, away_share: float | None = None
) -> pd.DataFrame:
    """Return `frame` with its final state and sentence.

    Args:
        frame: what `lapse.judge` returned, with signs, halves, share_moves, has_returned,
            is_ended (nobody's vehicle any more), heard (a LapseReason or "") and heard_day,
            customer_id and organisation_name.
        rules: the numbers.
        away_share: which part of all regulars stays away, where `frame` holds a few of them only.
    """
    rules = rules or StateRules()
    # Who comes at a slower pace now has not returned from a silence: it was the new pace.
    heard = _heard(frame, rules)
    base = frame["state"].to_numpy(dtype=object)
    stays = np.isin(base, [s.value for s in AT_RISK])
    is_away = stays | (base == State.MOVED.value)
    comes = base == State.ACTIVE.value
    slow, small = _has(frame, SLOWING), _has(frame, SMALLER)
    gone = is_away & (np.isin(heard, list(GONE)) | frame["is_ended"].to_numpy(dtype=bool))
    left = stays & (left_together(frame, rules, away_share) | np.isin(heard, list(FLEET_ENDED)))
    state = np.select(
        [
            gone,
            stays & np.isin(heard, list(AWAY)),
            left,
            comes
            & ((frame["halves"] | frame["share_moves"]).to_numpy(dtype=bool) | (slow & small)),
            comes & slow,
            comes & frame["has_returned"].to_numpy(dtype=bool),
        ],
        [
            State.SOLD.value,
            State.PAUSED.value,
            State.FLEET_LEFT.value,
            State.SHARE_FALLING.value,
            State.SLOWING.value,
            State.RETURNED.value,
        ],
        base,
    ).astype(object)
    held_by = np.where(stays & np.isin(heard, list(AWAY)), PAUSED_BY_WORD, frame["held_by"])
    frame = frame.assign(state=state, held_by=held_by)
    return frame.assign(sentence=sentences(frame))


def _has(frame: pd.DataFrame, sign: str) -> np.ndarray:
    return np.array([sign in signs for signs in frame["signs"]], dtype=bool)


def _heard(frame: pd.DataFrame, rules: StateRules) -> np.ndarray:
    """Return the reason that was heard since the last visit, "" where none was or it is stale."""
    as_of_day = frame["last_day"] + frame["days_silent"]
    is_new = (frame["heard_day"] >= frame["last_day"]) & (
        as_of_day - frame["heard_day"] <= rules.word_days
    )
    return np.where(is_new, frame["heard"], "").astype(object)


def staying_away(frame: pd.DataFrame) -> pd.DataFrame:
    """Return by station how many regulars there are (`regulars`), and how many stay `away`."""
    regular = frame[frame["stability"] == Stability.REGULAR.value]
    away = regular["state"].isin(list(AT_RISK))
    rows = regular.assign(regulars=1, away=away.astype("int64"))
    return rows.groupby("station_id")[["regulars", "away"]].sum()


def share_away(counts: pd.DataFrame) -> float:
    """Return which part of all regulars stays away, by what `staying_away` counted."""
    return float(counts["away"].sum()) / max(int(counts["regulars"].sum()), 1)


def fleets_in_question(frame: pd.DataFrame) -> list[int]:
    """Return the customers whose fleet may have left: a regular of theirs stays away."""
    away = frame["state"].isin(list(AT_RISK)) & (frame["stability"] == Stability.REGULAR.value)
    named = frame.loc[away & frame["organisation_name"].fillna("").ne(""), "customer_id"]
    return sorted({int(number) for number in named.dropna()})


def left_together(
    frame: pd.DataFrame, rules: StateRules, away_share: float | None = None
) -> np.ndarray:
    """Return which silent regulars belong to an organisation most of whose vehicles fell silent.

    So many of a fleet would not be silent by chance, and their last visits lie close together.
    """
    is_regular = frame["stability"] == Stability.REGULAR.value
    is_fleet = is_regular & frame["organisation_name"].fillna("").ne("")
    fleet = frame.loc[is_fleet, ["customer_id", "vehicle_id", "last_day", "state"]]
    result = np.zeros(len(frame), dtype=bool)
    silent = fleet["state"].isin(list(AT_RISK))
    middle = fleet["last_day"].where(silent).groupby(fleet["customer_id"]).transform("median")
    close = silent & ((fleet["last_day"] - middle).abs() <= rules.fleet_spread_days)
    size = fleet.groupby("customer_id")["vehicle_id"].transform("size").to_numpy(dtype="float64")
    count = close.groupby(fleet["customer_id"]).transform("sum").to_numpy(dtype="float64")
    if away_share is None:
        away_share = share_away(staying_away(frame))
    chance = bdtrc(np.maximum(count - 1, 0), size.astype("int64"), min(max(away_share, 0.01), 0.99))
    is_left = (
        (size >= rules.fleet_least)
        & (count >= rules.fleet_share * size)
        & (count >= rules.fleet_least)
        & (chance <= rules.fleet_tail)
    )
    result[np.flatnonzero(is_fleet)] = is_left & close.to_numpy()
    return result


def sentences(frame: pd.DataFrame) -> np.ndarray:
    """Return the key of each row's sentence; a paused one says what holds its alarm."""
    state = frame["state"].to_numpy(dtype=object)
    paused = "lapse.paused_" + frame["held_by"].astype(object).to_numpy()
    told = np.where(state == State.PAUSED.value, paused, "lapse." + state)
    falls = state == State.SHARE_FALLING.value
    seen, less = (frame[name].to_numpy(dtype=bool) for name in ("share_moves", "halves"))
    told = np.where(falls & less, "lapse.share_falling_less", told)
    return np.where(falls & seen, "lapse.share_falling_seen", told).astype(object)
