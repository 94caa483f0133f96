"""Journals and totals of tills abroad come in by the same door as any other file."""

import re
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from station.archive import stations
from station.archive.database import Database
from station.archive.verify import content_hash, verify
from station.config import Settings
from station.errors import FileRefusedError
from station.model import ImportCounts, Station
from station.services import access
from station.services.ask import Ask
from station.services.incoming import gaps, intake
from station.services.incoming.files import FileReport
from station.services.incoming.intake import ImportOptions

SAMPLES = Path(__file__).parents[2] / "ingest" / "samples"
HEADER = (
    '<?xml version="1.0"?><NAXML-POSJournal version="3.4"><TransmissionHeader><StoreLocationID>1022'
    "</StoreLocationID></TransmissionHeader><JournalReport>\n"
)
FOOTER = "</JournalReport></NAXML-POSJournal>\n"


@dataclass(frozen=True, slots=True)
class Till:
    """An archive with two stations abroad, asked about as of the sample's day."""

    ask: Ask
    folder: Path

    def take(self, path: Path, **options: object) -> FileReport:
        chosen = replace(ImportOptions(lang="en"), **options)
        return intake.import_sales(self.ask, path=path, options=chosen)

    def hash(self) -> str:
        with self.ask.db.reading() as conn:
            return content_hash(conn)

    def journal(self, *events: str, name: str = "journal.xml") -> Path:
        path = self.folder / name
        path.write_text(HEADER + "\n".join(events) + FOOTER, encoding="utf-8")
        return path

    def fgm(self, volume: str, tested: str = "0", name: str = "fgm.xml") -> Path:
        text = (SAMPLES / "naxml_fgm.xml").read_text("iso-8859-1")
        text = text.replace("2503.449", volume).replace(
            "<PumpTestVolume>0<", f"<PumpTestVolume>{tested}<"
        )
        path = self.folder / name
        path.write_text(text, encoding="iso-8859-1")
        return path


@pytest.fixture
def till(db: Database, tmp_path: Path) -> Till:
    with db.writing() as conn:
        for code, zone in (("1022", "America/New_York"), ("7", "America/Chicago")):
            stations.add(conn, Station(code, zone=zone, currency="USD"))
    return Till(Ask(db, Settings(), access.local_operator(db), date(2025, 3, 4)), tmp_path)


def sale(number: int, quantity: str = "10", minute: int = 0) -> str:
    return (
        f"<SaleEvent><RegisterID>2</RegisterID><TransactionID>{number}</TransactionID>"
        "<BusinessDate>2025-03-03</BusinessDate><ReceiptDate>2025-03-03</ReceiptDate>"
        f"<ReceiptTime>{7 + minute // 60:02}:{minute % 60:02}:00</ReceiptTime>"
        "<TransactionDetailGroup>"
        "<TransactionLine><FuelLine><FuelGradeID>001</FuelGradeID><FuelPositionID>9"
        "</FuelPositionID><Description>UNLEAD REG</Description>"
        f"<SalesQuantity>{quantity}</SalesQuantity><SalesAmount>30</SalesAmount></FuelLine>"
        "</TransactionLine></TransactionDetailGroup></SaleEvent>"
    )


def test_the_sample_comes_in_with_its_refund_and_comes_in_once(till: Till) -> None:
    first = till.take(SAMPLES / "naxml_posjournal_plain.xml")
    again = till.take(SAMPLES / "naxml_posjournal_plain.xml")

    assert first.counts == ImportCounts(accepted=2, ignored=3)
    assert again.counts == ImportCounts(duplicates=2, ignored=3)
    assert verify(till.ask.db).ok


def test_a_corrected_file_of_rejected_events_brings_only_what_was_missing(till: Till) -> None:
    good = till.journal(sale(1), sale(2), sale(3), name="good.xml")
    bad = till.journal(sale(1), sale(2, quantity="a lot"), sale(3), name="bad.xml")

    first = till.take(bad)
    assert first.rejects_file is not None
    rejects = first.rejects_file.read_text("utf-8")
    first.rejects_file.write_text(rejects.replace("a lot", "10"), encoding="utf-8")
    second = till.take(first.rejects_file)

    assert first.counts == ImportCounts(accepted=2, rejected=1)
    assert first.rejects_file.name == "bad.rejected.xml"
    assert "is no number" in rejects
    assert second.counts == ImportCounts(accepted=1)
    assert till.take(good).counts == ImportCounts(duplicates=3)


