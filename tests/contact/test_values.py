"""What is typed into a field is read as it was meant, and twice is once."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from station.contact import values
from station.contact.fields import Field, FieldKind
from station.errors import BadValueError

KINDS = {kind: Field(str(kind), "own", kind, choices=("a", "B")) for kind in FieldKind}
NUMBER, DAY, CHOICE = KINDS[FieldKind.NUMBER], KINDS[FieldKind.DAY], KINDS[FieldKind.CHOICE]


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (FieldKind.NUMBER, " 1,200.50 ", "1200.5"),
        (FieldKind.NUMBER, "０", "0"),
        (FieldKind.NUMBER, "10", "10"),
        (FieldKind.NUMBER, "1e3", "1000"),
        (FieldKind.NUMBER, "0.004", "0"),
        (FieldKind.DAY, "2026年3月1日", "2026-03-01"),
        (FieldKind.DAY, "2026/03/01 00:00:00", "2026-03-01"),
        (FieldKind.CHOICE, "b", "B"),
        (FieldKind.CHOICE, "甲", "a"),
        (FieldKind.YES_NO, "是", "yes"),
        (FieldKind.YES_NO, "No", "no"),
        (FieldKind.TEXT, " 两\u200b个  字 ", "两个 字"),
        (FieldKind.TEXT, "无", ""),
        (FieldKind.NOTE, "无", "无"),
        (FieldKind.NOTE, "one\r\n two ", "one\ntwo"),
        (FieldKind.NAME, "", ""),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldKind, typed: str, kept: str) -> None:
    assert values.read(KINDS[kind], typed, {"甲": "a"}) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "key"),
    [
        (FieldKind.NUMBER, "many", "bad_number"),
        (FieldKind.NUMBER, "inf", "number_range"),
        (FieldKind.NUMBER, "-1", "number_range"),
        (FieldKind.NUMBER, "9" * 13, "number_range"),
        (FieldKind.DAY, "2026-02-30", "bad_day"),
        (FieldKind.DAY, "1899-12-31", "bad_day"),
        (FieldKind.DAY, "soon", "bad_day"),
        (FieldKind.CHOICE, "c", "bad_choice"),
        (FieldKind.YES_NO, "perhaps", "bad_yes_no"),
        (FieldKind.TEXT, "x" * 201, "too_long"),
        (FieldKind.NOTE, "x" * 1001, "too_long"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(kind: FieldKind, typed: str, key: str) -> None:
    with pytest.raises(BadValueError) as refused:
        values.read(KINDS[kind], typed)

    assert (refused.value.key, refused.value.facts["field"]) == (f"fields.{key}", str(kind))


def test_a_number_may_have_a_largest() -> None:
    day = Field("settle_day", "trade", FieldKind.NUMBER, most=31)

    assert values.read(day, "31") == "31"
    with pytest.raises(BadValueError):
        values.read(day, "32")


@given(st.sampled_from(list(KINDS.values())), st.text(max_size=60))
@example(KINDS[FieldKind.TEXT], "0 \u00af")  # in its plain form this sign begins with a blank
def test_what_was_read_is_read_again_as_it_is(field: Field, typed: str) -> None:
    try:
        kept = values.read(field, typed)
    except BadValueError:
        return

    assert values.read(field, kept) == kept
    assert len(kept) <= 1000


@given(st.decimals(0, 10**11, places=2))
def test_a_number_comes_back_as_it_was(number: object) -> None:
    assert float(values.read(NUMBER, str(number))) == pytest.approx(float(str(number)))


@given(st.dates(min_value=values.EARLIEST))
def test_a_day_comes_back_as_it_was(day: object) -> None:
    assert values.read(DAY, str(day)) == str(day)
