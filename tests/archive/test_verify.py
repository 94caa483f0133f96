"""A sound archive is found sound, each kind of damage is found, order leaves no trace."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from archive.shop import Shop
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import make_key, make_reversal, make_sale
from nights import by_night

from station.archive import batches, relink
from station.archive.database import Database, create_or_upgrade
from station.archive.verify import content_hash, verify
from station.model import Fuel, PlateColour, Sale


def fill(db: Database) -> None:
    with db.writing() as conn:
        shop = Shop(conn)
        batch_id = shop.open()
        sales = [make_sale(receipt_no=f"R{n}") for n in range(5)]
        outcomes = shop.add(sales, batch_id)
        outcomes += shop.take_back([make_reversal(sales[0])], batch_id)
        shop.finish(batch_id, outcomes)
        undone = shop.open()
        shop.finish(undone, shop.add([make_sale(receipt_no="R9")], undone))
        batches.undo(conn, undone)


def bad_checks(db: Database) -> list[str]:
    return [check.name for check in verify(db).checks if check.first_bad]


def test_an_empty_archive_is_sound(db: Database) -> None:
    assert verify(db).ok


def test_a_used_archive_is_sound(db: Database) -> None:
    fill(db)

    assert bad_checks(db) == []


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE sales SET quantity_milli = -1 WHERE reverses IS NULL", "signs"),
        ("UPDATE sales SET amount_minor = -22501 WHERE reverses IS NOT NULL", "reversals"),
        ("UPDATE sales SET voided = 1 WHERE receipt_no = 'R0'", "reversals"),
        ("UPDATE batches SET accepted = 99 WHERE status = 'done'", "batches"),
        ("UPDATE sales SET voided = 0 WHERE receipt_no = 'R9'", "batches"),
    ],
)
def test_a_row_changed_behind_the_triggers_is_found(db: Database, damage: str, check: str) -> None:
    fill(db)
    with db.writing() as conn:
        on_table = "" if db.path else " ON sales"
        trigger = "sales_fixed" if db.path else "sales_keep"
        conn.exec_driver_sql(f"DROP TRIGGER {trigger}{on_table}")
        conn.exec_driver_sql(damage)

    assert check in bad_checks(db)


@pytest.mark.parametrize(
    "damage",
    [
        "CREATE TRIGGER gift AFTER INSERT ON sessions BEGIN DELETE FROM requests; END",
        "DROP TRIGGER audit_keep",
        "CREATE VIEW more AS SELECT * FROM customers",
    ],
)
def test_what_acts_on_its_own_in_a_file_is_found(
    sqlite_url: str, tmp_path: Path, damage: str
) -> None:
    db = create_or_upgrade(sqlite_url, tmp_path)
    with db.writing() as conn:
        conn.exec_driver_sql(damage)

    found = bad_checks(db)

    db.close()
    assert found == ["triggers"]


def test_a_damaged_page_is_found(sqlite_url: str, tmp_path: Path) -> None:
    db = create_or_upgrade(sqlite_url)
    fill(db)
    db.close()
    file = tmp_path / "station.db"
    with closing(sqlite3.connect(file)) as plain:
        query = "SELECT max(pageno) FROM dbstat WHERE name = 'sales'"
        (page,) = plain.execute(query).fetchone()
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    file.write_bytes(content)

    db = create_or_upgrade(sqlite_url)
    assert "integrity" in bad_checks(db)
    db.close()


COLOURS = [PlateColour.UNKNOWN, PlateColour.BLUE, PlateColour.YELLOW]
LINES = st.builds(
    lambda n, plate, colour, fuel, day: make_sale(
        receipt_no=f"R{n}",
        vehicle=make_key(f"粤B{plate}", colour=colour),
        fuel=fuel,
        product=fuel.value,
        sold_at=make_sale().sold_at + day * 86_400,
    ),
    st.integers(0, 999),
    st.integers(1, 3),
    st.sampled_from(COLOURS),
    st.sampled_from([Fuel.PETROL, Fuel.DIESEL]),
    st.integers(0, 3),
)


@st.composite
def imports(draw: st.DrawFn) -> tuple[list[Sale], list[Sale], list[Sale], int]:
    """Return sales, the same in another order and partly twice, reversals, and a chunk size."""
    sales = draw(st.lists(LINES, max_size=12, unique_by=lambda sale: sale.receipt_no))
    again = draw(st.permutations(sales + sales[:3]))
    back = [make_reversal(sale) for sale in sales[::2]]
    back += [
        make_reversal(sale, natural_key=f"x{n}", reverses_hint="") for n, sale in enumerate(sales)
    ]
    return sales, list(again), back, draw(st.integers(1, 5))


def hash_after(sales: Sequence[Sale], back: Sequence[Sale], chunk: int) -> str:
    with TemporaryDirectory() as folder:
        db = create_or_upgrade(f"sqlite:///{folder}/station.db")
        with db.writing() as conn:
            shop = Shop(conn)
            batch_id = shop.open()
            for start in range(0, len(sales), chunk):
                shop.add(sales[start : start + chunk], batch_id)
            shop.take_back(back, batch_id)
            relink.relink(conn, {sale.vehicle.text for sale in sales if sale.vehicle})
            found = content_hash(conn)
        db.close()
    return found


@pytest.mark.slow
@settings(max_examples=by_night(40, by_day=6), deadline=None)
@given(imports())
def test_neither_order_nor_chunks_nor_repetition_leave_a_trace(
    given_imports: tuple[list[Sale], list[Sale], list[Sale], int],
) -> None:
    sales, again, back, chunk = given_imports

    assert hash_after(sales, back, 100) == hash_after(again, back[::-1], chunk)


def test_another_content_gives_another_hash() -> None:
    sale = make_sale()

    hashes = {
        hash_after([], [], 1),
        hash_after([sale], [], 1),
        hash_after([make_sale(amount_minor=1)], [], 1),
        hash_after([sale], [make_reversal(sale)], 1),
    }
    assert len(hashes) == 4
