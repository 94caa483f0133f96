"""Which rhythm speaks for which vehicle? One a kind of station, and one for all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from station.analysis import landmark as landmarks
from station.analysis import lives as living
from station.analysis import pauses, pauses_fit, rhythm
from station.analysis.diary import Diary, Past, evenly
from station.analysis.landmark import Landmark, LandmarkRules
from station.analysis.lives import Lives
from station.analysis.pauses import Rhythm
from station.analysis.pauses_fit import STRANGER, PauseRules
from station.analysis.rhythm import Fit
from station.analysis.rhythm_model import Array

KIND = "station_kind"
"""The column that names the group of a row; without it all rows are one group."""
KEYS = ("vehicle_id", "station_id")
PAUSED = "pause_days"
"""The days of past pauses of a vehicle: no part of its own time."""

Kinds = npt.NDArray[np.object_]
Place = npt.NDArray[np.int64]
Answer = Callable[[Fit, Array, Array, Array], Array]
Question = Callable[[Rhythm, Lives], Array]


@dataclass(frozen=True, slots=True)
class PaceRules:
    """How the rhythm is learnt.

    `k` is the regularity of a gap: 1 is the MBG/NBD, None fits it. `prior` keeps small bases from
    drifting. A kind of station below `min_vehicles` is judged by all stations together; of more
    than `vehicles_most` the rhythm is learnt from so many, evenly chosen. What was learnt serves
    while no more than `kept_days` have passed since, and no more than `kept_share` of the lines
    have come or gone.
    """

    k: float | None = None
    min_vehicles: int = 300
    vehicles_most: int = 200_000
    prior: float = 1.0
    kept_days: int = 7
    kept_share: float = 0.01
    pauses: PauseRules = field(default_factory=PauseRules)
    landmark: LandmarkRules = field(default_factory=LandmarkRules)


@dataclass(frozen=True, slots=True)
class Pace:
    """The rhythms of a base: `pooled` for whatever kind is not in `by_kind`.

    `landmark` answers who comes within its horizon; without it the rhythm does.
    """

    pooled: Rhythm
    by_kind: Mapping[str, Rhythm] = field(default_factory=dict)
    landmark: Landmark | None = None

    def ask(self, profiles: pd.DataFrame, answer: Answer) -> Array:
        """Return `answer(fit, x, t_x, T)` of every row, each under its own fit, in own time."""

        def in_own_time(own: Rhythm, lives: Lives) -> Array:
            return answer(own.fitted, lives.x, lives.own, lives.own + lives.silent)

        return self.of_each(profiles, in_own_time)

    def of_each(self, profiles: pd.DataFrame, question: Question) -> Array:
        """Return `question(rhythm, lives)` of every row, each under its own rhythm."""
        kinds = profiles[KIND].to_numpy(dtype=object) if KIND in profiles else None
        return self.of_lives(living.of_profiles(profiles), kinds, question)

    def of_lives(self, lives: Lives, kinds: Kinds | None, question: Question) -> Array:
        """Return `question(rhythm, lives)` of every life, by its kind of station."""
        parts = self.groups(kinds, len(lives.x))
        answers = [question(own, lives.chosen(place)) for own, place in parts]
        result = np.empty((len(lives.x), *answers[0].shape[1:]))
        for (_, place), answer in zip(parts, answers, strict=True):
            result[place] = answer
        return result

    def groups(self, kinds: Kinds | None, size: int) -> list[tuple[Rhythm, Place]]:
        """Return each rhythm with the places of the `size` vehicles for which it speaks."""
        if not self.by_kind or kinds is None or not size:
            return [(self.pooled, np.arange(size))]
        codes, names = pd.factorize(kinds)
        return [
            (self.by_kind.get(str(name), self.pooled), np.flatnonzero(codes == code))
            for code, name in enumerate(names)
        ]

    def p_alive(self, profiles: pd.DataFrame) -> Array:
        """Return the chance that each vehicle has not left for good."""
        return self.of_each(profiles, pauses.p_alive)

    def p_stays(self, profiles: pd.DataFrame) -> Array:
        """Return the same as it was right after the last visit."""
        silent = np.zeros(len(profiles))
        return self.of_each(
            profiles,
            lambda own, lives: pauses.p_alive(own, lives.silent_for(silent[: len(lives.x)])),
        )

    def p_visit(self, profiles: pd.DataFrame, horizon: float) -> Array:
        """Return the chance of a visit within `horizon` days, from the rhythm alone."""
        return self.of_each(profiles, lambda own, lives: pauses.p_visit(own, lives, horizon))

    def p_return(self, profiles: pd.DataFrame, horizon: int) -> Array:
        """Return the same as learnt from the base's own past, where that is long enough."""
        return self.of_each(profiles, self.returns(horizon))

    def returns(self, horizon: int) -> Question:
        """Return the question whether a vehicle comes within `horizon` days."""
        if self.landmark is not None and self.landmark.horizon == horizon:
            return self.landmark.p_visit
        return lambda own, lives: pauses.p_visit(own, lives, horizon)

    def alarm_days(self, profiles: pd.DataFrame, p: float) -> Place:
        """Return the whole days of silence after which P(alive) is at or below `p`."""
        days = self.of_each(
            profiles, lambda own, lives: pauses.alarm_days(own, lives, p).astype(np.float64)
        )
        return days.astype(np.int64)


