"""Frames become CSV and XLSX whose cells are inert: a formula is never run on opening."""

import csv
import math
from io import BytesIO, StringIO

import pandas as pd
import xlsxwriter

from station.text import FORMULA_STARTS

BOM = "\ufeff"


def inert(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula (OWASP: a leading quote)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return inert(value)
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value.item() if hasattr(value, "item") else value


def to_csv(frame: pd.DataFrame, headings: dict[str, str], *, mark: str = "") -> bytes:
    """Return the columns named in `headings` as UTF-8 CSV with BOM; numbers stay numbers.

    A `mark`, where there is one, is a row of one cell above the headings.
    """
    plain = frame[list(headings)].rename(columns=headings)
    buffer = StringIO()
    if mark:
        csv.writer(buffer, lineterminator="\r\n").writerow([inert(mark)])
    plain.astype(object).map(_cell).to_csv(buffer, index=False, lineterminator="\r\n")
    return (BOM + buffer.getvalue()).encode()


def to_xlsx(frame: pd.DataFrame, headings: dict[str, str], *, sheet: str, mark: str = "") -> bytes:
    """Return the columns named in `headings` as a workbook; text cells are typed as text.

    A `mark`, where there is one, is a row of one cell above the headings.
    """
    buffer = BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(sheet[:31])
    bold = book.add_format({"bold": True})
    top = 1 if mark else 0
    if mark:
        page.write_string(0, 0, mark)
    for column, heading in enumerate(headings.values()):
        page.write_string(top, column, heading, bold)
    rows = frame[list(headings)].astype(object).to_numpy().tolist()
    for number, row in enumerate(rows, start=top + 1):
        for column, value in enumerate(row):
            _write(page, number, column, value)
    page.freeze_panes(top + 1, 0)
    book.close()
    return buffer.getvalue()


def _write(page: "xlsxwriter.worksheet.Worksheet", row: int, column: int, value: object) -> None:
    cell = value if isinstance(value, str) else _cell(value)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        page.write_string(row, column, str(cell))
    else:
        page.write_number(row, column, cell)