def test_nothing_of_a_refused_journal_comes_in(till: Till) -> None:
    before = till.hash()
    path = till.journal(*map(sale, range(50)))
    path.write_text(path.read_text("utf-8")[:-20], encoding="utf-8")

    with pytest.raises(FileRefusedError, match="broken_xml"):
        till.take(path)
    with pytest.raises(FileRefusedError, match="not_whole"):
        till.take(till.journal(sale(1), sale(2, quantity="x")), whole_file=True)

    assert till.hash() == before
    assert intake.listing(till.ask).empty


# --- totals ---------------------------------------------------------------------------------------


def verdicts(till: Till) -> list[str]:
    return [str(verdict) for verdict in gaps.compare(till.ask)["verdict"]]


def test_a_days_sales_are_compared_with_the_tills_own_total(till: Till) -> None:
    till.take(till.journal(*map(sale, range(5))))

    counts = till.take(till.fgm("50.0")).counts
    even = verdicts(till)
    till.take(till.fgm("60.0", name="later.xml"))
    row = gaps.compare(till.ask).iloc[0]

    assert counts == ImportCounts(accepted=1)
    assert even == ["even"]
    assert (row["verdict"], round(row["litres"], 1), row["name"]) == ("missing", -37.9, "001")
    assert row["sentence"] == "gaps.total_missing"


def test_totals_come_in_once_and_the_later_ones_count(till: Till) -> None:
    first, again = till.take(till.fgm("50.0")), till.take(till.fgm("50.0", name="renamed.xml"))
    looked = till.take(till.fgm("70.0", name="other.xml"), dry_run=True)

    assert (first.counts.accepted, again.counts.duplicates) == (1, 1)
    assert looked.counts.accepted == 1
    assert gaps.compare(till.ask)["told_litres"].round(2).tolist() == [189.27]
    assert verify(till.ask.db).ok


def test_pump_tests_explain_what_the_till_counted_as_sold(till: Till) -> None:
    till.take(till.journal(*map(sale, range(5))))
    till.take(till.fgm("55.0", tested="5.0"))

    assert verdicts(till) == ["tests"]


def test_totals_that_were_undone_count_no_more(till: Till) -> None:
    batch_id = till.take(till.fgm("50.0")).batch_id
    intake.undo(till.ask, batch_id=batch_id)

    assert gaps.compare(till.ask).empty


def test_a_total_that_says_nothing_certain_is_rejected_and_comes_back_corrected(till: Till) -> None:
    first = till.take(till.fgm("ten"))
    assert first.rejects_file is not None
    text = first.rejects_file.read_text("utf-8")
    first.rejects_file.write_text(text.replace(">ten<", ">10<"), encoding="utf-8")

    assert first.counts == ImportCounts(rejected=1)
    assert intake.rejected(till.ask, batch_id=first.batch_id)[0].raw.startswith("<FGMDetail>")
    assert till.take(first.rejects_file).counts == ImportCounts(accepted=1)


# --- gaps -----------------------------------------------------------------------------------------


def test_a_transaction_that_is_not_in_the_journal_is_asked_for(till: Till) -> None:
    kept = [sale(number, minute=number) for number in range(1, 60) if number not in (20, 21)]
    till.take(till.journal(*kept))

    told = gaps.tell(till.ask)
    (finding,) = told.findings.to_dict("records")

    assert told.key == "gaps.answer_missing"
    assert told.facts["numbers"] == 2
    assert (finding["first"], finding["last"], finding["station"]) == (20, 21, "1022")
    assert finding["from_time"] == "2025-03-03 07:19"


def test_nothing_is_said_where_nothing_can_be(till: Till) -> None:
    assert gaps.tell(till.ask).key == "gaps.answer_no_lines"
    blank = [
        sale(n, minute=n).replace(f"<TransactionID>{n}<", "<TransactionID><") for n in range(9)
    ]
    till.take(till.journal(*blank))

    assert gaps.tell(till.ask).key == "gaps.answer_unknown"


# --- size -----------------------------------------------------------------------------------------

READ = """
import resource, sys
from pathlib import Path
from station.ingest.rules import IngestRules
from station.ingest.sales_file import open_sales
from station.model import Station
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
at_rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path, sites = Path(sys.argv[1]), {"1022": Station("1022", currency="USD")}
file = open_sales(path, stations=sites, rules=IngestRules(), now_s=1_750_000_000)
count = sum(1 for _ in file.rows(file.best_key_kind))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at_rest)
"""


@pytest.mark.slow
def test_a_large_journal_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(40_000):
            file.write(re.sub(r"(?<=>)2025-03-03(?=</R)", "2025-03-04", sale(number)) + "\n")
        file.write(FOOTER)

    told = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    count, grown_kib = map(int, told.stdout.split())

    assert path.stat().st_size > 17 * 2**20
    assert count == 40_000
    assert grown_kib < 60 * 1024
