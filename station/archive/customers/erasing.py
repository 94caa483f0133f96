"""A person leaves the archive; what he bought stays, and nothing tells any more that it was he."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Table, and_, delete, func, insert, or_, select, update

from station.archive import oddities as odd
from station.archive.calls.care_tables import care_contacts
from station.archive.calls.tables import (
    call_checks,
    call_results,
    calls,
    claims,
    complaints,
    contact_wishes,
    hold_outs,
    keeper_changes,
    next_contacts,
    rests,
)
from station.archive.customers import steps
from station.archive.customers.book import FOREVER, Customer, Span, during, spans, ties_of
from station.archive.customers.mark_tables import grade_marks, stage_marks, stage_proposals, stalls
from station.archive.customers.sealed import REACHED_BY
from station.archive.customers.tables import (
    agreements,
    attachments,
    batch_steps,
    contact_persons,
    customer_fields,
    customer_notes,
    field_changes,
    field_checks,
    merges,
    occasions,
    prospects,
    registrations,
    strangers,
    tags,
)
from station.archive.points.offer_tables import coupon_receipts, coupons
from station.archive.points.referrals import forget as forget_referrals
from station.archive.points.referrals import referrals
from station.archive.rows import slices
from station.archive.tables import (
    batches,
    card_links,
    cards,
    customers,
    erasures,
    lapse_notes,
    meta,
    oddities,
    oddity_steps,
    quarantine,
    sales,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.model import KeyKind, OwnerKind, Source

ERASED = "erased-"
UNSETTLED = "unsettled"
RANDOM_BYTES = 12
WAYS = ("name", "phone", "email", "wechat", "address")
"""The fields by which a person is named or reached."""
REACHING: tuple[Table, ...] = (contact_persons, occasions, registrations)
"""What is forgotten with a name and a phone."""
TOLD_OF_PERSONS: tuple[Table, ...] = (
    customer_fields,
    field_changes,
    field_checks,
    agreements,
    attachments,
    customer_notes,
    prospects,
    tags,
    grade_marks,
    stage_marks,
    stage_proposals,
    stalls,
)
"""What was told of a person, and leaves with him."""
CALLED: tuple[Table, ...] = (
    call_checks,
    call_results,
    calls,
    claims,
    keeper_changes,
    next_contacts,
    hold_outs,
    complaints,
    care_contacts,
    contact_wishes,
    rests,
)
"""What was planned with a customer and heard of him; checks, then results, then calls go."""
TOUCHED: tuple[Table, ...] = (
    *REACHING,
    *TOLD_OF_PERSONS,
    *CALLED,
    batch_steps,
    merges,
    strangers,
    referrals,
    customers,
    vehicles,
    vehicle_keys,
    vehicle_owners,
    cards,
    card_links,
    lapse_notes,
    oddities,
    oddity_steps,
    quarantine,
    batches,
    sales,
    coupons,
    coupon_receipts,
)
"""The tables in which an erasure leaves old versions of rows behind."""


class Erasure(NamedTuple):
    """Who was erased, told without saying who."""

    customer_id: int
    code_index: str
    at: int
    account: str
    reason: str


@dataclass(frozen=True, slots=True)
class Belongings:
    """What is his alone: vehicles and cards by id, and by which texts they are known."""

    vehicles: frozenset[int]
    cards: frozenset[int]
    texts: frozenset[str]
    numbers: frozenset[str]


def belongings(conn: Connection, customer: Customer) -> Belongings:
    """Return what leaves with a person; of an organisation nothing does, but its contact."""
    if customer.is_organisation:
        return Belongings(frozenset(), frozenset(), frozenset(), frozenset())
    his = _alone(conn, customer.id, spans(conn, customer.id))
    own = _own_cards(conn, customer.id, his)
    keys = select(vehicle_keys.c.text).where(vehicle_keys.c.vehicle_id.in_(his))
    texts = frozenset(conn.execute(keys).scalars()) if his else frozenset()
    return Belongings(his, frozenset(own), texts, frozenset(own.values()))


def _alone(conn: Connection, customer_id: int, his: Iterable[Span]) -> frozenset[int]:
    """Return the vehicles that are his now and nobody else's."""
    now = {span.vehicle_id for span in his if span.to_day == FOREVER}
    others = {
        tie.vehicle_id
        for tie in ties_of(conn, sorted(now))
        if tie.customer_id != customer_id and tie.to_day == FOREVER
    }
    return frozenset(now - others)


