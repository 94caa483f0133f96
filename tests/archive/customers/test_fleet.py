"""All organisations at once are told what each is told alone."""

import pytest
from archive.shop import Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import make_key
from town import tell

from station.archive import stations
from station.archive.customers import book, fleet, records
from station.archive.database import Database, create_or_upgrade
from station.archive.tables import customers
from station.model import CardRecord, CustomerRecord, KeyKind, OwnerKind, VehicleRecord

CODES = ("ALPHA", "BETA", "GAMMA", "PRIVATE")


def company(code: str) -> CustomerRecord:
    is_organisation = code != "PRIVATE"
    return CustomerRecord(code, is_organisation, OwnerKind.COMPANY, station="S1")


def build(
    db: Database, owned: list[tuple[int, str, int]], held: list[tuple[int, str, int]]
) -> None:
    """Tie vehicles and cards to customers, in this order, each from a day on."""
    with db.writing() as conn:
        shop = Shop(conn)
        records.put_customers(conn, [company(c) for c in CODES], station_ids=stations.ids(conn))
        for number, code, day in owned:
            record = VehicleRecord(make_key(f"粤B{number:05d}"), owner_code=code, since_day=day)
            records.put_vehicles(conn, [record], keys=shop.keys)
        for number, code, day in held:
            bound = make_key(f"粤B{number:05d}") if number % 2 else None
            key = make_key(f"9000{number}", kind=KeyKind.CARD)
            shop.keys.ids(conn, [key])
            card = CardRecord(f"9000{number}", customer_code=code, plate=bound, since_day=day)
            records.put_cards(conn, [card], keys=shop.keys)


def expected(db: Database) -> set[tuple[int, ...]]:
    with db.reading() as conn:
        ids = [book.id_of(conn, code) or 0 for code in CODES if code != "PRIVATE"]
        return {(one, *span) for one in ids for span in book.spans(conn, one)}


def told(db: Database) -> list[tuple[int, ...]]:
    with db.reading() as conn:
        return [tuple(row) for row in fleet.spans(conn).to_numpy().tolist()]


TIE = st.tuples(st.integers(1, 5), st.sampled_from(CODES), st.integers(1, 40))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(owned=st.lists(TIE, max_size=8), held=st.lists(TIE, max_size=8))
@pytest.mark.slow
def test_all_at_once_says_what_each_alone_says(
    tmp_path_factory: pytest.TempPathFactory,
    owned: list[tuple[int, str, int]],
    held: list[tuple[int, str, int]],
) -> None:
    folder = tmp_path_factory.mktemp("ties")
    db = create_or_upgrade(f"sqlite:///{folder / 'station.db'}", folder)
    build(db, owned, held)

    found = told(db)

    assert len(set(found)) == len(found)
    assert set(found) == expected(db)
    db.close()


def test_on_both_engines(db: Database) -> None:
    owned = [(1, "ALPHA", 3), (1, "BETA", 9), (2, "ALPHA", 1), (3, "PRIVATE", 1)]
    build(db, owned, held=[(4, "BETA", 2), (2, "GAMMA", 2), (5, "GAMMA", 4)])

    assert set(told(db)) == expected(db)
    with db.reading() as conn:
        held = fleet.cards_held(conn)
        assert set(held["number"]) == {"90004", "90002", "90005"}
        labels = fleet.labels(conn, [row[1] for row in told(db)])
    assert set(labels) >= {"粤B00001", "粤B00002"}


def test_merged_organisations_own_together(db: Database) -> None:
    build(db, [(1, "ALPHA", 3), (2, "BETA", 4), (3, "ALPHA", 5), (3, "BETA", 9)], held=[])
    with db.writing() as conn:
        alpha, beta = (book.id_of(conn, code) for code in ("ALPHA", "BETA"))
        conn.execute(customers.update().where(customers.c.id == beta).values(merged_into=alpha))

    assert {row[0] for row in told(db)} == {alpha}
    days = {row[1:] for row in told(db)}
    assert {(from_day, to_day) for _, from_day, to_day in days} == {
        (3, book.FOREVER),
        (4, book.FOREVER),
        (5, 9),
        (9, book.FOREVER),
    }
    with db.reading() as conn:
        assert fleet.organisations(conn)["code"].tolist() == ["ALPHA", "GAMMA"]


def test_fields_of_whoever_stands_count_first(db: Database) -> None:
    build(db, [], held=[])
    with db.writing() as conn:
        alpha, beta, gamma, _ = (book.id_of(conn, code) for code in CODES)
        assert alpha is not None
        assert beta is not None
        conn.execute(customers.update().where(customers.c.id == alpha).values(merged_into=beta))
        tell(conn, alpha, settle_day="10", term_days="5")
        tell(conn, beta, settle_day="25")

        table = fleet.fields(conn, ("settle_day", "term_days")).set_index("customer_id")

    assert table.loc[beta].tolist() == ["25", "5"]
    assert gamma not in table.index
