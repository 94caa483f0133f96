"""Candidates follow from what was seen, and nothing else; who rests comes back on his day."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.contact import prospects
from station.contact.prospects import (
    Belongs,
    Origin,
    ProspectRules,
    Reliability,
    Standing,
    View,
)

RULES = ProspectRules()
DAY = 20_000
NOBODY_PAID = pd.DataFrame({"vehicle_id": [], "organisation_name": [], "lines": []}).astype(
    {"vehicle_id": "int64", "organisation_name": "object", "lines": "int64"}
)
NOBODY_BESIDE = pd.DataFrame({"vehicle_id": [], "companion": [], "days": []}).astype(
    {"vehicle_id": "int64", "companion": "object", "days": "int64"}
)


def board(*rows: dict[str, object]) -> pd.DataFrame:
    """Return rows of nobody's cars that came on five days lately, but for what is named."""
    usual = {
        "station_id": 1,
        "station": "S1",
        "station_name": "Station S1",
        "key_kind": "plate",
        "visits": 5,
        "visit_days": 5,
        "first_day": DAY - 40,
        "last_day": DAY - 1,
        "amount": 900.0,
        "currency_code": "CNY",
        "use": "private",
        "use_source": "inferred",
        "owner_source": "inferred",
        "organisation_name": "",
        "customer_id": np.nan,
        "stability": "occasional",
        "state": "active",
    }
    return pd.DataFrame([usual | {"vehicle_id": n + 1} | row for n, row in enumerate(rows)])


def found(frame: pd.DataFrame, **parts: pd.DataFrame) -> pd.DataFrame:
    told = {"paid": NOBODY_PAID, "beside": NOBODY_BESIDE} | parts
    return prospects.candidates(frame, **told, as_of_day=DAY, rules=RULES)


def origins(frame: pd.DataFrame, **parts: pd.DataFrame) -> list[tuple[str, str]]:
    rows = found(frame, **parts)
    return list(zip(rows["origin"], rows["reliability"], strict=True))


@pytest.mark.parametrize(
    ("days", "reliability"), [(1, None), (2, "D"), (3, "C"), (4, None)], ids=str
)
def test_a_vehicle_that_came_two_or_three_times_is_found(
    days: int, reliability: str | None
) -> None:
    told = origins(board({"label": "粤B10001", "visit_days": days}))

    assert told == ([("again", reliability)] if reliability else [])


def test_days_at_several_stations_are_counted_together() -> None:
    here = {"vehicle_id": 1, "label": "粤B10001", "visit_days": 2, "visits": 2}
    there = here | {"station_id": 2, "station": "S2", "visit_days": 1, "visits": 1}

    rows = found(board(there, here))

    assert rows[["station", "visit_days"]].to_numpy().tolist() == [["S1", 3]]


@pytest.mark.parametrize(
    "change",
    [
        {"customer_id": 7.0},
        {"key_kind": "ref"},
        {"key_kind": "card"},
        {"last_day": DAY - RULES.recent_days},
        {"owner_source": "confirmed"},
    ],
    ids=str,
)
def test_what_is_somebodys_or_long_gone_is_no_candidate(change: dict[str, object]) -> None:
    assert found(board({"label": "粤B10001", "visit_days": 3} | change)).empty


@pytest.mark.parametrize(("source", "reliability"), [("card", "B"), ("inferred", "C")])
def test_a_taxi_is_surer_when_a_file_says_so(source: str, reliability: str) -> None:
    told = origins(board({"label": "粤B10001", "use": "taxi", "use_source": source}))

    assert told == [("taxi", reliability)]


def fleet(*labels: str) -> list[dict[str, object]]:
    return [{"label": label, "customer_id": 1.0, "organisation_name": "Fleet"} for label in labels]


@pytest.mark.parametrize(
    ("plate", "plates"),
    [("粤B10003", 2), ("粤B10007", 2), ("粤B10008", 0), ("粤C10003", 0), ("粤B1000A", 0)],
)
def test_only_several_near_numbers_of_one_organisation_say_anything(
    plate: str, plates: int
) -> None:
    frame = board(*fleet("粤B10001", "粤B10002"), {"label": plate})
    if plate == "粤B10007":  # five from 10002, six from 10001
        frame = board(*fleet("粤B10002", "粤B10004"), {"label": plate})

    rows = found(frame)

    assert rows["plates"].tolist() == ([plates] if plates else [])


