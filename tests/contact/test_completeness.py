"""The score of a card lies between nothing and whole, and only what counts for its kind counts."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.contact import completeness
from station.contact.fields import FIELDS, Field, FieldKind, Whose

BITS = completeness.bits(FIELDS)


def score(names: set[str], *, is_organisation: bool) -> int:
    known = pd.Series([sum(BITS[name] for name in names)])
    return int(completeness.scores(known, pd.Series([is_organisation]), FIELDS)[0])


def test_nothing_known_is_nothing_and_everything_is_whole() -> None:
    for kind in (False, True):
        asked = {f.name for f in FIELDS if f.weight and f.concerns(is_organisation=kind)}
        assert score(set(), is_organisation=kind) == 0
        assert score(asked, is_organisation=kind) == 100


def test_what_is_asked_of_companies_only_is_nothing_to_a_person() -> None:
    assert score({"industry", "fleet_size"}, is_organisation=False) == 0
    assert score({"industry", "fleet_size"}, is_organisation=True) > 0


@given(st.sets(st.sampled_from(sorted(BITS))), st.sampled_from(sorted(BITS)), st.booleans())
def test_to_know_more_never_lowers_a_score(names: set[str], more: str, kind: bool) -> None:
    before, after = (score(some, is_organisation=kind) for some in (names, names | {more}))

    assert 0 <= before <= after <= 100


@given(st.sets(st.sampled_from(sorted(BITS))), st.booleans())
def test_what_is_missing_is_what_would_make_it_whole(names: set[str], kind: bool) -> None:
    known = sum(BITS[name] for name in names)

    missing = completeness.missing(known, FIELDS, is_organisation=kind)

    assert score(names | set(missing), is_organisation=kind) == 100
    weights = {field.name: field.weight for field in FIELDS}
    assert [weights[m] for m in missing] == sorted((weights[m] for m in missing), reverse=True)


def test_cards_of_fields_that_do_not_count_are_whole() -> None:
    idle = [Field("tea", "own", FieldKind.TEXT, Whose.PERSON)]

    scores = completeness.scores(pd.Series([0, 0]), pd.Series([True, False]), idle)

    assert scores.tolist() == [100, 100]


def test_no_cards_have_no_scores() -> None:
    none = pd.Series([], dtype="int64")

    assert completeness.scores(none, none.astype("bool"), FIELDS).tolist() == []


@pytest.mark.parametrize("own", [0, 40])
def test_the_bits_of_all_fields_fit_a_whole_number(own: int) -> None:
    more = [Field(f"f{n}", "own", FieldKind.TEXT, weight=1) for n in range(own)]

    assert max(completeness.bits([*FIELDS, *more]).values()) < 2**63
