"""Files come in once, whatever their name, order, encoding or cut; and broken off, go on."""

import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import nursery
from makers import make_station
from nights import by_night

from station.archive import batches, stations
from station.archive.database import Database, create_or_upgrade
from station.archive.verify import content_hash, verify
from station.config import Settings
from station.errors import FileRefusedError, NotAllowedError, NotFoundError
from station.ingest.mapping import Mapping
from station.model import RIGHTS, ImportCounts, Role
from station.services import access, board
from station.services.ask import Ask
from station.services.incoming import intake
from station.services.incoming.files import FileReport
from station.services.incoming.intake import ImportOptions

HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,交易类型,备注"
FUELS = ("92#", "95#", "0#")
COLOURS = ("", "黄", "蓝", "")


def line(number: int) -> str:
    """Return a line that follows from its number; one in seven takes the line before back."""
    back = number % 7 == 6
    sold = number - back
    day, second = 1 + sold // 900 % 28, sold * 96 % 86_400
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    litres, sign = 20 + sold % 31, "-" if back else ""
    plate = f"粤B{10_000 + sold * 37 % 211}{COLOURS[sold % 4]}"
    kind = f"冲销,撤单{100_000 + sold}" if back else "正常,"
    return (
        f"{100_000 + number},2025-03-{day:02} {clock},{number % 8},{FUELS[sold % 3]},"
        f"{sign}{litres},{sign}{litres * 7},{plate},{kind}"
    )


LINES = [line(number) for number in range(60)]


