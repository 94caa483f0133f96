"""The vehicles of a demo network behave as their parameters say."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from station import demo
from station.demo import plates
from station.demo.noise import HABITS
from station.demo.parameters import Network, read_network
from station.demo.seasons import Calendar, make_calendar
from station.demo.sites import make_sites
from station.demo.vehicles import populate
from station.demo.visits import make_visits, renewals

DAYS = 400


@cache
def network() -> Network:
    path = Path(demo.__file__).with_name("network.yaml")
    return read_network(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def town() -> tuple[Calendar, pd.DataFrame, pd.DataFrame]:
    """Return calendar, vehicles and visits of one city station."""
    rng = np.random.default_rng(3)
    calendar = make_calendar(network(), date(2025, 1, 1), DAYS, rng)
    vehicles = populate(network(), make_sites(network(), 1), calendar, rng)
    return calendar, vehicles, make_visits(network(), vehicles, calendar, rng)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.3])
def test_thinned_gaps_have_the_mean_and_spread_of_theory(share: float) -> None:
    rng = np.random.default_rng(5)
    mean_days, shape = 10.0, 5.0
    process, times = renewals(np.zeros(400), 3_000.0, np.full(400, mean_days), shape, rng)
    here = rng.random(len(times)) < share

    fills = pd.DataFrame({"process": process[here], "time": times[here]})
    gaps = fills.groupby("process")["time"].diff().dropna()

    assert gaps.mean() == pytest.approx(mean_days / share, rel=0.04)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(share / shape + 1 - share, rel=0.08)


@given(st.floats(0.3, 40), st.floats(0.8, 10), st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_no_vehicle_runs_out_of_gaps(gap: float, shape: float, seed: int) -> None:
    rng = np.random.default_rng(seed)

    process, times = renewals(np.zeros(20), 500.0, np.full(20, gap), shape, rng)

    last = pd.Series(times).groupby(process).max().reindex(range(20), fill_value=0.0)
    assert (last > 500 - 25 * gap).all()


def test_kinds_come_in_their_shares() -> None:
    _, vehicles, _ = town()
    mix = network().stations[0].mix

    seen = vehicles.loc[~vehicles["passing"], "kind"].value_counts(normalize=True)

    assert seen["private"] == pytest.approx(mix["private"] / sum(mix.values()), abs=0.03)


def test_about_an_eighth_of_the_passing_return() -> None:
    _, vehicles, visits = town()
    early = vehicles[vehicles["passing"] & (vehicles["first_day"] < DAYS - 90)]

    counts = visits["vehicle"].value_counts().reindex(early.index)

    assert (counts > 1).mean() == pytest.approx(network().passing.return_share, abs=0.02)


def test_offices_rest_at_weekends() -> None:
    calendar, vehicles, visits = town()
    official = visits[visits["vehicle"].isin(vehicles.index[vehicles["kind"] == "official"])]
    weekday = (calendar.first_day.weekday() + official["day"]) % 7

    assert (weekday >= 5).mean() < 0.08


def test_the_eve_of_a_rise_draws_more_than_the_eve_of_a_cut() -> None:
    calendar, _, visits = town()
    daily = visits["day"].value_counts().reindex(range(DAYS), fill_value=0)
    rises = [day - 1 for day, step in calendar.price_moves if step > 0]
    cuts = [day - 1 for day, step in calendar.price_moves if step < 0]

    assert daily[rises].mean() > 1.3 * daily[cuts].mean()


def test_seasons_weigh_their_months() -> None:
    calendar, _, _ = town()
    months = np.asarray([calendar.day(n).month for n in range(365)])
    weights = calendar.weights["truck_heavy"][:365]

    assert weights[months == 11].mean() > 1.1 * weights[months == 2].mean()


def test_invented_plates_are_unique_and_of_their_form() -> None:
    forms = ["blue", "plug_in", "nev_large", "police", "trainer"] * 200
    invented = plates.invent(forms, {"粤B": 3.0, "湘A": 1.0}, np.random.default_rng(1))

    assert len(set(invented)) == len(forms)
    assert {len(plate) for plate in invented[0::5]} == {7}
    assert {plate[2] for plate in invented[1::5]} <= set("FGHJK")
    assert {len(plate) for plate in invented[2::5]} == {8}
    assert all(plate.endswith("警") for plate in invented[3::5])


@pytest.mark.parametrize(
    ("habit", "typed"),
    [
        ("full_width", "粤Ｂ１０３４５"), ("dot", "粤B·10345"), ("lower", "粤b10345"),
        ("letter_o", "粤B1O345"), ("colour_suffix", "粤B10345蓝"), ("no_province", "B10345"),
        ("no_plate", "无牌"), ("walk_in", "散客"), ("blank", ""),
    ],
)  # fmt: skip
def test_each_habit_spoils_a_plate_in_its_way(habit: str, typed: str) -> None:
    assert HABITS[habit]("粤B10345", "蓝") == typed
