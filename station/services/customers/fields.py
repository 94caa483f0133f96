"""What is known of a customer, field by field: now, on any day, and how it came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import time

import pandas as pd

from station import text
from station.archive import lake, stations
from station.archive.customers import book
from station.archive.customers import fields as store
from station.archive.customers.book import Customer
from station.archive.customers.fields import Change, Check
from station.archive.database import Connection, Database
from station.config import Settings
from station.contact import fields as every
from station.contact import values as reading
from station.contact.fields import OWN_GROUP, Field, FieldKind
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import mask, traces
from station.ingest import phones
from station.model import Act, Channel, Purpose, day_number
from station.services import trail
from station.services.access import acting, right, today
from station.services.ask import Ask
from station.services.customers import contacts, kept
from station.services.customers.contacts import Seen
from station.services.customers.kept import Fact, News, Words

LONGEST_NOTE, LONGEST_TEXT = reading.LONGEST[FieldKind.NOTE], reading.LONGEST_TEXT
EARLIEST = reading.EARLIEST
FIGURES = frozenset({"organisation_name", "owner_kind"})
"""Fields that the board shows of a vehicle's owner."""
MASKS = {FieldKind.NAME: mask.name, FieldKind.PHONE: mask.phone, FieldKind.WAY: mask.way}
CHANNELS = {"email": Channel.EMAIL, "wechat": Channel.WECHAT, "address": Channel.VISIT}
"""By which way somebody is addressed who is reached so; any other is a call."""
HISTORY = ("written_at", "field", "old", "new", "account", "reason")


@dataclass(frozen=True, slots=True)
class Told:
    """A field of a customer as the asker may see it.

    `value` is masked where it names or reaches somebody, and empty where it was told in confidence
    and is kept from the asker. `is_kept` tells that something stands there, `is_open` that `value`
    is all of it, `is_shut` that the key is lost. `checked_day` and `is_good` are those of the last
    check.
    """

    field: Field
    value: str = ""
    is_kept: bool = False
    is_open: bool = True
    is_shut: bool = False
    checked_day: int | None = None
    is_good: bool | None = None

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.field.name


def known_fields(settings: Settings) -> dict[str, Field]:
    """Return every field by name, the chain's own last."""
    return {one.name: one for one in every.known(settings.fields)}


def label(lang: str, field: Field) -> str:
    """Return what a field is called on a page."""
    if field.labels:
        return field.labels[lang]
    of_card = f"fields.core_{field.name}"
    return text.say(lang, of_card if text.has(lang, of_card) else f"field.{field.name}")


def word(lang: str, field: Field, value: str) -> str:
    """Return a value of a field in words."""
    if field.kind is FieldKind.YES_NO and value:
        return text.say(lang, f"fields.{value}")
    if field.kind is not FieldKind.CHOICE or field.group == OWN_GROUP or not value:
        return value
    if field.name == "owner_kind":
        return text.say(lang, f"word.owner_kind.{value}")
    key = f"fields.choice.{field.name}.{value}"
    return text.say(lang, key) if text.has(lang, key) else value


