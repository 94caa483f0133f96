"""The stability page: its sentence, and what the best customers give."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from opened import desk_of, open_page, words_of

from station.pages.stability import concentration
from station.services.ask import Ask


def fuel_of(litres: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"vehicle_id": range(len(litres)), "unit": "l", "period_quantity": litres})


def test_the_answer_counts_the_vehicles_and_regulars_of_the_period(demo_ask: Ask) -> None:
    desk = desk_of(demo_ask)
    came = desk.vehicles().query("period_visits > 0")
    regulars = came[came["stability"] == "regular"]

    answer = words_of(open_page("stability", desk))

    assert f"最近 90 天来了 {len(came):,} 辆车，其中常客 {len(regulars):,} 辆" in answer
    visits = regulars["period_visits"].sum() / came["period_visits"].sum()
    assert f"贡献了 {visits:.0%} 的加油次数" in answer


def test_a_fifth_of_ten_vehicles_is_the_two_largest() -> None:
    fifths = concentration(fuel_of([10, 10, 10, 10, 10, 10, 10, 10, 60, 60]))

    assert fifths.iloc[0] == 0.6


def test_a_vehicle_at_two_stations_counts_with_all_it_bought() -> None:
    fuel = fuel_of([1, 1, 1, 1, 1, 5])
    fuel["vehicle_id"] = [0, 1, 2, 3, 4, 0]

    assert concentration(fuel).tolist() == [0.6, 0.1, 0.1, 0.1, 0.1]


def test_units_are_not_added_up() -> None:
    fuel = fuel_of([1] * 5 + [1000])
    fuel.loc[5, "unit"] = "m3"

    assert concentration(fuel).tolist() == [0.2] * 5


@given(st.lists(st.integers(1, 100_000), min_size=5, max_size=60))
def test_the_fifths_fall_and_make_a_whole(litres: list[int]) -> None:
    means = concentration(fuel_of(litres))

    assert abs(means.sum() - 1) < 1e-9
    assert means.iloc[0] >= means.iloc[-1] - 1e-9
