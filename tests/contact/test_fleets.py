"""A fleet alarms when enough of it slows or stays away, and few vehicles are not judged."""

from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.contact import fleets
from station.contact.fleets import FleetRules
from station.model import Standing

TODAY = 20_700
RULES = FleetRules()
KINDS = {
    "active": ("regular", "active", "steady"),
    "slowing": ("regular", "active", "slowing"),
    "moved": ("regular", "moved", "steady"),
    "overdue": ("regular", "overdue", "steady"),
    "lost": ("regular", "lost", "steady"),
    "irregular": ("occasional", "lost", "unknown"),
}


def row(vehicle_id: int, kind: str, **changes: object) -> dict[str, object]:
    """Return a row of the board: a vehicle that stands so since a week."""
    stability, state, trend = KINDS[kind]
    found = {"vehicle_id": vehicle_id, "stability": stability, "state": state, "trend": trend}
    found |= {"alarm_day": TODAY - 7, "last_day": TODAY - 9, "visits": 20, "label": "粤B12345"}
    return found | changes


def fleet_of(vehicle_ids: Sequence[int], from_day: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": 1, "vehicle_id": list(vehicle_ids), "from_day": from_day})


def standings(rows: Sequence[dict[str, object]], fleet: pd.DataFrame) -> pd.DataFrame:
    return fleets.standings(pd.DataFrame(rows), fleet, as_of_day=TODAY)


def alarms(vehicles: pd.DataFrame) -> pd.DataFrame:
    return fleets.alarms(fleets.roll_up(vehicles).reindex([1], fill_value=0), base_share=0.05)


def rolled(kinds: Sequence[str], **changes: object) -> pd.Series:
    """Return the row of a fleet with one vehicle of each kind that is named."""
    rows = [row(number, kind, **changes) for number, kind in enumerate(kinds, start=1)]
    vehicles = standings(rows, fleet_of(range(1, len(kinds) + 1)))
    return alarms(vehicles).iloc[0]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_vehicle_stands_where_the_board_says(kind: str) -> None:
    (standing,) = standings([row(1, kind)], fleet_of([1]))["standing"]

    assert standing == kind


def test_a_vehicle_that_stays_away_here_and_comes_there_still_comes() -> None:
    found = standings([row(1, "lost"), row(1, "active")], fleet_of([1]))

    assert found["standing"].tolist() == [Standing.ACTIVE]


def test_what_a_vehicle_did_before_it_was_theirs_says_nothing() -> None:
    found = standings([row(1, "active")], fleet_of([1], from_day=TODAY - 1))

    assert found["standing"].tolist() == [Standing.UNSEEN]
    assert found["label"].isna().all()


def test_a_vehicle_that_never_came_is_told_as_such() -> None:
    found = rolled(["active"])
    vehicles = standings([row(1, "active")], fleet_of([1, 2, 3, 4]))

    assert alarms(vehicles)["seen_share"].tolist() == [0.25]
    assert found["seen_share"] == 1


def test_an_organisation_without_a_vehicle_has_no_share() -> None:
    none = standings([row(1, "active")], fleet_of([1])).assign(customer_id=2)

    (found,) = alarms(none).to_dict("records")

    assert (found["vehicles"], found["sentence"]) == (0, "fleets.no_vehicles")
    assert pd.isna(found["seen_share"])


def test_two_of_ten_regular_vehicles_that_slow_raise_an_alarm() -> None:
    found = rolled(["active"] * 8 + ["slowing", "overdue"])

    assert (found["regular"], found["troubled"], found["troubled_share"]) == (10, 2, 0.2)
    assert found["is_alarmed"]
    assert found["sentence"] == "fleets.alarm"


def test_one_less_is_calm() -> None:
    found = rolled(["active"] * 9 + ["slowing"])

    assert not found["is_alarmed"]
    assert found["sentence"] == "fleets.calm"


def test_four_regular_vehicles_are_too_few_to_judge() -> None:
    found = rolled(["lost"] * 4)

    assert not found["is_alarmed"]
    assert found["sentence"] == "fleets.too_few"


def test_one_vehicle_alone_makes_no_alarm() -> None:
    found = rolled(["active"] * 4 + ["lost"])

    assert found["troubled_share"] == 0.2
    assert not found["is_alarmed"]
    assert found["sentence"] == "fleets.one_only"


def test_vehicles_without_a_rhythm_count_neither_way() -> None:
    found = rolled(["active"] * 5 + ["irregular"] * 40)

    assert (found["regular"], found["troubled"]) == (5, 0)


def test_a_vehicle_lost_long_ago_counts_neither_way() -> None:
    old = [row(n, "lost", alarm_day=TODAY - RULES.recent_days) for n in (1, 2)]
    kept = [row(n, "active") for n in range(3, 9)]

    found = alarms(standings([*old, *kept], fleet_of(range(1, 9)))).iloc[0]

    assert (found["regular"], found["troubled"], found["lost"]) == (6, 0, 2)


def test_a_sister_station_is_no_loss() -> None:
    found = rolled(["active"] * 4 + ["moved"] * 4)

    assert (found["regular"], found["troubled"]) == (8, 0)


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=30))
def test_every_vehicle_stands_somewhere_and_more_trouble_never_calms(kinds: list[str]) -> None:
    found = rolled(kinds)

    assert sum(found[standing.value] for standing in Standing) == len(kinds)
    assert 0 <= found["troubled"] <= found["regular"] <= len(kinds)
    worse = rolled(["slowing" if kind == "active" else kind for kind in kinds])
    assert worse["is_alarmed"] >= found["is_alarmed"]


def monthly(quantities: dict[int, float]) -> pd.DataFrame:
    rows = [(1, month, quantity, quantity * 7) for month, quantity in quantities.items()]
    return pd.DataFrame(rows, columns=["customer_id", "month", "quantity", "amount"])


@pytest.mark.parametrize(
    ("now", "trend"), [(80, "falling"), (81, "steady"), (119, "steady"), (120, "rising")]
)
def test_the_last_months_are_held_against_those_before(now: float, trend: str) -> None:
    frame = monthly(dict.fromkeys(range(601, 604), 100.0) | dict.fromkeys(range(604, 607), now))

    (found,) = fleets.trends(frame, last_month=606).to_dict("records")

    assert (found["volume_trend"], found["monthly_quantity"]) == (trend, now)


def test_the_month_that_is_not_over_does_not_count() -> None:
    frame = monthly(dict.fromkeys(range(601, 607), 100.0) | {607: 900.0})

    (found,) = fleets.trends(frame, last_month=606).to_dict("records")

    assert (found["volume_trend"], found["monthly_amount"]) == ("steady", 700)


def test_whoever_bought_in_no_earlier_month_has_no_trend() -> None:
    (found,) = fleets.trends(monthly({606: 90.0}), last_month=606).to_dict("records")

    assert (found["volume_trend"], found["monthly_quantity"]) == ("unknown", 30)


def test_whoever_bought_nothing_of_late_falls_to_nothing() -> None:
    (found,) = fleets.trends(monthly({602: 90.0}), last_month=606).to_dict("records")

    assert (found["volume_trend"], found["monthly_quantity"]) == ("falling", 0)
