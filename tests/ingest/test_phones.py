"""One telephone is one number, however it was typed; what cannot be one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.errors import BadValueError
from station.ingest import phones

WIDE = {ord(str(n)): 0xFF10 + n for n in range(10)}
serials = st.integers(0, 10**8 - 1).map("{:08}".format)


@given(serials)
def test_every_spelling_of_a_number_is_one_number(serial: str) -> None:
    bare = f"100{serial}"
    pair = f"{serial[:4]}-{serial[4:]}"
    spellings = [
        bare, f"0{bare}", f"+86{bare}", f"86 {bare}", f"0086{bare}", f"+86 100-{pair}",
        f"(+86) {bare}", f"＋86{bare}", f"{bare}.0", f"0{bare}.00", f"'{bare}", f'="{bare}"',
        bare.translate(WIDE), f" \u3000{bare}\t", f"100 {pair}", f"{bare}转8001",
    ]  # fmt: skip

    assert {phones.read(text, "CN") for text in spellings} == {f"+86{bare}"}


@given(serials)
def test_a_number_read_is_read_as_itself_anywhere(serial: str) -> None:
    number = phones.read(f"100{serial}", "CN")

    assert {phones.read(number, region) for region in ("CN", "GB", "US")} == {number}


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("0755-10001000", "CN", "+8675510001000"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("+44 20 7946 0000", "CN", "+442079460000"),
        ("(555) 555-0100", "US", "+15555550100"),
    ],
)
def test_landlines_and_numbers_abroad(text: str, region: str, number: str) -> None:
    assert phones.read(text, region) == number


@pytest.mark.parametrize("text", ["", " ", "无", "-", "/", "NULL", "nan", "0", "0.0"])
def test_a_cell_without_a_number_names_none(text: str) -> None:
    assert phones.read(text, "CN") == ""


@pytest.mark.parametrize(
    "text",
    [
        "100", "王某", "10012345678/10087654321", "10012345678,10087654321",
        "1001234567890123456", "100****5678", "100xxxx5678", "x" * 10_000, "=1+1", "\0",
        "+999 12345678",
    ],
)  # fmt: skip
def test_what_cannot_be_a_number_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(BadValueError) as refused:
        phones.read(text, "CN")

    assert (refused.value.key, refused.value.facts) == ("bad_phone", {})


@given(st.text())
def test_any_cell_is_read_or_refused(text: str) -> None:
    try:
        number = phones.read(text, "CN")
    except BadValueError:
        return

    assert number == "" or (number[0] == "+" and number[1:].isdigit() and len(number) <= 18)


@pytest.mark.parametrize(
    "text", ["1.38E+10", "1.38001E+10", "1.3800138E10", "1E10", "１.３８Ｅ＋１０"]
)
def test_a_number_in_short_form_has_lost_its_digits(text: str) -> None:
    with pytest.raises(BadValueError, match="phone_digits_lost"):
        phones.read(text, "CN")
