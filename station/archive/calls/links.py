"""By which secret address is whose calendar read? The address itself is kept nowhere."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, update

from station.archive.calls.care_tables import calendar_links


class Link(NamedTuple):
    """Whose calendar, in which language, since when; `token_hash` is of the secret in it."""

    account_id: int
    token_hash: str
    lang: str
    made_at: int


def of_account(conn: Connection, account_id: int) -> Link | None:
    """Return the link by which an account's calendar is read now, none if there is none."""
    mine = (calendar_links.c.account_id == account_id) & calendar_links.c.revoked_at.is_(None)
    return _found(conn, mine)


def by_hash(conn: Connection, token_hash: str) -> Link | None:
    """Return the link with a secret, none if there is none or it was revoked."""
    link = (calendar_links.c.token_hash == token_hash) & calendar_links.c.revoked_at.is_(None)
    return _found(conn, link)


def _found(conn: Connection, which: ColumnElement[bool]) -> Link | None:
    query = select(*[calendar_links.c[name] for name in Link._fields]).where(which)
    row = conn.execute(query).first()
    return None if row is None else Link(*row)


def put(conn: Connection, link: Link) -> None:
    """Keep a new link; the one before leads nowhere from now on."""
    revoke(conn, link.account_id, at=link.made_at)
    conn.execute(insert(calendar_links).values(link._asdict()))


def revoke(conn: Connection, account_id: int, *, at: int) -> int:
    """Return whether a link of an account was taken back."""
    mine = (calendar_links.c.account_id == account_id) & calendar_links.c.revoked_at.is_(None)
    return conn.execute(update(calendar_links).where(mine).values(revoked_at=at)).rowcount
