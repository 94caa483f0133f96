"""A pause is no end: laws of the pause-robust rhythm, and what simulated vehicles teach it."""

from dataclasses import astuple, replace

import numpy as np
import pandas as pd
import pytest
from analysis.refuelling import AS_OF, FIRST_DAY, refuel
from hypothesis import given, settings
from hypothesis import strategies as st

from station.analysis import diary, pauses, pauses_fit, rhythm
from station.analysis import lives as living
from station.analysis.lives import Lives
from station.analysis.pauses import Onset, Pauses, Rhythm
from station.analysis.rhythm_model import Array

FIT = rhythm.Fit(k=2.6, r=1.3, alpha=18.0, a=0.6, b=4.0, passing=2.0, passing_leaves=9.0)
FORTNIGHT = Onset(0.004, (1.0, *np.exp(-np.arange(1, 60) / 14).tolist()), 1 / 14)
PAUSING = Rhythm(FIT, FIT, Pauses(FORTNIGHT, replace(FORTNIGHT, rate=0.04), 0.05, 100))

gaps_of = st.lists(st.integers(1, 60), min_size=0, max_size=40)


def life(gaps: list[int], silent: float = 0.0, last_day: float = 20_000.0) -> Lives:
    usual = np.median(gaps) if gaps else np.nan
    logs = np.log(gaps).sum() if gaps else 0.0
    values = (len(gaps), sum(gaps), silent, usual, logs, last_day, 0.0)
    return Lives(*[np.array([float(value)]) for value in values])


def repeated(one: Lives, silences: list[float]) -> Lives:
    many = one.chosen(np.zeros(len(silences), dtype=np.int64))
    return many.silent_for(np.array(silences))


@given(gaps_of, st.floats(0, 900), st.floats(1, 365))
def test_chances_are_chances(gaps: list[int], silent: float, horizon: float) -> None:
    told = life(gaps, silent)

    alive, comes = pauses.p_alive(PAUSING, told), pauses.p_visit(PAUSING, told, horizon)

    assert 0 <= comes[0] <= alive[0] + 1e-12 <= 1 + 1e-12


@given(gaps_of)
def test_the_chance_of_still_coming_falls_as_silence_grows(gaps: list[int]) -> None:
    silences = [0.0, 1, 3, 7, 14, 30, 60, 120, 400, 2_000]

    alive = pauses.p_alive(PAUSING, repeated(life(gaps), silences))

    assert (np.diff(alive) <= 1e-12).all()


@given(gaps_of, st.floats(0.05, 0.9))
def test_at_the_alarm_the_chance_is_the_one_asked_for(gaps: list[int], p: float) -> None:
    told = life(gaps)

    gap = pauses.alarm_gap(PAUSING, told, p)

    reached = pauses.p_alive(PAUSING, told.silent_for(gap))
    assert reached[0] == pytest.approx(min(p, pauses.p_alive(PAUSING, told)[0]), abs=1e-9)


@given(gaps_of, st.floats(0.05, 0.9))
def test_the_alarm_day_is_the_first_day_on_which_it_is_reached(gaps: list[int], p: float) -> None:
    told = life(gaps)

    day = int(pauses.alarm_days(PAUSING, told, p)[0])

    assert pauses.p_alive(PAUSING, told.silent_for(np.array([float(day)])))[0] <= p + 1e-9
    if day > 0:
        before = told.silent_for(np.array([day - 1.0]))
        assert pauses.p_alive(PAUSING, before)[0] > p - 1e-9


@given(gaps_of, st.floats(0, 900))
def test_without_pauses_it_is_the_rhythm_itself(gaps: list[int], silent: float) -> None:
    told, plain = life(gaps, silent), Rhythm.without_pauses(FIT)
    history = (told.x, told.t_x, told.t_x + told.silent)

    assert pauses.p_alive(plain, told) == pytest.approx(rhythm.p_alive(FIT, *history))
    assert pauses.p_visit(plain, told, 30) == pytest.approx(
        rhythm.p_visit(FIT, *history, 30), abs=1e-12
    )
    alarm = rhythm.alarm_gap(FIT, told.x, told.t_x, 0.5)
    assert pauses.alarm_gap(plain, told, 0.5) == pytest.approx(alarm, abs=1e-8)


