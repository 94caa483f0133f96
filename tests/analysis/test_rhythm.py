"""The rhythm model against published figures, laws and simulated vehicles."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from station.analysis import rhythm, rhythm_count, rhythm_fit, rhythm_model, rhythm_rows
from station.analysis.rhythm_model import Array
from station.errors import BadValueError

CITY = rhythm.Fit(k=2.6, r=1.3, alpha=18.0, a=0.6, b=4.0)
DATASETS = Path(find_spec("lifetimes").origin).parent / "datasets"  # without running the package


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """2,357 customers of a record shop, in weeks."""
    return pd.read_csv(DATASETS / "cdnow_customers_summary_with_transactions.csv")


@pytest.fixture(scope="module")
def cdnow_days() -> pd.DataFrame:
    """The same customers from their purchases, with the logarithms of their gaps, in weeks."""
    lines = pd.read_csv(
        DATASETS / "CDNOW_sample.txt", sep=r"\s+", header=None, usecols=[1, 2], names=["who", "day"]
    )
    lines["day"] = pd.to_datetime(lines["day"].astype(str))
    end = pd.Timestamp("1997-09-30")
    days = lines[lines["day"] <= end].drop_duplicates().sort_values(["who", "day"])
    days["gap"] = days.groupby("who")["day"].diff().dt.days / 7
    days["log_gap"] = np.log(days["gap"])
    base = days.groupby("who").agg(
        x=("gap", "count"), t_x=("gap", "sum"), log_gaps=("log_gap", "sum"), first=("day", "min")
    )
    base["T"] = (end - base["first"]).dt.days / 7
    return base


def parameters(fitted: rhythm.Fit) -> list[float]:
    return [fitted.k, fitted.r, fitted.alpha, fitted.a, fitted.b]


def simulate(
    truth: rhythm.Fit, vehicles: int, seed: int, ages: tuple[float, float] = (200, 730)
) -> tuple[Array, ...]:
    """Return x, t_x, T and the sum of ln(gap) of vehicles that live by the model."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(truth.r, 1 / truth.alpha, vehicles)
    leaving = rng.beta(truth.a, truth.b, vehicles)
    until = rng.uniform(*ages, vehicles)
    x, t_x, log_gaps, time = (np.zeros(vehicles) for _ in range(4))
    coming = rng.random(vehicles) >= leaving
    while coming.any():
        gap = np.maximum(rng.gamma(truth.k, 1 / rate), 1e-6)
        time = time + gap
        coming &= time <= until
        x, t_x = x + coming, np.where(coming, time, t_x)
        log_gaps = log_gaps + np.where(coming, np.log(gap), 0)
        coming &= rng.random(vehicles) >= leaving
    return x, t_x, until, log_gaps


def test_bg_reproduces_the_published_parameters(cdnow: pd.DataFrame) -> None:
    fitted = rhythm.fit_bg(cdnow["x"], cdnow["t_x"], cdnow["T"])

    assert parameters(fitted) == pytest.approx([1, 0.2426, 4.4136, 0.7929, 2.4259], abs=2e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.429, abs=0.01)


def test_mbg_reproduces_the_published_parameters(cdnow: pd.DataFrame) -> None:
    fitted = rhythm.fit(cdnow["x"], cdnow["t_x"], cdnow["T"])

    assert parameters(fitted) == pytest.approx([1, 0.525, 6.183, 0.891, 1.614], abs=6e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.1357, abs=0.01)


def test_record_buyers_show_no_regularity(cdnow_days: pd.DataFrame) -> None:
    columns = [cdnow_days[name] for name in ("x", "t_x", "T", "log_gaps")]

    free = rhythm.fit(*columns)
    twice = rhythm.fit(*columns, k=2)

    assert free.k == pytest.approx(1.045, abs=5e-4)
    assert free.log_likelihood == pytest.approx(-9581.10, abs=0.01)
    assert twice.log_likelihood == pytest.approx(-9853.25, abs=0.01)
    assert free.standard_errors["k"] == pytest.approx(0.032, abs=0.002)


