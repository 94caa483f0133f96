"""An import is opened, counted, resumed after a break and undone as a whole."""

import pytest
from archive.shop import Shop
from makers import make_reversal, make_sale

from station.archive import batches, views
from station.archive.batches import SealedRow
from station.archive.sales import Outcome
from station.errors import FileRefusedError, NotFoundError
from station.model import ImportCounts, SaleKeyKind


def standing(shop: Shop) -> int:
    return views.counts(shop.conn)["sales"]


def test_a_file_can_come_again_after_it_was_undone(shop: Shop) -> None:
    sale = make_sale()
    batch_id = shop.open()
    shop.finish(batch_id, shop.add([sale], batch_id))

    assert batches.undo(shop.conn, batch_id) == 1
    assert standing(shop) == 0
    assert shop.add([sale]) == [Outcome.ACCEPTED]
    assert standing(shop) == 1


def test_a_batch_is_undone_once(shop: Shop) -> None:
    batch_id = shop.open()
    batches.undo(shop.conn, batch_id)

    with pytest.raises(FileRefusedError, match="undone_before"):
        batches.undo(shop.conn, batch_id)


def test_a_batch_that_is_not_there_cannot_be_undone(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        batches.undo(shop.conn, 999)


def test_undoing_sales_undoes_what_was_taken_back_of_them(shop: Shop) -> None:
    sale, batch_id = make_sale(), shop.open()
    shop.add([sale], batch_id)
    shop.take_back([make_reversal(sale)])

    assert batches.undo(shop.conn, batch_id) == 2
    assert standing(shop) == 0


def test_a_broken_off_import_is_resumed_with_a_true_account(shop: Shop) -> None:
    lines = [make_sale(receipt_no=f"R{n}") for n in range(4)]
    first = shop.open("hash")
    shop.add(lines[:2], first)
    batches.add_rejected(shop.conn, first, [SealedRow(7, "bad_plate", b"raw")])

    again = shop.open("hash")
    outcomes = shop.add([*lines, lines[0]], again)

    assert again == first
    assert batches.rejected(shop.conn, again) == []
    assert shop.finish(again, outcomes) == ImportCounts(accepted=4, duplicates=1)


def test_a_finished_file_that_comes_again_is_a_batch_of_its_own(shop: Shop) -> None:
    first = shop.open("hash")
    shop.finish(first, [])

    assert shop.open("hash") != first


def test_a_whole_file_is_hidden_until_it_is_done(shop: Shop) -> None:
    batch_id = shop.open(whole_file=True)
    outcomes = shop.add([make_sale()], batch_id)

    assert standing(shop) == 0
    assert views.days(shop.conn, [1]) is None
    shop.finish(batch_id, outcomes)
    assert standing(shop) == 1


def test_rejected_rows_are_kept_sealed_until_they_are_old(shop: Shop) -> None:
    row = SealedRow(3, "bad_date", b"sealed")
    batch_id = shop.open()
    batches.add_rejected(shop.conn, batch_id, [row])

    assert batches.rejected(shop.conn, batch_id) == [row]
    assert batches.forget_rejected(shop.conn, before_s=2_000_000_000) == 1
    assert batches.rejected(shop.conn, batch_id) == []


def test_the_listing_shows_the_newest_batch_first(shop: Shop) -> None:
    shop.open()
    shop.finish(shop.open(), [])

    assert batches.listing(shop.conn)["status"].tolist() == ["done", "open"]


def test_a_sources_kind_of_key_is_fixed_at_its_first_import(shop: Shop) -> None:
    assert batches.source_key_kind(shop.conn, 1, "till") is None

    batches.fix_source(shop.conn, 1, "till", SaleKeyKind.TOTALISER)

    assert batches.source_key_kind(shop.conn, 1, "till") is SaleKeyKind.TOTALISER