def test_extreme_lives_have_finite_answers() -> None:
    told = Lives(
        x=np.array([0.0, 1_500, 0, 3]),
        t_x=np.array([0.0, 1_500, 0, 3]),
        silent=np.array([0.0, 1, 30_000, 30_000]),
        usual=np.array([np.nan, 1, np.nan, 1]),
        log_gaps=np.zeros(4),
        last_day=np.full(4, 20_000.0),
        paused=np.zeros(4),
    )
    at_pole = replace(PAUSING, fitted=replace(FIT, a=1.0))

    answers = [
        pauses.p_alive(at_pole, told),
        pauses.p_visit(at_pole, told, 30),
        pauses.alarm_gap(at_pole, told, 0.5),
        *pauses.three_views(at_pole, told, 30),
    ]

    assert all(np.isfinite(answer).all() for answer in answers)


@given(st.floats(0, 2_000), st.floats(0, 3), st.floats(1, 1_000))
def test_a_vehicle_seen_once_is_never_surely_alive(
    silent: float, passing: float, leaves: float
) -> None:
    rhythm_of = replace(PAUSING, fitted=replace(FIT, passing=passing, passing_leaves=leaves))

    assert pauses.p_alive(rhythm_of, life([], silent))[0] < 0.9


def test_who_may_be_pausing_is_called_later() -> None:
    weekly = life([7] * 20)

    with_pauses = pauses.alarm_days(PAUSING, weekly, 0.5)[0]

    assert with_pauses > pauses.alarm_days(Rhythm.without_pauses(FIT), weekly, 0.5)[0]


def test_a_silence_over_a_public_holiday_is_rather_a_pause() -> None:
    weekly = life([7] * 20, silent=20)
    at_festival = replace(PAUSING, quiet_days=tuple(range(20_002, 20_010)))

    alive = pauses.p_alive(at_festival, weekly)[0]

    assert alive > pauses.p_alive(PAUSING, weekly)[0]
    long_before = replace(PAUSING, quiet_days=tuple(range(19_000, 19_008)))
    assert pauses.p_alive(long_before, weekly)[0] == pauses.p_alive(PAUSING, weekly)[0]


def test_one_look_gives_the_three_views() -> None:
    told = repeated(life([5, 7, 9, 7]), [0.0, 10, 40])

    ordinary, robust, alive = pauses.three_views(PAUSING, told, 30)

    assert ordinary == pytest.approx(pauses.p_visit(Rhythm.without_pauses(FIT), told, 30))
    assert robust == pytest.approx(pauses.p_visit(PAUSING, told, 30))
    assert alive == pytest.approx(pauses.p_alive(PAUSING, told))


@given(st.floats(0, 300))
def test_a_curve_is_undone(days: float) -> None:
    chance = FORTNIGHT.lasts(np.array([days]))

    assert FORTNIGHT.until(chance)[0] == pytest.approx(days, abs=1e-6)


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return refuel(4_000)[0]


@pytest.fixture(scope="module")
def learnt() -> tuple[diary.Past, Rhythm, Array, Array]:
    visits, leaves = refuel(4_000)
    read = diary.read(visits)
    past = read.until(AS_OF)
    found = pauses_fit.learn(past, prior=1.0)
    paused = pauses_fit.past_pauses(past, found)
    left = leaves[read.keys["vehicle_id"].to_numpy()[past.row] - 1] <= AS_OF
    return past, found, paused, left


def test_pauses_are_found_as_often_and_as_long_as_they_were_made(
    learnt: tuple[diary.Past, Rhythm, Array, Array],
) -> None:
    _, found, _, _ = learnt

    # Of two a year, half longer than 12 days, only those are told from the rhythm of a weekly or
    # fortnightly vehicle that last longer than one and a half of its gaps.
    lasting = found.pauses.plain.until(np.array([0.5]))[0]
    assert 0.7 < found.pauses.plain.rate * 365 < 1.3
    assert 15 < lasting < 30