def test_gamma_gamma_reproduces_the_published_spend(cdnow: pd.DataFrame) -> None:
    fitted = rhythm.fit_gamma_gamma(cdnow["x"], cdnow["zbar"])

    first_ten = rhythm.expected_spend(fitted, cdnow["x"], cdnow["zbar"])[:10]
    published = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert [fitted.p, fitted.q, fitted.v] == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert fitted.mean == pytest.approx(35.17, abs=0.01)
    assert first_ten == pytest.approx(published, abs=0.02)


def test_bg_forecasts_as_in_the_published_sheet() -> None:
    sheet = rhythm.Fit(1, 0.243, 4.414, 0.793, 2.426, model=rhythm.Model.BG)

    assert rhythm.expected_visits(sheet, 2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=5e-4)
    assert rhythm.p_alive(sheet, 2, 30.43, 38.86) == pytest.approx(0.7266, abs=1e-4)


shops = st.builds(
    rhythm.Fit,
    k=st.floats(0.4, 12),
    r=st.floats(0.1, 10),
    alpha=st.floats(0.5, 200),
    a=st.floats(0.05, 5),
    b=st.floats(0.1, 30),
    passing=st.one_of(st.just(0.0), st.floats(0.01, 20)),
    passing_leaves=st.floats(1, 1e4),
)


@st.composite
def histories(draw: Callable[..., float]) -> tuple[float, float, float]:
    x = draw(st.integers(0, 1500))
    t_x = draw(st.floats(0.5, 900)) if x else 0.0
    return float(x), t_x, t_x + draw(st.floats(0, 900))


@given(shops, histories(), st.floats(0, 400))
def test_every_probability_lies_between_0_and_1(
    shop: rhythm.Fit, history: tuple[float, float, float], horizon: float
) -> None:
    alive = rhythm.p_alive(shop, *history)
    visit = rhythm.p_visit(shop, *history, horizon)

    assert 0 <= visit <= alive + 1e-12
    assert alive <= 1


@given(shops, histories(), st.floats(0, 400))
def test_longer_silence_never_raises_the_chance_of_being_alive(
    shop: rhythm.Fit, history: tuple[float, float, float], more: float
) -> None:
    x, t_x, now = history

    assert rhythm.p_alive(shop, x, t_x, now + more) <= rhythm.p_alive(shop, *history) + 1e-12


@given(shops, histories(), st.floats(0.02, 0.98))
def test_at_the_alarm_the_chance_is_exactly_the_one_asked_for(
    shop: rhythm.Fit, history: tuple[float, float, float], p: float
) -> None:
    x, t_x, _ = history

    gap = rhythm.alarm_gap(shop, x, t_x, p)

    at_alarm = rhythm.p_alive(shop, x, t_x, t_x + gap)
    at_once = rhythm.p_alive(shop, x, t_x, t_x)
    assert at_alarm == pytest.approx(min(p, at_once), abs=1e-9)


@given(shops, histories(), st.floats(0.05, 0.95))
def test_the_quantile_of_the_next_visit_is_reached_with_its_chance(
    shop: rhythm.Fit, history: tuple[float, float, float], q: float
) -> None:
    wait = rhythm.next_visit(shop, *history, q)
    alive = rhythm.p_alive(shop, *history)

    assert np.isfinite(wait)
    if alive > 1e-6:
        assert rhythm.p_visit(shop, *history, wait) / alive == pytest.approx(q, abs=1e-6)


