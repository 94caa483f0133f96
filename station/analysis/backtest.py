"""Which rule would have been right? Every lapse rule replayed on the archive's own past.

At each cut-off a rule sees the visits up to that day only and is then held against what followed.
Only vehicles that had come on enough days are judged; the models learn from all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from station.analysis import diary as diaries
from station.analysis import lives as living
from station.analysis import pace as pacing
from station.analysis import pauses, rhythm
from station.analysis.diary import Diary, Past
from station.analysis.lives import Lives
from station.analysis.pace import KIND, Kinds, Pace, PaceRules
from station.analysis.rhythm_model import Array

Flags = npt.NDArray[np.bool_]
Held = Callable[[pd.DataFrame, Array, int], Array]
"""Of keys and their last days: how many days until a cut-off are not held against each."""

WEEK = 7
FIXED_DAYS = (30, 60, 90)
OWN_FACTORS = (2, 3)
METHODS = (
    *(f"fixed_{days}" for days in FIXED_DAYS),
    "recency",
    *(f"rhythm_{factor}" for factor in OWN_FACTORS),
    "bg_nbd",
    "model",
)
SURE = 1e-6
"""No forecast is taken for surer than this: one miss would cost without limit."""


@dataclass(frozen=True, slots=True)
class BacktestRules:
    """Who is judged, when a model calls a vehicle overdue, and how long a week's list may be.

    `capacity` is the calls that a station can make in a week; None leaves the cut away.
    """

    min_visits: int = 4
    overdue_below: float = 0.5
    capacity: int | None = None
    groups: int = 10
    pace: PaceRules = field(default_factory=PaceRules)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a rule says on a day: how sure a visit is, by rank and as a chance, and who is late.

    `alarm` is the silence in whole days from which on a vehicle is flagged (NaN: never), `urgency`
    orders those flagged.
    """

    rank: Array
    chance: Array | None
    alarm: Array
    urgency: Array


@dataclass(frozen=True, slots=True)
class _Day:
    """The vehicles judged on a cut-off: whether they came afterwards, silence, station, answers."""

    came: Flags
    silent: Array
    station: npt.NDArray[np.int64]
    answers: Mapping[str, _Answer]


def replay(
    history: pd.DataFrame,
    cutoffs: Sequence[int],
    horizon: int,
    rules: BacktestRules | None = None,
    *,
    held: Held | None = None,
) -> dict[str, Any]:
    """Return how well every rule did, as design/contract's JSON document.

    For each of METHODS: auc, log_loss and brier of "comes within the horizon" (None for a rule
    without a probability; a yes or no has a Brier score), calibration, and of the flags: `flagged`
    vehicles a cut-off, the share `came_back` uncalled within the horizon, `flags_per_week`, of them
    `new_came_back` and their median silence `silence_at_flag`, and the same `at_capacity`.

    Args:
        history: visit-days (vehicle_id, station_id, local_day), perhaps with `station_kind`.
        cutoffs: day numbers; after the last of them the horizon must be known.
        horizon: days.
        rules: the numbers.
        held: what the guards excuse on a day; our own rule counts silence without it.
    """
    rules = rules or BacktestRules()
    diary = diaries.read(history)
    kinds = _kinds(history, diary)
    days = [_judge(diary, int(day), horizon, kinds, rules, held) for day in cutoffs]
    return {
        "cutoffs": [int(day) for day in cutoffs],
        "horizon": int(horizon),
        "rows": int(sum(len(day.came) for day in days)),
        "methods": {name: _score(days, name, rules) for name in METHODS} if days else {},
    }


def _kinds(history: pd.DataFrame, diary: Diary) -> Kinds | None:
    if KIND not in history:
        return None
    known = history.drop_duplicates("station_id").set_index("station_id")[KIND]
    return np.asarray(diary.keys["station_id"].map(known).to_numpy(dtype=object))


def _judge(
    diary: Diary,
    day: int,
    horizon: int,
    kinds: Kinds | None,
    rules: BacktestRules,
    held: Held | None,
) -> _Day:
    """Return every rule's answer on a day, from what was known at its end."""
    past = diary.until(day)
    excused = np.zeros(len(diary.keys))
    if held is not None and len(past.x):
        last_day = np.full(len(diary.keys), float(day))
        last_day[past.row] = past.last_day
        excused = held(diary.keys, last_day, day)
    found = pacing.study(diary, day, horizon, kinds=kinds, held=excused, rules=rules.pace)
    own = None if kinds is None else kinds[past.row]
    paused = pacing.past_pauses(found, past, own, rules.pace)
    judged = np.flatnonzero(past.x + 1 >= rules.min_visits)
    lives = living.of_past(past, paused).chosen(judged)
    answers = _simple(lives) | {
        "bg_nbd": _bg(past, lives, horizon, rules),
        "model": _model(
            found,
            lives,
            None if own is None else own[judged],
            excused[past.row[judged]],
            horizon,
            rules,
        ),
    }
    station = diary.keys["station_id"].to_numpy()[past.row[judged]]
    came = diary.came_within(past, horizon)[judged]
    return _Day(came, lives.silent, station, answers)


def _simple(lives: Lives) -> dict[str, _Answer]:
    """Return the answers of the rules of thumb."""
    silent = lives.silent
    never = np.full(len(silent), np.nan)
    known = {f"fixed_{days}": np.full(len(silent), days + 1.0) for days in FIXED_DAYS}
    known |= {f"rhythm_{n}": np.floor(n * lives.usual) + 1 for n in OWN_FACTORS}
    answers = {
        name: _Answer(-(silent >= alarm).astype(float), None, alarm, silent / alarm)
        for name, alarm in known.items()
    }
    return answers | {"recency": _Answer(-silent, None, never, silent)}


