"""How many newcomers come a third time, told from those who had long been coming."""

import pandas as pd
import pytest

from station.analysis import newcomers

RULES = {"within_days": 60, "newcomer_days": 180, "warm_days": 30}


def days(*rows: tuple[int, int, int]) -> pd.DataFrame:
    """Return visit-days of customers, each at a station; somebody came there from day 0 on."""
    return pd.DataFrame(
        [(99, 0, 1), (98, 0, 2), *rows], columns=["customer_id", "day", "station_id"]
    )


def told(*rows: tuple[int, int, int], as_of_day: int = 300) -> dict[int, tuple[int, int]]:
    found = newcomers.third_fills(days(*rows), as_of_day=as_of_day, **RULES)
    return {row["station_id"]: (row["newcomers"], row["third"]) for row in found.to_dict("records")}


def test_who_comes_a_third_time_on_the_sixtieth_day_is_in_time() -> None:
    assert told((1, 100, 1), (1, 120, 1), (1, 160, 1)) == {1: (1, 1)}
    assert told((1, 100, 1), (1, 120, 1), (1, 161, 1)) == {1: (1, 0)}
    assert told((1, 100, 1)) == {1: (1, 0)}


def test_a_newcomer_is_the_station_s_where_he_came_first() -> None:
    assert told((1, 100, 2), (1, 120, 1), (1, 130, 1)) == {2: (1, 1)}


def test_whose_time_is_not_over_is_not_counted() -> None:
    assert told((1, 240, 1)) == {1: (1, 0)}
    assert told((1, 241, 1), (1, 242, 1), (1, 243, 1)) == {}


def test_whoever_was_there_when_the_archive_began_is_no_newcomer() -> None:
    assert told((1, 29, 1), as_of_day=100) == {}
    assert told((1, 30, 1), as_of_day=100) == {1: (1, 0)}


def test_a_share_comes_with_its_interval() -> None:
    rows = [(n, day, 1) for n in range(1, 11) for day in (100, 110, 120)[: 3 if n <= 7 else 1]]

    (row,) = newcomers.third_fills(days(*rows), as_of_day=300, **RULES).to_dict("records")

    assert row["share"] == pytest.approx(0.7)
    assert (row["low"], row["high"]) == pytest.approx((0.3968, 0.8922), abs=1e-4)