@right("cards.read")
def known(ask: Ask, *, customer_id: int, on: date | None = None) -> list[Told]:
    """Return every field that is asked of a customer or known of him; as of the end of a day.

    Where several were found to be one, the value of the one that stands counts, else another's.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        ids = book.same(conn, customer_id)
        now = kept.standing(conn, ask.db, ids)
        checks = store.checks(conn, ids) if on is None else {}
        then = now if on is None else kept.stood(conn, ask.db, now, kept.last_second(on))
        codes = {str(number): code for code, number in stations.ids(conn).items()}
    may_open = contacts.may_reveal(ask, seen)
    told = []
    for field in known_fields(ask.settings).values():
        fact = kept.first(then, field.name)
        if fact is not None or field.concerns(is_organisation=seen.customer.is_organisation):
            told.append(_told(ask, field, fact, checks, codes, may_open=may_open))
    return told


def _told(
    ask: Ask,
    field: Field,
    fact: Fact | None,
    checks: Mapping[tuple[int, str], Check],
    codes: Mapping[str, str],
    *,
    may_open: bool,
) -> Told:
    if fact is None:
        return Told(field)
    if fact.words is None:
        return Told(field, is_kept=True, is_open=False, is_shut=True)
    shown = _shown(ask, field, fact.words, codes, may_open=may_open)
    check = checks.get((fact.customer_id, field.name))
    return Told(
        field,
        value=shown or "",
        is_kept=True,
        is_open=shown == fact.words or field.name == "station",
        checked_day=check.checked_day if check else None,
        is_good=check.is_good if check else None,
    )


def _shown(
    ask: Ask, field: Field | None, words: str, codes: Mapping[str, str], *, may_open: bool
) -> str | None:
    """Return a value as the asker may see it, none where it is kept from him."""
    if not words:
        return words
    if field is None:
        return words if may_open else None
    if field.name == "station":
        is_here = words.isdecimal() and int(words) in ask.scope.station_ids
        return codes.get(words) if is_here else None
    if field.kind in MASKS:
        return MASKS[field.kind](words)
    return None if field.kind is FieldKind.NOTE and not may_open else words


@right("cards.read")
def history(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return HISTORY of every change of a customer's fields, the newest first.

    `old` and `new` are as the asker may see them, empty for nothing, missing where kept from him.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        changes = store.changes(conn, book.same(conn, customer_id))
        codes = {str(number): code for code, number in stations.ids(conn).items()}
    may_open = contacts.may_reveal(ask, seen)
    rows = [_row(ask, change, codes, may_open=may_open) for change in reversed(changes)]
    return pd.DataFrame(rows, columns=list(HISTORY))


def _row(
    ask: Ask, change: Change, codes: Mapping[str, str], *, may_open: bool
) -> tuple[object, ...]:
    field = known_fields(ask.settings).get(change.field)
    old, new = (
        None if words is None else _shown(ask, field, words, codes, may_open=may_open)
        for words in (kept.old_of(ask.db, change), kept.new_of(ask.db, change))
    )
    at = datetime.fromtimestamp(change.written_at, UTC)
    return at, change.field, old, new, change.account, change.reason


@right("customers.edit")
def change(ask: Ask, *, customer_id: int, values: Mapping[str, str], reason: str = "") -> list[str]:
    """Return which fields of a customer have another value now; an empty value takes it away.

    All are changed or none. How somebody is reached counts as checked on the day it is told.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased, or what is noted there is kept from the asker.
        BadValueError: there is no such field, a value cannot be, or the reason names him.
    """
    figures = bool(FIGURES & values.keys())
    with acting(ask, changes_figures=figures) as conn:
        seen = contacts.there(conn, ask, customer_id)
        words = {
            field: read(conn, ask, field, typed)
            for field, typed in _asked(ask, values, seen).items()
        }
        known = kept.standing(conn, ask.db, seen.customer.ids)
        standing = known[seen.customer.id]
        news = {field: new for field, new in words.items() if new != standing.get(field.name, "")}
        _refuse_change(ask, seen, news, known)
        why = _why(ask.db, seen, reason, news, known)
        if news:
            write(conn, ask, seen.customer, news, standing=standing, reason=why)
            _note(conn, ask, seen, count=len(news), reason=why)
    if figures:
        lake.refresh(ask.db)
    return [field.name for field in news]


def _asked(ask: Ask, values: Mapping[str, str], seen: Seen) -> dict[Field, str]:
    known = known_fields(ask.settings)
    found = {}
    for name, typed in values.items():
        field = known.get(name)
        if field is None:
            raise BadValueError("fields.unknown", field=name)
        if typed.strip() and not field.concerns(is_organisation=seen.customer.is_organisation):
            raise BadValueError("fields.not_asked", field=name)
        found[field] = typed
    return found


def read(conn: Connection, ask: Ask, field: Field, typed: str) -> str:
    """Return what was typed into a field as it is kept; a station, typed by code, by its number.

    Raises:
        BadValueError: it cannot be a value of this field, or no station in sight.
    """
    if field.name == "station":
        number = stations.ids(conn).get(typed.strip())
        if number not in ask.scope.station_ids:
            raise BadValueError("fields.station_needed", field=field.name)
        return str(number)
    if field.kind is FieldKind.PHONE:
        return read_phone(ask.settings, field, typed)
    return reading.read(field, typed, words_of(field))


def read_phone(settings: Settings, field: Field, typed: str) -> str:
    """Return a telephone as it is kept.

    Raises:
        BadValueError: it is none.
    """
    try:
        return phones.read(typed, settings.ingest.phone_region)
    except BadValueError as error:
        raise BadValueError("fields.bad_phone", field=field.name) from error


def words_of(field: Field) -> dict[str, str]:
    """Return what each choice of a field is called in any language, in small letters."""
    return {
        word(lang, field, choice).casefold(): choice
        for lang in text.LANGUAGES
        for choice in field.choices
    }


def _refuse_change(
    ask: Ask, seen: Seen, news: Mapping[Field, str], known: Mapping[int, Words]
) -> None:
    """Refuse to write over what the asker may not read, and to take a customer from afar.

    What stands in any of the records that are one is his.
    """
    may_open = contacts.may_reveal(ask, seen)
    for field in news:
        is_noted = field.kind is FieldKind.NOTE and kept.first(known, field.name) is not None
        if is_noted and not may_open:
            raise NotAllowedError("fields.kept_from_you")
        own = seen.customer.station_id
        if field.name == "station" and own is not None and own not in seen.here:
            raise NotAllowedError("fields.station_elsewhere")


def _why(
    db: Database,
    seen: Seen,
    reason: str,
    news: Mapping[Field, str],
    known: Mapping[int, Words],
) -> str:
    """Return a reason that names nobody, empty where none is given."""
    if not reason.strip():
        return ""
    told = {field.kind: words for field, words in news.items() if field.is_way}
    was = (words[name] or "" for words in known.values() for name in CHANNELS if name in words)
    person = contacts.of_person(db, seen.customer, *was)
    new = traces.of(
        names=[told.get(FieldKind.NAME, "")],
        phones=[told.get(FieldKind.PHONE, "")],
        marks=[words for field, words in news.items() if field.kind is FieldKind.WAY],
    )
    return contacts.impersonal(contacts.impersonal(reason, person), new)


def _note(conn: Connection, ask: Ask, seen: Seen, *, count: int, reason: str) -> None:
    trail.note(
        conn,
        ask.scope,
        Act.CHANGE,
        f"customer:{seen.customer.id}:fields",
        station_id=seen.station_id,
        count=count,
        reason=reason,
    )


def write(
    conn: Connection,
    ask: Ask,
    customer: Customer,
    news: Mapping[Field, str],
    *,
    standing: Words,
    reason: str = "",
) -> None:
    """Let values stand in a customer's fields, and write down what they were and who says so."""
    account = ask.scope.account
    kept.put(conn, ask.db, customer, news)
    kept.checked(conn, news, customer.id, day=day_number(today()), account=account)
    told = [
        News(customer.id, field.name, standing.get(field.name) or "", words)
        for field, words in news.items()
    ]
    kept.note(conn, ask.db, told, account=account, written_at=int(time()), reason=reason)


