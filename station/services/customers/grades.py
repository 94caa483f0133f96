"""What is a customer worth? His grade now, since when, and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from station.archive import stations as sites
from station.archive.customers import marks
from station.archive.database import Connection
from station.model import Grade, day_number
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import contacts, roll, valuing

MONEY = ("amount", "gain", "discount", "points", "calls")
LISTED = (
    *("customer_id", "who", "code", "organisation_name", "station", "keeper"),
    *("grade", "grade_was", "grade_day", "reason", "months", *MONEY, "years", "is_influential"),
    "currency_code",
)
"""What `listing` returns; money is of the stations asked for, grade and reason of the chain."""


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


@right("cards.read")
def listing(ask: Ask, *, stations: Sequence[str] = (), grades: Sequence[str] = ()) -> pd.DataFrame:
    """Return LISTED of the customers in sight, of these grades if any are named, the best first.

    What somebody brought and cost is told of the stations asked for only; his grade is the chain's.
    """
    wanted = stations_in_sight(ask, stations)
    told = valuing.worth(ask, day_number(ask.as_of), wanted)
    with ask.db.reading() as conn:
        rows = roll.roll(conn, ask, stations)
        rows = rows[rows["grade"].isin(list(grades))] if grades else rows
        rows = roll.named(conn, ask, rows)
    per_major = told.per_major
    here = told.frame.reindex(rows["customer_id"]).reset_index(drop=True)
    rows = rows.reset_index(drop=True).assign(
        months=here["months"].fillna(0).astype("int64"),
        **{name: here[f"{name}_minor"].fillna(0) / per_major for name in MONEY},
        years=here["years"].astype("float64"),
        is_influential=here["is_influential"].astype("float64").fillna(0) > 0,
        currency_code=told.currency,
    )
    order = ["grade", "amount", "customer_id"]
    rows = rows.sort_values(order, ascending=[True, False, True], ignore_index=True)
    return rows[list(LISTED)]


def moves(rows: pd.DataFrame, since: int) -> dict[str, pd.DataFrame]:
    """Return who of these rose and who fell after a day, by the last that his grade did."""
    late = rows[(rows["grade_day"] > since) & (rows["grade_was"] != "")]
    return {
        "rose": late[late["grade"] < late["grade_was"]],
        "fell": late[late["grade"] > late["grade_was"]],
    }


@right("cards.read")
def falls(ask: Ask, *, stations: Sequence[str] = (), days: int) -> int:
    """Return how many of `listing` fell within the last days, without looking at everybody."""
    since = day_number(ask.as_of) - days
    day = roll.looking_back(ask.as_of, board.last_day(ask))
    with ask.db.reading() as conn:
        ids = marks.marked_after(conn, marks.GRADE, since)
        last = marks.now(conn, marks.GRADE, ids, on_day=day)
        told = moves(last.rename(columns={"was": "grade_was", "day": "grade_day"}), since)
        return roll.count(conn, ask, told["fell"]["customer_id"].tolist(), stations)


@dataclass(frozen=True, slots=True)
class Mark:
    """A grade or stage that a customer reached, on which day, why, and what counted for it.

    `facts` are empty where they would tell what he bought at stations out of sight.
    """

    day: int
    now: str
    was: str
    reason: str
    facts: Mapping[str, Any]
    proposed_by: str = ""
    approved_by: str = ""


@right("cards.read")
def history(ask: Ask, *, customer_id: int) -> list[Mark]:
    """Return every grade that a customer had, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        return list(reversed(marked(conn, ask, seen.customer.ids)))


def sees_all(conn: Connection, ask: Ask) -> bool:
    """Return whether the asker sees every station, and so may know what counted chain-wide."""
    return frozenset(sites.ids(conn).values()) <= ask.scope.station_ids


def marked(conn: Connection, ask: Ask, customer_ids: Collection[int]) -> list[Mark]:
    """Return every grade that these records of a customer had, the oldest first."""
    is_whole = sees_all(conn, ask)
    return [
        Mark(r["day"], r["grade"], r["was"], r["reason"], r["facts"] if is_whole else {})
        for r in marks.history(conn, marks.GRADE, customer_ids)
    ]
