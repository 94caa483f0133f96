"""Two records are likely one by what they share; what they do not share speaks against it."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.contact import likeness
from station.contact.likeness import CLUES, HABITS, RECORDS, TIES, LikenessRules

RULES = LikenessRules()
NO_TIES = pd.DataFrame(columns=list(TIES))
NO_HABITS = pd.DataFrame(columns=list(HABITS))


def records(*rows: tuple[int, str | None, str | None]) -> pd.DataFrame:
    """Return persons: id, name, telephone."""
    return pd.DataFrame([(one, 0, name, phone, "") for one, name, phone in rows], columns=RECORDS)


def organisations(*names: str) -> pd.DataFrame:
    rows = [(at, 1, None, None, name) for at, name in enumerate(names)]
    return pd.DataFrame(rows, columns=RECORDS)


def found(
    people: pd.DataFrame, ties: pd.DataFrame = NO_TIES, habits: pd.DataFrame = NO_HABITS
) -> list[tuple[int, int, float]]:
    ranked = likeness.ranked(likeness.clues(people, ties, habits, RULES), RULES)
    return [(low, high, round(weight, 2)) for low, high, weight in ranked.to_numpy().tolist()]


def test_a_telephone_in_two_records_makes_a_pair() -> None:
    people = records((1, "a", "p"), (2, "b", "p"), (3, "c", "q"))

    assert found(people) == [(1, 2, RULES.same_phone + RULES.other_name)]


def test_a_common_name_alone_makes_none() -> None:
    assert found(records((1, "a", "p"), (2, "a", "q"))) == []
    assert found(records((1, "a", None), (2, "a", "q"))) == []


def test_a_name_with_habits_that_agree_makes_a_pair() -> None:
    habits = pd.DataFrame([(1, 7, 4, 2, 0, 40.0), (2, 7, 4, 2, 0, 42.0)], columns=HABITS)

    assert found(records((1, "a", None), (2, "a", None)), habits=habits) == [(1, 2, 4.5)]
    elsewhere = habits.assign(station_id=[7, 8])
    assert found(records((1, "a", None), (2, "a", None)), habits=elsewhere) == []


@pytest.mark.parametrize(
    ("spans", "code"), [([(0, 90), (50, 99)], "same_plate"), ([(0, 50), (50, 99)], "plate_after")]
)
def test_a_vehicle_held_at_once_tells_more_than_one_held_in_turn(
    spans: list[tuple[int, int]], code: str
) -> None:
    ties = pd.DataFrame([(n, 5, *span) for n, span in enumerate(spans, start=1)], columns=TIES)

    told = likeness.clues(records((1, None, None), (2, None, None)), ties, NO_HABITS, RULES)

    assert told[["code", "fact"]].to_numpy().tolist() == [[code, 5]]


def test_what_many_share_tells_nothing() -> None:
    crowd = [(n, None, "switchboard") for n in range(RULES.most_share + 1)]

    assert found(records(*crowd)) == []


def test_a_person_and_an_organisation_are_never_a_pair() -> None:
    both = records((1, None, "p"), (2, None, "p")).assign(is_organisation=[0, 1])

    assert found(both) == []


def test_two_records_of_one_customer_are_no_pair() -> None:
    assert found(records((1, "a", "p"), (1, "a", "p"))) == []


@pytest.mark.parametrize(
    ("first", "second", "is_near"),
    [
        ("深圳市示例物流有限公司", "示例物流公司", True),
        ("示例市甲示运输有限责任公司", "示例市甲示运输集团有限公司", True),
        ("Example Haulage Co., Ltd.", "EXAMPLE HAULAGE LIMITED", True),
        ("示例物流有限公司", "示例货运有限公司", False),
        ("甲示运输有限公司", "乙示建材有限公司", False),
    ],
)
def test_names_are_compared_without_place_and_form(first: str, second: str, is_near: bool) -> None:
    told = likeness.clues(organisations(first, second), NO_TIES, NO_HABITS, RULES)

    assert (told["code"].tolist() == ["near_name"]) == is_near


def test_two_stations_on_one_day_speak_against_it() -> None:
    pairs = pd.DataFrame({"low_id": [1, 1], "high_id": [2, 3]})
    days = pd.DataFrame(
        [(1, 10, 7), (2, 10, 8), (1, 11, 7), (2, 11, 8), (3, 10, 7)],
        columns=["customer_id", "day", "station_id"],
    )

    told = likeness.apart(pairs, days, RULES)

    assert told.to_numpy().tolist() == [[1, 2, "apart", RULES.apart, 2]]


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_has_no_side_and_a_name_is_like_itself(first: str, second: str) -> None:
    assert likeness.likeness(first, second) == likeness.likeness(second, first)
    assert 0 <= likeness.likeness(first, second) <= 1
    assert likeness.likeness(first, first) == float(bool(likeness.core_name(first)))


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.sampled_from("abc"), st.sampled_from(["p", "q", None])),
        max_size=12,
    )
)
@pytest.mark.slow
def test_order_of_records_does_not_matter(rows: list[tuple[int, str, str | None]]) -> None:
    people = records(*rows)

    assert found(people) == found(people.iloc[::-1].reset_index(drop=True))


def test_an_empty_archive_has_no_pairs() -> None:
    told = likeness.clues(records(), NO_TIES, NO_HABITS, RULES)

    assert list(told.columns) == list(CLUES)
    assert likeness.ranked(told, RULES).empty
