"""Which grade and which stage has a customer, since when and why? And does mark follow mark?"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    func,
    or_,
    select,
    union,
)

from station.archive.customers.mark_tables import grade_marks, stage_marks
from station.archive.customers.stands import stands
from station.archive.customers.tables import merges
from station.archive.rows import frame, put, slices
from station.archive.tables import audit, customers
from station.model import Grade, Stage

GRADE, STAGE = grade_marks, stage_marks
SAYS = {
    grade_marks.name: ("grade", "was", "reason", "facts"),
    stage_marks.name: ("stage", "was", "trigger", "facts"),
}
"""What a mark of each table says beside its day."""
WORDS = {
    grade_marks.name: tuple(grade.value for grade in Grade),
    stage_marks.name: tuple(stage.value for stage in Stage),
}
"""What a customer can be marked with."""


@dataclass(frozen=True, slots=True)
class GradeMark:
    """A customer has another grade from a day on; `was` is empty for the first."""

    customer_id: int
    day: int
    grade: str
    was: str
    reason: str
    marked_at: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageMark:
    """A customer is in another stage from a day on; nobody proposed what the figures say."""

    customer_id: int
    day: int
    stage: str
    was: str
    trigger: str
    marked_at: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    proposed_by: str = ""
    approved_by: str = ""


NewMark = TypeVar("NewMark", GradeMark, StageMark)
GRADE_COLUMNS = ("customer_id", "day", "grade", "was", "reason", "facts", "marked_at")
STAGE_COLUMNS = (
    *("customer_id", "day", "stage", "was", "trigger", "facts"),
    *("proposed_by", "approved_by", "marked_at"),
)


def now(
    conn: Connection,
    table: Table,
    customer_ids: Collection[int] | None = None,
    *,
    on_day: int | None = None,
) -> pd.DataFrame:
    """Return customer_id, day and what the last mark of each person says, up to a day.

    Of all, unless some are named; by the id under which he stands, for all his records. Facts are
    as they were written, in JSON.
    """
    who = stands().label("person")
    newest = select(who, func.max(table.c.id).label("id")).join_from(table, customers)
    newest = newest if on_day is None else newest.where(table.c.day <= on_day)
    if customer_ids is None:
        return frame(conn, _told(table, newest.group_by(who)))
    parts = [
        frame(conn, _told(table, newest.where(_of(some)).group_by(who)))
        for some in slices(sorted(set(customer_ids)))
    ]
    blank = pd.DataFrame(columns=["customer_id", "day", *SAYS[table.name]], dtype="object")
    return pd.concat([p for p in parts if len(p)] or [blank]).drop_duplicates("customer_id")


def _of(customer_ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a record is one of these persons'."""
    asked = customers.alias("asked")
    return stands().in_(select(stands(asked)).where(asked.c.id.in_(customer_ids)))


def _told(table: Table, newest: Select[Any]) -> Select[Any]:
    last = newest.subquery()
    told = [table.c[name] for name in ("day", *SAYS[table.name])]
    query = select(last.c.person.label("customer_id"), *told)
    return query.join_from(last, table, table.c.id == last.c.id)


def is_empty(conn: Connection, table: Table) -> bool:
    """Return whether nobody was ever marked."""
    return conn.execute(select(table.c.id).limit(1)).first() is None


def marked_after(conn: Connection, table: Table, day: int) -> list[int]:
    """Return the records of which something was marked after a day."""
    query = select(table.c.customer_id).where(table.c.day > day).distinct()
    return [int(one) for one in conn.execute(query).scalars()]


def last_days(conn: Connection, stage: str) -> dict[int, int]:
    """Return by person the last day on which he was marked with a stage."""
    query = (
        select(stands().label("person"), func.max(stage_marks.c.day))
        .join_from(stage_marks, customers)
        .where(stage_marks.c.stage == stage)
        .group_by(stands())
    )
    return {int(one): int(day) for one, day in conn.execute(query)}