@given(shops, histories(), st.floats(0.1, 30))
def test_the_unit_of_time_does_not_matter(
    shop: rhythm.Fit, history: tuple[float, float, float], unit: float
) -> None:
    x, t_x, now = history
    other = replace(shop, alpha=shop.alpha / unit)

    in_unit = rhythm.p_alive(other, x, t_x / unit, now / unit)

    assert in_unit == pytest.approx(rhythm.p_alive(shop, *history), abs=1e-9)
    comes = rhythm.p_visit(other, x, t_x / unit, now / unit, 30 / unit)
    assert comes == pytest.approx(rhythm.p_visit(shop, *history, 30), abs=1e-9)
    alarm = rhythm.alarm_gap(other, x, t_x / unit, 0.5) * unit
    assert alarm == pytest.approx(rhythm.alarm_gap(shop, x, t_x, 0.5), rel=1e-6, abs=1e-6)


@given(shops, histories(), st.sampled_from([1.0, 1 + 1e-12, 1 - 1e-12]))
def test_every_answer_is_finite_at_the_pole_of_the_usual_formula(
    shop: rhythm.Fit, history: tuple[float, float, float], a: float
) -> None:
    at_pole = replace(shop, a=a)

    for x, t_x, now in (history, (0.0, 0.0, 0.0), (1500.0, 1500.0, 1500.0)):
        answers = (
            rhythm.p_alive(at_pole, x, t_x, now),
            rhythm.p_visit(at_pole, x, t_x, now, 30),
            rhythm.next_visit(at_pole, x, t_x, now, 0.5),
            rhythm.alarm_gap(at_pole, x, t_x, 0.5),
        )
        assert np.isfinite(answers).all()


@given(shops, st.floats(0, 900))
def test_a_vehicle_seen_once_is_never_surely_coming(shop: rhythm.Fit, now: float) -> None:
    assert rhythm.p_alive(shop, 0, 0, now) < 1


@given(shops, histories())
def test_k_1_is_the_closed_formula_of_mbg(
    shop: rhythm.Fit, history: tuple[float, float, float]
) -> None:
    x, t_x, now = history
    random = replace(shop, k=1.0, passing=0.0)
    log_odds = np.log(shop.a / (shop.b + x)) + (shop.r + x) * np.log(
        (shop.alpha + now) / (shop.alpha + t_x)
    )

    assert rhythm.p_alive(random, *history) == pytest.approx(
        np.exp(-np.logaddexp(0, log_odds)), abs=1e-12
    )


@settings(deadline=None)
@given(st.integers(0, 200), st.floats(0, 200), st.floats(1, 120), st.sampled_from([0.4, 0.9, 2.5]))
def test_k_1_counts_as_the_hypergeometric_formula(
    x: int, silence: float, horizon: float, a: float
) -> None:
    shop = rhythm.Fit(k=1, r=0.525, alpha=6.183, a=a, b=1.614)
    t_x = 3.0 * x
    until = shop.alpha + t_x + silence
    s, n = shop.r + x, shop.b + x
    series = hyp2f1(s, n + 1, a + n, horizon / (until + horizon))
    formula = (a + n) / (a - 1) * (1 - (until / (until + horizon)) ** s * series)

    counted = rhythm.expected_visits(shop, x, t_x, t_x + silence, horizon)

    alive = rhythm.p_alive(shop, x, t_x, t_x + silence)
    assert counted == pytest.approx(formula * alive, rel=1e-6, abs=1e-6)


def test_counts_are_smooth_where_the_usual_formula_has_its_pole() -> None:
    at_pole, beside = (rhythm.Fit(1, 0.5, 6.0, a, 1.6) for a in (1.0, 1 + 1e-9))

    counted = rhythm.expected_visits(at_pole, 2, 30, 39, 39)

    assert counted == pytest.approx(rhythm.expected_visits(beside, 2, 30, 39, 39), rel=1e-7)


