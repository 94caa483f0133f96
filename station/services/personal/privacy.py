"""What a customer agreed to, and the file of all that is kept of him."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from time import time
from typing import Any

import pandas as pd

from station.archive.customers import agreements as agreed
from station.archive.customers import book as customers
from station.archive.customers import consents as book
from station.archive.customers import credit, merging, person, steps, tags
from station.archive.customers import persons as people
from station.archive.customers.book import FOREVER, Span
from station.archive.database import Connection
from station.errors import BadValueError
from station.guard import consent, mask
from station.model import (
    DAY_S,
    MILLI,
    Act,
    Channel,
    Consent,
    ConsentSource,
    Purpose,
    day_date,
    day_number,
    minor_per_major,
)
from station.services import board, trail
from station.services.access import LOCAL_ACCOUNT, acting, right, today
from station.services.ask import Ask
from station.services.customers import agreements, contacts, kept, occasions, persons
from station.services.customers.contacts import Seen
from station.services.personal import confided, sealing

LONGEST_VERSION = 40
OWNER_ONLY = 0o600
CONSENT_COLUMNS = (
    *("purpose", "channel", "given", "on_day"),
    *("source", "text_version", "written_at", "counts"),
)


@right("consent.record")
def record_consent(
    ask: Ask,
    *,
    customer_id: int,
    purpose: Purpose,
    channel: Channel,
    given: bool,
    source: ConsentSource,
    text_version: str = "",
    on: date | None = None,
) -> None:
    """Write down that a customer agrees, or no longer does; both take the same one step.

    `text_version` names the words that he was shown, `on` the day on which he said it, today
    unless another is named.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        NotAllowedError: he was erased.
        BadValueError: the day lies ahead, or the version is too long or names him: what he said is
            kept when he is erased.
    """
    day, version = on or today(), mask.redact(text_version.strip())
    if day > today():
        raise BadValueError("privacy.day_ahead")
    if len(version) > LONGEST_VERSION:
        raise BadValueError("privacy.version_long", limit=LONGEST_VERSION)
    word = Consent(
        customer_id=customer_id,
        purpose=purpose,
        channel=channel,
        given=given,
        source=source,
        text_version=version,
        on_day=day_number(day),
        account=ask.scope.account,
        written_at=int(time()),
    )
    _write(ask, word)


def _write(ask: Ask, word: Consent) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        seen = contacts.there(conn, ask, word.customer_id)
        if contacts.of_person(ask.db, seen.customer).found_in(word.text_version):
            raise BadValueError("contacts.reason_names")
        book.add(conn, [word])
        if word.purpose is Purpose.CARE:
            occasions.forget_unwanted(conn, word.customer_id)
        what = f"customer:{word.customer_id}:consent:{'given' if word.given else 'withdrawn'}"
        told = f"{word.purpose} {word.channel}"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=seen.station_id, reason=told)


@right("cards.read")
def consents(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return CONSENT_COLUMNS of what a customer said, the newest first; `counts` marks what holds.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        contacts.in_sight(conn, ask, customer_id)
        words = book.of_customer(conn, customer_id)
    counting = consent.standing(words, day_number(today())).values()
    rows = [
        {name: getattr(word, name) for name in CONSENT_COLUMNS[:-1]}
        | {"counts": any(word is other for other in counting)}
        for word in words
    ]
    told = pd.DataFrame(rows, columns=list(CONSENT_COLUMNS))
    return told.iloc[::-1].sort_values("on_day", ascending=False, kind="stable", ignore_index=True)


@right("cards.read")
def has_consent(ask: Ask, *, customer_id: int, purpose: Purpose, channel: Channel) -> bool:
    """Return whether a customer may be addressed for a purpose by a way today.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        words = book.of_customer(conn, customer_id)
    is_known = seen.customer.erased_at is None
    day = day_number(today())
    return is_known and consent.is_given(words, purpose=purpose, channel=channel, day=day)


@right("privacy.file")
def person_file(ask: Ask, *, customer_id: int, identity: str, reason: str) -> dict[str, Any]:
    """Return all that is kept of a customer at the stations in sight, as plain data.

    `identity` says how it was made sure that he is who asks. `complete` is false where stations
    out of sight know him too: then whoever sees the chain makes his file. Of others it holds
    nothing: what a vehicle did before or after it was his is left out, and so is who looked.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: identity or reason is missing, or names him.
        LimitReachedError: the day's are used up; a file tells name and phone as a reveal does.
    """
    with acting(ask) as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        traces = contacts.of_person(ask.db, seen.customer)
        if not identity.strip():
            raise BadValueError("privacy.identity_needed")
        checked, why = (contacts.impersonal(words, traces) for words in (identity, reason))
        if ask.scope.account != LOCAL_ACCOUNT:
            contacts.count_one_more(conn, ask)
        name, station_id = f"customer:{customer_id}", seen.station_id
        told = f"{checked}; {why}"
        trail.note(conn, ask.scope, Act.PERSON_FILE, name, station_id=station_id, reason=told)
    head = {"made_at": _instant(int(time())), "identity": checked, "reason": why}
    with ask.db.reading() as conn:
        return head | _file(conn, ask, seen)


