"""Which row of customers stands for which, since records were found to be one customer?"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from station.archive.tables import customers


def stands(rows: FromClause = customers) -> ColumnElement[Any]:
    """Return the column of the customer that stands for a row of `customers` or an alias of it."""
    return func.coalesce(rows.c.merged_into, rows.c.id)


def merged(conn: Connection) -> dict[int, int]:
    """Return of every customer who was found to be another one who that is."""
    query = select(customers.c.id, customers.c.merged_into)
    rows = conn.execute(query.where(customers.c.merged_into.is_not(None)))
    return {int(row.id): int(row.merged_into) for row in rows}
