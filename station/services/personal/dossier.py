"""All that is kept of a customer, section by section, as plain data."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from station.archive.customers import agreements as agreed
from station.archive.customers import book as customers
from station.archive.customers import consents as book
from station.archive.customers import credit, merging, person, steps, tags
from station.archive.customers import persons as people
from station.archive.customers.book import Span
from station.archive.database import Connection
from station.archive.points import awards, lots, offers, used
from station.model import (
    DAY_S,
    MILLI,
    Consent,
    minor_per_major,
)
from station.services import board
from station.services.ask import Ask
from station.services.customers import agreements, kept, persons
from station.services.customers.contacts import Seen
from station.services.personal import confided, sealing
from station.services.personal.confided import day, instant

MOST_MOVES = 1_000_000
"""More than anybody's points were ever moved."""


def file_of(conn: Connection, ask: Ask, seen: Seen) -> dict[str, Any]:
    """Return all that is kept of a customer at the stations in sight, by section."""
    his = customers.spans(conn, seen.customer.id)
    codes = board.station_codes(ask)
    held = person.cards_of(conn, seen.customer.id)
    known = seen.station_ids | person.paid_at(conn, held)
    here = known & ask.scope.station_ids
    lines = person.lines(conn, his, held, here)
    events = person.events(conn, seen.customer.id, his, ask.scope.station_ids)
    told = kept.of_file(conn, ask.db, customers.same(conn, seen.customer.id))
    for change in told["field_changes"]:
        change["at"] = instant(change["at"])
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
        "points": _points(conn, seen, codes),
        "awards": _awards(conn, seen),
        "coupons": _coupons(conn, seen, codes),
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
        "since": day(customer.since_day),
        "keeper": customer.keeper,
        "erased_at": None if customer.erased_at is None else instant(customer.erased_at),
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


def _files(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """Return when files brought him or told of him, as long as that can be undone."""
    told = steps.files_of(conn, customers.same(conn, seen.customer.id))
    return [{"at": instant(at), "brought": is_new} for at, is_new in told]


def _merges(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """Return when his records were found to be one person's, and when that was taken back."""
    return [
        {
            "at": instant(merge.merged_at),
            "reason": merge.reason,
            "undone_at": None if merge.undone_at is None else instant(merge.undone_at),
        }
        for merge in merging.naming(conn, seen.customer.ids)
    ]


def _points(conn: Connection, seen: Seen, codes: "pd.Series[str]") -> list[dict[str, Any]]:
    """Return what moved his points, the newest first; where, if that is in sight."""
    moves = lots.history(conn, customers.same(conn, seen.customer.id), limit=MOST_MOVES)
    return [
        {
            "at": instant(row["at"]),
            "move": row["move"],
            "station": codes.get(row["station_id"]),
            **{name: int(row[name]) for name in ("member", "held", "debt", "balance")},
        }
        for row in moves.to_dict("records")
    ]


def _awards(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    """Return what each of his purchases earned and why, the newest first."""
    given = awards.listing(conn, customers.same(conn, seen.customer.id))
    told = ("version", "rule", "reason", "multipliers")
    return [
        {
            "day": day(row["day"]),
            **{name: str(row[name]) for name in told},
            **{name: int(row[name]) for name in ("base_points", "points", "lost")},
        }
        for row in given.to_dict("records")
    ]


def _coupons(conn: Connection, seen: Seen, codes: "pd.Series[str]") -> list[dict[str, Any]]:
    """Return what he had for points or for nothing, the newest first; where, if in sight."""
    return [
        {
            "code": one.code,
            "offer": one.offer,
            "points": one.points,
            "issued_at": instant(one.issued_at),
            "station": codes.get(one.station_id),
            "last_day": day(one.last_day),
            "state": one.state.value,
            "used_at": None if one.used_at is None else instant(one.used_at),
            "used_station": codes.get(one.used_station_id),
            "amount_minor": one.amount_minor,
            "off_minor": one.off_minor,
            "receipt": one.receipt,
            "purchases": [
                {
                    "station": codes.get(of.station_id),
                    "receipt": of.receipt,
                    "on": day(of.day),
                    "amount_minor": of.amount_minor,
                    "is_gone": bool(of.gone),
                }
                for of in used.of_coupon(conn, one.id)
            ],
        }
        for one in offers.of_customers(conn, customers.same(conn, seen.customer.id))
    ]


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
                {"from": day(span.from_day), "to": day(span.to_day)}
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
        "from": day(row["from_day"]),
        "to": day(row["to_day"]),
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
        "on": day(word.on_day),
        "source": word.source.value,
        "text_version": word.text_version,
        "written_at": instant(word.written_at),
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
            "written_at": instant(note.written_at),
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
        {"vehicle_id": vehicle_id, "tag": tag, "written_at": instant(at)}
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
                "from": day(one.from_day),
                "to": day(one.to_day),
                "verified_on": day(one.checked_day),
            }
        )
    return told


def _agreements(conn: Connection, ask: Ask, seen: Seen) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind.value,
            "terms": agreements.terms_of(ask.db, one),
            "from": day(one.from_day),
            "to": day(one.to_day),
            "written_at": instant(one.written_at),
        }
        for one in agreed.of_customers(conn, customers.same(conn, seen.customer.id))
    ]


def _payments(conn: Connection, seen: Seen) -> list[dict[str, Any]]:
    paid = credit.settled(conn, customers.same(conn, seen.customer.id))
    return [
        {"period_end": day(row["period_end_day"]), "settled_on": day(row["settled_day"])}
        for row in paid.to_dict("records")
    ]


def _event(row: dict[Any, Any], codes: "pd.Series[str]") -> dict[str, Any]:
    return {
        "at": instant(row["at"]),
        "act": row["act"],
        "object": row["object"],
        "station": None if pd.isna(row["station_id"]) else codes.get(row["station_id"]),
        "count": row["count"],
        "reason": row["reason"],
    }
