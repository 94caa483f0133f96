"""What leaves the house runs nowhere and keeps its numbers."""

import csv
from io import BytesIO, StringIO

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from station.output import sheets

ATTACKS = [
    "=1+1",
    "+cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＠x",
    "﹦1+1",
    "=HYPERLINK(1)",
]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_cell_begins_as_a_formula(attack: str) -> None:
    frame = pd.DataFrame({"note": [attack]})

    rows = read_csv(sheets.to_csv(frame, {"note": "Note"}))

    assert rows[1][0] == f"'{attack}"


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_signed_numbers_come_back_unchanged(numbers: list[int]) -> None:
    frame = pd.DataFrame({"points": numbers})

    rows = read_csv(sheets.to_csv(frame, {"points": "Points"}))

    assert [int(row[0]) for row in rows[1:]] == numbers


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_workbook_holds_text_not_formulas(attack: str) -> None:
    frame = pd.DataFrame({"note": [attack], "litres": [-1.5]})

    data = sheets.to_xlsx(frame, {"note": "Note", "litres": "Litres"}, sheet="List")

    rows = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    assert rows == [["Note", "Litres"], [attack, -1.5]]


def test_a_missing_value_is_an_empty_cell() -> None:
    frame = pd.DataFrame({"gap": [float("nan")], "when": [pd.NaT]})

    assert read_csv(sheets.to_csv(frame, {"gap": "Gap", "when": "When"}))[1] == ["", ""]