@dataclass(frozen=True, slots=True)
class Till:
    """An archive with stations S1 and S2, and the till of S1."""

    ask: Ask
    folder: Path

    def write(self, lines: Sequence[str], name: str = "till.csv", encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_text("\n".join([HEADING, *lines, ""]), encoding=encoding)
        return path

    def take(self, path: Path, **options: object) -> FileReport:
        chosen = replace(ImportOptions(station="S1", lang="en"), **options)
        return intake.import_sales(self.ask, path=path, options=chosen)

    def hash(self) -> str:
        with self.ask.db.reading() as conn:
            return content_hash(conn)

    def visits(self) -> int:
        return int(board.vehicles(replace(self.ask, as_of=date(2025, 4, 1)))["visits"].sum())


def opened(db: Database, folder: Path) -> Till:
    """Return the till of a new archive."""
    with db.writing() as conn:
        for code in ("S1", "S2"):
            stations.add(conn, make_station(code))
    return Till(Ask(db, Settings(), access.local_operator(db), date.max), folder)


@pytest.fixture
def till(db: Database, tmp_path: Path) -> Till:
    return opened(db, tmp_path)


def undisturbed(lines: Sequence[str]) -> tuple[str, ImportCounts]:
    """Return the content and the account of one import that nothing disturbs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        db = create_or_upgrade(f"sqlite:///{folder}/station.db")
        alone = opened(db, folder)
        counts = alone.take(alone.write(lines)).counts
        found = alone.hash()
        db.close()
    return found, counts


@pytest.fixture(scope="module")
def expected() -> tuple[str, ImportCounts]:
    return undisturbed(LINES)


# --- once -----------------------------------------------------------------------------------------


def test_a_file_comes_in_once(till: Till, expected: tuple[str, ImportCounts]) -> None:
    first = till.take(till.write(LINES))
    second = till.take(till.write(LINES))

    assert (till.hash(), first.counts) == expected
    assert first.counts == ImportCounts(accepted=60)
    assert second.counts == ImportCounts(duplicates=60)
    assert verify(till.ask.db).ok


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_another_name_order_or_encoding_brings_nothing_new(till: Till, encoding: str) -> None:
    till.take(till.write(LINES))
    before = till.hash()

    again = till.take(till.write(LINES[::-1], "renamed.csv", encoding))

    assert again.counts == ImportCounts(duplicates=60)
    assert till.hash() == before


def test_overlapping_halves_are_the_whole(till: Till, expected: tuple[str, ImportCounts]) -> None:
    first = till.take(till.write(LINES[:42], "a.csv"))
    second = till.take(till.write(LINES[28:], "b.csv"))

    assert first.counts.accepted == 42
    assert second.counts == ImportCounts(accepted=18, duplicates=14)
    assert till.hash() == expected[0]


PAIRS = [LINES[start : start + 7] for start in range(0, 56, 7)]
"""Lines that stay in one file: a reversal with its sale."""


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(order=st.permutations(PAIRS), cut=st.integers(0, len(PAIRS)), flip=st.booleans())
def test_neither_order_nor_cut_changes_the_archive(
    order: list[list[str]], cut: int, *, flip: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        db = create_or_upgrade(f"sqlite:///{name}/station.db")
        till = opened(db, Path(name))
        for part in (order[:cut], order[cut:]):
            lines = [row for pair in part for row in (pair[::-1] if flip else pair)]
            if lines:
                till.take(till.write(lines))
        found = till.hash()
        db.close()

    assert found == WHOLE


WHOLE = undisturbed(LINES[:56])[0]


def test_another_content_under_the_same_receipt_is_a_conflict(till: Till) -> None:
    till.take(till.write(LINES[:1]))
    before = till.hash()

    other = till.take(till.write([LINES[0].replace(",140,", ",141,")]))

    assert other.counts == ImportCounts(conflicts=1)
    assert till.hash() == before


# --- whole or not at all --------------------------------------------------------------------------


def test_a_file_refused_as_a_whole_is_never_seen(till: Till) -> None:
    bad = [*LINES, LINES[0].replace("2025-03-01", "2099-03-01").replace("100000", "1")]
    before = till.hash()

    with pytest.raises(FileRefusedError):
        till.take(till.write(bad), whole_file=True)

    assert till.hash() == before
    assert till.visits() == 0


def test_a_reversal_without_its_sale_refuses_a_whole_file(till: Till) -> None:
    with pytest.raises(FileRefusedError):
        till.take(till.write(LINES[6:7]), whole_file=True)

    assert till.visits() == 0


def test_an_unfinished_whole_file_is_not_seen(
    till: Till, monkeypatch: pytest.MonkeyPatch, expected: tuple[str, ImportCounts]
) -> None:
    monkeypatch.setattr(intake, "CHUNK_ROWS", 10)
    path = till.write(LINES)
    with pytest.raises(KeyboardInterrupt):
        broken_off(till, path, after=3, whole_file=True)
    seen = till.visits()

    till.take(path, whole_file=True)

    assert seen == 0
    assert till.hash() == expected[0]
    assert till.visits() > 0


def test_a_dry_run_changes_nothing(till: Till) -> None:
    before = till.hash(), till.ask.db.data_version()

    rehearsed = till.take(till.write(LINES), dry_run=True)

    assert rehearsed.counts == ImportCounts(accepted=60)
    assert (till.hash(), till.ask.db.data_version()) == before
    assert intake.listing(till.ask).empty


# --- broken off -----------------------------------------------------------------------------------


def broken_off(till: Till, path: Path, *, after: int, **options: object) -> None:
    """Import and be interrupted after some chunks."""
    chunks = 0

    def interrupt(_done: int, _total: int) -> None:
        nonlocal chunks
        chunks += 1
        if chunks == after:
            raise KeyboardInterrupt

    chosen = replace(ImportOptions(station="S1"), **options)
    intake.import_sales(till.ask, path=path, options=chosen, progress=interrupt)


@pytest.mark.parametrize("after", [1, 2, 5, 6])
def test_a_broken_off_import_ends_as_if_it_had_not_been(
    till: Till,
    monkeypatch: pytest.MonkeyPatch,
    expected: tuple[str, ImportCounts],
    after: int,
) -> None:
    monkeypatch.setattr(intake, "CHUNK_ROWS", 10)
    path = till.write(LINES)
    with pytest.raises(KeyboardInterrupt):
        broken_off(till, path, after=after)

    resumed = till.take(path)

    assert (till.hash(), resumed.counts) == expected
    assert len(intake.listing(till.ask)) == 1
    assert verify(till.ask.db).ok


def command(till: Till, path: Path) -> list[str]:
    archive = f"sqlite:///{till.ask.db.path}"
    words = ["import", "sales", str(path), "--station", "S1", "--json"]
    return [sys.executable, "-m", "station", "--archive", archive, *words]


PREPARE = "import os, sys\nfrom station import cli"
WORK = "sys.stdout = open(os.devnull, 'w')\ncli.app(words, standalone_mode=False)"


@pytest.mark.slow
def test_an_import_killed_many_times_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    lines = [line(number) for number in range(5_000)]
    wanted = undisturbed(lines)
    till, rehearsal = (
        opened(create_or_upgrade(f"sqlite:///{tmp_path}/{name}/station.db"), tmp_path)
        for name in ("own", "rehearsal")
    )
    path = till.write(lines)
    chance = random.Random(1)  # noqa: S311 - moments, not secrets

    with nursery(PREPARE, WORK) as children:
        whole_s = children.seconds(*command(rehearsal, path)[3:])
        killed = 0
        for _ in range(by_night(20, by_day=6)):
            after_s = whole_s * chance.uniform(0, 1)
            killed += children.killed(*command(till, path)[3:], after_s=after_s)
            assert verify(till.ask.db).ok

    report = till.take(path)
    assert killed > 0
    assert till.hash() == wanted[0]
    assert report.counts.rows == wanted[1].rows
    assert int(intake.listing(till.ask)["accepted"].sum()) == wanted[1].accepted
    assert verify(till.ask.db).ok


@pytest.mark.slow
def test_two_processes_import_at_once(tmp_path: Path) -> None:
    lines = [line(number) for number in range(2_100)]
    till = opened(create_or_upgrade(f"sqlite:///{tmp_path}/station.db"), tmp_path)
    parts = [till.write(lines[:1_400], "a.csv"), till.write(lines[700:], "b.csv")]

    running = [subprocess.Popen(command(till, path), stdout=subprocess.DEVNULL) for path in parts]

    assert [process.wait() for process in running] == [0, 0]
    assert till.hash() == undisturbed(lines)[0]
    assert int(intake.listing(till.ask)["accepted"].sum()) == len(lines)
    assert verify(till.ask.db).ok


# --- undone ---------------------------------------------------------------------------------------


def test_an_undone_import_comes_again(till: Till, expected: tuple[str, ImportCounts]) -> None:
    path = till.write(LINES)
    first = till.take(path)
    empty = till.visits()

    voided = intake.undo(till.ask, batch_id=first.batch_id).out
    between = till.visits()
    again = till.take(path)

    assert (voided, between) == (60, 0)
    assert (till.hash(), again.counts) == expected
    assert till.visits() == empty > 0
    with pytest.raises(FileRefusedError):
        intake.undo(till.ask, batch_id=first.batch_id)


# --- who may --------------------------------------------------------------------------------------


def manager(till: Till, *codes: str) -> Ask:
    """Return the question of a manager of some stations."""
    with till.ask.db.reading() as conn:
        ids = stations.ids(conn)
    sight = frozenset(ids[code] for code in codes)
    scope = replace(
        till.ask.scope,
        role=Role.MANAGER,
        station_ids=sight,
        rights=dict.fromkeys(RIGHTS[Role.MANAGER], sight),
    )
    return replace(till.ask, scope=scope)


def test_staff_may_not_import(till: Till) -> None:
    staff = replace(
        till.ask,
        scope=replace(
            till.ask.scope, rights=dict.fromkeys(RIGHTS[Role.STAFF], till.ask.scope.station_ids)
        ),
    )

    with pytest.raises(NotAllowedError):
        intake.import_sales(staff, path=till.write(LINES), options=ImportOptions(station="S1"))


def by_station(till: Till) -> Path:
    path = till.folder / "both.csv"
    rows = [HEADING + ",站点", LINES[0] + ",S1", LINES[1] + ",S2", ""]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_manager_brings_in_no_other_stations_rows(till: Till) -> None:
    narrow = manager(till, "S1")

    report = intake.import_sales(narrow, path=by_station(till), options=ImportOptions())

    assert report.counts == ImportCounts(accepted=1, rejected=1)
    assert report.reasons == {"unknown_station": 1}


def test_a_manager_cannot_create_his_way_into_another_station(till: Till) -> None:
    columns = {"sold_at": "交易时间", "plate": "车牌号", "product": "油品", "litres": "数量"}
    columns |= {"amount": "金额", "receipt_no": "流水号", "station": "站点"}
    mapping = Mapping(
        "pos", {name: (heading,) for name, heading in columns.items()}, creates_stations=True
    )

    report = intake.import_sales(
        manager(till, "S1"), path=by_station(till), options=ImportOptions(mapping=mapping)
    )

    assert report.counts == ImportCounts(accepted=1, rejected=1)


def test_each_station_may_have_a_till_of_its_own(till: Till) -> None:
    till.take(till.write(LINES[:3]))
    path = till.folder / "other.csv"
    rows = ["交易时间,枪号,油品,数量,金额,车牌号", "2025-03-01 08:00:00,1,92#,30,210,粤B12345", ""]
    path.write_text("\n".join(rows), encoding="utf-8")

    report = till.take(path, station="S2")

    assert report.counts == ImportCounts(accepted=1)
    with pytest.raises(FileRefusedError):  # at S1 every line would come in twice
        till.take(path)


# --- a file of charges ----------------------------------------------------------------------------

CHARGES = """\
session,user,start,site,energy_kwh,fee
C1,U7,2015-03-02 08:10:00,P1,6.72,1.50
C2,U7,2015-03-04 08:05:00,P1,7.01,1.50
C3,U9,2015-03-04 19:30:00,P2,3.30,0
"""
CHARGE_MAPPING = Mapping(
    "charging",
    {
        "receipt_no": ("session",),
        "vehicle_ref": ("user",),
        "sold_at": ("start",),
        "station": ("site",),
        "litres": ("energy_kwh",),
        "amount": ("fee",),
    },
    identity="vehicle_ref",
    zone="America/New_York",
    formats=("%Y-%m-%d %H:%M:%S",),
    volume="kwh",
    currency="USD",
    creates_stations=True,
)


def test_charging_sessions_come_in_as_visits(till: Till) -> None:
    path = till.folder / "charges.csv"
    path.write_text(CHARGES, encoding="utf-8")

    report = till.take(path, station="", mapping=CHARGE_MAPPING)
    again = till.take(path, station="", mapping=CHARGE_MAPPING)

    seen = replace(till.ask, scope=access.local_operator(till.ask.db), as_of=date(2015, 3, 4))
    rows = board.vehicles(seen).set_index("label")
    assert (report.counts, again.counts) == (ImportCounts(accepted=3), ImportCounts(duplicates=3))
    assert rows.loc["U7", ["visits", "unit", "quantity", "station"]].tolist() == [
        2,
        "kwh",
        13.73,
        "P1",
    ]
    with till.ask.db.reading() as conn:
        assert len(batches.listing(conn)) == 2


def test_a_manager_sees_and_undoes_only_imports_of_his_own_station(till: Till) -> None:
    mine = till.take(till.write(LINES[:3], "mine.csv")).batch_id
    till.take(till.write(LINES[3:], "theirs.csv"), station="S2")
    both = till.take(by_station(till), station="").batch_id
    one, two = manager(till, "S1"), manager(till, "S2")

    assert intake.listing(one)["file_name"].tolist() == ["mine.csv"]
    assert intake.listing(two)["file_name"].tolist() == ["theirs.csv"]
    assert len(intake.listing(till.ask)) == 3
    for batch_id in (mine, both, 99):
        with pytest.raises(NotFoundError):
            intake.undo(two, batch_id=batch_id)
        with pytest.raises(NotFoundError):
            intake.rejected(two, batch_id=batch_id)
    assert intake.undo(one, batch_id=mine).out == 3
