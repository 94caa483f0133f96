"""Rejected rows come back as a file that can be corrected and imported again."""

import csv
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.ingest import inert
from station.ingest.quarantine import cells_of, file_name, write_rejected
from station.model import RejectedRow, SaleRow
from station.text import FORMULA_STARTS, catalogue
from tests.ingest.conftest import HEADING, LINE, NOW_S, Opener, Reader

BAD = LINE.replace("253.79", "二百")


def quarantine(opened: Opener, text: str, path: Path, lang: str = "zh") -> int:
    file = opened(text, station_code=None)
    rows = list(file.rows(file.best_key_kind))
    rejected = [row for row in rows if isinstance(row, RejectedRow)]
    return write_rejected(path, file.table, rejected, lang)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_corrected_row_is_imported_by_the_same_reader(
    opened: Opener, read: Reader, tmp_path: Path, lang: str, delimiter: str
) -> None:
    text = f"加油站:示范一站(A0001)\n{HEADING},\n{LINE},\n{BAD},\n".replace(",", delimiter)
    path = tmp_path / "rejected.csv"

    count = quarantine(opened, text, path, lang)
    path.write_text(path.read_text("utf-8").replace("二百,", "200,"), "utf-8")
    (row,) = read(path, station_code=None)

    assert count == 1
    assert isinstance(row, SaleRow)
    assert (row.sale.station, row.sale.amount_minor) == ("A0001", 20_000)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("../../etc/sales.csv", "sales.rejected.csv"),
        ("a\0b\u202evsc.csv", "abvsc.rejected.csv"),
        ("名" * 300 + ".csv", "名" * 66 + ".rejected.csv"),
        ("bytes\udcff.csv", "bytes.rejected.csv"),
    ],
)
def test_any_name_gives_a_name_that_a_disk_takes(source: str, name: str) -> None:
    assert file_name(source) == name


def test_an_uncorrected_row_is_rejected_again_in_the_same_columns(
    opened: Opener, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    quarantine(opened, f"加油站:示范一站(A0001)\n{HEADING}\n{BAD}\n", first)

    count = quarantine(opened, first.read_text("utf-8-sig"), second, "en")

    with second.open(encoding="utf-8-sig", newline="") as file:
        heading = list(csv.reader(file))[1]
    assert count == 1
    assert heading == [*HEADING.split(","), "original line", "reason code", "reason"]


def test_only_the_owner_may_read_the_file(opened: Opener, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "rejected.csv", tmp_path / "elsewhere.csv"
    elsewhere.write_text("untouched")
    path.symlink_to(elsewhere)

    quarantine(opened, f"加油站:示范一站(A0001)\n{HEADING}\n{BAD}\n", path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert elsewhere.read_text() == "untouched"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("attack", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "\t=1", "＝1+1"])
def test_no_cell_can_run_in_a_spreadsheet(opened: Opener, tmp_path: Path, attack: str) -> None:
    path = tmp_path / "rejected.csv"
    quarantine(opened, f"加油站:示范一站(A0001)\n{HEADING}\n{attack},{BAD}\n", path)

    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]

    assert inert.MARK + attack in cells
    assert not [c for c in cells if c.startswith(FORMULA_STARTS)]


@given(st.text())
def test_an_inert_cell_is_read_back_unchanged(cell: str) -> None:
    killed = inert.kill(cell)

    assert inert.kill(inert.revive(killed)) == killed
    assert inert.revive(killed) == inert.revive(cell)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_own_numbers_are_not_marked(number: object) -> None:
    text = format(number, "f")

    assert inert.kill(text) == text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2))
def test_the_cells_of_a_raw_row_are_found_again(cells: list[str]) -> None:
    raw = ";".join('"' + cell.replace('"', '""') + '"' for cell in cells)

    assert cells_of(raw, ";") == cells


def test_every_reason_given_has_its_sentence(read: Reader) -> None:
    bad_lines = [
        BAD,
        LINE.replace("35.20", "x"),
        LINE.replace("2025", "2035"),
        LINE.replace("2025", "1999"),
        LINE + "1.0E+18",
        LINE + ",,,x",
    ]
    rows = read("\n".join([HEADING, *bad_lines, LINE]), now_s=NOW_S)

    reasons = {row.reason for row in rows if isinstance(row, RejectedRow)}

    assert len(reasons) == 6
    assert all(f"reason.{reason}" in catalogue("zh") for reason in reasons)
