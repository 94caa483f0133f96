"""Which telephones, plates and cards had a gift that is given once, whoever they belong to now?"""

from collections.abc import Collection

from sqlalchemy import Column, Connection, Integer, String, Table, insert, select

from station.archive.rows import slices
from station.archive.tables import metadata

gift_marks = Table(
    "gift_marks",
    metadata,
    Column("mark", String(64), primary_key=True),
    Column("day", Integer, nullable=False),  # on which it was given, by the programme's calendar
)
"""Keyed hashes that tell no telephone; they stay when a person is erased, and name nobody."""


def days(conn: Connection, marks: Collection[str]) -> dict[str, int]:
    """Return the day on which each of these marks had its gift; those without one are left out."""
    query = select(gift_marks.c.mark, gift_marks.c.day)
    return {
        str(mark): int(day)
        for some in slices(sorted(marks))
        for mark, day in conn.execute(query.where(gift_marks.c.mark.in_(some)))
    }


def add(conn: Connection, marks: Collection[str], day: int) -> None:
    """Note that these marks had their gift; those that had it keep their day."""
    new = set(marks) - days(conn, marks).keys()
    if new:
        conn.execute(insert(gift_marks), [{"mark": mark, "day": day} for mark in sorted(new)])
