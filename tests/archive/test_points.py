"""The ledger in a real archive: booked once, chained, and overdrawn by nobody."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

import pytest
from loyalty.points_play import Play
from sqlalchemy import Connection, insert, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from station.archive.database import Database
from station.archive.points import chain, lots, proofs
from station.archive.points.chain import Posting
from station.archive.tables import customers
from station.errors import PointsError
from station.loyalty import ledger
from station.loyalty.ledger import Earning, Purse
from station.model import LotPart, PointAccount, PointDraft

DAY, AT = 20_000, 1_728_000_000


def settle(conn: Connection, ids: range) -> None:
    """Let there be customers with these numbers."""
    row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
    conn.execute(insert(customers), [row | {"id": one, "code": f"C{one}"} for one in ids])


def purse(conn: Connection, customer_id: int, rows: list[int], day: int = DAY) -> Purse:
    frozen = lots.is_frozen(conn, rows)
    return Purse(customer_id, day, lots.of_customers(conn, rows), is_frozen=frozen)


def book(conn: Connection, customer_id: int, draft: PointDraft, key: str, **more: Any) -> int:
    posting = Posting(key, "", draft, customer_id, AT, DAY, "tester", **more)
    return chain.append(conn, [posting])[0].id


def earn(conn: Connection, customer_id: int, points: int, key: str = "earn:1") -> int:
    draft = ledger.earn(purse(conn, customer_id, [customer_id]), Earning(points, None, key))
    return book(conn, customer_id, draft, key)


@pytest.fixture
def funded(db: Database) -> Database:
    """Return an archive in which customer 1 has a thousand points."""
    with db.writing() as conn:
        settle(conn, range(1, 5))
        earn(conn, 1, 1_000)
    return db


def first_bad(db: Database) -> dict[str, str]:
    """Return what the proofs find."""
    with db.reading() as conn:
        found = {
            name: conn.execute(query.limit(1)).scalar() for name, query in proofs.queries().items()
        }
        broken = proofs.first_broken(conn)
    return {
        name: str(row) for name, row in (*found.items(), ("points_chain", broken or None)) if row
    }


@dataclass
class Shelf:
    """The archive in the place of the dictionary in which the random play keeps its drafts."""

    conn: Connection
    count: int = 0

    def purse(self, row: int, rows: list[int], day: int) -> Purse:
        return purse(self.conn, row, rows, day)

    def book(self, row: int, draft: PointDraft, closes: int | None) -> int:
        self.count += 1
        return book(self.conn, row, draft, f"key {self.count}", closes=closes)

    def parts(self, move: int, account: PointAccount) -> list[LotPart]:
        return lots.parts(self.conn, move, account)


@pytest.mark.slow
def test_random_moves_in_an_archive_end_where_the_oracle_says(db: Database) -> None:
    with db.writing() as conn:
        settle(conn, range(1, 5))
        play = Play(random.Random(7), Shelf(conn))  # noqa: S311 - chance
        for _ in range(300):
            play.step()

    assert first_bad(db) == {}


# --- nobody spends what another has spent --------------------------------------------------------

TELLERS, EACH = 200, 100


def at_once(work: Callable[[int], object], number: int = TELLERS) -> list[object]:
    """Return what so many threads got that began at the same moment, each an answer or an error."""
    told: list[object] = [None] * number
    gate = Barrier(number)

    def run(at: int) -> None:
        gate.wait()
        try:
            told[at] = work(at)
        except (PointsError, IntegrityError) as error:
            told[at] = error

    threads = [Thread(target=run, args=(at,)) for at in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def in_turn(db: Database) -> Callable[[int], object]:
    """Redeem as the services do: what is there is read in the turn to write."""

    def redeem(at: int) -> object:
        with db.writing(changes_figures=False) as conn:
            return book(conn, 1, ledger.redeem(purse(conn, 1, [1]), EACH), f"redeem:{at}")

    return redeem


def out_of_turn(db: Database) -> Callable[[int], object]:
    """Redeem as so many programs do: what is there is read before."""
    read = Barrier(TELLERS)

    def redeem(at: int) -> object:
        with db.reading() as conn:
            stale = purse(conn, 1, [1])
        read.wait()
        with db.writing(changes_figures=False) as conn:
            return book(conn, 1, ledger.redeem(stale, EACH), f"redeem:{at}")

    return redeem


def without_checks(db: Database) -> None:
    """Take away what the database itself holds against an overdrawn lot."""
    with db.writing() as conn:
        if db.path:
            conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        else:
            for name in ("left", "points"):
                conn.exec_driver_sql(f"ALTER TABLE point_lots DROP CONSTRAINT ck_point_lots_{name}")


def spent(db: Database) -> int:
    query = text("SELECT coalesce(sum(points), 0) FROM point_entries WHERE account = 'redeemed'")
    with db.reading() as conn:
        return int(conn.execute(query).scalar_one())


@pytest.mark.slow
@pytest.mark.parametrize("has_checks", [True, False], ids=["both guards", "turn alone"])
def test_of_two_hundred_tellers_ten_redeem_what_there_is(
    funded: Database, *, has_checks: bool
) -> None:
    if not has_checks:
        without_checks(funded)

    told = at_once(in_turn(funded))

    assert len([one for one in told if isinstance(one, int)]) == 10
    assert len([one for one in told if isinstance(one, PointsError)]) == TELLERS - 10
    assert spent(funded) == 1_000
    assert first_bad(funded) == {}


@pytest.mark.slow
def test_the_database_alone_lets_no_more_than_ten_redeem(funded: Database) -> None:
    told = at_once(out_of_turn(funded))

    assert len([one for one in told if isinstance(one, int)]) == 10
    assert spent(funded) == 1_000
    assert first_bad(funded) == {}


@pytest.mark.slow
def test_with_both_guards_gone_two_hundred_redeem_and_the_proof_tells(funded: Database) -> None:
    without_checks(funded)

    told = at_once(out_of_turn(funded))

    assert len([one for one in told if isinstance(one, int)]) == TELLERS
    assert spent(funded) == TELLERS * EACH
    assert first_bad(funded) == {"points_lots": "1"}


# --- nothing is changed unseen ------------------------------------------------------------------

TABLES = {
    "point_transactions": ("points", "balance", "at", "day", "account", "key", "move"),
    "point_entries": ("points", "account", "lot_id"),
    "point_lots": ("points", "left", "held", "owed", "lapsed", "taken", "expires_day"),
}


@pytest.fixture
def busy(funded: Database) -> Database:
    """Return an archive in which a member earned, redeemed and reversed."""
    with funded.writing() as conn:
        for turn in range(5):
            earn(conn, 2, 100 + turn, key=f"earn:2:{turn}")
            spent = book(conn, 2, ledger.redeem(purse(conn, 2, [2]), 60), f"redeem:{turn}")
            parts = lots.parts(conn, spent, PointAccount.REDEEMED)
            if turn % 2:
                draft = ledger.reverse([purse(conn, 2, [2])], parts)
                book(conn, 2, draft, f"reverse:{turn}", closes=spent)
    return funded


@pytest.mark.parametrize("deed", ["UPDATE {} SET points = points + 1", "DELETE FROM {}"])
@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_ledger_is_append_only(busy: Database, table: str, deed: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), busy.writing() as conn:
        conn.exec_driver_sql(deed.format(table))


def test_an_entry_that_would_overdraw_a_lot_cannot_be_added(busy: Database) -> None:
    overdrawn = "INSERT INTO point_entries VALUES (1, 9, 'member', 1, -1001)"

    with pytest.raises(IntegrityError), busy.writing() as conn:
        conn.exec_driver_sql(overdrawn)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # whose triggers are dropped
@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, names in TABLES.items() for column in names]
)
def test_whatever_is_changed_with_the_triggers_gone_is_found(
    busy: Database, table: str, column: str
) -> None:
    is_text = column in {"account", "key", "move"}
    new = "'held'" if is_text else f'coalesce("{column}", 0) + 1'
    with busy.writing() as conn:
        conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        for kind in ("fixed", "keep"):
            conn.exec_driver_sql(f"DROP TRIGGER {table}_{kind}")
        where = "rowid = 2" if table != "point_entries" else "transaction_id = 3 AND place = 1"
        changed = f'UPDATE {table} SET "{column}" = {new} WHERE {where}'  # noqa: S608
        conn.exec_driver_sql(changed)

    assert first_bad(busy) != {}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # whose triggers are dropped
def test_a_cut_end_is_missed(busy: Database) -> None:
    with busy.writing() as conn:
        for table, kind in (("point_transactions", "keep"), ("point_entries", "keep")):
            conn.exec_driver_sql(f"DROP TRIGGER {table}_{kind}")
        last = chain.head(conn).id
        conn.exec_driver_sql(f"DELETE FROM point_entries WHERE transaction_id = {last}")  # noqa: S608
        conn.exec_driver_sql(f"DELETE FROM point_transactions WHERE id = {last}")  # noqa: S608

    assert first_bad(busy)["points_chain"] == str(last)
