"""A plate of which one sign was misread is among those that may have been meant."""

from hypothesis import given
from hypothesis import strategies as st

from station.ingest import misreads
from station.ingest.plate_text import PROVINCES

SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@st.composite
def misread(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a plate and what it looks like with one sign misread."""
    plate = draw(st.sampled_from(PROVINCES)) + draw(st.text(SIGNS, min_size=6, max_size=7))
    places = [at for at, sign in enumerate(plate) if sign in misreads.OTHERS]
    if not places:
        plate, places = plate[:-1] + "8", [len(plate) - 1]
    at = draw(st.sampled_from(places))
    return plate, plate[:at] + draw(st.sampled_from(misreads.OTHERS[plate[at]])) + plate[at + 1 :]


@given(misread())
def test_a_misread_plate_may_mean_the_right_one(pair: tuple[str, str]) -> None:
    plate, read = pair

    assert plate in misreads.one_off(read)
    assert read not in misreads.one_off(read)


@given(misread())
def test_a_plate_without_its_province_is_looked_for_in_all(pair: tuple[str, str]) -> None:
    plate, _ = pair

    assert (plate in misreads.with_province(plate[1:])) == plate[1].isalpha()
    assert misreads.with_province(plate) == []
    assert misreads.without_province(plate) == [plate[1:]]


def test_what_looks_alike_looks_alike_both_ways() -> None:
    for sign, others in misreads.OTHERS.items():
        assert all(sign in misreads.OTHERS[other] for other in others)


def test_only_what_was_typed_of_a_plate_is_kept() -> None:
    assert misreads.plain(" 粤b·１２３ 45%") == "粤B12345"
    assert misreads.plain("%_'") == ""
