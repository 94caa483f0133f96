"""Accounts, the links by which they are opened, and the roles they hold."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from station.archive.rows import frame
from station.archive.tables import accounts, grants, invitations, meta, stations
from station.model import Grant, Role

LISTED = ("id", "name", "person", "is_demo", "made_at", "disabled_at")
"""What a list of accounts says of each as it stands."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who may sign in; no `password_hash` until the person has chosen a password."""

    id: int
    name: str
    person: str
    password_hash: str | None
    subject: str | None
    is_demo: bool
    disabled_at: int | None


def add(
    conn: Connection,
    *,
    name: str,
    person: str,
    now_s: int,
    subject: str | None = None,
    is_demo: bool = False,
) -> int:
    """Return the id of a new account; its name must be free."""
    values = {"name": name, "person": person, "subject": subject, "is_demo": int(is_demo)}
    added = insert(accounts).values(values | {"made_at": now_s}).returning(accounts.c.id)
    return int(conn.execute(added).scalar_one())


def find(
    conn: Connection, *, account_id: int | None = None, name: str = "", subject: str = ""
) -> Account | None:
    """Return the account with this id, name or subject, none if there is none."""
    column, value = next(
        (column, value)
        for column, value in (
            (accounts.c.id, account_id),
            (accounts.c.name, name),
            (accounts.c.subject, subject),
        )
        if value
    )
    row = conn.execute(select(accounts).where(column == value)).first()
    if row is None:
        return None
    return Account(
        id=row.id,
        name=row.name,
        person=row.person,
        password_hash=row.password_hash,
        subject=row.subject,
        is_demo=bool(row.is_demo),
        disabled_at=row.disabled_at,
    )


def count(conn: Connection) -> int:
    """Return how many accounts there are."""
    return int(conn.execute(select(func.count()).select_from(accounts)).scalar_one())


def change(conn: Connection, account_id: int, **values: object) -> None:
    """Give columns of an account new values; whatever was drawn for it must be asked anew."""
    conn.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    raise_rights_version(conn)


def listing(conn: Connection) -> pd.DataFrame:
    """Return LISTED, has_password and by_company (signs in elsewhere) of all accounts."""
    has_password = accounts.c.password_hash.is_not(None).label("has_password")
    by_company = accounts.c.subject.is_not(None).label("by_company")
    shown = [accounts.c[name] for name in LISTED]
    return frame(conn, select(*shown, has_password, by_company).order_by(accounts.c.name))


def invite(conn: Connection, account_id: int, token_hash: str, expires_at: int) -> None:
    """Let whoever holds the token choose the account's password; older links stop working."""
    conn.execute(delete(invitations).where(invitations.c.account_id == account_id))
    values = {"token_hash": token_hash, "account_id": account_id, "expires_at": expires_at}
    conn.execute(insert(invitations).values(values))


def invited(conn: Connection, token_hash: str, now_s: int) -> int | None:
    """Return the account that a link opens, none where it does not work any more."""
    query = select(invitations.c.account_id).where(
        invitations.c.token_hash == token_hash, invitations.c.expires_at > now_s
    )
    return conn.execute(query).scalar()


def uninvite(conn: Connection, account_id: int) -> None:
    """End the links of an account."""
    conn.execute(delete(invitations).where(invitations.c.account_id == account_id))


def grant(
    conn: Connection, account_id: int, given: Grant, *, made_by: str, approved_by: str
) -> int:
    """Return the id of a role given to an account."""
    values = asdict(given) | {"role": given.role.value, "account_id": account_id}
    values |= {"made_by": made_by, "approved_by": approved_by}
    raise_rights_version(conn)
    return int(conn.execute(insert(grants).values(values).returning(grants.c.id)).scalar_one())


def end_grant(conn: Connection, grant_id: int, day: int) -> int | None:
    """Return whose role ended on a day, none where there is no such role or it had ended."""
    ended = (
        update(grants)
        .where(grants.c.id == grant_id, or_(grants.c.to_day.is_(None), grants.c.to_day > day))
        .values(to_day=day)
        .returning(grants.c.account_id)
    )
    raise_rights_version(conn)
    return conn.execute(ended).scalar()


def administrators(conn: Connection, day: int) -> int:
    """Return how many accounts that may sign in administrate the chain on a day."""
    query = (
        select(func.count(grants.c.account_id.distinct()))
        .join(accounts, accounts.c.id == grants.c.account_id)
        .where(
            grants.c.role == Role.ADMINISTRATOR.value,
            grants.c.from_day <= day,
            or_(grants.c.to_day.is_(None), grants.c.to_day > day),
            accounts.c.disabled_at.is_(None),
        )
    )
    return int(conn.execute(query).scalar_one())


def grants_of(conn: Connection, account_id: int, day: int) -> Sequence[Grant]:
    """Return the roles that an account holds on a day."""
    query = select(grants).where(
        grants.c.account_id == account_id,
        grants.c.from_day <= day,
        or_(grants.c.to_day.is_(None), grants.c.to_day > day),
    )
    return [
        Grant(Role(row.role), row.station_id, row.region, row.from_day, row.to_day)
        for row in conn.execute(query.order_by(grants.c.id))
    ]


def grants_frame(conn: Connection) -> pd.DataFrame:
    """Return every role ever given, with account and station by name, the newest first."""
    query = (
        select(
            *[grants.c[name] for name in ("id", "account_id", "role", "region", "from_day")],
            *[grants.c[name] for name in ("to_day", "made_by", "approved_by")],
            accounts.c.name.label("account"),
            stations.c.code.label("station"),
        )
        .join(accounts, accounts.c.id == grants.c.account_id)
        .outerjoin(stations, stations.c.id == grants.c.station_id)
    )
    return frame(conn, query.order_by(grants.c.id.desc()))


def rights_version(conn: Connection) -> int:
    """Return a number that rises whenever somebody's rights may have changed."""
    return _counter(conn, "rights_version")


def raise_rights_version(conn: Connection) -> None:
    """Make everybody's rights be looked up again."""
    raised = update(meta).where(meta.c.name == "rights_version")
    conn.execute(raised.values(value=meta.c.value + 1))


def is_demo(conn: Connection) -> bool:
    """Return whether the archive was filled with a demo network."""
    return _counter(conn, "is_demo") == 1


def mark_demo(conn: Connection) -> None:
    """Say that the archive holds a demo network: demo accounts may be used."""
    if not is_demo(conn):
        conn.execute(insert(meta).values(name="is_demo", value=1))


def _counter(conn: Connection, name: str) -> int:
    return int(conn.execute(select(meta.c.value).where(meta.c.name == name)).scalar() or 0)
