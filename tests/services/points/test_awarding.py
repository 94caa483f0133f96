"""Sales earn once, for whoever they were of on their day, in whatever order files come."""

from dataclasses import replace

import pytest
from makers import make_sale
from services.points.forecourt import (
    ANNA,
    BERT,
    CAPPED,
    MONEY,
    OF_LITRES,
    Fill,
    Forecourt,
    version,
)
from sqlalchemy import text
from town import sell

from station.archive.points import awards
from station.archive.verify import verify
from station.errors import PointsError
from station.loyalty.programme import Over, Version
from station.services.points import awarding


def run(forecourt: Forecourt, statement: str, **values: object) -> None:
    with forecourt.ask.db.writing() as conn:
        conn.execute(text(statement), values)


def test_a_file_earns_once_however_often_it_comes(till_anywhere: Forecourt) -> None:
    lines = [Fill(1), Fill(2, 55), Fill(3, 200, plate=BERT.plate)]

    for _ in range(2):
        till_anywhere.take(lines)

    assert till_anywhere.points() == {ANNA.code: 155, BERT.code: 200}
    assert verify(till_anywhere.ask.db).ok


@pytest.mark.parametrize("rules_", [(CAPPED,), (version(rules=(OF_LITRES,)),)])
def test_halves_that_overlap_in_any_order_earn_what_the_whole_does(
    till: Forecourt, rules_: tuple[Version, ...]
) -> None:
    lines = [Fill(n, 100 + n, day=f"2026-09-{1 + n % 3:02}") for n in range(1, 13)]
    till = till.under(*rules_)

    till.take(lines[5:][::-1])
    till.take(lines[:8])

    total = till.points()[ANNA.code]
    whole = 900 if rules_ == (CAPPED,) else sum(100 + n for n in range(1, 13)) // 20
    assert total == whole


def test_a_card_shown_counts_before_the_plate(till_anywhere: Forecourt) -> None:
    till_anywhere.take([Fill(1, card=BERT.card), Fill(2, 30, plate="粤B99999", card=ANNA.card)])

    assert till_anywhere.points() == {BERT.code: 100, ANNA.code: 30}


def test_of_two_customers_with_one_card_the_newer_link_counts(till_anywhere: Forecourt) -> None:
    run(
        till_anywhere,
        "INSERT INTO card_links (card_id, customer_id, from_day) "
        "SELECT id, :bert, 20600 FROM cards WHERE number = :card",
        bert=till_anywhere.ids[BERT.code],
        card=ANNA.card,
    )

    till_anywhere.take([Fill(1, 10, card=ANNA.card), Fill(2, card=ANNA.card, day="2026-05-01")])

    assert till_anywhere.points() == {BERT.code: 10, ANNA.code: 100}


def test_a_sold_car_earns_for_whoever_had_it_on_that_day(till_anywhere: Forecourt) -> None:
    anna, bert = till_anywhere.ids[ANNA.code], till_anywhere.ids[BERT.code]
    run(
        till_anywhere,
        "UPDATE vehicle_owners SET to_day = 20650 WHERE customer_id = :anna",
        anna=anna,
    )
    run(
        till_anywhere,
        "INSERT INTO vehicle_owners (vehicle_id, customer_id, from_day) "
        "SELECT vehicle_id, :bert, 20650 FROM vehicle_owners WHERE customer_id = :anna",
        anna=anna,
        bert=bert,
    )

    till_anywhere.take(
        [Fill(1, 10, day="2026-07-15"), Fill(2, day="2026-07-17")]
    )  # 20650 is 16 July

    assert till_anywhere.points() == {ANNA.code: 10, BERT.code: 100}


def test_new_links_do_not_move_points_already_given(till: Forecourt) -> None:
    till.take([Fill(1)])
    run(till, "UPDATE vehicle_owners SET customer_id = :bert", bert=till.ids[BERT.code])

    till.take([Fill(1), Fill(2, 10)])

    assert till.points() == {ANNA.code: 100, BERT.code: 10}


