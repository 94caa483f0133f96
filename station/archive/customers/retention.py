"""Of whom a name or phone is kept, and what tells when he was last seen."""

import pandas as pd
from sqlalchemy import Connection, func, or_, select

from station.archive.customers.book import Tie, ties_of
from station.archive.customers.stands import stands
from station.archive.rows import frame
from station.archive.tables import batches, consents, customers, vehicle_keys
from station.model import DAY_S


def with_contact(conn: Connection) -> pd.DataFrame:
    """Return customer_id, since_day and said_day of whom a name or phone is kept.

    `stands_id` is the customer that stands for him.
    """
    said = (
        select(consents.c.customer_id, func.max(consents.c.on_day).label("said_day"))
        .group_by(consents.c.customer_id)
        .subquery()
    )
    query = (
        select(
            customers.c.id.label("customer_id"),
            stands().label("stands_id"),
            customers.c.since_day,
            said.c.said_day,
        )
        .outerjoin(said, said.c.customer_id == customers.c.id)
        .where(or_(customers.c.name_sealed.is_not(None), customers.c.phone_sealed.is_not(None)))
    )
    return frame(conn, query)


def ties(conn: Connection) -> pd.DataFrame:
    """Return vehicle_id, customer_id, from_day and to_day of every tie."""
    rows = [(tie.vehicle_id, tie.customer_id, tie.from_day, tie.to_day) for tie in every_tie(conn)]
    columns = ["vehicle_id", "customer_id", "from_day", "to_day"]
    return pd.DataFrame(rows, columns=columns, dtype="int64")


def every_tie(conn: Connection) -> list[Tie]:
    """Return every tie of a vehicle to a customer."""
    vehicle_ids = conn.execute(select(vehicle_keys.c.vehicle_id).distinct()).scalars().all()
    return ties_of(conn, vehicle_ids)


def last_import_day(conn: Connection) -> int:
    """Return the day of the last file of customers, 0 where none ever came."""
    last = select(func.max(batches.c.started_at)).where(batches.c.kind == "customers")
    return int(conn.execute(last).scalar() or 0) // DAY_S