def write_file(path: Path, document: dict[str, Any]) -> None:
    """Write a person's file; nobody but its owner may read it, and no other file gives way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(as_json(document))


def as_json(document: dict[str, Any]) -> str:
    """Return a person's file as text."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _file(conn: Connection, ask: Ask, seen: Seen) -> dict[str, Any]:
    his = customers.spans(conn, seen.customer.id)
    codes = board.station_codes(ask)
    held = person.cards_of(conn, seen.customer.id)
    known = seen.station_ids | person.paid_at(conn, held)
    here = known & ask.scope.station_ids
    lines = person.lines(conn, his, held, here)
    events = person.events(conn, seen.customer.id, his, ask.scope.station_ids)
    told = kept.of_file(conn, ask.db, customers.same(conn, seen.customer.id))
    for change in told["field_changes"]:
        change["at"] = _instant(change["at"])
    return {
        "stations": sorted(codes[list(here)]),
        "complete": here == known,
        "customer": _customer(ask, seen, codes),
        **told,
        "vehicles": _vehicles(conn, his),
        "cards": [_card(row) for row in held.to_dict("records")],
        "lines": [_line(row, codes, held) for row in lines.to_dict("records")],
        "consents": [_consent(word) for word in book.of_customer(conn, seen.customer.id)],
        "notes": _notes(conn, ask, his, codes),
        "merges": _merges(conn, seen),
        "files": _files(conn, seen),
        "tags": _tags(conn, seen, his),
        "contact_persons": _persons(conn, ask, seen),
        "agreements": _agreements(conn, ask, seen),
        "payments": _payments(conn, seen),
        "events": [_event(row, codes) for row in events.to_dict("records")],
    } | confided.sections(conn, ask, seen, codes)


def _customer(ask: Ask, seen: Seen, codes: "pd.Series[str]") -> dict[str, Any]:
    customer = seen.customer
    name, phone = sealing.unseal_contact(ask.db, customer.contact)
    return {
        "code": customer.code,
        "is_organisation": customer.is_organisation,
        "owner_kind": customer.owner_kind,
        "organisation_name": customer.organisation_name,
        "name": name,
        "phone": phone,
        "station": codes.get(customer.station_id),
        "since": _day(customer.since_day),
        "keeper": customer.keeper,
        "erased_at": None if customer.erased_at is None else _instant(customer.erased_at),
        "records": _records(ask, seen),
    }


def _records(ask: Ask, seen: Seen) -> list[dict[str, Any]]:
    """Return how each record that was found to be him calls and reaches him."""
    customer = seen.customer
    told = [sealing.unseal_contact(ask.db, contact) for contact in customer.contacts]
    return [
        {"code": code, "name": name, "phone": phone}
        for code, (name, phone) in zip(customer.codes, told, strict=True)
    ]