def learn(profiles: pd.DataFrame, rules: PaceRules | None = None) -> Pace:
    """Return the rhythm of a base from its profiles alone: without pauses, without landmarks.

    It needs the vehicles with a single visit, too.
    """
    rules = rules or PaceRules()
    if profiles.empty:
        return Pace(Rhythm.without_pauses(STRANGER))
    kinds = profiles[KIND].to_numpy(dtype=object) if KIND in profiles else None
    lives = living.of_profiles(profiles)

    def fitted(place: Place) -> Rhythm:
        own = lives.chosen(place)
        now = own.t_x + own.silent
        found = rhythm.fit(
            own.x, own.t_x, now, own.log_gaps, some_pass=True, k=rules.k, prior=rules.prior
        )
        return Rhythm.without_pauses(found)

    everybody = np.arange(len(profiles))
    return Pace(fitted(everybody), {n: fitted(place) for n, place in _large(kinds, rules)})


def study(
    diary: Diary,
    day: int,
    horizon: int,
    *,
    kinds: Kinds | None = None,
    quiet_days: Sequence[int] = (),
    held: Array | None = None,
    rules: PaceRules | None = None,
) -> Pace:
    """Return the rhythm of a base from all its visit-days up to `day`: pauses and landmarks, too.

    Args:
        diary: the visit-days of the base; later ones do not count.
        day: the last day that counts.
        horizon: the days within which a return is asked for.
        kinds: the group of each of the diary's keys.
        quiet_days: public holidays, on which pauses begin oftener.
        held: days of the silence up to `day` of each of the diary's keys that were our own fault.
        rules: the numbers.
    """
    rules = rules or PaceRules()
    seen = diary.known(day)
    if not len(seen):
        return Pace(Rhythm.without_pauses(STRANGER))

    quiet = tuple(sorted(quiet_days))
    learnt = partial(
        pauses_fit.learn, k=rules.k, prior=rules.prior, quiet_days=quiet, rules=rules.pauses
    )

    def alike(rows: Place, near: Rhythm | None = None) -> Rhythm:
        past = diary.only(evenly(rows, rules.vehicles_most)).until(day)
        if held is not None:
            past = replace(past, silent=np.maximum(past.silent - held[past.row], 0))
        return learnt(past, near=near)

    pooled = alike(seen)
    own = None if kinds is None else kinds[seen]
    by_kind = {name: alike(seen[place], pooled) for name, place in _large(own, rules)}
    found = Pace(pooled, by_kind)
    return Pace(pooled, by_kind, _landmark(found, diary, day, horizon, kinds, rules))


def _large(kinds: Kinds | None, rules: PaceRules) -> list[tuple[str, Place]]:
    """Return the name and the places of each kind that has vehicles enough, unless it is all."""
    if kinds is None:
        return []
    codes, names = pd.factorize(kinds)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    return [
        (str(name), np.flatnonzero(codes == code))
        for code, name in enumerate(names)
        if rules.min_vehicles <= sizes[code] < len(kinds)
    ]


def with_pauses(
    profiles: pd.DataFrame, diary: Diary, day: int, found: Pace, rules: PaceRules | None = None
) -> pd.DataFrame:
    """Return `profiles` with PAUSED: the days of past pauses of each vehicle at each station."""
    past = diary.until(day)
    known = diary.keys.iloc[past.row]
    kinds = None
    if KIND in profiles:
        station = profiles.drop_duplicates("station_id").set_index("station_id")[KIND]
        kinds = known["station_id"].map(station).to_numpy(dtype=object)
    days = known.assign(**{PAUSED: past_pauses(found, past, kinds, rules)})
    both = profiles.drop(columns=PAUSED, errors="ignore").merge(days, on=list(KEYS), how="left")
    return both.fillna({PAUSED: 0.0}).set_axis(profiles.index)


def past_pauses(
    found: Pace, past: Past, kinds: Kinds | None, rules: PaceRules | None = None
) -> Array:
    """Return the days of past pauses of all vehicles of `past`, of these kinds of station."""
    rules = rules or PaceRules()
    result = np.empty(len(past.x))
    for own, place in found.groups(kinds, len(past.x)):
        result[place] = pauses_fit.past_pauses(past.chosen(place), own, rules.pauses)
    return result


def _landmark(
    found: Pace, diary: Diary, day: int, horizon: int, kinds: Kinds | None, rules: PaceRules
) -> Landmark | None:
    """Return the regression on what followed days a horizon apart; None where history is short."""
    chosen = rules.landmark
    known = day - int(diary.day.min())
    count = min(chosen.landmarks, known // horizon - 1)
    if count < 1:
        return None
    some = diary.only(evenly(diary.known(day - horizon), chosen.rows_most // count))
    tables, answers = [], []
    for back in range(1, count + 1):
        past = some.until(day - back * horizon)
        own = None if kinds is None else kinds[past.row]
        lives = living.of_past(past, past_pauses(found, past, own, rules))
        tables.append(found.of_lives(lives, own, partial(landmarks.features, horizon=horizon)))
        answers.append(some.came_within(past, horizon))
    return landmarks.learn(tables, answers, horizon, chosen)