def test_one_plate_beside_is_chance() -> None:
    assert found(board(*fleet("粤B10001", "粤B20002"), {"label": "粤B10002"})).empty


def test_whoever_several_rules_find_stands_once_under_the_surest() -> None:
    frame = board({"label": "粤B10001", "use": "taxi", "visit_days": 3})
    paid = pd.DataFrame({"vehicle_id": [1], "organisation_name": ["Fleet"], "lines": [4]})

    rows = found(frame, paid=paid)

    assert rows[["origin", "reliability", "lines"]].to_numpy().tolist() == [["card", "A", 4]]


KNOWN = pd.DataFrame({"vehicle_id": [9], "label": ["粤B90009"]})


def sights(*rows: tuple[int, int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["vehicle_id", "station_id", "utc_s", "local_day"])


def met(days: int, *, apart_s: int = 100, alone: int = 0, station: int = 1) -> pd.DataFrame:
    rows = [(9, 1, n * 86_400 + 299, n) for n in range(days)]
    rows += [(1, station, n * 86_400 + 299 + apart_s, n) for n in range(days)]
    rows += [(1, 1, (50 + n) * 86_400, 50 + n) for n in range(alone)]
    return prospects.together(sights(*rows), KNOWN, RULES)


def test_whoever_comes_with_a_good_customer_on_most_of_his_days_is_his_neighbour() -> None:
    assert met(3)[["companion", "days"]].to_numpy().tolist() == [["粤B90009", 3]]
    assert len(met(3, apart_s=300)) == 1
    assert len(met(3, apart_s=-299)) == 1


@pytest.mark.parametrize(
    "case",
    [
        {"days": 2},
        {"days": 3, "apart_s": 301},
        {"days": 3, "alone": 3},
        {"days": 3, "station": 2},
    ],
    ids=str,
)
def test_chance_makes_no_neighbours(case: dict[str, int]) -> None:
    assert met(**case).empty


def test_an_empty_board_has_no_candidates() -> None:
    frame = board({"label": "粤B10001"}).iloc[:0]

    assert found(frame).empty
    assert prospects.together(sights(), KNOWN, RULES).empty


DAYS = st.integers(0, 40_000)


@given(until=DAYS, day=DAYS)
def test_whoever_rests_is_in_work_again_from_his_day_on(until: int, day: int) -> None:
    standing = prospects.standing_on(Standing.PAUSED, pause_until_day=until, won_day=None, day=day)

    assert standing is (Standing.OPEN if day >= until else Standing.PAUSED)


@given(
    standing=st.sampled_from(Standing), until=st.none() | DAYS, won=DAYS, day=DAYS,
    belongs=st.sampled_from(Belongs),
)  # fmt: skip
def test_whoever_bought_is_won_and_ours_to_keep_whatever_was_decided(
    standing: Standing, until: int | None, won: int, day: int, belongs: Belongs
) -> None:
    now = prospects.standing_on(standing, pause_until_day=until, won_day=won, day=day)

    assert now is Standing.WON
    assert prospects.view_of(belongs, now) is View.KEPT


@given(standing=st.sampled_from(Standing), belongs=st.sampled_from(Belongs))
def test_everybody_stands_in_exactly_one_list(standing: Standing, belongs: Belongs) -> None:
    assert prospects.view_of(belongs, standing) in View


@pytest.mark.parametrize(
    ("phone", "plate", "reliability"),
    [(True, True, "B"), (True, False, "C"), (False, True, "C"), (False, False, "D")],
)
def test_a_lead_is_as_sure_as_the_ways_to_find_him_again(
    *, phone: bool, plate: bool, reliability: str
) -> None:
    assert prospects.of_lead(has_phone=phone, has_plate=plate) == Reliability(reliability)


def test_every_origin_has_a_rank_of_its_own() -> None:
    assert len({*Origin}) == len(Origin)
