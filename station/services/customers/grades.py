"""What is a customer worth? His grade now, since when, and why."""

from collections.abc import Collection

from station.archive.customers import marks
from station.archive.database import Connection
from station.model import Grade


def now(conn: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    """Return the grade of each of these customers, A to D; whoever has none yet is D.

    A record that was found to be another's has that one's grade.
    """
    return on(conn, customer_ids)


def on(conn: Connection, customer_ids: Collection[int], day: int | None = None) -> dict[int, str]:
    """Return the grade that each of these customers had at the end of a day; without one, now."""
    last = marks.now(conn, marks.GRADE, customer_ids, on_day=day)
    by_person = dict(zip(last["customer_id"], last["grade"], strict=True))
    whole = marks.standing(conn, customer_ids)
    return {one: str(by_person.get(whole.get(one, one), Grade.D)) for one in customer_ids}
