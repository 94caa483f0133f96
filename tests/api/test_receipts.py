"""A receipt that a till sends comes in as a file's would: whole, once, at its own station."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from time import time

from api.tilling import ANNA, SETTINGS, SOLD_AT, Place, by_plate, line, place, receipt
from town import one

from station.archive.database import Database
from station.config import build
from station.loyalty.programme import Programme
from station.services.incoming import intake, receipts
from station.services.incoming.intake import ImportOptions

EARNING = replace(
    SETTINGS,
    programme=build(
        Programme,
        {
            "versions": [
                {
                    "name": "start",
                    "starts": date(2026, 1, 1),
                    "earning": {"rules": [{"name": "money", "points": 1, "per": 1, "of": "money"}]},
                    "redeeming": {
                        "least": 500,
                        "step": 100,
                        "worth": {"points": 100, "minor": 100},
                    },
                }
            ]
        },
        at="programme",
    ),
)
LINES = "SELECT count(*) FROM sales WHERE voided = 0"


def test_a_receipt_comes_in_once_under_any_key(anywhere: Place) -> None:
    till = anywhere.till()
    body = receipt(plate=ANNA.plate, lines=[line(), line(500, "2", product="矿泉水", unit="pc")])

    first = till.ok("/receipts", body, key="a1-000001")
    again = till.ok("/receipts", body, key="a1-000001")
    elsewhere = till.ok("/receipts", body, key="a1-000002")

    nothing = {"points": 0, "is_known": False}  # without rules nothing is earned
    assert first == again == {"accepted": 2, "duplicates": 0} | nothing
    assert elsewhere == {"accepted": 0, "duplicates": 2} | nothing
    assert one(anywhere.counter.ask, LINES) == 2
    batch = "SELECT accepted FROM batches WHERE source = 'till'"
    assert one(anywhere.counter.ask, batch) == 2


def test_a_key_stands_for_one_receipt(shop: Place) -> None:
    till = shop.till()
    till.ok("/receipts", receipt(), key="a1-000001")

    answer = till.send("/receipts", receipt("R2"), key="a1-000001")

    assert (answer.status_code, answer.json()["action"]) == (409, "new_key")


def test_a_receipt_that_contradicts_itself_is_not_taken_at_all(anywhere: Place) -> None:
    till = anywhere.till()
    till.ok("/receipts", receipt())

    answer = till.send("/receipts", receipt(lines=[line(1, "1"), line(2, "2")]))

    assert (answer.status_code, answer.json()["code"]) == (409, "till.receipt_conflict")
    assert one(anywhere.counter.ask, LINES) == 1


def test_a_line_that_cannot_be_refuses_the_receipt(shop: Place) -> None:
    till = shop.till()
    for changes, code in (
        ({"sold_at": 4_000_000_000}, "reason.future"),
        ({"business_day": "2026-13-45"}, "reason.bad_time"),
        ({"lines": [line(), line(10**11, "2")]}, "reason.absurd_amount"),
        ({"lines": [line(-100, quantity_milli=-10)]}, "reason.reversal_without_sale"),
        ({"card_no": "100011000000000000000"}, "reason.digits_lost"),
    ):
        answer = till.send("/receipts", receipt(**changes))

        assert answer.json()["code"] == code
        assert answer.status_code in {404, 409}
    assert one(shop.counter.ask, LINES) == 0


def test_a_receipt_that_is_not_as_agreed_is_told_so(shop: Place) -> None:
    till = shop.till()
    for changes, code in (
        ({"sold_at": int(time()) - 3_651 * 86_400}, "till.receipt_old"),
        ({"business_day": "2026-08-30"}, "till.far_day"),
        ({"lines": [line(line_no="7"), line(line_no="07")]}, "till.same_line"),
        ({"terminal_no": "08"}, "till.other_number"),
    ):
        for path, body in (
            ("/receipts", receipt(**changes)),
            ("/quotes", {"receipt": receipt(**changes)}),
        ):
            answer = till.send(path, body)

            assert (answer.status_code, answer.json()["code"]) == (409, code)
            assert answer.json()["action"] == "correct"
    assert one(shop.counter.ask, LINES) == 0


def test_a_return_takes_the_sale_back(shop: Place) -> None:
    till = shop.till()
    till.ok("/receipts", receipt("R1", plate=ANNA.plate))

    back = line(-23_940, quantity_milli=-30_000)
    done = till.ok("/receipts", receipt("R2", lines=[back], original_receipt_no="R1"))

    assert done["accepted"] == 1
    assert one(shop.counter.ask, "SELECT count(*) FROM sales WHERE reverses IS NOT NULL") == 1


def test_a_receipt_that_was_taken_out_again_is_gone(shop: Place) -> None:
    till, ask = shop.till(), shop.counter.ask
    till.ok("/receipts", receipt(), key="a1-000001")
    intake.undo(ask, batch_id=one(ask, "SELECT max(id) FROM batches"))

    answer = till.send("/receipts", receipt(), key="a1-000001")

    told = answer.json()
    assert (answer.status_code, told["code"], told["action"]) == (410, "till.receipt_gone", "stop")


def test_a_quote_says_what_a_receipt_would_bring_and_changes_nothing(anywhere: Place) -> None:
    till, ask = anywhere.till(), anywhere.counter.ask

    told = till.ok("/quotes", {"receipt": receipt(plate=ANNA.plate)})

    assert told["accepted"] == 1
    assert one(ask, LINES) == 0
    assert one(ask, "SELECT count(*) FROM batches WHERE source = 'till'") == 0


def test_a_receipt_earns_what_it_was_quoted_and_says_so_again(db: Database) -> None:
    with place(db, EARNING) as made:
        till = made.till()
        body = receipt(plate=ANNA.plate, sold_at=int(time()) - 60)

        quoted = till.ok("/quotes", {"receipt": body, "member": by_plate(ANNA)})
        assert till.balance(ANNA) == 1_000
        taken = till.ok("/receipts", body, key="a1-000001")
        again = till.ok("/receipts", body, key="a1-000002")
        strangers = till.ok("/receipts", receipt("R2", plate="粤B99999"))

        assert (quoted["points"], taken["points"], again["points"]) == (239, 239, 239)
        assert (taken["is_known"], strangers["is_known"]) == (True, False)
        may = quoted["redeemable"]
        assert (may["least"], may["step"], may["most"]) == (500, 100, 1_000)
        assert (may["worth_points"], may["worth_minor"]) == (100, 100)
        assert till.balance(ANNA) == 1_239
        odd = till.send("/holds", {"member": by_plate(ANNA), "points": 550})
        assert (odd.status_code, odd.json()["action"]) == (409, "correct")


def test_a_receipt_and_a_file_of_it_are_one_sale(shop: Place, tmp_path: Path) -> None:
    till, path = shop.till(number="07"), tmp_path / "sales.csv"
    till.ok("/receipts", receipt("000831", plate=ANNA.plate))
    heading = "时间,车牌,油品,数量,金额,流水号,终端号,行号,站点"
    text = f"{heading}\n2026-09-01 12:00:00,{ANNA.plate},92#,30,239.40,831,7,1,S1\n"
    path.write_text(text, encoding="utf-8")

    report = intake.import_sales(shop.counter.ask, path=path, options=ImportOptions())

    assert (report.counts.duplicates, report.counts.accepted) == (1, 0)


def test_a_day_of_a_till_is_one_import_and_closed_when_it_is_over(shop: Place) -> None:
    till, ask = shop.till(), shop.counter.ask
    for number in range(3):
        till.ok("/receipts", receipt(f"R{number}", sold_at=SOLD_AT + number))
    opened = "SELECT count(*) FROM batches WHERE source = 'till' AND status = 'open'"
    assert one(ask, opened) == 1

    receipts.close_days(ask.db)
    assert one(ask, opened) == 1
    with ask.db.writing() as conn:
        conn.exec_driver_sql("UPDATE batches SET file_name = 'till:a1 2026-01-01'")
    receipts.close_days(ask.db)

    assert one(ask, opened) == 0


def test_the_figures_are_not_worked_out_anew_for_each_receipt(shop: Place) -> None:
    till, db = shop.till(), shop.db
    till.ok("/receipts", receipt("R1"))
    version = db.data_version()

    for number in range(2, 5):
        till.ok("/receipts", receipt(f"R{number}"))

    assert db.data_version() == version


def test_a_till_sells_at_its_own_station(shop: Place) -> None:
    shop.till("b1", station="S2").ok("/receipts", receipt())

    where = "SELECT code FROM stations JOIN sales ON sales.station_id = stations.id"
    assert one(shop.counter.ask, where) == "S2"
    assert one(shop.counter.ask, "SELECT account FROM batches WHERE source='till'") == "till:b1"
