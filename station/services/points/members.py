"""Who is at the counter? Found in the whole chain by his full plate, card or telephone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from station.archive import search
from station.archive.customers import book, sealed
from station.archive.database import Connection
from station.errors import BadValueError, NotFoundError, PointsError
from station.guard import mask
from station.ingest import phones, plates
from station.services.access import right
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.personal import sealing
from station.services.points import booking


class By(StrEnum):
    """By what a member is named; the last two only where he is in sight."""

    PLATE = "plate"
    CARD = "card"
    PHONE = "phone"
    CODE = "code"
    CUSTOMER = "customer"


ID = re.compile(r"[0-9]{1,18}")
GUESSED = frozenset({By.PHONE, By.CARD})
"""What somebody can try number by number."""


@dataclass(frozen=True, slots=True)
class Named:
    """A member as somebody names him, in full."""

    by: By
    text: str

    def mark(self, ask: Ask) -> str:
        """Return a hash by which a request knows him again, and nobody else can."""
        return sealing.code_index(ask.db, f"points/{self.by}/{self.text.strip()}")


@dataclass(frozen=True, slots=True)
class Member:
    """What a counter is shown of a member: a masked name, and what he may spend now."""

    customer_id: int
    name: str
    balance: int
    held: int
    debt: int
    is_frozen: bool


@right("points.read")
def find(ask: Ask, *, member: Named) -> Member:
    """Return a member of the chain.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    _, shown = first(ask, several=(member,))
    return shown


@right("points.read")
def first(ask: Ask, *, several: Sequence[Named]) -> tuple[Named, Member]:
    """Return the first of these by whom a member is known, and him; none is one miss.

    Raises:
        NotFoundError: nobody is known by any of them, or not in sight; both answer alike.
        PointsError: several are.
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    guessed = any(member.by in GUESSED for member in several)
    with ask.db.reading() as conn:
        if guessed:
            contacts.refuse_guessing(conn, ask)
        for member in several:
            try:
                customer_id = found(conn, ask, member)
            except NotFoundError as error:
                missed = error
            else:
                return member, _shown(conn, ask, customer_id)
    if guessed:
        _write_miss(ask, several[0])
    raise missed


def refuse_guessing(ask: Ask, member: Named) -> None:
    """Refuse whoever asked for too many in vain today, by what can be guessed.

    Raises:
        LimitReachedError: too many telephones and cards were nobody's today.
    """
    if member.by in GUESSED:
        with ask.db.reading() as conn:
            contacts.refuse_guessing(conn, ask)


def note_miss(ask: Ask, member: Named) -> None:
    """Write down that somebody was asked for in vain.

    Raises:
        LimitReachedError: meanwhile others were, too many in all.
    """
    if member.by in GUESSED:
        _write_miss(ask, member)


def _write_miss(ask: Ask, member: Named) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        contacts.refuse_guessing(conn, ask)
        contacts.note_miss(conn, ask, f"{member.by}/{member.text.strip()}")


def _shown(conn: Connection, ask: Ask, customer_id: int) -> Member:
    purse = booking.seen_now(conn, ask, customer_id)
    customer = book.sure(conn, customer_id)
    name, _ = sealing.unseal_contact(ask.db, customer.contact)
    return Member(
        customer_id=customer_id,
        name=mask.name(name or ""),
        balance=purse.balance,
        held=purse.held,
        debt=purse.debt,
        is_frozen=purse.is_frozen,
    )


def found(conn: Connection, ask: Ask, member: Named) -> int:
    """Return the customer that somebody names.

    Raises:
        NotFoundError: there is none, or not in sight; both answer alike.
        PointsError: several are known by that.
        NotAllowedError: he was erased.
    """
    if member.by in {By.CODE, By.CUSTOMER}:
        return _near(conn, ask, member)
    who = {first for one in _tied(conn, ask, member) if (first := _stands(conn, one))}
    if len(who) > 1:
        raise PointsError("points.many_members")
    if not who:
        raise NotFoundError("points.no_member")
    return who.pop()


def _near(conn: Connection, ask: Ask, member: Named) -> int:
    text = member.text.strip()
    by_id = int(text) if ID.fullmatch(text) else 0
    customer_id = by_id if member.by is By.CUSTOMER else book.id_of(conn, text)
    contacts.there(conn, ask, customer_id or 0)
    return customer_id or 0


def _stands(conn: Connection, customer_id: int) -> int | None:
    """Return which record stands for a customer, none of one who was erased."""
    customer = book.find(conn, customer_id)
    return customer.id if customer and customer.erased_at is None else None


def _tied(conn: Connection, ask: Ask, member: Named) -> list[int]:
    """Return the customers who have this plate, card or telephone now."""
    text = member.text.strip()
    if member.by is By.PHONE:
        number = _phone(text, ask.settings.ingest.phone_region)
        return sealed.with_phone(conn, sealing.phone_indexes(ask.db, number)) if number else []
    if member.by is By.CARD:
        vehicle_ids, customer_ids = search.by_card(conn, text)
        return customer_ids or _holders(conn, vehicle_ids)
    plate = plates.normalise(text).norm
    return _holders(conn, search.by_text(conn, {plate} - {""}))


def _phone(text: str, region: str) -> str:
    """Return a telephone as it is looked for, empty where the text cannot be one."""
    try:
        return phones.read(text, region)
    except BadValueError:
        return ""


def _holders(conn: Connection, vehicle_ids: "list[int] | dict[int, str]") -> list[int]:
    """Return whose these vehicles are: of each the owner, else who holds its card."""
    return [held[0] for one in vehicle_ids if (held := book.holders(conn, one))]
