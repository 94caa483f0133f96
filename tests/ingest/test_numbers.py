"""Written numbers become exact whole numbers of small units."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.ingest import numbers


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        *(("200", 20_000), ("200.00", 20_000), ("200.5", 20_050), (".5", 50), ("200.", 20_000)),
        *(("1,971.64", 197_164), ("1,234,567.89", 123_456_789), ("¥200.00", 20_000)),
        *(("￥1,971.64", 197_164), ("200元", 20_000), ("35.20升", 3_520), ("35.20L", 3_520)),
        *(("-30.00", -3_000), ("(30.00)", -3_000), ("（30.00）", -3_000), ("－30", -3_000)),
        *(("−30", -3_000), ("+30", 3_000), ("¥-30.00", -3_000), ("-¥30.00", -3_000)),
        *(("２００．５０", 20_050), (" 200 ", 20_000), ("'200", 20_000), ("$7.36", 736)),
        *(("0.005", 1), ("0.0049", 0), ("-0.005", -1), ("253.79000000000002", 25_379)),
    ],
)
def test_a_number_in_any_dress(text: str, hundredths: int) -> None:
    assert numbers.fixed(text, 2) == hundredths


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "abc",
            "1E5",
            "nan",
            "inf",
            "25²",
            "1,2",
            "12,34,567",
            "1.234,56",
            "1.2.3",
            "--1",
        ),
        *("1 元 2", "½", "٣.٥x", "9" * 41, "-", ".", "()", "0x10", "1_000"),
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A"):
        numbers.fixed(text, 2)


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_what_is_printed_is_read_back(value: int, places: int) -> None:
    size = abs(value)
    digits = f"{size // 10**places:,}" + (f".{size % 10**places:0{places}}" if places else "")

    assert numbers.fixed(digits, places) == size
    assert numbers.fixed(f"-{digits}", places) == -size
    assert numbers.fixed(f"({digits})", places) == -size


@given(st.text(max_size=45))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        assert isinstance(numbers.fixed(text, 2), int)
    except ValueError:
        return


@given(st.integers(-(10**6), 10**6))
def test_gallons_are_converted_to_the_nearest_millilitre(thousandths: int) -> None:
    text = f"{'-' * (thousandths < 0)}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03}"
    exact = Fraction(thousandths, 1000) * Fraction(3_785_411_784, 10**6)

    assert abs(numbers.gallons_as_millilitres(text) - exact) <= Fraction(1, 2)