def test_the_number_of_those_still_coming_is_right(
    learnt: tuple[diary.Past, Rhythm, Array, Array],
) -> None:
    past, found, paused, left = learnt

    alive = pauses.p_alive(found, living.of_past(past, paused))

    assert alive.sum() == pytest.approx((~left).sum(), rel=0.03)


def test_pauses_make_the_chance_of_a_visit_better(
    learnt: tuple[diary.Past, Rhythm, Array, Array],
) -> None:
    past, found, paused, left = learnt
    history = (past.x, past.t_x, past.t_x + past.silent)
    plain = rhythm.fit(*history, past.log_gaps, prior=1.0)

    loss = [
        -np.log(np.clip(np.where(left, 1 - alive, alive), 1e-6, 1)).mean()
        for alive in (
            pauses.p_alive(found, living.of_past(past, paused)),
            rhythm.p_alive(plain, *history),
        )
    ]

    assert loss[0] < loss[1]


def test_time_in_pauses_brings_no_visits(
    learnt: tuple[diary.Past, Rhythm, Array, Array], visits: pd.DataFrame
) -> None:
    past, found, paused, _ = learnt
    few = np.arange(0, len(past.x), 4)
    lives = living.of_past(past, paused).chosen(few)
    days = diary.read(visits)
    later = (days.day > AS_OF) & (days.day <= AS_OF + 30)
    came = np.bincount(days.row[later], minlength=len(days.keys))[past.row[few]].sum()

    counted = pauses.expected_visits(found, lives, 30).sum()

    without = rhythm.expected_visits(
        found.fitted, lives.x, lives.own, lives.own + lives.silent, 30
    ).sum()
    assert counted == pytest.approx(came, rel=0.07)
    assert counted < without


@given(gaps_of, st.floats(0, 300))
@settings(max_examples=20, deadline=None)
def test_no_more_visits_are_expected_of_who_has_been_away_longer(
    gaps: list[int], silent: float
) -> None:
    some, none = pauses.expected_visits(PAUSING, repeated(life(gaps), [silent, 30_000.0]), 30)

    assert some >= 0
    assert none == pytest.approx(0, abs=1e-4)


def test_without_pauses_visits_are_counted_as_by_the_rhythm() -> None:
    told = repeated(life([5, 7, 9, 7]), [0.0, 10, 40])
    history = (told.x, told.t_x, told.t_x + told.silent)

    counted = pauses.expected_visits(Rhythm.without_pauses(FIT), told, 30)

    assert counted == pytest.approx(rhythm.expected_visits(FIT, *history, 30))


def test_a_base_without_long_gaps_has_no_pauses() -> None:
    rows = [(vehicle, 1, day) for vehicle in range(1, 30) for day in range(0, 300, 7)]
    past = diary.read(pd.DataFrame(rows, columns=list(diary.COLUMNS))).until(300)

    found = pauses_fit.learn(past, prior=1.0)

    assert found.pauses == pauses.NONE
    assert not pauses_fit.past_pauses(past, found).any()


def test_pauses_that_begin_on_holidays_are_known_as_such() -> None:
    quiet = tuple(range(20_200, 20_208))
    rng = np.random.default_rng(4)
    rows = []
    for vehicle in range(1, 400):
        day = 20_000 + int(rng.integers(0, 7))
        while day < 20_400:
            rows.append((vehicle, 1, day))
            away = 25 if 20_193 <= day < 20_208 and rng.random() < 0.8 else 0
            day += int(rng.integers(5, 10)) + away
    past = diary.read(pd.DataFrame(rows, columns=list(diary.COLUMNS))).until(20_400)

    found = pauses_fit.learn(past, prior=1.0, quiet_days=quiet)

    assert found.pauses.quiet.rate > 5 * found.pauses.plain.rate


