"""Free words on customers and vehicles: whoever may change them puts and takes them."""

import unicodedata
from dataclasses import dataclass
from time import time

from station.archive.customers import book, tags
from station.archive.customers.tags import On
from station.archive.database import Connection
from station.errors import BadValueError, NotFoundError
from station.guard import mask
from station.model import Act
from station.services import board, trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.customers import contacts

LONGEST_TAG = 40
MOST_SUGGESTED = 60


@dataclass(frozen=True, slots=True)
class _Bearer:
    """What a word is put on, how the log calls it, and where."""

    on: On
    name: str
    station_id: int


@right("cards.read")
def tags_of(
    ask: Ask, *, customer_id: int | None = None, vehicle_id: int | None = None
) -> list[str]:
    """Return the words on a customer or on a vehicle, in order.

    Raises:
        NotFoundError: there is none such, or none in sight; both answer alike.
    """
    if vehicle_id is not None:
        board.vehicle(ask, vehicle_id=vehicle_id)
    with ask.db.reading() as conn:
        if vehicle_id is None:
            contacts.in_sight(conn, ask, customer_id or 0)
        return tags.of(conn, _on(conn, customer_id, vehicle_id))


@right("cards.read")
def suggestions(ask: Ask) -> list[str]:
    """Return the words in use on what is in sight, the commonest first."""
    with ask.db.reading() as conn:
        return tags.in_use(conn, ask.scope.station_ids, MOST_SUGGESTED)


@right("customers.edit")
def put(
    ask: Ask, *, tag: str, customer_id: int | None = None, vehicle_id: int | None = None
) -> str:
    """Return the word as it was put on a customer or on a vehicle; twice is once.

    Raises:
        BadValueError: it is empty or too long, or names or reaches the customer.
        NotFoundError: there is none such, or none in sight; both answer alike.
        NotAllowedError: the customer was erased.
    """
    word = tidy(tag)
    with acting(ask) as conn:
        bearer = _bearer(conn, ask, customer_id, vehicle_id)
        _refuse_names(conn, ask, bearer, word)
        tags.add(conn, bearer.on, word, account=ask.scope.account, now_s=int(time()))
        trail.note(conn, ask.scope, Act.CHANGE, bearer.name, station_id=bearer.station_id)
    return word


@right("customers.edit")
def take(
    ask: Ask, *, tag: str, customer_id: int | None = None, vehicle_id: int | None = None
) -> None:
    """Take a word away again.

    Raises:
        NotFoundError: the word is not there, or what should bear it is not in sight.
        NotAllowedError: the customer was erased.
    """
    with acting(ask) as conn:
        bearer = _bearer(conn, ask, customer_id, vehicle_id)
        if not tags.remove(conn, bearer.on, tag):
            raise NotFoundError("tagging.not_there")
        trail.note(conn, ask.scope, Act.CHANGE, bearer.name, station_id=bearer.station_id)


def tidy(tag: str) -> str:
    """Return a word as it is kept: one spelling of width and spaces, nothing that cannot be seen.

    Raises:
        BadValueError: nothing is left, it is too long, or it reaches somebody.
    """
    plain = unicodedata.normalize("NFKC", tag)
    word = "".join(sign for sign in " ".join(plain.split()) if sign.isprintable())
    if not word:
        raise BadValueError("tagging.empty")
    if len(word) > LONGEST_TAG:
        raise BadValueError("tagging.too_long", limit=LONGEST_TAG)
    if mask.redact(word) != word:
        raise BadValueError("tagging.names")
    return word


def _on(conn: Connection, customer_id: int | None, vehicle_id: int | None) -> On:
    if vehicle_id is not None:
        return On(vehicle_id=vehicle_id)
    named = customer_id or 0
    return On((named, *(other for other in book.same(conn, named) if other != named)))


def _bearer(conn: Connection, ask: Ask, customer_id: int | None, vehicle_id: int | None) -> _Bearer:
    on = _on(conn, customer_id, vehicle_id)
    if vehicle_id is not None:
        rows = board.vehicle(ask, vehicle_id=vehicle_id)
        return _Bearer(on, f"vehicle:{vehicle_id}:tag", int(rows["station_id"].iloc[0]))
    seen = contacts.there(conn, ask, customer_id or 0)
    return _Bearer(on, f"customer:{customer_id}:tag", seen.station_id)


def _refuse_names(conn: Connection, ask: Ask, bearer: _Bearer, word: str) -> None:
    vehicle_id = bearer.on.vehicle_id
    held_by = bearer.on.customer_ids if vehicle_id is None else book.holders(conn, vehicle_id)
    for customer_id in held_by:
        customer = book.find(conn, customer_id)
        if customer and contacts.of_person(ask.db, customer).found_in(word):
            raise BadValueError("tagging.names")
