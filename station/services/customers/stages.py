"""How far has a customer come? His stage now, since when, and by what."""

from collections.abc import Collection

from station.archive.customers import marks
from station.archive.database import Connection
from station.model import Stage


def now(conn: Connection, customer_ids: Collection[int]) -> dict[int, str]:
    """Return the stage of each of these customers; of whom nothing is marked yet is a prospect.

    A record that was found to be another's has that one's stage.
    """
    last = marks.now(conn, marks.STAGE, customer_ids)
    by_person = dict(zip(last["customer_id"], last["stage"], strict=True))
    whole = marks.standing(conn, customer_ids)
    return {one: str(by_person.get(whole.get(one, one), Stage.PROSPECT)) for one in customer_ids}