def _bg(past: Past, lives: Lives, horizon: int, rules: BacktestRules) -> _Answer:
    """Return the answer of the usual library's model."""
    fitted = rhythm.fit_bg(past.x, past.t_x, past.t_x + past.silent, prior=rules.pace.prior)
    now = lives.t_x + lives.silent
    chance = rhythm.p_visit(fitted, lives.x, lives.t_x, now, horizon)
    alarm = np.ceil(rhythm.alarm_gap(fitted, lives.x, lives.t_x, rules.overdue_below))
    gone = 1 - rhythm.p_alive(fitted, lives.x, lives.t_x, now)
    return _Answer(chance, chance, alarm, gone)


def _model(
    found: Pace,
    lives: Lives,
    kinds: Kinds | None,
    excused: Array,
    horizon: int,
    rules: BacktestRules,
) -> _Answer:
    """Return our own answer: days that are excused are no silence, and put the alarm off."""
    lives = lives.silent_for(np.maximum(lives.silent - excused, 0))
    chance = found.of_lives(lives, kinds, found.returns(horizon))
    gone = 1 - found.of_lives(lives, kinds, pauses.p_alive)
    alarm = found.of_lives(
        lives,
        kinds,
        lambda own, those: pauses.alarm_days(own, those, rules.overdue_below).astype(np.float64),
    )
    return _Answer(chance, chance, alarm + excused, gone)


def _score(days: Sequence[_Day], name: str, rules: BacktestRules) -> dict[str, Any]:
    """Return how well a rule did over all days."""
    came = np.concatenate([day.came for day in days])
    answers = [day.answers[name] for day in days]
    rank = np.concatenate([answer.rank for answer in answers])
    chances = [answer.chance for answer in answers if answer.chance is not None]
    chance = np.concatenate(chances) if chances else None
    forecast = chance if chance is not None else _yes_or_no(rank)
    return {
        "auc": auc(rank, came),
        "log_loss": None if chance is None else log_loss(chance, came),
        "brier": None if forecast is None else _mean((forecast - came) ** 2),
        "calibration": [] if forecast is None else calibration(forecast, came, rules.groups),
        **_flags(days, answers, rules),
    }


def _yes_or_no(rank: Array) -> Array | None:
    """Return the forecast of a rule that only flags: 0 where it does, 1 elsewhere."""
    return 1 + rank if np.isin(rank, (-1.0, 0.0)).all() else None


def _flags(
    days: Sequence[_Day], answers: Sequence[_Answer], rules: BacktestRules
) -> dict[str, Any]:
    """Return how many were flagged on a cut-off and in the week before it, and who came back."""
    over = [day.silent - answer.alarm for day, answer in zip(days, answers, strict=True)]
    standing = [part >= 0 for part in over]
    new = [(part >= 0) & (part < WEEK) for part in over]
    silences = [answer.alarm[part] for answer, part in zip(answers, new, strict=True)]
    silence = np.concatenate(silences)
    told = {
        "flagged": sum(int(part.sum()) for part in standing) / len(days),
        "came_back": _came_back(days, standing),
        "flags_per_week": sum(int(part.sum()) for part in new) / len(days),
        "new_came_back": _came_back(days, new),
        "silence_at_flag": float(np.median(silence)) if silence.size else None,
    }
    if rules.capacity is None:
        return told | {"at_capacity": None}
    called = [
        _most_urgent(day.station, answer.urgency, part, rules.capacity)
        for day, answer, part in zip(days, answers, new, strict=True)
    ]
    count = sum(int(part.sum()) for part in called) / len(days)
    return told | {"at_capacity": {"flagged": count, "came_back": _came_back(days, called)}}


def _most_urgent(
    station: npt.NDArray[np.int64], urgency: Array, flagged: Flags, capacity: int
) -> Flags:
    """Return the flagged that a station has time to call, the most urgent first."""
    order = np.lexsort((-urgency, ~flagged, station))
    place = np.empty(len(order), dtype=np.int64)
    sizes = pd.Series(station[order]).groupby(station[order]).cumcount().to_numpy()
    place[order] = sizes
    return flagged & (place < capacity)


def _came_back(days: Sequence[_Day], chosen: Sequence[Flags]) -> float | None:
    """Return the share of the chosen that came within the horizon; None where nobody is."""
    came = np.concatenate([day.came[part] for day, part in zip(days, chosen, strict=True)])
    return _mean(came)


def auc(rank: Array, came: Flags) -> float | None:
    """Return the chance that who came ranks above who did not; ties count half."""
    ones = int(came.sum())
    zeros = len(came) - ones
    if not ones or not zeros:
        return None
    ranks = pd.Series(rank).rank().to_numpy()
    return float((ranks[came].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def log_loss(chance: Array, came: Flags) -> float | None:
    """Return the mean surprise, in natural logarithms."""
    bounded = np.clip(chance, SURE, 1 - SURE)
    return _mean(-np.log(np.where(came, bounded, 1 - bounded)))


def calibration(chance: Array, came: Flags, groups: int = 10) -> list[dict[str, float]]:
    """Return mean forecast, share that came and size of equal groups, from the lowest forecast.

    Equal forecasts stay together, so a yes or no makes two groups.
    """
    order = np.argsort(chance, kind="stable")
    edges = np.linspace(0, len(order), groups + 1).astype(int)[1:-1]
    ordered = chance[order]
    starts = np.searchsorted(ordered, ordered[edges[edges < len(order)]], side="left")
    parts = np.split(order, np.unique(starts[starts > 0]))
    return [
        {
            "predicted": float(chance[part].mean()),
            "observed": float(came[part].mean()),
            "n": len(part),
        }
        for part in parts
        if len(part)
    ]


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if values.size else None