def standing(conn: Connection, customer_ids: Collection[int]) -> dict[int, int]:
    """Return under which customer each of these stands."""
    query = select(customers.c.id, stands().label("person"))
    return {
        int(row.id): int(row.person)
        for some in slices(sorted(set(customer_ids)))
        for row in conn.execute(query.where(customers.c.id.in_(some)))
    }


def history(conn: Connection, table: Table, customer_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return every mark of these records, the oldest first, by column; facts as they were told."""
    query = select(table).where(table.c.customer_id.in_(customer_ids)).order_by(table.c.id)
    return [
        dict(row) | {"facts": json.loads(row["facts"])} for row in conn.execute(query).mappings()
    ]


def stays(conn: Connection) -> pd.DataFrame:
    """Return customer_id, day and stage of every mark of everybody, in order."""
    query = (
        select(stands().label("customer_id"), stage_marks.c.day, stage_marks.c.stage)
        .join_from(stage_marks, customers)
        .order_by(stage_marks.c.id)
    )
    return frame(conn, query)


def following(conn: Connection, table: Table, marks: Iterable[NewMark]) -> list[NewMark]:
    """Return those of new marks that go on where each customer stands, the others fell behind.

    What was worked out before the write began may have been overtaken by another night or by hand.
    """
    new, what = list(marks), SAYS[table.name][0]
    ids = {one.customer_id for one in new}
    last = now(conn, table, ids)
    held = dict(zip(last["customer_id"], last[what], strict=True))
    whole = standing(conn, ids)
    kept = []
    for one in new:
        person = whole[one.customer_id]
        if held.get(person, "") == one.was:
            kept.append(one)
            held[person] = getattr(one, what)
    return kept


def first_broken(conn: Connection, table: Table) -> str:
    """Return the first customer and day of whom a mark does not go on where the last one ended.

    Each says what he was before, days never go back, and nobody changes to what he is. Whoever was
    ever one with another record is left out: his marks may go on from those of the other.
    """
    mark, value = table.c, table.c[SAYS[table.name][0]]
    rows = select(
        mark.id,
        mark.customer_id,
        mark.day,
        value.label("value"),
        mark.was,
        _before(table, value, "").label("before"),
        _before(table, mark.day, mark.day).label("since"),
    ).subquery()
    told, words = rows.c, WORDS[table.name]
    odd = or_(
        told.was != told.before,
        told.day < told.since,
        told.value == told.was,
        told.value.not_in(words),
    )
    joined = union(select(merges.c.kept_id), select(merges.c.gone_id))
    query = select(told.customer_id, told.day).where(odd, told.customer_id.not_in(joined))
    for one, day in conn.execute(query.order_by(told.id)).all():
        if not _was_joined(conn, one):
            return f"{one} {day}"
    return ""


def _before(table: Table, what: Column[Any], first: Any) -> ColumnElement[Any]:
    """Return what the mark before says of the same customer, or what stands in its place."""
    own = table.c
    said = func.lag(what).over(partition_by=own.customer_id, order_by=own.id)
    return func.coalesce(said, first)


def _was_joined(conn: Connection, customer_id: int) -> bool:
    """Return whether a customer was one with a record of which nothing else is known any more."""
    said = select(audit.c.id).where(audit.c.object == f"customer:{customer_id}:merge")
    return conn.execute(said.limit(1)).first() is not None


def add_grades(conn: Connection, marks: Sequence[GradeMark]) -> None:
    """Write down new grades."""
    put(conn, grade_marks, GRADE_COLUMNS, [_row(one, GRADE_COLUMNS) for one in marks])


def add_stages(conn: Connection, marks: Sequence[StageMark]) -> None:
    """Write down new stages."""
    put(conn, stage_marks, STAGE_COLUMNS, [_row(one, STAGE_COLUMNS) for one in marks])


def _row(mark: GradeMark | StageMark, names: Sequence[str]) -> tuple[Any, ...]:
    """Return a mark as plain values; facts as JSON."""
    told = json.dumps(dict(mark.facts), sort_keys=True)
    return tuple(told if name == "facts" else getattr(mark, name) for name in names)
