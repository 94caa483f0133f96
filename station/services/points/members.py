"""Who is at the counter? Found in the whole chain by his full plate, card or telephone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from station.archive import search
from station.archive.customers import book, sealed
from station.archive.customers.book import Customer
from station.archive.database import Connection
from station.errors import BadValueError, NotFoundError, PointsError
from station.ingest import phones, plates
from station.services import guessing, trail
from station.services.access import MINUTE_S, afterwards, right
from station.services.ask import Ask
from station.services.customers import contacts, naming
from station.services.guessing import Tried
from station.services.personal import sealing


class By(StrEnum):
    """By what a member is named; the last two only where he is in sight."""

    PLATE = "plate"
    CARD = "card"
    PHONE = "phone"
    CODE = "code"
    CUSTOMER = "customer"


ID = re.compile(r"[0-9]{1,18}")
TRIED: Mapping[By, Tried] = {
    By.PLATE: Tried.PLATE,
    By.CARD: Tried.NUMBER,
    By.PHONE: Tried.NUMBER,
}
"""By what anybody of the chain is found, and as what it counts if it is nobody's."""


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
    """A member as a till may know him: his name is masked, wherever he is known."""

    customer_id: int
    name: str


@right("points.read")
def find(ask: Ask, *, member: Named) -> Member:
    """Return a member of the chain.

    Raises:
        NotFoundError: nobody is known by that, or not in sight; both answer alike.
        PointsError: several are.
        LimitReachedError: too many were nobody's today.
    """
    with ask.db.reading() as conn:
        customer_id = found(conn, ask, member)
        names = naming.at_counter(conn, ask, [customer_id], far=[customer_id])
    return Member(customer_id, names[customer_id])


def found(conn: Connection, ask: Ask, member: Named) -> int:
    """Return the customer that somebody names.

    Raises:
        NotFoundError: there is none, or not in sight; both answer alike.
        PointsError: several are known by that.
        NotAllowedError: he was erased.
        LimitReachedError: too many were nobody's today.
    """
    _, customer_id = first(conn, ask, (member,))
    return customer_id


def first(conn: Connection, ask: Ask, several: Sequence[Named]) -> tuple[Named, int]:
    """Return the first of these by whom a customer is known, and him; none of them is one miss.

    This is the one way from a plate, card or telephone to a customer: who tries too many that are
    nobody's is refused, and that somebody out of sight was met is written down.

    Raises:
        NotFoundError: there is none, or not in sight; both answer alike.
        PointsError: several are known by that.
        NotAllowedError: he was erased.
        LimitReachedError: too many were nobody's today.
    """
    for tried in {TRIED[one.by] for one in several if one.by in TRIED}:
        guessing.refuse(conn, ask, tried)
    for one in several:
        if one.by not in TRIED:
            return one, _near(conn, ask, one)
        customer = _anywhere(conn, ask, one)
        if customer is not None:
            if not customer.registered & ask.scope.station_ids:
                met = f"customer:{customer.id}:met"
                afterwards(met, partial(_note_far, ask, customer.id, met))
            return one, customer.id
    missed = several[0]
    guessing.missed(ask, f"{missed.by}/{missed.text.strip()}", TRIED[missed.by])
    raise NotFoundError("points.no_member")


def _note_far(ask: Ask, customer_id: int, met: str) -> None:
    """Write down that somebody out of sight was met; again a little later is the same look."""
    with ask.db.reading() as conn:
        if contacts.is_in_sight(conn, ask, customer_id):
            return
    trail.looked(
        ask.db,
        ask.scope,
        met,
        station_id=trail.place_of(ask.scope),
        again_after_s=ask.settings.looks.same_look_min * MINUTE_S,
    )


def _anywhere(conn: Connection, ask: Ask, member: Named) -> Customer | None:
    """Return who in the chain has this plate, card or telephone now, none if nobody has.

    Raises:
        PointsError: several have.
    """
    known = (book.find(conn, one) for one in _tied(conn, ask, member))
    who = {one.id: one for one in known if one and one.erased_at is None}
    if len(who) > 1:
        raise PointsError("points.many_members")
    return next(iter(who.values()), None)


def _near(conn: Connection, ask: Ask, member: Named) -> int:
    text = member.text.strip()
    by_id = int(text) if ID.fullmatch(text) else 0
    customer_id = by_id if member.by is By.CUSTOMER else book.id_of(conn, text)
    contacts.there(conn, ask, customer_id or 0)
    return customer_id or 0


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