def test_who_is_still_away_counts_in_the_curve() -> None:
    over, weight = np.array([5.0] * 20 + [10.0] * 20), np.ones(40)
    nobody = pauses_fit._Away(np.empty(0), np.empty(0))
    away = pauses_fit._Away(np.full(20, 7.0), np.ones(20))
    rules = pauses_fit.PauseRules()

    ended, censored = (pauses_fit._onset(0.01, over, weight, who, rules) for who in (nobody, away))

    assert ended.lasts(np.array([5.0]))[0] == pytest.approx(1 / 2)
    assert censored.lasts(np.array([5.0]))[0] == pytest.approx(2 / 3)


def test_days_held_do_not_move_the_last_visit() -> None:
    past = diary.read(pd.DataFrame([(1, 1, 3), (1, 1, 10)], columns=list(diary.COLUMNS))).until(40)

    held = living.of_past(replace(past, silent=past.silent - 12))

    assert held.silent.tolist() == [18]
    assert held.last_day.tolist() == [10]


@given(gaps_of)
def test_the_gap_to_expect_is_that_of_the_mean_rate(gaps: list[int]) -> None:
    told = life(gaps)
    rate = (FIT.r + FIT.k * told.x) / (FIT.alpha + told.own)

    assert living.mean_gap(told, FIT) == pytest.approx(FIT.k / rate)


def test_alarm_days_of_many_are_those_of_each_alone_at_holidays_too() -> None:
    at_festival = replace(PAUSING, quiet_days=tuple(range(20_002, 20_010)))
    alone = [life([7, 9, 4] * 3, last_day=day) for day in (19_980, 19_999, 20_004, 20_030)] * 2
    together = Lives(*(np.concatenate(parts) for parts in zip(*map(astuple, alone), strict=True)))

    days = pauses.alarm_days(at_festival, together, 0.5)

    assert days.tolist() == [int(pauses.alarm_days(at_festival, one, 0.5)[0]) for one in alone]
    assert len(set(days.tolist())) > 1


def passers_by(vehicles: int, seed: int = 6) -> pd.DataFrame:
    days = np.random.default_rng(seed).integers(FIRST_DAY, AS_OF + 1, vehicles)
    rows = {"vehicle_id": 10**6 + np.arange(vehicles), "station_id": 1, "local_day": days}
    return pd.DataFrame(rows)


def irregulars(vehicles: int) -> pd.DataFrame:
    visits, _ = refuel(vehicles, gap=20, shape=0.8, seed=9)
    return visits.assign(vehicle_id=visits["vehicle_id"] + 10**5)


@pytest.mark.parametrize(
    "others",
    [[], [passers_by(4_000)], [irregulars(800)], [passers_by(4_000), irregulars(800)]],
    ids=["regulars", "passers-by", "irregulars", "both"],
)
@pytest.mark.parametrize("vehicles", [60, 400])
def test_seventy_days_after_a_ten_day_rhythm_a_vehicle_is_overdue_at_any_station(
    others: list[pd.DataFrame], vehicles: int
) -> None:
    past = diary.read(pd.concat([refuel(vehicles)[0], *others])).until(AS_OF)

    found = pauses_fit.learn(past, prior=1.0)

    for gaps in ([10] * 5, [10] * 15, [8, 12, 9, 11, 10] * 3, [10] * 35):
        waiting, silent = (life(gaps, silent=days, last_day=AS_OF - days) for days in (15, 70))
        assert 30 <= pauses.alarm_days(found, silent, 0.5)[0] <= 70
        assert pauses.p_alive(found, silent)[0] <= 0.5
        assert pauses.p_alive(found, waiting)[0] > 0.75


def test_passers_by_do_not_change_what_is_said_of_regulars() -> None:
    regulars = refuel(600)[0]
    alone, among = (
        pauses_fit.learn(diary.read(visits).until(AS_OF), prior=1.0)
        for visits in (regulars, pd.concat([regulars, passers_by(6_000)]))
    )
    weekly = repeated(life([7] * 12), [0.0, 15, 25, 40, 60])

    assert pauses.p_alive(among, weekly) == pytest.approx(pauses.p_alive(alone, weekly), abs=0.05)
