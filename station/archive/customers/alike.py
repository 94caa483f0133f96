"""What tells two records from each other, and which pairs were told apart by somebody."""

from collections.abc import Collection

import pandas as pd
from sqlalchemy import Connection, func, insert, select

from station.archive.customers.stands import stands
from station.archive.customers.tables import strangers
from station.archive.rows import frame
from station.archive.tables import audit, customers


def records(conn: Connection) -> pd.DataFrame:
    """Return a row a record that was not erased, under the customer that stands.

    Columns: customer_id, station_id, is_organisation, organisation_name, name_index, phone_index.
    """
    shown = ("station_id", "is_organisation", "organisation_name", "name_index", "phone_index")
    query = select(stands().label("customer_id"), *[customers.c[name] for name in shown])
    order = query.where(customers.c.erased_at.is_(None)).order_by(
        stands(), customers.c.merged_into.is_not(None), customers.c.id
    )
    return frame(conn, order).astype({"customer_id": "int64"})


def last_change(conn: Connection) -> int:
    """Return a number that rises with whatever anybody does."""
    return int(conn.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one())


def set_apart(conn: Connection, ids: Collection[int], *, account: str, at: int) -> None:
    """Write down that two records are not one customer; saying it again changes nothing."""
    low_id, high_id = sorted(ids)
    same = (strangers.c.low_id == low_id, strangers.c.high_id == high_id)
    if conn.execute(select(strangers.c.low_id).where(*same)).first() is None:
        told = {"low_id": low_id, "high_id": high_id, "account": account, "written_at": at}
        conn.execute(insert(strangers).values(told))


def told_apart(conn: Connection) -> set[tuple[int, int]]:
    """Return the pairs of customers that stand of which somebody said so, the lower id first."""
    low, high = customers.alias(), customers.alias()
    query = (
        select(
            stands(low),
            stands(high),
        )
        .join_from(strangers, low, low.c.id == strangers.c.low_id)
        .join(high, high.c.id == strangers.c.high_id)
    )
    return {(min(pair), max(pair)) for pair in map(tuple, conn.execute(query))}


def organisations(conn: Connection) -> list[tuple[int, str]]:
    """Return the customer that stands for each organisation, with a name that it has."""
    query = select(stands(), customers.c.organisation_name).where(
        customers.c.is_organisation == 1,
        customers.c.organisation_name != "",
        customers.c.erased_at.is_(None),
    )
    return [(int(customer_id), str(name)) for customer_id, name in conn.execute(query)]
