"""A sale that a till sends and a file brings too counts and earns once, whichever comes first."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from services.points.forecourt import ANNA, BERT, Forecourt, opened
from town import one

from station.archive.database import Database
from station.errors import BadValueError, GoneError, NotFoundError
from station.guard.rules import TillRules
from station.model import Unit
from station.services import access
from station.services.ask import Ask
from station.services.incoming import intake, receipts
from station.services.incoming.receipts import Line, Receipt
from station.services.people import terminals
from station.services.points.members import By, Named

SOLD_AT = 1_788_235_200  # 2026-09-01 12:00 in Shanghai
FUEL = Line("92#", 10_000, Unit.LITRE, 10_000)
WATER = Line("矿泉水", 2_000, Unit.PIECE, 500)
RECEIPT = Receipt("000831", SOLD_AT, (FUEL, WATER), plate=ANNA.plate)
SALES = "SELECT count(*) FROM sales WHERE voided = 0"
SHAPES = {
    "bare": ("交易时间", "油品", "数量", "金额", "车牌号"),
    "plain": ("流水号", "交易时间", "油品", "数量", "金额", "车牌号"),
    "terminal": ("流水号", "交易时间", "油品", "数量", "金额", "车牌号", "收银机号"),
    "lines": ("流水号", "交易时间", "油品", "数量", "金额", "车牌号", "收银机号", "行号"),
    "day": ("流水号", "交易时间", "油品", "数量", "金额", "车牌号", "收银机号", "行号", "营业日"),
}


@pytest.fixture
def town(db: Database, tmp_path: Path) -> Forecourt:
    made = opened(db, tmp_path / "till")
    settings = replace(made.ask.settings, till=TillRules(receipt_days=3_650))
    return replace(made, ask=replace(made.ask, settings=settings))


def till_of(town: Forecourt, number: str, name: str = "a1") -> Ask:
    made = terminals.add(town.ask, name=name, station="S1", number=number)
    return replace(town.ask, scope=access.scope_of_till(town.ask.db, made.key, address=""))


def export(
    town: Forecourt, shape: str, *, sold: str = "2026-09-01 12:00:00", sign: str = ""
) -> Path:
    """Return a file of the receipt as head office exports it."""
    shared = {"流水号": "831", "交易时间": sold, "车牌号": ANNA.plate, "收银机号": "07"}
    shared["营业日"] = "2026-08-31"
    fuel = {"油品": "92#", "数量": f"{sign}10", "金额": f"{sign}100.00", "行号": "1"}
    water = {"油品": "矿泉水", "数量": f"{sign}2", "金额": f"{sign}5.00", "行号": "2"}
    path = town.folder / f"{shape}{sign}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, SHAPES[shape], extrasaction="ignore")
        writer.writeheader()
        writer.writerows([shared | fuel, shared | water])
    return path


@pytest.mark.parametrize("first", ["till", "file"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_receipt_sent_and_in_a_file_is_one_sale(town: Forecourt, shape: str, first: str) -> None:
    till = till_of(town, "07" if "收银机号" in SHAPES[shape] else "")

    for way in sorted(("till", "file"), key=first.__ne__):
        if way == "till":
            sent = receipts.take(till, key="a1-000001", receipt=RECEIPT)
        else:
            counts = town.import_file(export(town, shape)).counts

    came, again = (
        (sent.accepted, counts.duplicates)
        if first == "till"
        else (counts.accepted, sent.duplicates)
    )
    assert (came, again, counts.conflicts) == (2, 2, 0)
    assert one(town.ask, SALES) == 2
    assert town.points() == {ANNA.code: 105}


@pytest.mark.parametrize("first", ["till", "file"])
def test_it_is_one_though_the_till_was_registered_without_its_number(
    town: Forecourt, first: str
) -> None:
    till, path = till_of(town, ""), export(town, "day")

    if first == "file":
        town.import_file(path)
    receipts.take(till, key="a1-000001", receipt=RECEIPT)
    town.import_file(path, more_follow=True)

    assert one(town.ask, SALES) == 2
    assert town.points() == {ANNA.code: 105}


def test_a_return_sent_and_in_a_file_is_one(town: Forecourt) -> None:
    till = till_of(town, "07")
    receipts.take(till, key="a1-000001", receipt=RECEIPT)
    back = tuple(
        replace(line, quantity_milli=-line.quantity_milli, amount_minor=-line.amount_minor)
        for line in RECEIPT.lines
    )
    refund = replace(RECEIPT, sold_at=SOLD_AT + 60, lines=back, original_receipt_no="000831")
    receipts.take(till, key="a1-000002", receipt=refund)

    report = town.import_file(export(town, "lines", sold="2026-09-01 12:01:00", sign="-"))

    assert (report.counts.duplicates, report.counts.conflicts) == (2, 0)
    assert town.points() == {}


def test_what_a_file_says_otherwise_of_a_receipt_is_a_conflict(town: Forecourt) -> None:
    till = till_of(town, "")
    receipts.take(
        till, key="a1-000001", receipt=replace(RECEIPT, lines=(replace(FUEL, amount_minor=9_900),))
    )

    counts = town.import_file(export(town, "day")).counts

    assert (counts.conflicts, counts.accepted) == (1, 1)


def test_receipts_of_two_terminals_with_one_number_are_two(town: Forecourt) -> None:
    till = till_of(town, "08")
    receipts.take(till, key="a1-000001", receipt=RECEIPT)

    counts = town.import_file(export(town, "lines")).counts

    assert (counts.accepted, counts.duplicates) == (2, 0)


def test_a_till_that_names_another_terminal_is_told(town: Forecourt) -> None:
    till = till_of(town, "07")

    for right in ("7", "007", ""):
        receipts.quote(till, receipt=replace(RECEIPT, terminal_no=right))
    with pytest.raises(BadValueError, match=r"till\.other_number"):
        receipts.take(till, key="a1-000001", receipt=replace(RECEIPT, terminal_no="08"))


@pytest.mark.parametrize("numbers", [("", ""), ("1", "01")])
def test_lines_that_a_file_would_not_tell_apart_are_refused(
    town: Forecourt, numbers: tuple[str, str]
) -> None:
    till = till_of(town, "07")
    lines = tuple(replace(WATER, line_no=number) for number in numbers)

    with pytest.raises(BadValueError, match=r"till\.same_line"):
        receipts.take(till, key="a1-000001", receipt=replace(RECEIPT, lines=lines))
    numbered = (replace(WATER, line_no="1"), replace(WATER, line_no="2"))
    taken = receipts.take(till, key="a1-000002", receipt=replace(RECEIPT, lines=numbered))

    assert taken.accepted == one(town.ask, SALES) == 2


def test_a_number_is_one_terminals_at_a_station(town: Forecourt) -> None:
    till_of(town, "07")

    for bad in ("7", "a|b", "x" * 41):
        with pytest.raises(BadValueError):
            terminals.add(town.ask, name="a2", station="S1", number=bad)
    terminals.add(town.ask, name="b1", station="S2", number="7")
    terminals.revoke(town.ask, name="a1", reason="broken")
    terminals.add(town.ask, name="a2", station="S1", number="7")


def test_a_receipt_whose_import_was_undone_is_told_to_be_gone(town: Forecourt) -> None:
    till = till_of(town, "07")
    receipts.take(till, key="a1-000001", receipt=RECEIPT)
    receipts.take(till, key="a1-000002", receipt=RECEIPT)
    intake.undo(town.ask, batch_id=one(town.ask, "SELECT max(id) FROM batches"))

    for key in ("a1-000001", "a1-000002"):
        with pytest.raises(GoneError):
            receipts.take(till, key=key, receipt=RECEIPT)
    assert (one(town.ask, SALES), town.points()) == (0, {})

    told = receipts.take(till, key="a1-000003", receipt=RECEIPT)
    assert told == receipts.take(till, key="a1-000003", receipt=RECEIPT)
    assert (told.accepted, town.points()) == (2, {ANNA.code: 105})


def test_a_quote_tells_of_the_member_named_and_of_nobody_else(town: Forecourt) -> None:
    till = till_of(town, "07")

    def told(member: Named | None = None, **changes: str) -> tuple[int, bool]:
        receipt = replace(RECEIPT, **{"plate": ""} | changes)
        quoted = receipts.quote(till, receipt=receipt, member=member)
        assert (quoted.accepted, quoted.duplicates) == (2, 0)
        return quoted.points, quoted.is_known

    anna = Named(By.PHONE, ANNA.phone)
    of_nobody = [told(card_no=one) for one in (ANNA.card, BERT.card, "900099999999", "")]
    of_nobody += [told(plate=one) for one in (ANNA.plate, "粤B99999")]
    of_nobody += [told(anna, card_no=BERT.card), told(anna, plate="粤B99999"), told(anna)]
    assert set(of_nobody) == {(0, False)}
    for named in (anna, Named(By.CARD, ANNA.card)):
        assert told(named, plate=ANNA.plate) == told(named, card_no=ANNA.card) == (105, True)
    with pytest.raises(NotFoundError):
        told(Named(By.CARD, "900099999999"), card_no="900099999999")
