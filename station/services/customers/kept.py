"""What stands in a customer's fields, opened: now, on a day, and how it is put there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from station.archive.customers import book, sealed
from station.archive.customers import fields as store
from station.archive.customers.book import Customer
from station.archive.customers.fields import Change, Check, Value
from station.archive.customers.sealed import Contact, Kind
from station.archive.database import Connection, Database
from station.contact import past
from station.contact.fields import CORE, FIELDS, Field, FieldKind
from station.guard import traces
from station.guard.traces import Traces
from station.model import OwnerKind, day_date, day_number
from station.services import access
from station.services.personal import sealing

WAYS = frozenset(field.name for field in FIELDS if field.kind is FieldKind.WAY)
"""By what somebody is reached beside his telephone."""
Words = dict[str, str | None]
"""What stands in the fields of one customer, by field; none where it cannot be opened."""


class News(NamedTuple):
    """A field of a customer has another value: what it was and what it is, empty for nothing."""

    customer_id: int
    field: str
    old: str
    new: str


class Fact(NamedTuple):
    """What stands in a field, and in the row of which of the customers that are one."""

    customer_id: int
    words: str | None


def standing(conn: Connection, db: Database, customer_ids: Sequence[int]) -> dict[int, Words]:
    """Return what stands in the fields of each customer."""
    found = {customer_id: _core(conn, db, customer_id) for customer_id in customer_ids}
    for value in store.values(conn, customer_ids):
        found[value.customer_id][value.field] = _opened(db, value)
    return found


def _core(conn: Connection, db: Database, customer_id: int) -> Words:
    customer = book.find(conn, customer_id)
    return {} if customer is None else core_of(db, customer)


def core_of(db: Database, customer: Customer) -> Words:
    """Return what stands in a customer's own row; a station by its number."""
    name, phone = sealing.unseal_contact(db, customer.contact)
    kind = customer.owner_kind
    known: Words = {
        "organisation_name": customer.organisation_name,
        "name": name,
        "phone": phone,
        "owner_kind": "" if kind == OwnerKind.UNKNOWN else kind,
        "station": "" if customer.station_id is None else str(customer.station_id),
        "since": "" if customer.since_day is None else day_date(customer.since_day).isoformat(),
    }
    return {field: words for field, words in known.items() if words != ""}


def _opened(db: Database, value: Value) -> str | None:
    if value.value_sealed is None:
        return value.value
    place = sealed.place(Kind.FIELD, customer_id=value.customer_id, field=value.field)
    return sealing.unseal(db, value.value_sealed, place=place)


def told_of(
    conn: Connection,
    db: Database,
    customer_ids: Collection[int],
    names: Collection[str] | None = None,
) -> dict[tuple[int, str], tuple[str | None, Value]]:
    """Return what stands beside customers' own rows, opened and as it is kept.

    Of these fields only if any are named.
    """
    return {
        (value.customer_id, value.field): (_opened(db, value), value)
        for value in store.values(conn, customer_ids, names)
    }


def last_second(day: date) -> int:
    """Return the last second of a day where the server stands."""
    return access.start_of(day + timedelta(days=1)) - 1


def stood(conn: Connection, db: Database, now: Mapping[int, Words], at_s: int) -> dict[int, Words]:
    """Return what stood in the fields of each customer at an instant, from what stands `now`.

    Nothing was known of whoever was not written down yet.
    """
    made = store.made_at(conn, now)
    then = {customer_id: dict(words) for customer_id, words in now.items()}
    steps: dict[tuple[int, str], list[tuple[int, Change | None]]] = {}
    for change in store.changes(conn, now):
        place = (change.customer_id, change.field)
        steps.setdefault(place, []).append((change.written_at, change))
    for (customer_id, field), changes in steps.items():
        undone = past.stood(None, changes, at_s)
        if undone is not None:
            then[customer_id][field] = old_of(db, undone)
    is_made = {customer_id: made.get(customer_id, at_s) <= at_s for customer_id in now}
    return {
        customer_id: {field: words for field, words in known.items() if words != ""}
        for customer_id, known in then.items()
        if is_made[customer_id]
    }


def old_of(db: Database, change: Change) -> str | None:
    """Return what stood in a field before a change, empty for nothing."""
    return sealing.unseal(db, change.old_sealed, place=_place(Kind.OLD, change))


def new_of(db: Database, change: Change) -> str | None:
    """Return what stood in a field after a change, empty for nothing."""
    return sealing.unseal(db, change.new_sealed, place=_place(Kind.NEW, change))


def _place(kind: Kind, change: Change) -> str:
    return sealed.place(
        kind,
        customer_id=change.customer_id,
        field=change.field,
        written_at=change.written_at,
    )


