"""What a file of customers tells of their fields, and what it changes of what was known."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

from station import text
from station.archive.customers import fields as store
from station.archive.customers.fields import Check
from station.archive.customers.records import Replaced
from station.archive.customers.steps import CUSTOMERS, Pair, Step
from station.archive.database import Connection, Database
from station.config import Settings
from station.contact import values
from station.contact.fields import CORE, Field
from station.errors import BadValueError
from station.ingest.records_file import Fact
from station.model import CustomerRecord, OwnerKind, day_date
from station.services.customers import fields, kept
from station.services.customers.kept import News

KIND, CHECKS = "is_organisation", "checks"
"""What a step tells of a customer beside fields: a column, and which checks were forgotten."""
CORE_OF = {column: field for field, column in store.COLUMNS.items()}
"""The field of each column of a customer's own row that a file may change."""


class Known(NamedTuple):
    """A customer whom a file names: his id, and whether the archive knew him before."""

    id: int
    was_known: bool


def readers(settings: Settings) -> dict[str, Fact]:
    """Return how each field of customers is headed in a file and read."""
    return {
        field.name: Fact(_headings(field), _reader(field))
        for field in fields.known_fields(settings).values()
        if field.name not in CORE
    }


def _headings(field: Field) -> tuple[str, ...]:
    """Return by what a column of the chain's own is recognised; those of the house are listed."""
    return (*(label.strip() for label in field.labels.values()), field.name)


def _reader(field: Field) -> Callable[[str], str]:
    return partial(_read, field, fields.words_of(field))


def _read(field: Field, words: Mapping[str, str], cell: str) -> str:
    """Return a cell's value; of a bad one nothing is told, it may name somebody."""
    try:
        return values.read(field, cell, words)
    except BadValueError as error:
        raise BadValueError("bad_field") from error


def ways(settings: Settings) -> frozenset[str]:
    """Return the fields that name or reach somebody, and so are checked."""
    known = fields.known_fields(settings).values()
    return frozenset(field.name for field in known if field.is_way)


def heading(lang: str, settings: Settings, name: str) -> str:
    """Return what a column that is read is called on a page."""
    own = fields.known_fields(settings).get(name)
    return own.labels[lang] if own and own.labels else text.say(lang, f"field.{name}")


def put(
    conn: Connection,
    db: Database,
    settings: Settings,
    told: Sequence[tuple[Known, CustomerRecord]],
) -> tuple[list[bool], list[News]]:
    """Return for each customer whether a fact of his is new, and what that changed.

    What a file leaves blank stays; of whoever the archive meets for the first time nothing is a
    change.
    """
    by_name = fields.known_fields(settings)
    old_ids = {known.id for known, record in told if record.facts and known.was_known}
    standing = kept.told_of(conn, db, old_ids) if old_ids else {}
    was = {place: words for place, (words, _) in standing.items()}
    now, changed, news = dict(was), [], []
    for known, record in told:
        fresh = {
            name: words
            for name, words in record.facts.items()
            if now.get((known.id, name)) != words
        }
        if known.was_known:
            news += [
                News(known.id, name, now.get((known.id, name)) or "", words)
                for name, words in fresh.items()
            ]
        now |= {(known.id, name): words for name, words in fresh.items()}
        changed.append(bool(fresh))
    stored = [
        kept.value_of(db, customer_id, by_name[name], words or "")
        for (customer_id, name), words in now.items()
        if was.get((customer_id, name)) != words
    ]
    store.put(conn, stored, standing=[value for _, value in standing.values()])
    return changed, news


def of_columns(replaced: Sequence[Replaced]) -> list[News]:
    """Return what a file changed in customers' own rows."""
    return [
        News(one.customer_id, CORE_OF[column], _words(column, old), _words(column, new))
        for one in replaced
        for column, (old, new) in one.columns.items()
        if column in CORE_OF
    ]


def _words(column: str, value: object) -> str:
    """Return what a column holds as its field holds it."""
    if value is None or value == OwnerKind.UNKNOWN.value:
        return ""
    return day_date(int(str(value))).isoformat() if column == "since_day" else str(value)


def steps_of(
    told: Sequence[tuple[int, CustomerRecord]],
    news: Sequence[News],
    replaced: Sequence[Replaced],
    checks: Sequence[Check],
    *,
    last_id: int,
) -> list[Step]:
    """Return what a file did to customers: which fields it named, never what stands there.

    What stood there before and what the file put is in the history of the customer, sealed.
    """
    changed = {one.customer_id for one in news}
    names: dict[int, tuple[str, ...]] = {}
    for customer_id, record in told:
        named = _named(record)
        before = names.get(customer_id, ())
        names[customer_id] = tuple(dict.fromkeys((*before, *named))) if before else named
    more: dict[int, dict[str, Pair]] = {}
    for one in replaced:
        if KIND in one.columns:
            own = more.setdefault(one.customer_id, {})
            own[KIND] = [own.get(KIND, one.columns[KIND])[0], one.columns[KIND][1]]
            changed.add(one.customer_id)
    for check in checks:
        held = more.setdefault(check.customer_id, {}).setdefault(CHECKS, [])
        held.append([check.field, check.checked_day, int(check.is_good), check.account])
    return [
        Step(CUSTOMERS, customer_id, is_new=True)
        if customer_id > last_id
        else Step(
            CUSTOMERS,
            customer_id,
            told=_said(named) | more[customer_id] if customer_id in more else _said(named),
            is_said=customer_id not in changed,
        )
        for customer_id, named in names.items()
    ]


@lru_cache
def _said(names: tuple[str, ...]) -> dict[str, Pair]:
    """Return the same fields as one and the same value: most rows of a file tell the same."""
    return {name: [] for name in names}


def _named(record: CustomerRecord) -> tuple[str, ...]:
    """Return the fields that a row of a file tells something of."""
    own = (
        ("name", record.name),
        ("phone", record.phone),
        ("organisation_name", record.organisation_name),
        ("station", record.station),
        ("since", record.since_day),
        ("owner_kind", record.owner_kind != OwnerKind.UNKNOWN),
        *record.facts.items(),
    )
    return tuple([name for name, value in own if value])
