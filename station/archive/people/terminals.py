"""Terminals of tills: which there are, whose key is whose, and what each sold under which key."""

from dataclasses import asdict, dataclass

import pandas as pd
from sqlalchemy import Connection, insert, select, update

from station.archive.rows import frame
from station.archive.tables import stations, terminals, till_receipts

LISTED = (
    *("id", "name", "number", "made_at", "made_by", "keyed_at", "seen_at", "revoked_at", "key_for"),
)
"""What a list of terminals says of each beside its station."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A till that may ask; the key itself is never stored.

    `number` is what its export files call it, empty where they name no terminal; `key_for` the
    account that may have a new key shown, once.
    """

    id: int
    name: str
    station_id: int
    key_hash: str
    seen_at: int | None
    revoked_at: int | None
    number: str
    key_for: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a till was told of a receipt that it sent under a key."""

    request_hash: str
    answer: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants a new terminal to be."""

    name: str
    station_id: int
    number: str


def add(conn: Connection, plan: Plan, *, key_hash: str, account: str, now_s: int) -> int:
    """Return the id of a new terminal; its name must be free."""
    values: dict[str, object] = {**asdict(plan), "key_hash": key_hash}
    values |= {"made_at": now_s, "made_by": account, "keyed_at": now_s}
    added = insert(terminals).values(values).returning(terminals.c.id)
    return int(conn.execute(added).scalar_one())


def by_hash(conn: Connection, key_hash: str) -> Terminal | None:
    """Return the terminal with a key, revoked or not; none if there never was one."""
    return _one(conn, "key_hash", key_hash)


def by_id(conn: Connection, terminal_id: int) -> Terminal | None:
    """Return a terminal, revoked or not."""
    return _one(conn, "id", terminal_id)


def by_name(conn: Connection, name: str) -> Terminal | None:
    """Return a terminal, revoked or not."""
    return _one(conn, "name", name)


def by_number(conn: Connection, station_id: int, number: str) -> Terminal | None:
    """Return the terminal of a station that stands under a number of its files, if any."""
    shown = [terminals.c[name] for name in Terminal.__slots__]
    query = select(*shown).where(
        terminals.c.station_id == station_id,
        terminals.c.number == number,
        terminals.c.revoked_at.is_(None),
    )
    row = conn.execute(query).first()
    return Terminal(*row) if row else None


def _one(conn: Connection, column: str, wanted: object) -> Terminal | None:
    shown = [terminals.c[name] for name in Terminal.__slots__]
    row = conn.execute(select(*shown).where(terminals.c[column] == wanted)).first()
    return Terminal(*row) if row else None


def change(conn: Connection, terminal_id: int, **values: object) -> None:
    """Give columns of a terminal new values."""
    conn.execute(update(terminals).where(terminals.c.id == terminal_id).values(values))


def listing(conn: Connection) -> pd.DataFrame:
    """Return LISTED and the station's code of every terminal there ever was."""
    shown = [terminals.c[name] for name in LISTED]
    query = select(*shown, stations.c.code.label("station")).join(
        stations, stations.c.id == terminals.c.station_id
    )
    return frame(conn, query.order_by(terminals.c.name))


def told(conn: Connection, terminal_id: int, key: str) -> Told | None:
    """Return what a terminal was told under a key, none if the key is new."""
    query = select(till_receipts.c.request_hash, till_receipts.c.answer).where(
        till_receipts.c.terminal_id == terminal_id, till_receipts.c.key == key
    )
    row = conn.execute(query).first()
    return Told(*row) if row else None


def tell(conn: Connection, terminal_id: int, key: str, answer: Told, now_s: int) -> None:
    """Keep what a terminal is told under a key."""
    values = {"terminal_id": terminal_id, "key": key, "at": now_s}
    values |= {"request_hash": answer.request_hash, "answer": answer.answer}
    conn.execute(insert(till_receipts).values(values))
