"""Who alone may contact a customer now, and in whose care he was before."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, insert, select, update

from station.archive.calls.tables import claims, keeper_changes
from station.archive.customers.stands import stands
from station.archive.rows import frame, slices
from station.archive.tables import accounts, customers
from station.model import ClaimKind, Released


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; `until_day` is the first day on which it no longer holds, none: until further."""

    customer_id: int
    account_id: int
    station_id: int
    kind: ClaimKind
    claimed_at: int
    until_day: int | None
    id: int = 0


COLUMNS = ("customer_id", "account_id", "station_id", "kind", "claimed_at", "until_day")


def add(conn: Connection, claim: Claim) -> int:
    """Return the id of a new claim; the database refuses a second one of a customer."""
    values = {name: getattr(claim, name) for name in COLUMNS}
    added = insert(claims).values(values | {"kind": claim.kind.value}).returning(claims.c.id)
    return int(conn.execute(added).scalar_one())


def active(conn: Connection, customer_ids: Collection[int]) -> list[Claim]:
    """Return the claims of these rows of customers that were not released, the oldest first."""
    found = []
    for some in slices(sorted(customer_ids)):
        query = select(claims).where(claims.c.customer_id.in_(some), claims.c.released_at.is_(None))
        found += [_claim(row) for row in conn.execute(query.order_by(claims.c.id))]
    return sorted(found, key=lambda claim: claim.id)


def over(conn: Connection, day: int) -> list[Claim]:
    """Return the claims that no longer hold on a day and were not released yet."""
    query = select(claims).where(claims.c.released_at.is_(None), claims.c.until_day <= day)
    return [_claim(row) for row in conn.execute(query.order_by(claims.c.id))]


def _claim(row: Any) -> Claim:
    values = {name: getattr(row, name) for name in ("id", *COLUMNS)}
    return Claim(**values | {"kind": ClaimKind(row.kind)})


def release(conn: Connection, claim_ids: Collection[int], at: int, how: Released) -> int:
    """Return how many claims ended now."""
    open_ = claims.c.released_at.is_(None)
    ended = {"released_at": at, "released": how.value}
    return sum(
        conn.execute(update(claims).where(claims.c.id.in_(some), open_).values(ended)).rowcount
        for some in slices(sorted(claim_ids))
    )


def prolong(conn: Connection, claim_id: int, until_day: int) -> None:
    """Let a claim hold until another day."""
    conn.execute(update(claims).where(claims.c.id == claim_id).values(until_day=until_day))


def taken_since(conn: Connection, person: str, at: int) -> int:
    """Return how many customers a person took from the pool since an instant, by any account."""
    query = (
        select(func.count())
        .select_from(claims)
        .join(accounts)
        .where(
            accounts.c.person == person,
            claims.c.kind == ClaimKind.PRIVATE.value,
            claims.c.claimed_at >= at,
        )
    )
    return int(conn.execute(query).scalar_one())


def lost_at(conn: Connection, person: str, customer_ids: Collection[int]) -> int | None:
    """Return when a person last gave a customer back or lost him to the pool, none: never."""
    how = [Released.GIVEN_BACK.value, Released.RECYCLED.value]
    query = (
        select(func.max(claims.c.released_at))
        .join_from(claims, accounts)
        .where(
            accounts.c.person == person,
            claims.c.customer_id.in_(customer_ids),
            claims.c.released.in_(how),
        )
    )
    at = conn.execute(query).scalar()
    return None if at is None else int(at)


# --- keepers --------------------------------------------------------------------------------------


def note_keeper(
    conn: Connection,
    customer_id: int,
    *,
    old_id: int | None,
    new_id: int | None,
    how: str,
    account: str,
    at: int,
) -> None:
    """Write down that a customer came into other hands."""
    if old_id == new_id:
        return
    values = {
        "customer_id": customer_id,
        "old_id": old_id,
        "new_id": new_id,
        "how": how,
        "account": account,
        "at": at,
    }
    conn.execute(insert(keeper_changes).values(values))


def keepers(conn: Connection, customer_ids: Collection[int]) -> pd.DataFrame:
    """Return at, old, new, how and account of who looked after a customer, the newest first."""
    old, new = accounts.alias("old"), accounts.alias("new")
    query = (
        select(
            keeper_changes.c.at,
            func.coalesce(old.c.name, "").label("old"),
            func.coalesce(new.c.name, "").label("new"),
            keeper_changes.c.how,
            keeper_changes.c.account,
        )
        .outerjoin(old, old.c.id == keeper_changes.c.old_id)
        .outerjoin(new, new.c.id == keeper_changes.c.new_id)
        .where(keeper_changes.c.customer_id.in_(customer_ids))
    )
    return frame(conn, query.order_by(keeper_changes.c.id.desc()))


def kept_by(conn: Connection, account_id: int, station_ids: Collection[int]) -> list[int]:
    """Return which standing customers registered at these stations an account looks after."""
    query = select(stands()).where(
        customers.c.keeper_id == account_id,
        customers.c.erased_at.is_(None),
        customers.c.station_id.in_(station_ids),
    )
    return sorted({int(one) for one in conn.execute(query).scalars()})


def keeping(conn: Connection, station_ids: Collection[int]) -> pd.DataFrame:
    """Return keeper_id, name, disabled_at and customers of all who look after somebody here."""
    query = (
        select(
            customers.c.keeper_id,
            accounts.c.name,
            accounts.c.disabled_at,
            func.count(stands().distinct()).label("customers"),
        )
        .join(accounts, accounts.c.id == customers.c.keeper_id)
        .where(customers.c.station_id.in_(station_ids), customers.c.erased_at.is_(None))
        .group_by(customers.c.keeper_id, accounts.c.name, accounts.c.disabled_at)
    )
    return frame(conn, query.order_by(accounts.c.name))


def pool(conn: Connection, station_ids: Collection[int]) -> list[int]:
    """Return who is registered at these stations, is reached by somebody's phone and is nobody's.

    Nobody's is who has no keeper and no claim, in any of his rows.
    """
    person = customers.alias("person")
    first = stands(person)
    kept = select(first).where(person.c.keeper_id.is_not(None))
    claimed = select(first).join_from(claims, person, claims.c.customer_id == person.c.id)
    claimed = claimed.where(claims.c.released_at.is_(None))
    query = select(stands()).where(
        customers.c.station_id.in_(station_ids),
        customers.c.erased_at.is_(None),
        customers.c.phone_sealed.is_not(None),
        stands().not_in(kept),
        stands().not_in(claimed),
    )
    return sorted({int(one) for one in conn.execute(query).scalars()})