def test_a_plate_without_its_colour_earns_for_the_owner_of_the_coloured_one(
    till: Forecourt,
) -> None:
    run(till, "UPDATE vehicle_keys SET colour = 'blue' WHERE kind = 'plate'")

    till.take([Fill(1)])

    assert till.points() == {ANNA.code: 100}


def test_whoever_was_erased_earns_nothing(till: Forecourt) -> None:
    run(till, "UPDATE customers SET erased_at = 1 WHERE id = :anna", anna=till.ids[ANNA.code])

    till.take([Fill(1), Fill(2, plate=BERT.plate)])

    assert till.points() == {BERT.code: 100}


def test_merged_records_share_the_day_and_its_limit(till: Forecourt) -> None:
    till = till.under(CAPPED)
    till.take([Fill(1, 200), Fill(2, 200, plate=BERT.plate)])
    anna, bert = till.ids[ANNA.code], till.ids[BERT.code]
    run(till, "UPDATE customers SET merged_into = :anna WHERE id = :bert", anna=anna, bert=bert)

    till.take([Fill(3, 250, plate=BERT.plate)])

    assert sum(till.points().values()) == 400


def test_a_purchase_that_earns_nothing_is_kept_with_its_reason(till: Forecourt) -> None:
    till.take([Fill(1, 0)])
    till.under(version(rules=())).take([])

    with till.ask.db.reading() as conn:
        (kept,) = awards.listing(conn, [till.ids[ANNA.code]]).to_dict("records")
    assert (kept["points"], kept["reason"]) == (0, "no_rule")
    assert till.points() == {}


def test_sales_before_the_first_version_earn_nothing(till: Forecourt) -> None:
    till.under(version(starts="2026-08-01")).take([Fill(1, day="2026-07-31"), Fill(2, 10)])

    assert till.points() == {ANNA.code: 10}


def test_each_sale_earns_by_the_rules_of_its_own_day(till: Forecourt) -> None:
    new = version("new", "2026-08-01", rules=(OF_LITRES,))

    till.under(version(), new).take([Fill(1, day="2026-07-31"), Fill(2)])

    assert till.points() == {ANNA.code: 105}


def test_a_late_reversal_goes_by_the_rules_that_held_then(till: Forecourt) -> None:
    till.take([Fill(1, 100, day="2026-07-31")])
    new = version("new", "2026-08-01", rules=(OF_LITRES,))

    till.under(version(), new).take([Fill(2, 30, day="2026-09-01", back=1)])

    assert till.points() == {ANNA.code: 70}


def test_a_past_that_was_rewritten_is_refused_and_gives_no_points(till: Forecourt) -> None:
    till.take([Fill(1)])

    for changed in (CAPPED, version("other")):
        with pytest.raises(PointsError, match=r"programme\.past"):
            till.under(changed).take([Fill(2)])
    assert till.points() == {ANNA.code: 100}


def test_without_rules_nothing_is_given_and_later_nothing_made_up(till: Forecourt) -> None:
    off = till.under()
    off.take([Fill(1)])
    till.take([Fill(1), Fill(2, 10)])
    off.take([Fill(3), Fill(4, 4, back=2)])

    assert till.points() == {ANNA.code: 6}


def test_a_whole_file_earns_when_it_is_done_and_not_before(till: Forecourt) -> None:
    lines = [Fill(1), Fill(2, 30, back=1), Fill(3, 10)]

    till.take(lines, dry_run=True)
    assert till.points() == {}
    till.take(lines, whole_file=True)

    assert till.points() == {ANNA.code: 80}


def test_a_receipt_that_comes_in_two_files_earns_what_it_does_in_one(till: Forecourt) -> None:
    till = till.under(version(rules=(replace(MONEY, per=3, over=Over.RECEIPT),)))
    for name in ("a", "b"):
        line = make_sale(amount_minor=500, natural_key=name, card_no=ANNA.card)
        sell(till.ask.db, [line])
        with till.ask.db.writing() as conn:
            awarding.award(conn, till.ask, [awards.newest_sale(conn)])

    assert till.points() == {ANNA.code: 3}
