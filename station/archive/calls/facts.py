"""By what customers can be reached, when they came last, and whether they are overdue at all."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, func, select

from station.archive import search
from station.archive.calls.tables import hold_outs
from station.archive.customers import book
from station.archive.customers.book import Tie
from station.archive.customers.tables import contact_persons, customer_fields
from station.archive.rows import slices
from station.archive.tables import alarms, customers, sales, vehicle_keys
from station.archive.views import visible
from station.model import DAY_S, Arm, Channel

MESSAGES = {"email": Channel.EMAIL, "wechat": Channel.WECHAT}
"""By which field of a card which messages reach a customer; an SMS does by his telephone."""


def vehicles(conn: Connection, whole: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Return the vehicles that are each customer's now; `whole` names the rows of each."""
    rows = sorted({row for some in whole.values() for row in some})
    touched = {
        vehicle_id for some in slices(rows) for _, vehicle_id in search.vehicles_held(conn, some)
    }
    known: dict[int, list[Tie]] = defaultdict(list)
    for tie in book.ties_of(conn, sorted(touched)):
        known[tie.vehicle_id].append(tie)
    first = {rows[0] for rows in whole.values()}
    owned: dict[int, list[int]] = {one: [] for one in first}
    for ties in known.values():
        for one in {tie.customer_id for tie in ties} & first:
            spans = book.held(ties, one)
            owned[one] += [span.vehicle_id for span in spans if span.to_day == book.FOREVER]
    return {one: owned[rows[0]] for one, rows in whole.items()}


def last_days(conn: Connection, vehicle_ids: Collection[int]) -> dict[int, int]:
    """Return the last local day on which each of these vehicles bought, anywhere in the chain."""
    found: dict[int, int] = {}
    for some in slices(sorted(vehicle_ids)):
        query = (
            select(vehicle_keys.c.vehicle_id, func.max(sales.c.local_at).label("at"))
            .join(sales, sales.c.key_id == vehicle_keys.c.id)
            .where(vehicle_keys.c.vehicle_id.in_(some), sales.c.quantity_milli > 0, visible())
            .group_by(vehicle_keys.c.vehicle_id)
        )
        found |= {int(row.vehicle_id): int(row.at) // DAY_S for row in conn.execute(query)}
    return found


def alarm_days(conn: Connection, vehicle_ids: Collection[int]) -> dict[int, int]:
    """Return when each of these vehicles is overdue if it does not come, of several the latest."""
    found: dict[int, int] = {}
    for some in slices(sorted(vehicle_ids)):
        query = select(alarms.c.vehicle_id, func.max(alarms.c.alarm_day).label("day"))
        query = query.where(alarms.c.vehicle_id.in_(some)).group_by(alarms.c.vehicle_id)
        found |= {int(row.vehicle_id): int(row.day) for row in conn.execute(query)}
    return found


def with_phone(conn: Connection, row_ids: Collection[int]) -> set[int]:
    """Return which rows of customers tell a telephone, their own or of somebody there."""
    found: set[int] = set()
    for some in slices(sorted(row_ids)):
        own = select(customers.c.id).where(
            customers.c.id.in_(some), customers.c.phone_sealed.is_not(None)
        )
        theirs = select(contact_persons.c.customer_id).where(
            contact_persons.c.customer_id.in_(some),
            contact_persons.c.phone_sealed.is_not(None),
            contact_persons.c.to_day.is_(None),
        )
        found |= {int(one) for one in conn.execute(own.union(theirs)).scalars()}
    return found


def written_to(conn: Connection, row_ids: Collection[int]) -> dict[int, frozenset[Channel]]:
    """Return by row of a customer by which messages he can be reached."""
    found: dict[int, set[Channel]] = defaultdict(set)
    for some in slices(sorted(row_ids)):
        own = select(customers.c.id).where(
            customers.c.id.in_(some), customers.c.phone_sealed.is_not(None)
        )
        for one in conn.execute(own).scalars():
            found[int(one)].add(Channel.SMS)
        told = select(customer_fields.c.customer_id, customer_fields.c.field).where(
            customer_fields.c.customer_id.in_(some),
            customer_fields.c.field.in_(list(MESSAGES)),
            customer_fields.c.value_sealed.is_not(None),
        )
        for one, name in conn.execute(told):
            found[int(one)].add(MESSAGES[name])
    return {one: frozenset(ways) for one, ways in found.items()}


def fields(
    conn: Connection, row_ids: Collection[int], names: Collection[str]
) -> dict[int, set[str]]:
    """Return by row of a customer what its fields hold: `field=value`, of sealed ones `field=`."""
    found: dict[int, set[str]] = defaultdict(set)
    for some in slices(sorted(row_ids)):
        query = select(
            customer_fields.c.customer_id, customer_fields.c.field, customer_fields.c.value
        )
        query = query.where(
            customer_fields.c.customer_id.in_(some), customer_fields.c.field.in_(names)
        )
        for row in conn.execute(query):
            found[int(row.customer_id)].add(f"{row.field}={row.value}")
    return found


def held_out(conn: Connection, row_ids: Collection[int], quarter: str) -> set[int]:
    """Return which rows of customers the lot lets nobody call in a quarter."""
    found: set[int] = set()
    for some in slices(sorted(row_ids)):
        query = select(hold_outs.c.customer_id).where(
            hold_outs.c.customer_id.in_(some),
            hold_outs.c.quarter == quarter,
            hold_outs.c.arm == Arm.HOLD.value,
        )
        found |= {int(one) for one in conn.execute(query).scalars()}
    return found


def lots(conn: Connection, row_ids: Collection[int]) -> list[tuple[str, int, str]]:
    """Return quarter, day on which a call fell due, and what the lot said, of one customer."""
    query = select(hold_outs.c.quarter, hold_outs.c.due_day, hold_outs.c.arm)
    query = query.where(hold_outs.c.customer_id.in_(row_ids)).order_by(hold_outs.c.quarter)
    return [(row.quarter, int(row.due_day), row.arm) for row in conn.execute(query)]
