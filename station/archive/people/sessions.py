"""Who is signed in, and how often somebody tried in vain."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from station.archive.rows import frame
from station.archive.tables import accounts, attempts, sessions

BROWSER, TOKEN, TICKET = "browser", "token", "ticket"
"""Kinds of sessions: a person's browser, a token of the command line, which is never idle, and a
ticket, which is only good for being exchanged."""


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that may still hold; the token itself is never stored."""

    id: int
    account_id: int
    kind: str
    address: str
    started_at: int
    seen_at: int
    expires_at: int
    ended_at: int | None


def start(
    conn: Connection,
    *,
    account_id: int,
    token_hash: str,
    kind: str,
    address: str,
    now_s: int,
    expires_at: int,
) -> int:
    """Return the id of a new session."""
    values = {
        "account_id": account_id,
        "token_hash": token_hash,
        "kind": kind,
        "address": address,
        "started_at": now_s,
        "seen_at": now_s,
        "expires_at": expires_at,
    }
    return int(conn.execute(insert(sessions).values(values).returning(sessions.c.id)).scalar_one())


def find(conn: Connection, token_hash: str) -> Session | None:
    """Return the session of a token, ended or not; none if there never was one."""
    return _one(conn, sessions.c.token_hash == token_hash)


def by_id(conn: Connection, session_id: int) -> Session | None:
    """Return a session, ended or not."""
    return _one(conn, sessions.c.id == session_id)


def _one(conn: Connection, which: ColumnElement[bool]) -> Session | None:
    names = Session.__slots__
    row = conn.execute(select(*[sessions.c[name] for name in names]).where(which)).first()
    return Session(**dict(zip(names, row, strict=True))) if row else None


def touch(conn: Connection, session_id: int, now_s: int) -> None:
    """Note that a session was used."""
    conn.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now_s))


def end(conn: Connection, session_id: int, now_s: int) -> None:
    """End a session for good."""
    _end(conn, sessions.c.id == session_id, now_s)


def end_all(conn: Connection, account_id: int, now_s: int, *, but: int = 0) -> int:
    """Return how many sessions of an account were ended, all `but` one."""
    mine = and_(sessions.c.account_id == account_id, sessions.c.id != but)
    return _end(conn, mine, now_s)


def end_everyone(conn: Connection, now_s: int) -> int:
    """Return how many sessions were ended, whosever they were."""
    return _end(conn, sessions.c.id > 0, now_s)


def _end(conn: Connection, whose: ColumnElement[bool], now_s: int) -> int:
    ended = update(sessions).where(whose, sessions.c.ended_at.is_(None)).values(ended_at=now_s)
    return conn.execute(ended).rowcount


def standing(conn: Connection, *, now_s: int, idle_s: int) -> pd.DataFrame:
    """Return id, account, kind, address, started_at and seen_at of the sessions that hold."""
    names = ("id", "kind", "address", "started_at", "seen_at", "expires_at")
    is_used = or_(sessions.c.kind == TOKEN, sessions.c.seen_at >= now_s - idle_s)
    query = (
        select(*[sessions.c[name] for name in names], accounts.c.name.label("account"))
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(sessions.c.ended_at.is_(None), sessions.c.expires_at > now_s)
        .where(sessions.c.kind != TICKET, is_used)
    )
    return frame(conn, query.order_by(sessions.c.seen_at.desc()))


def forget(conn: Connection, *, sessions_before_s: int, attempts_before_s: int) -> int:
    """Return how many old sessions and attempts were deleted."""
    old = delete(sessions).where(sessions.c.expires_at < sessions_before_s)
    tries = delete(attempts).where(attempts.c.at < attempts_before_s)
    return conn.execute(old).rowcount + conn.execute(tries).rowcount


def note_attempt(conn: Connection, *, account_hash: str, address: str, now_s: int) -> None:
    """Note that a password is about to be looked at."""
    values = {"account_hash": account_hash, "address": address, "at": now_s}
    conn.execute(insert(attempts).values(values))


def tries(conn: Connection, *, account_hash: str, address: str, from_s: int) -> tuple[int, int]:
    """Return how many attempts came from an address since an instant: on an account, and at all."""
    is_same = attempts.c.account_hash == account_hash
    query = select(func.count().filter(is_same), func.count()).where(
        attempts.c.address == address, attempts.c.at >= from_s
    )
    on_account, on_all = conn.execute(query).one()
    return int(on_account), int(on_all)


def guesses(conn: Connection, *, address: str, from_s: int) -> int:
    """Return how many different things were tried in vain from an address since an instant."""
    tried = select(func.count(attempts.c.account_hash.distinct()))
    return int(
        conn.execute(
            tried.where(attempts.c.address == address, attempts.c.at >= from_s)
        ).scalar_one()
    )


def forgive(conn: Connection, *, account_hash: str, address: str) -> None:
    """Forget the attempts on an account from an address, after the right password came."""
    same = and_(attempts.c.account_hash == account_hash, attempts.c.address == address)
    conn.execute(delete(attempts).where(same))