@pytest.mark.parametrize("k", [1.0, 2.0, 3.0, 6.0])
def test_integrating_over_the_next_visit_agrees_with_the_stages(
    monkeypatch: pytest.MonkeyPatch, k: float
) -> None:
    shop = rhythm.Fit(k, 0.8, 4 * k, 0.6, 4.0)
    x, t_x, now = np.array([[0, 0, 0], [0, 0, 90], [3, 40, 40], [3, 40, 90], [30, 240, 260]]).T

    by_stages = rhythm.expected_visits(shop, x, t_x, now, 30)
    monkeypatch.setattr(rhythm_count, "STAGES_MOST", 0)
    by_next = rhythm.expected_visits(shop, x, t_x, now, 30)

    assert by_next == pytest.approx(by_stages, rel=2e-4)


def test_passers_by_are_counted_as_those_among_the_others() -> None:
    pure, mixed = rhythm.Fit(2, 0.8, 8, 0.6, 4.0), rhythm.Fit(2, 0.8, 8, 0.6, 4.0, passing=3.0)
    mixed = replace(mixed, passing_leaves=9.0)
    passer = replace(pure, a=9e8, b=1e8)  # leaves with nine chances of ten, always

    together = rhythm.expected_visits(mixed, 0, 0, 0, 60)

    apart = [rhythm.expected_visits(one, 0, 0, 0, 60) for one in (pure, passer)]
    assert together == pytest.approx((apart[0] + 3 * apart[1]) / 4, rel=1e-6)


@given(shops, st.integers(0, 30), st.floats(0.1, 200), st.floats(0, 200))
def test_slopes_are_those_of_the_likelihood(
    shop: rhythm.Fit, x: int, t_x: float, silence: float
) -> None:
    last = np.array([t_x if x else 0.0])
    one = np.ones(1)
    rows = rhythm_rows.Rows(
        x * one, last, last + silence, 0.9 * x * one, one, 0.9 * one, 0.02 * one
    )
    free = np.arange(len(rhythm_model.PARAMETERS))
    problem = rhythm_fit._Problem(rows, rhythm.Model.MBG, free, prior=1.0)
    logs = np.log([max(getattr(shop, name), 0.01) for name in rhythm_model.PARAMETERS])
    steps = np.eye(len(free)) * 1e-5

    slope = problem.slope(logs)

    differences = [(problem.value(logs + h) - problem.value(logs - h)) / 2e-5 for h in steps]
    assert slope == pytest.approx(differences, rel=1e-3, abs=2e-3)


def test_very_many_expected_visits_are_counted_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, daily = rhythm.Fit(2, 0.8, 8, 0.6, 4.0), (1500, 1500, 1501, 400)

    counted = rhythm.expected_visits(shop, *daily)
    monkeypatch.setattr(rhythm_count, "NO_EVENT_LOG_SMALLEST", -720.0)

    assert 300 < counted < 400
    assert rhythm.expected_visits(shop, *daily) == pytest.approx(counted, rel=1e-9)


def test_a_weighted_row_counts_as_repeated_rows() -> None:
    x, t_x, now, logs = simulate(CITY, 300, seed=3)
    times = np.random.default_rng(3).integers(0, 4, 300)

    weighted = rhythm.fit(x, t_x, now, logs, weights=times)
    repeated = rhythm.fit(*(np.repeat(column, times) for column in (x, t_x, now, logs)))

    assert parameters(weighted) == pytest.approx(parameters(repeated), rel=1e-6)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood)
    assert weighted.standard_errors == pytest.approx(repeated.standard_errors, rel=1e-4)


def test_days_and_weeks_give_the_same_fit() -> None:
    x, t_x, now, logs = simulate(CITY, 400, seed=5)

    days = rhythm.fit(x, t_x, now, logs)
    weeks = rhythm.fit(x, t_x / 7, now / 7, logs - x * np.log(7))

    assert parameters(replace(weeks, alpha=weeks.alpha * 7)) == pytest.approx(
        parameters(days), rel=1e-5
    )
    assert weeks.log_likelihood - np.log(7) * x.sum() == pytest.approx(days.log_likelihood)


