"""What a vehicle is used for, and whose it is."""

from typing import Any

import pandas as pd
import pytest
from analysis.base import AS_OF, facts, make_profiles

from station import text
from station.analysis import ownership, usage
from station.analysis.evidence import Clue, weigh
from station.analysis.ownership import infer_owner
from station.analysis.usage import UsageRules, infer_use
from station.analysis.usage_clues import CLUES, PRIOR

VEHICLE = {
    "vehicle_id": 1,
    "plate_kind": "standard",
    "colour": "blue",
    "energy": "",
    "use": "unknown",
    "use_source": "inferred",
    "owner_kind": "unknown",
    "owner_source": "inferred",
    "card_kind": "",
}
DIESEL = {"visits_petrol": 0, "visits_diesel": 10}
WORKDAYS = {
    "visits": 30,
    "visit_days": 30,
    "visits_timed": 30,
    "visits_weekend": 0,
    "first_day": AS_OF - 300,
    "gap_median_days": 10.0,
}


def used(profile: dict[str, Any] | None = None, **known: Any) -> pd.Series:
    return infer_use(make_profiles(profile or {}), pd.DataFrame([VEHICLE | known])).iloc[0]


def owned(profile: dict[str, Any] | None = None, **known: Any) -> pd.Series:
    return infer_owner(make_profiles(profile or {}), pd.DataFrame([VEHICLE | known])).iloc[0]


@pytest.mark.parametrize(
    ("profile", "known", "expected"),
    [
        ({"gap_median_days": 12.0}, {}, "private"),
        ({}, {"plate_kind": "police"}, "emergency"),
        ({}, {"plate_kind": "trainer", "colour": "yellow"}, "trainer"),
        ({}, {"plate_kind": "tractor"} | {"colour": "green"}, "farm"),
        (
            DIESEL | {"quantity_median": 260_000, "quantity_p90": 400_000, "gap_median_days": 3.0},
            {"colour": "yellow"},
            "truck_heavy",
        ),
        (DIESEL | {"quantity_median": 60_000, "gap_median_days": 5.0}, {}, "truck_light"),
        (
            {
                "visits_petrol": 0,
                "visits_gas": 30,
                "visits": 30,
                "visits_timed": 30,
                "visits_night": 8,
                "gap_median_days": 1.0,
                "quantity_median": 14_000,
            },
            {},
            "taxi",
        ),
        (WORKDAYS, {}, "official"),
    ],
)
def test_use_follows_from_plate_fuel_and_rhythm(
    profile: dict[str, Any], known: dict[str, Any], expected: str
) -> None:
    row = used(profile, **known)

    assert (row.use, row.use_source) == (expected, "inferred")
    assert row.use_probability >= 0.6
    assert 1 <= len(row.evidence) <= 3


@pytest.mark.parametrize("source", ["card", "confirmed"])
def test_what_card_and_staff_say_stands(source: str) -> None:
    row = used(use="coach", use_source=source, plate_kind="police")

    assert (row.use, row.use_source, row.use_probability) == ("coach", source, 1.0)
    assert row.evidence == []


def test_a_weak_guess_is_unknown() -> None:
    profiles, vehicles = make_profiles({}), pd.DataFrame([VEHICLE])

    row = infer_use(profiles, vehicles, UsageRules(min_probability=0.999)).iloc[0]

    assert (row.use, row.sentence) == ("unknown", "usage.unknown")
    assert row.use_probability < 0.999


def test_a_vehicle_of_which_nothing_is_on_file_is_judged_by_its_visits() -> None:
    profiles = make_profiles({"vehicle_id": 7, "gap_median_days": 12.0})

    assert infer_use(profiles, pd.DataFrame([VEHICLE])).use[0] == "private"


def test_the_order_of_vehicles_does_not_matter() -> None:
    profiles = make_profiles({}, DIESEL | {"vehicle_id": 2, "quantity_median": 260_000})
    vehicles = pd.DataFrame([VEHICLE, VEHICLE | {"vehicle_id": 2, "colour": "yellow"}])

    there = infer_use(profiles, vehicles).set_index("vehicle_id").use
    back = infer_use(profiles[::-1], vehicles[::-1]).set_index("vehicle_id").use

    assert there.sort_index().to_dict() == back.sort_index().to_dict()


@pytest.mark.parametrize(
    ("profile", "known", "expected"),
    [
        ({}, {"plate_kind": "police"}, "government"),
        ({}, {"plate_kind": "embassy"}, "government"),
        ({}, {"plate_kind": "trainer"}, "company"),
        ({}, {"card_kind": "单位卡"}, "company"),
        ({}, {"use": "rental"}, "rental"),
        ({}, {"use": "private"}, "private"),
        ({}, {}, "unknown"),
        (WORKDAYS, {"use": "company_car"}, "company"),
        (WORKDAYS, {"use": "official"}, "government"),
    ],
)
def test_the_owner_follows_from_plate_card_use_and_rhythm(
    profile: dict[str, Any], known: dict[str, Any], expected: str
) -> None:
    row = owned(profile, **known)

    assert (row.owner_kind, row.owner_source) == (expected, "inferred")


def test_working_days_alone_point_away_from_a_private_owner() -> None:
    assert owned(WORKDAYS).owner_kind in {"company", "government", "unknown"}


@pytest.mark.parametrize("source", ["card", "confirmed"])
def test_the_owner_on_file_stands(source: str) -> None:
    row = owned(owner_kind="private", owner_source=source, plate_kind="police")

    assert (row.owner_kind, row.owner_source, row.owner_probability) == ("private", source, 1.0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_and_clue_can_be_said(lang: str) -> None:
    rows = [
        used(),
        used(use="taxi", use_source="card"),
        used(use="taxi", use_source="confirmed"),
        owned(),
        owned(plate_kind="police"),
        owned(owner_kind="private", owner_source="card"),
        owned(owner_kind="private", owner_source="confirmed"),
    ]

    assert all(text.say(lang, row.sentence, **facts(row)) for row in rows)
    assert all(text.has(lang, f"usage.clue.{clue.key}") for clue in CLUES)
    assert all(text.has(lang, f"ownership.clue.{clue.key}") for clue in ownership.CLUES)


def test_clues_speak_of_known_uses_only() -> None:
    assert {use for clue in CLUES for use in clue.weights} <= set(PRIOR)
    assert {kind for clue in ownership.CLUES for kind in clue.weights} <= set(ownership.PRIOR)
    assert sum(PRIOR.values()) == pytest.approx(1.0)


def test_a_probability_is_the_product_of_prior_and_clues() -> None:
    seen = pd.DataFrame({"visits": [1], "wet": [1.0]})
    clue = Clue("wet", "wet", {"rain": 1.0}, low=0.5)

    row = weigh(seen, [clue], {"rain": 0.5, "sun": 0.5}).iloc[0]

    assert row.answer == "rain"
    assert row.probability == pytest.approx(1 / (1 + 2.718281828**-1))
    assert row.evidence == ["wet"]


def test_more_clues_than_bits_are_refused() -> None:
    with pytest.raises(ValueError, match="bits"):
        weigh(pd.DataFrame({"visits": [1]}), [Clue("a", "visits", {})] * 63, {"a": 1.0})


def test_the_features_of_a_vehicle_without_clock_times_have_no_night() -> None:
    profiles = make_profiles({"visits_timed": 0})
    known = usage.known_of(profiles, pd.DataFrame([VEHICLE]))

    assert usage.features(profiles, known).night_share.isna().all()