def _merges(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """Return when his records were found to be one person's, and when that was taken back."""
    return [
        {
            "at": _instant(merge.merged_at),
            "reason": merge.reason,
            "undone_at": None if merge.undone_at is None else _instant(merge.undone_at),
        }
        for merge in merging.naming(conn, seen.customer.ids)
    ]


def _files(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """Return when files brought him or told of him, as long as that can be undone."""
    told = steps.files_of(conn, customers.same(conn, seen.customer.id))
    return [{"at": _instant(at), "brought": is_new} for at, is_new in told]


def _vehicles(conn: Connection, his: list[Span]) -> list[dict[str, Any]]:
    """Return his vehicles with when they were his and by what they are known."""
    ids = sorted({span.vehicle_id for span in his})
    keys, facts = person.keys(conn, ids), person.facts(conn, ids)
    names = ("kind", "text", "colour", "plate_kind", "energy", "flags")
    return [
        {
            **{str(name): value for name, value in row.items() if name != "id"},
            "vehicle_id": int(row["id"]),
            "keys": keys.loc[keys["vehicle_id"] == row["id"], list(names)].to_dict("records"),
            "his": [
                {"from": _day(span.from_day), "to": _day(span.to_day)}
                for span in his
                if span.vehicle_id == row["id"]
            ],
        }
        for row in facts.to_dict("records")
    ]


def _card(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "number": row["number"],
        "kind": row["kind"],
        "from": _day(row["from_day"]),
        "to": _day(row["to_day"]),
    }


def _line(row: dict[Any, Any], codes: "pd.Series[str]", held: pd.DataFrame) -> dict[str, Any]:
    own_card = row["card_no"] in set(held["number"])
    at = datetime.fromtimestamp(row["local_at"], UTC).replace(tzinfo=None)
    return {
        "line": row["id"],
        "at": at.isoformat(sep=" "),
        "station": codes[row["station_id"]],
        "vehicle_id": None if pd.isna(row["vehicle_id"]) else int(row["vehicle_id"]),
        "card_no": row["card_no"] if own_card else "",
        "product": row["product"],
        "quantity": row["quantity_milli"] / MILLI,
        "unit": row["unit"],
        "amount": row["amount_minor"] / minor_per_major(row["currency"]),
        "currency": row["currency"],
        "receipt_no": row["receipt_no"],
        "nozzle": row["nozzle"],
        "takes_back": None if pd.isna(row["reverses"]) else int(row["reverses"]),
        "counts": bool(row["counts"]),
    }


def _consent(word: Consent) -> dict[str, Any]:
    return {
        "purpose": word.purpose.value,
        "channel": word.channel.value,
        "given": word.given,
        "on": _day(word.on_day),
        "source": word.source.value,
        "text_version": word.text_version,
        "written_at": _instant(word.written_at),
    }


def _notes(
    conn: Connection, ask: Ask, his: list[Span], codes: "pd.Series[str]"
) -> list[dict[str, Any]]:
    return [
        {
            "vehicle_id": note.vehicle_id,
            "station": codes[note.station_id],
            "reason": note.reason.value,
            "note": sealing.unseal(
                ask.db,
                note.note_sealed,
                place=sealing.note_place(note.vehicle_id, note.written_at),
            ),
            "written_at": _instant(note.written_at),
        }
        for note in person.notes(conn, his, ask.scope.station_ids)
    ]


def _tags(conn: Connection, seen: Seen, his: list[Span]) -> list[dict[str, Any]]:
    """Return the words on him, and those on his vehicles from when they were his."""
    on_him = tags.written(conn, tags.On(tuple(customers.same(conn, seen.customer.id))))
    on_vehicles = [
        (vehicle_id, tag, at)
        for vehicle_id, from_day, to_day in his
        for tag, at in tags.written(conn, tags.On(vehicle_id=vehicle_id))
        if from_day <= at // DAY_S < to_day
    ]
    return [
        {"vehicle_id": vehicle_id, "tag": tag, "written_at": _instant(at)}
        for vehicle_id, tag, at in [*((None, tag, at) for tag, at in on_him), *on_vehicles]
    ]


def _persons(conn: Connection, ask: Ask, seen: Seen) -> list[dict[str, Any]]:
    """Return who is to be asked for, of an organisation."""
    told = []
    for one in people.of_customers(conn, customers.same(conn, seen.customer.id)):
        name, phone = persons.opened(ask.db, one)
        told.append(
            {
                "role": one.role.value,
                "name": name,
                "phone": phone,
                "from": _day(one.from_day),
                "to": _day(one.to_day),
                "verified_on": _day(one.checked_day),
            }
        )
    return told


def _agreements(conn: Connection, ask: Ask, seen: Seen) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind.value,
            "terms": agreements.terms_of(ask.db, one),
            "from": _day(one.from_day),
            "to": _day(one.to_day),
            "written_at": _instant(one.written_at),
        }
        for one in agreed.of_customers(conn, customers.same(conn, seen.customer.id))
    ]


def _payments(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    paid = credit.settled(conn, customers.same(conn, seen.customer.id))
    return [
        {"period_end": _day(row["period_end_day"]), "settled_on": _day(row["settled_day"])}
        for row in paid.to_dict("records")
    ]


def _event(row: dict[Any, Any], codes: "pd.Series[str]") -> dict[str, Any]:
    return {
        "at": _instant(row["at"]),
        "act": row["act"],
        "object": row["object"],
        "station": None if pd.isna(row["station_id"]) else codes.get(row["station_id"]),
        "count": row["count"],
        "reason": row["reason"],
    }


def _instant(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _day(number: float | None) -> str | None:
    """Return a day in ISO form; none where it is not known or has no end."""
    if number is None or pd.isna(number) or not 0 < number < FOREVER:
        return None
    return day_date(int(number)).isoformat()
