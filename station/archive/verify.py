"""Is the archive sound: file, keys, reversals, counts, signs, log, points; what does it hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    create_engine,
    func,
    or_,
    select,
)
from sqlalchemy.exc import DatabaseError

from station.archive import schema
from station.archive.batches import DONE, OPEN, UNDONE
from station.archive.customers import marks
from station.archive.database import Database
from station.archive.people import audit
from station.archive.points import offers, proofs
from station.archive.tables import batches, products, sales, stations, vehicle_keys

HASH_BYTES = 16
ACTING = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
MARKS = (marks.GRADE, marks.STAGE)
_making = Lock()


@dataclass(frozen=True, slots=True)
class Check:
    """One property, and the first row that breaks it (empty if none does)."""

    name: str
    first_bad: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was checked."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check was passed."""
        return not self.first_bad

    @property
    def first_bad(self) -> str:
        """The first check that failed with the first row that breaks it, empty if none does."""
        return next((f"{c.name}: {c.first_bad}" for c in self.checks if c.first_bad), "")


def verify(db: Database) -> Verification:
    """Return what a look at the whole archive found; it changes nothing and blocks nobody."""
    try:
        with db.readers.connect() as conn:
            checks = list(_file_checks(conn)) if db.path else []
            rows = [
                Check(name, _first(conn, query))
                for name, query in (_row_checks() | proofs.queries() | offers.queries()).items()
            ]
            rows.append(Check("audit", audit.first_broken(conn)))
            rows.append(Check("points_chain", proofs.first_broken(conn)))
            rows += [Check(one.name, marks.first_broken(conn, one)) for one in MARKS]
            rows += [Check("triggers", _odd_trigger(conn))] if db.path else []
    except DatabaseError as error:  # a page too damaged to look at
        return Verification((Check("integrity", str(error.orig)),))
    return Verification((*checks, *rows))


def content_hash(conn: Connection) -> str:
    """Return a hash of all standing sales and of which plates are one vehicle.

    Neither the order in which they came in nor the ids they were given matter.
    """
    total = 0
    for row in _contents(conn):
        total += int.from_bytes(blake2b(repr(row).encode(), digest_size=HASH_BYTES).digest())
    return f"{total % 256**HASH_BYTES:032x}"


def _file_checks(conn: Connection) -> Iterable[Check]:
    damage = conn.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
    yield Check("integrity", "" if damage == "ok" else str(damage))
    orphan = conn.exec_driver_sql("PRAGMA foreign_key_check").first()
    yield Check("foreign_keys", "" if orphan is None else f"{orphan[0]} {orphan[1]}")


def _odd_trigger(conn: Connection) -> str:
    """Return the name of a trigger or view that an archive has not, or lacks, or has otherwise.

    What would act on its own in a file from elsewhere could give rights or change the log.
    """
    found = frozenset((str(name), str(sql)) for name, sql in conn.exec_driver_sql(ACTING))
    with _making:  # migrations of two archives at once would get into each other's way
        odd = _triggers_of_new() ^ found
    return min((name for name, _ in odd), default="")


@cache
def _triggers_of_new() -> frozenset[tuple[str, str]]:
    engine = create_engine("sqlite://")
    with engine.begin() as fresh:
        schema.upgrade(fresh, archive="")
        made = frozenset((str(name), str(sql)) for name, sql in fresh.exec_driver_sql(ACTING))
    engine.dispose()
    return made


def _row_checks() -> dict[str, Select[Any]]:
    """Return the queries that find the id of a bad row each."""
    counted = func.count(sales.c.id)
    same = (sales.c.station_id, sales.c.natural_key)
    return {
        "natural_keys": select(func.max(sales.c.id))
        .where(sales.c.voided == 0)
        .group_by(*same)
        .having(counted > 1),
        "reversals": _overdrawn(),
        "signs": select(sales.c.id).where(_wrong_sign()),
        "products": select(sales.c.id).outerjoin(products).where(products.c.id.is_(None)),
        "batches": select(batches.c.id)
        .outerjoin(sales)
        .where(batches.c.kind == "sales", batches.c.status != OPEN)
        .group_by(batches.c.id, batches.c.status, batches.c.accepted)
        .having(
            or_(
                and_(batches.c.status == DONE, counted != batches.c.accepted),
                and_(batches.c.status == UNDONE, func.min(sales.c.voided) == 0),
            )
        ),
    }


def _overdrawn() -> Select[Any]:
    """Find a sale of which more was taken back than was sold, or that is itself a reversal."""
    back = sales.alias()
    left_quantity = sales.c.quantity_milli + func.sum(back.c.quantity_milli)
    left_amount = sales.c.amount_minor + func.sum(back.c.amount_minor)
    gone = or_(sales.c.voided == 1, sales.c.reverses.is_not(None))
    return (
        select(sales.c.id)
        .join(back, and_(back.c.reverses == sales.c.id, back.c.voided == 0))
        .group_by(sales.c.id)
        .having(or_(left_quantity < 0, left_amount < 0, func.max(case((gone, 1), else_=0)) == 1))
    )


def _wrong_sign() -> ColumnElement[bool]:
    negative = or_(sales.c.quantity_milli < 0, sales.c.amount_minor < 0)
    positive = or_(sales.c.quantity_milli > 0, sales.c.amount_minor > 0)
    return or_(
        and_(sales.c.reverses.is_(None), negative),
        and_(sales.c.reverses.is_not(None), positive),
    )


def _first(conn: Connection, query: Select[Any]) -> str:
    found = conn.execute(query.limit(1)).scalar()
    return "" if found is None else str(found)


def _contents(conn: Connection) -> Iterable[tuple[Any, ...]]:
    original, key, sibling = sales.alias(), vehicle_keys.alias(), vehicle_keys.alias()
    own = {"id", "batch_id", "station_id", "key_id", "product_id", "reverses", "voided"}
    lines = (
        select(
            stations.c.code,
            *[column for column in sales.c if column.name not in own],
            key.c.kind,
            key.c.text,
            key.c.colour,
            products.c.code,
            products.c.fuel,
            products.c.unit,
            original.c.natural_key,
        )
        .join_from(sales, stations, sales.c.station_id == stations.c.id)
        .join(products, sales.c.product_id == products.c.id)
        .outerjoin(key, sales.c.key_id == key.c.id)
        .outerjoin(original, sales.c.reverses == original.c.id)
        .where(sales.c.voided == 0)
    )
    yield from (tuple(line) for line in conn.execute(lines))
    pairs = select(key.c.kind, key.c.text, key.c.colour, sibling.c.colour).join_from(
        key,
        sibling,
        and_(
            key.c.vehicle_id == sibling.c.vehicle_id,
            key.c.text == sibling.c.text,
            key.c.colour < sibling.c.colour,
        ),
    )
    yield from (tuple(pair) for pair in conn.execute(pairs))
