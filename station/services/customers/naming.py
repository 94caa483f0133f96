"""What is a customer called, in a list and at the counter?"""

from collections.abc import Collection

from station.archive.customers import book, sealed
from station.archive.customers.book import Called
from station.archive.customers.sealed import Kind
from station.archive.database import Connection, Database
from station.guard import mask
from station.services.ask import Ask
from station.services.personal import sealing


def in_list(conn: Connection, ask: Ask, customer_ids: Collection[int]) -> dict[int, str]:
    """Return what each customer in sight is called: a company's name, his masked, else his code.

    What was found to be him is asked as well, whichever of his records is named.
    """
    told = book.called(conn, customer_ids)
    return {one: _name(ask.db, his) or his.code for one, his in told.items()}


def at_counter(
    conn: Connection, ask: Ask, customer_ids: Collection[int], *, far: Collection[int]
) -> dict[int, str]:
    """Return what each customer is called to his face, empty where he has no name.

    Of those `far` out of sight a company's name is masked too.
    """
    told = book.called(conn, customer_ids)
    return {one: _name(ask.db, his, is_far=one in far) for one, his in told.items()}


def _name(db: Database, his: Called, *, is_far: bool = False) -> str:
    if his.organisation_name:
        return mask.name(his.organisation_name) if is_far else his.organisation_name
    place = sealed.place(Kind.NAME, id=his.name_of)
    return mask.name(sealing.unseal(db, his.name_sealed, place=place) or "")
