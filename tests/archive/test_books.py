"""The books of an import stay right over chunks and rollbacks."""

import pytest
from archive.shop import Shop
from makers import make_key, make_sale

from station.archive.books import KeyBook, ProductBook
from station.archive.database import Database
from station.archive.sales import Outcome
from station.model import Fuel, Product, Unit


def test_a_key_keeps_its_id_over_chunks_and_books(db: Database) -> None:
    book = KeyBook()
    with db.writing() as conn:
        first = book.ids(conn, [make_key("粤B1"), None, make_key("粤B2"), make_key("粤B1")])
    with db.writing() as conn:
        later = book.ids(conn, [make_key("粤B2"), make_key("粤B1")])
        other = KeyBook().ids(conn, [make_key("粤B2")])

    assert first[0] == first[3] == later[1]
    assert first[1] is None
    assert first[2] == later[0] == other[0] != first[0]


def test_what_was_rolled_back_is_added_again(db: Database) -> None:
    keys, products = KeyBook(), ProductBook()
    with db.writing() as conn:
        shop = Shop(conn, keys=keys, products=products)
        batch_id = shop.open()
    with pytest.raises(KeyError), db.writing() as conn:  # noqa: PT012 - all of it is undone
        shop.conn = conn
        shop.add([make_sale()], batch_id)
        raise KeyError
    with db.writing() as conn:
        shop.conn = conn
        assert shop.add([make_sale()], batch_id) == [Outcome.ACCEPTED]


def test_a_product_is_known_by_code_fuel_and_unit(shop: Shop) -> None:
    petrol, gas = Product("X", Fuel.PETROL, Unit.LITRE), Product("X", Fuel.GAS, Unit.KILOGRAM)

    ids = ProductBook().ids(shop.conn, [petrol, gas, petrol])

    assert len(set(ids.values())) == 2
    assert ProductBook().ids(shop.conn, [gas])[gas] == ids[gas]