def first(known: Mapping[int, Words], field: str) -> Fact | None:
    """Return what stands in a field of the first customer of whom it is known."""
    return next(
        (Fact(customer_id, words[field]) for customer_id, words in known.items() if field in words),
        None,
    )


def note(
    conn: Connection,
    db: Database,
    news: Iterable[News],
    *,
    account: str,
    written_at: int,
    reason: str,
) -> None:
    """Write down which fields were changed from what to what."""
    changes = []
    for one in news:
        bare = Change(one.customer_id, one.field, None, None, account, written_at, reason)
        old, new = (
            sealing.seal(db, words, place=_place(kind, bare)) if words else None
            for kind, words in ((Kind.OLD, one.old), (Kind.NEW, one.new))
        )
        changes.append(bare._replace(old_sealed=old, new_sealed=new))
    store.note(conn, changes)


def put(conn: Connection, db: Database, customer: Customer, news: Mapping[Field, str]) -> None:
    """Let values stand in a customer's fields; an empty one lets nothing stand there."""
    contact = customer.contact
    values = []
    for field, words in news.items():
        if field.name in {"name", "phone"}:
            contact = reached(db, contact, field.name, words)
        elif field.name in CORE:
            store.put_core(conn, customer.id, field.name, stored(field.name, words))
        elif words:
            values.append(value_of(db, customer.id, field, words))
        else:
            store.take(conn, customer.id, field.name)
    if contact is not customer.contact:
        sealed.put_contacts(conn, [contact])
    store.put(conn, values, standing=values)


def traces_of(conn: Connection, db: Database, customer_ids: Sequence[int]) -> Traces:
    """Return by what customers are recognised beside their own rows, now and formerly."""
    told: dict[str, list[str]] = defaultdict(list)
    for (_, field), (words, _) in told_of(conn, db, customer_ids).items():
        told[field].append(words or "")
    for change in store.changes(conn, customer_ids):
        told[change.field] += [old_of(db, change) or "", new_of(db, change) or ""]
    ways = [words for field in WAYS for words in told[field]]
    return traces.of(names=told["name"], phones=told["phone"], marks=ways)


def value_of(db: Database, customer_id: int, field: Field, words: str) -> Value:
    """Return a value as the archive keeps it."""
    if not field.is_sealed:
        return Value(customer_id, field.name, words, None)
    place = sealed.place(Kind.FIELD, customer_id=customer_id, field=field.name)
    return Value(customer_id, field.name, "", sealing.seal(db, words, place=place))


def reached(db: Database, contact: Contact, name: str, words: str) -> Contact:
    """Return how somebody is reached once his name or phone is told; empty takes it away."""
    if words:
        told = {"name": "", "phone": ""} | {name: words}
        return sealing.seal_contact(db, contact, **told)
    if name == "name":
        return replace(contact, name_sealed=None, name_index=None)
    return replace(contact, phone_sealed=None, phone_index=None)


def stored(name: str, words: str) -> str | int | None:
    """Return what a column of a customer's own row holds."""
    if name == "since":
        return day_number(date.fromisoformat(words)) if words else None
    if name == "station":
        return int(words) if words else None
    return words or (OwnerKind.UNKNOWN.value if name == "owner_kind" else "")


def checked(
    conn: Connection, news: Mapping[Field, str], customer_id: int, *, day: int, account: str
) -> None:
    """Note that how somebody is reached was told on a day; what went has no check any more."""
    ways = {field: words for field, words in news.items() if field.is_way}
    told = [Check(customer_id, f.name, day, True, account) for f, words in ways.items() if words]
    store.put_checks(conn, told)
    store.drop_checks(conn, [(customer_id, f.name) for f, words in ways.items() if not words])


def of_file(conn: Connection, db: Database, customer_ids: Sequence[int]) -> dict[str, Any]:
    """Return all that is kept of a customer field by field, for him to see.

    Of whoever changed it nothing is told: that is another person.
    """
    known, checks = standing(conn, db, customer_ids), store.checks(conn, customer_ids)
    return {
        "fields": [_told(place, words, checks) for place, words in _kept(known)],
        "field_changes": [
            {
                "field": change.field,
                "at": change.written_at,
                "old": old_of(db, change),
                "new": new_of(db, change),
                "reason": change.reason,
            }
            for change in store.changes(conn, customer_ids)
        ],
    }


def _kept(known: Mapping[int, Words]) -> Iterator[tuple[tuple[int, str], str | None]]:
    for customer_id, words in known.items():
        for field, value in words.items():
            if field not in CORE:
                yield (customer_id, field), value


def _told(
    place: tuple[int, str], words: str | None, checks: Mapping[tuple[int, str], Check]
) -> dict[str, Any]:
    check = checks.get(place)
    return {
        "field": place[1],
        "value": words,
        "checked_on": None if check is None else day_date(check.checked_day).isoformat(),
        "checked_good": None if check is None else check.is_good,
    }
