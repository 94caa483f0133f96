"""What customers said of being addressed, and how often they were: of many at once."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, literal, null, or_, select

from station.archive.calls.care_tables import care_contacts
from station.archive.calls.tables import (
    call_results,
    calls,
    complaints,
    contact_wishes,
)
from station.archive.customers.stands import stands
from station.archive.customers.tables import customer_fields
from station.archive.rows import slices
from station.archive.tables import consents, customers
from station.model import (
    CallCode,
    CallStatus,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
)

WAYS = {"email": Channel.EMAIL, "wechat": Channel.WECHAT, "address": Channel.VISIT}
"""Fields by which a customer is reached otherwise than by his telephone."""
PLANNED = CallStatus.PLANNED.value


class Word(NamedTuple):
    """How somebody wants to be addressed on a channel (none named: on all)."""

    customer_id: int
    channel: str
    weekdays: str
    from_min: int | None
    to_min: int | None
    most: int | None
    is_unwanted: bool
    is_barred: bool


class Tried(NamedTuple):
    """One time that somebody was addressed, or (in `calls`) is going to be.

    `at` is an instant where the day of it is not told; `code` how a call ended.
    """

    customer_id: int
    channel: str
    day: int | None
    at: int | None
    at_min: int | None
    code: str


def _of(customer_ids: Collection[int], query: Select[Any], conn: Connection) -> Iterator[Any]:
    """Yield the rows of a query over `customers` of whoever stands for one of these."""
    for some in slices(sorted(set(customer_ids))):
        rows = or_(customers.c.id.in_(some), customers.c.merged_into.in_(some))
        yield from conn.execute(query.where(rows))


def said(conn: Connection, customer_ids: Collection[int]) -> dict[int, list[Consent]]:
    """Return what each of these who stand for themselves ever said, as it was written down."""
    found: dict[int, list[Consent]] = {one: [] for one in customer_ids}
    query = select(stands().label("who"), consents).join_from(consents, customers)
    for row in _of(customer_ids, query, conn):
        word = Consent(
            customer_id=row.customer_id,
            purpose=Purpose(row.purpose),
            channel=Channel(row.channel),
            given=bool(row.given),
            source=ConsentSource(row.source),
            text_version=row.text_version,
            on_day=row.on_day,
            account=row.account,
            written_at=row.written_at,
        )
        found[row.who].append(word)
    for words in found.values():
        words.sort(key=lambda word: word.written_at)  # of one second in the order of their ids
    return found


def wishes(conn: Connection, customer_ids: Collection[int]) -> list[Word]:
    """Return the wish of each of these that counts on each channel."""
    wish = contact_wishes.c
    columns = [wish[name] for name in Word._fields if name != "customer_id"]
    query = select(stands().label("customer_id"), *columns).join_from(contact_wishes, customers)
    newest: dict[tuple[int, str], Word] = {}
    for row in _of(customer_ids, query.order_by(wish.on_day, wish.id), conn):
        newest[row.customer_id, row.channel] = Word(*row)
    return list(newest.values())


def tried(
    conn: Connection, customer_ids: Collection[int], *, from_s: int, day: int, but_list: int = -1
) -> list[Tried]:
    """Return how often these were addressed since an instant, and when they are going to be.

    `day` is that from which a planned call still counts; thoughts of one list do not. Who called
    himself was not addressed.
    """
    result, call, thought = call_results.c, calls.c, care_contacts.c
    nothing = null()
    heard = select(stands(), result.channel, nothing, result.at, nothing, result.code)
    heard = heard.join_from(call_results, customers)
    heard = heard.where(result.at >= from_s, result.is_incoming == 0)
    coming = select(stands(), call.channel, call.day, nothing, call.at_min, literal(PLANNED))
    coming = coming.join_from(calls, customers)
    coming = coming.where(call.status == PLANNED, call.day >= day)
    cared = select(
        stands(), thought.channel, thought.day, nothing, nothing, literal(CallCode.OK.value)
    )
    cared = cared.join_from(care_contacts, customers)
    cared = cared.where(thought.at >= from_s, func.coalesce(thought.list_id, 0) != but_list)
    return [
        Tried(*row) for query in (heard, coming, cared) for row in _of(customer_ids, query, conn)
    ]


def complaining(conn: Connection, customer_ids: Collection[int]) -> set[int]:
    """Return who of these has a complaint that is open."""
    query = select(stands()).join_from(complaints, customers)
    query = query.where(complaints.c.closed_at.is_(None))
    return {int(row[0]) for row in _of(customer_ids, query, conn)}


def ways(conn: Connection, customer_ids: Collection[int]) -> dict[int, set[Channel]]:
    """Return by which ways each of these can be reached at all; a visit is to whoever is there."""
    found = {one: {Channel.VISIT} for one in customer_ids}
    phones = select(stands()).where(customers.c.phone_sealed.is_not(None))
    for row in _of(customer_ids, phones, conn):
        found[row[0]] |= {Channel.PHONE, Channel.SMS}
    field = customer_fields.c
    told = select(stands(), field.field).join_from(customer_fields, customers)
    told = told.where(field.field.in_(list(WAYS)), field.value_sealed.is_not(None))
    for who, name in _of(customer_ids, told, conn):
        found[who].add(WAYS[name])
    return found