@right("customers.edit")
def check(ask: Ask, *, customer_id: int, field: str, is_good: bool) -> None:
    """Write down that somebody made sure today that a customer is reached so, or is not.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: nothing stands there that could be checked.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        fact = _way(conn, ask, customer_id, field)
        if fact is None:
            raise BadValueError("fields.nothing_to_check")
        day, account = day_number(today()), ask.scope.account
        store.put_checks(conn, [Check(fact.customer_id, field, day, is_good, account)])
        what = f"customer:{customer_id}:checked" if is_good else f"customer:{customer_id}:wrong"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id)


def _way(conn: Connection, ask: Ask, customer_id: int, name: str) -> Fact | None:
    """Return how a customer is reached, none where the field tells no such thing."""
    field = known_fields(ask.settings).get(name)
    if field is None or not field.is_way:
        return None
    standing = kept.standing(conn, ask.db, book.same(conn, customer_id))
    return kept.first(standing, name)


@right(contacts.REVEAL)
def reveal(ask: Ask, *, customer_id: int, field: str, purpose: Purpose, reason: str) -> str | None:
    """Return in full how a customer is reached, none where the key is lost; it is written down.

    Raises:
        NotFoundError: he is not in sight, or nothing is kept there.
        NotAllowedError: he is in another's care, was erased, or does not agree to this purpose.
        BadValueError: no reason is given, or it names him.
        LimitReachedError: the day's are used up.
    """
    with acting(ask) as conn:
        seen = contacts.there(conn, ask, customer_id)
        fact = _way(conn, ask, customer_id, field)
        channel = CHANNELS.get(field, Channel.PHONE)
        contacts.refuse_reveal(conn, ask, seen, purpose, is_kept=fact is not None, channel=channel)
        if fact is None:
            raise NotFoundError("contacts.none_kept")
        person = contacts.of_person(ask.db, seen.customer, fact.words or "")
        told = f"{purpose}: {contacts.impersonal(reason, person)}"
        contacts.note_reveal(conn, ask, seen, f"customer:{customer_id}", reason=told)
        return fact.words


def in_order(fields: Sequence[Told]) -> list[Told]:
    """Return what is missing and counts, the weightiest first."""
    absent = [told for told in fields if not told.is_kept and told.field.weight]
    return sorted(absent, key=lambda told: -told.field.weight)