def test_a_given_k_only_shifts_the_likelihood_by_the_gaps() -> None:
    x, t_x, now, logs = simulate(CITY, 300, seed=6)

    with_gaps, without = rhythm.fit(x, t_x, now, logs, k=2), rhythm.fit(x, t_x, now, k=2)

    assert parameters(with_gaps) == pytest.approx(parameters(without), rel=1e-6)
    assert with_gaps.log_likelihood == pytest.approx(without.log_likelihood + logs.sum())
    assert with_gaps.standard_errors["k"] == 0


def test_a_prior_keeps_a_small_base_from_drifting() -> None:
    x, t_x, now, logs = simulate(CITY, 25, seed=12)

    unit = [1, 1, t_x.sum() / x.sum(), 1, 1]

    drifted, held = (
        np.linalg.norm(np.log(np.divide(parameters(rhythm.fit(x, t_x, now, logs, prior=p)), unit)))
        for p in (0, 1)
    )

    assert held < drifted


STEADY = rhythm.Fit(k=3.0, r=2.0, alpha=40.0, a=0.5, b=25.0)


def test_passers_by_are_told_from_those_that_leave_after_a_while() -> None:
    alone = simulate(STEADY, 3_000, seed=9)
    passing = simulate(replace(STEADY, a=8_500, b=1_500), 9_000, seed=10)
    mixed = [np.concatenate(both) for both in zip(alone, passing, strict=True)]

    bent, told = (rhythm.fit(*mixed, some_pass=some_pass) for some_pass in (False, True))

    truth = rhythm.fit(*alone)
    assert told.log_likelihood > bent.log_likelihood + 100
    assert told.a / told.b == pytest.approx(truth.a / truth.b, rel=0.2)
    assert told.passing == pytest.approx(3, rel=0.1)
    assert told.passing_leaves == pytest.approx(0.85 / 0.15, rel=0.3)
    gaps = [rhythm.alarm_gap(one, 40, 400, 0.5) for one in (truth, told)]
    assert gaps[1] == pytest.approx(gaps[0], rel=0.1)


def test_where_nobody_passes_none_are_found() -> None:
    columns = simulate(STEADY, 1_500, seed=9)

    plain, told = (rhythm.fit(*columns, some_pass=some) for some in (False, True))

    assert told.passing < 0.05
    assert told.log_likelihood == pytest.approx(plain.log_likelihood, abs=3)


@pytest.mark.parametrize(
    ("x", "t_x", "now"),
    [
        ([0, 0, 0], [0, 0, 0], [10, 20, 30]),
        ([0, 0], [0, 0], [0, 0]),
        ([1500, 3, 0], [700, 10, 0], [730, 300, 0]),
        ([5, 5, 5], [50, 50, 50], [50, 50, 50]),
        ([1], [0], [0]),
    ],
)
def test_a_strange_base_still_gives_finite_answers(
    x: list[float], t_x: list[float], now: list[float]
) -> None:
    for fitted in (
        rhythm.fit(x, t_x, now),
        rhythm.fit(x, t_x, now, np.zeros(len(x))),
        rhythm.fit(x, t_x, now, prior=1),
        rhythm.fit(x, t_x, now, prior=1, some_pass=True),
        rhythm.fit(x, t_x, now, some_pass=True),
        rhythm.fit_bg(x, t_x, now),
    ):
        alive = rhythm.p_alive(fitted, x, t_x, now)

        assert np.isfinite([*parameters(fitted), fitted.log_likelihood]).all()
        assert ((alive >= 0) & (alive <= 1)).all()


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        (([], [], []), "rhythm.no_rows"),
        (([1, 2], [3], [4, 5, 6]), "rhythm.lengths_differ"),
        (([1, -2], [3, 3], [4, 4]), "rhythm.no_number"),
        (([1, 2], [3, np.nan], [4, 4]), "rhythm.no_number"),
        (([1, 2], [3, 5], [4, 4]), "rhythm.last_after_now"),
        (([1, 2], [3, 3], [4, 4], [0.0, np.inf]), "rhythm.log_gaps_missing"),
        (([1, 2], [3, 3], [4, 4], [0.0]), "rhythm.lengths_differ"),
        (([1], [3], [4], None, [0.0]), "rhythm.no_rows"),
        (([1], [3], [4], None, None, 0.0), "rhythm.out_of_range"),
    ],
)
def test_what_is_no_history_is_refused(columns: tuple[list[float], ...], key: str) -> None:
    with pytest.raises(BadValueError) as refusal:
        rhythm.fit(*columns)

    assert refusal.value.key == key