def _own_cards(conn: Connection, customer_id: int, his: Collection[int]) -> dict[int, str]:
    """Return the number of each card that is his or his vehicles', and not another's now."""
    mine = card_links.alias()
    query = (
        select(card_links.c.card_id, card_links.c.customer_id, card_links.c.to_day, cards.c.number)
        .join(cards)
        .where(
            card_links.c.card_id.in_(
                select(mine.c.card_id).where(
                    or_(mine.c.customer_id == customer_id, mine.c.vehicle_id.in_(his))
                )
            )
        )
    )
    rows = conn.execute(query).all()
    others = {
        row.card_id
        for row in rows
        if row.customer_id not in {None, customer_id} and row.to_day is None
    }
    return {row.card_id: row.number for row in rows if row.card_id not in others}


def forget(conn: Connection, customer: Customer, own: Belongings, *, day: int, now_s: int) -> None:
    """Take a person out of every table; an organisation loses only whom to ask for."""
    forget_contacts(conn, customer.ids)
    if customer.is_organisation:
        return
    _forget_notes(conn, spans(conn, customer.id))
    conn.execute(delete(tags).where(tags.c.vehicle_id.in_(own.vehicles)))
    _keep_kind(conn, customer, own.vehicles)
    _rename_keys(conn, own.vehicles)
    _rename_cards(conn, own)
    _end_links(conn, customer.id, own.vehicles, day)
    gone = {"code": _nameless(), "organisation_name": "", "keeper_id": None, "erased_at": now_s}
    conn.execute(update(customers).where(customers.c.id == customer.id).values(gone))
    for table in (*TOLD_OF_PERSONS, *CALLED):  # a history may be deleted of who is erased only
        conn.execute(delete(table).where(table.c.customer_id == customer.id))
    forget_referrals(conn, customer.id)
    steps.forget_customer(conn, customer.id)
    odd.forget_customer(conn, customer.ids, own.vehicles, own.numbers)


def forget_contacts(conn: Connection, customer_ids: Collection[int]) -> int:
    """Return of how many customers name and phone were forgotten, with whatever reached them."""
    for some in slices(sorted(customer_ids)):
        _forget_ways(conn, some)
    blank = dict.fromkeys(REACHED_BY)
    kept = or_(customers.c.name_sealed.is_not(None), customers.c.phone_sealed.is_not(None))
    return sum(
        conn.execute(update(customers).where(customers.c.id.in_(some), kept).values(blank)).rowcount
        for some in slices(sorted(customer_ids))
    )


def _forget_ways(conn: Connection, customer_ids: Sequence[int]) -> None:
    """Forget by what else customers were reached, and what it had been before."""
    for table in REACHING:
        conn.execute(delete(table).where(table.c.customer_id.in_(customer_ids)))
    fields = customer_fields.c
    way = and_(fields.customer_id.in_(customer_ids), fields.field.in_(WAYS))
    conn.execute(delete(customer_fields).where(way))
    changes = field_changes.c
    way = and_(changes.customer_id.in_(customer_ids), changes.field.in_(WAYS))
    conn.execute(update(field_changes).where(way).values(old_sealed=None, new_sealed=None))


def forget_notes(conn: Connection, before_s: int) -> int:
    """Return how many notes from before an instant were forgotten; their reasons stay."""
    old = and_(lapse_notes.c.written_at < before_s, lapse_notes.c.note_sealed.is_not(None))
    return conn.execute(update(lapse_notes).where(old).values(note_sealed=None)).rowcount


def _forget_notes(conn: Connection, his: Iterable[Span]) -> None:
    """Forget what was noted of vehicles while they were his; a day more on each side."""
    note = lapse_notes.c
    for vehicle_id, from_day, to_day in his:
        then = and_(
            note.vehicle_id == vehicle_id,
            note.note_sealed.is_not(None),
            during(note.written_at, from_day - 1, to_day + 1),
        )
        conn.execute(update(lapse_notes).where(then).values(note_sealed=None))