def test_a_certain_quantile_is_refused() -> None:
    with pytest.raises(BadValueError, match="no_probability"):
        rhythm.alarm_gap(CITY, [1, 2], [3, 4], [0.5, 1.0])


@pytest.mark.parametrize(("x", "m"), [([0, 0], [5, 5]), ([1, 2], [0, 5])])
def test_spend_needs_visits_that_were_paid(x: list[float], m: list[float]) -> None:
    with pytest.raises(BadValueError):
        rhythm.fit_gamma_gamma(x, m)


def test_no_vehicles_give_no_answers() -> None:
    assert rhythm.p_alive(CITY, [], [], []).size == 0
    assert rhythm.expected_visits(CITY, [], [], [], 30).size == 0


def test_bg_never_raises_an_alarm_for_a_vehicle_seen_once() -> None:
    shop = replace(CITY, k=1.0, model=rhythm.Model.BG)

    assert rhythm.alarm_gap(shop, [0, 5], [0, 40], 0.5).tolist()[0] == np.inf
    assert rhythm.p_alive(shop, 0, 0, 500) == 1


def test_no_visit_is_expected_where_no_chance_of_one_is_left() -> None:
    lost = (1500, 300, 30_000)

    assert rhythm.p_alive(CITY, *lost) == 0
    assert rhythm.expected_visits(CITY, *lost, 30) == 0
    assert np.isfinite(rhythm.next_visit(CITY, *lost, 0.5))


@pytest.mark.slow
def test_the_fit_recovers_what_20_000_vehicles_live_by() -> None:
    fitted = rhythm.fit(*simulate(CITY, 20_000, seed=1))

    assert parameters(fitted) == pytest.approx(parameters(CITY), rel=0.1)


@pytest.mark.slow
def test_counts_agree_with_simulated_futures() -> None:
    visits, *_ = simulate(CITY, 60_000, seed=2, ages=(120, 120))

    expected = rhythm.expected_visits(CITY, 0, 0, 0, 120)

    assert expected == pytest.approx(visits.mean(), abs=4 * visits.std() / 60_000**0.5)


@pytest.mark.slow
def test_cells_and_one_step_come_close_to_the_full_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = simulate(CITY, 30_000, seed=4)

    quick = rhythm.fit(*columns)
    monkeypatch.setattr(rhythm_fit, "DISTINCT_ROWS_MOST", 1_000_000)
    full = rhythm.fit(*columns)

    assert parameters(quick) == pytest.approx(parameters(full), rel=0.005)
    alike = rhythm.p_alive(quick, *columns[:3]) - rhythm.p_alive(full, *columns[:3])
    assert np.abs(alike).max() < 5e-4


def test_distinct_rows_are_told_apart_however_many_values_they_have() -> None:
    rng = np.random.default_rng(8)
    visits = rng.integers(0, 1_000_000, 5_000).astype(float)
    times = np.sort(rng.random((2, 5_000)) * 700, axis=0)
    ones = np.ones(5_000)
    columns = (visits, *times, visits, ones, ones, ones)
    twice = [np.tile(column, 2) for column in columns]

    merged = rhythm_rows.distinct(rhythm_rows.Rows(*twice))

    assert merged.weight.tolist() == [2.0] * 5_000
    assert merged.now.sum() == pytest.approx(times[1].sum())