def _keep_kind(conn: Connection, customer: Customer, vehicle_ids: Collection[int]) -> None:
    """Let his vehicles tell by themselves what kind of owner they had: figures rest on it."""
    if customer.owner_kind == OwnerKind.UNKNOWN.value:
        return
    silent = and_(vehicles.c.id.in_(vehicle_ids), vehicles.c.owner_source == Source.INFERRED.value)
    kind = {"owner_kind": customer.owner_kind, "owner_source": Source.CARD.value}
    conn.execute(update(vehicles).where(silent).values(kind))


def _rename_keys(conn: Connection, vehicle_ids: Collection[int]) -> None:
    """Give his vehicles' keys names of nobody; colour and kind of plate stay for the figures."""
    key = vehicle_keys.c
    ids = conn.execute(select(key.id).where(key.vehicle_id.in_(vehicle_ids))).scalars().all()
    for key_id in ids:
        name = {"kind": KeyKind.REF.value, "text": _nameless(), "tail": "", "flags": ""}
        nameless: dict[str, str | None] = {**name, "valid_to_day": None}
        conn.execute(update(vehicle_keys).where(key.id == key_id).values(nameless))


def _rename_cards(conn: Connection, own: Belongings) -> None:
    for card_id in own.cards:
        conn.execute(update(cards).where(cards.c.id == card_id).values(number=_nameless()))
    if own.numbers:
        paid = update(sales).where(sales.c.card_no.in_(own.numbers))
        conn.execute(paid.values(card_no=""))


def _end_links(conn: Connection, customer_id: int, vehicle_ids: Collection[int], day: int) -> None:
    """End what ties him to vehicles and cards; a tie that lies ahead never begins."""
    for table in (vehicle_owners, card_links):
        his = table.c.customer_id == customer_id
        if table is card_links:
            his = or_(his, and_(table.c.customer_id.is_(None), table.c.vehicle_id.in_(vehicle_ids)))
        holds = or_(table.c.to_day.is_(None), table.c.to_day > day)
        start = table.c.from_day
        end = func.max(start, day) if conn.dialect.name == "sqlite" else func.greatest(start, day)
        conn.execute(update(table).where(his, holds).values(to_day=end))


def _nameless() -> str:
    return ERASED + secrets.token_hex(RANDOM_BYTES)


def note(conn: Connection, erasure: Erasure) -> None:
    """Write down that somebody was erased."""
    conn.execute(insert(erasures).values(erasure._asdict()))


def is_noted(conn: Connection, erasure: Erasure) -> bool:
    """Return whether the archive knows of an erasure."""
    same = [
        erasures.c[name] == getattr(erasure, name) for name in ("customer_id", "code_index", "at")
    ]
    return conn.execute(select(erasures.c.id).where(*same)).first() is not None


def erased_codes(conn: Connection, code_indexes: Collection[str]) -> set[str]:
    """Return which of these hashes are those of erased persons' codes."""
    found: set[str] = set()
    for some in slices(sorted(code_indexes)):
        query = select(erasures.c.code_index).where(erasures.c.code_index.in_(some))
        found |= set(conn.execute(query).scalars())
    return found


def any_noted(conn: Connection) -> bool:
    """Return whether anybody was ever erased."""
    return conn.execute(select(erasures.c.id).limit(1)).first() is not None


def mark_unsettled(conn: Connection) -> None:
    """Note that old versions of rows may still lie in the archive's files."""
    mark_settled(conn)
    conn.execute(insert(meta).values(name=UNSETTLED, value=1))


def mark_settled(conn: Connection) -> None:
    """Note that nothing erased lies in the archive's files any more."""
    conn.execute(delete(meta).where(meta.c.name == UNSETTLED))


def is_unsettled(conn: Connection) -> bool:
    """Return whether something erased may still lie in the archive's files."""
    return conn.execute(select(meta.c.value).where(meta.c.name == UNSETTLED)).first() is not None
