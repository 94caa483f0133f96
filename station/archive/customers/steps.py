"""What an import of records did, row by row, so that it can be taken back."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from station.archive.customers.tables import batch_steps
from station.archive.rows import slices
from station.archive.tables import batches, customers

STANDS, BACK, GONE, LEFT, USED, DONE, WAITS = "", "back", "gone", "left", "used", "done", "wait"
"""What became of a step: it stands; a value was put back; a row was taken out; it was left because
of a later change; a row was kept because something names it; nothing of it is left to undo; it was
left with another that is counted."""
OPEN = frozenset({LEFT, USED, WAITS})
"""What is tried again when the import that came after it is undone too."""
CUSTOMERS = customers.name
Pair = list[Any]
"""What stood in a column and what the file put there; empty where it only said the same."""


class Step(NamedTuple):
    """A file made a row or said something of one that stood; `told` is by column or field.

    What is `said` only is kept where an earlier import, not undone yet, wrote the same row.
    """

    table: str
    row_id: int
    is_new: bool = False
    told: Mapping[str, Pair] = {}
    is_said: bool = False


class Kept(NamedTuple):
    """A step as the archive keeps it."""

    id: int
    batch_id: int
    row_id: int
    is_new: bool
    told: dict[str, Pair]


def write(conn: Connection, batch_id: int, done: Sequence[Step]) -> None:
    """Keep what a batch did."""
    live = _live(conn, batch_id, [step for step in done if step.is_said])
    kept = [step for step in done if not step.is_said or (step.table, step.row_id) in live]
    told = {id(step.told): step.told for step in kept}
    words = {key: json.dumps(one) if one else "" for key, one in told.items()}
    rows = [
        {
            "batch_id": batch_id,
            "table_name": step.table,
            "row_id": step.row_id,
            "is_new": int(step.is_new),
            "told": words[id(step.told)],
        }
        for step in kept
    ]
    if rows:
        conn.execute(insert(batch_steps), rows)


def _live(conn: Connection, batch_id: int, said: Iterable[Step]) -> set[tuple[str, int]]:
    """Return which rows an import wrote that is not undone, other than this one."""
    rows: dict[str, set[int]] = {}
    for one in said:
        rows.setdefault(one.table, set()).add(one.row_id)
    step = batch_steps.c
    return {
        (table, row_id)
        for table, ids in rows.items()
        for some in slices(sorted(ids))
        for row_id in conn.execute(
            select(step.row_id)
            .where(_on(table, some), step.outcome == STANDS, step.batch_id != batch_id)
            .distinct()
        ).scalars()
    }


def _on(table: str, row_ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(batch_steps.c.table_name == table, batch_steps.c.row_id.in_(row_ids))


def any_of(conn: Connection, batch_id: int) -> bool:
    """Return whether anything is kept of what a batch did."""
    query = select(batch_steps.c.id).where(batch_steps.c.batch_id == batch_id)
    return conn.execute(query.limit(1)).first() is not None


class Last(NamedTuple):
    """Table and rows of the last steps of a batch that stand, the first of them `from_id`."""

    table: str
    row_ids: list[int]
    from_id: int


def last(conn: Connection, batch_id: int, *, below: int | None, limit: int) -> Last | None:
    """Return the last steps of a batch that stand and are `below` an id; none where none is."""
    step = batch_steps.c
    query = select(step.id, step.table_name, step.row_id).where(
        step.batch_id == batch_id, step.outcome == STANDS
    )
    if below is not None:
        query = query.where(step.id < below)
    found = conn.execute(query.order_by(step.id.desc()).limit(limit)).all()
    if not found:
        return None
    table = found[0].table_name
    run = list(takewhile(lambda row: row.table_name == table, found))
    return Last(table, sorted({row.row_id for row in run}), run[-1].id)


def used(conn: Connection, table: str) -> list[int]:
    """Return the rows that undone imports made and had to keep because something named them."""
    step = batch_steps.c
    query = select(step.row_id).join(batches, batches.c.id == step.batch_id)
    kept = query.where(step.table_name == table, step.outcome == USED, batches.c.status == "undone")
    return sorted(set(conn.execute(kept).scalars()))


def of_rows(
    conn: Connection, table: str, row_ids: Collection[int], outcomes: Collection[str]
) -> list[Kept]:
    """Return the steps on these rows that came out so, in the order in which they were done."""
    step = batch_steps.c
    query = select(step.id, step.batch_id, step.row_id, step.is_new, step.told)
    return sorted(
        Kept(
            row.id,
            row.batch_id,
            row.row_id,
            bool(row.is_new),
            json.loads(row.told) if row.told else {},
        )
        for some in slices(sorted(row_ids))
        for row in conn.execute(query.where(_on(table, some), step.outcome.in_(outcomes)))
    )


def settle(conn: Connection, came: Mapping[str, Sequence[Kept]]) -> None:
    """Note what became of steps; one that was left tells from now on what is left of it."""
    for outcome, done in came.items():
        for some in slices([one.id for one in done]):
            change = update(batch_steps).where(batch_steps.c.id.in_(some))
            conn.execute(change.values(outcome=outcome))
    told = [
        {"its_id": one.id, "left": json.dumps(one.told) if one.told else ""}
        for one in came.get(LEFT, ())
    ]
    if told:
        change = update(batch_steps).where(batch_steps.c.id == bindparam("its_id"))
        conn.execute(change.values(told=bindparam("left")), told)


def forget_rows(conn: Connection, table: str, row_ids: Collection[int]) -> None:
    """Let no step name rows that are gone: their numbers may be given anew."""
    for some in slices(sorted(row_ids)):
        conn.execute(update(batch_steps).where(_on(table, some)).values(row_id=None, told=""))


def forget_customer(conn: Connection, customer_id: int) -> None:
    """Forget what files did to a customer."""
    conn.execute(delete(batch_steps).where(_on(CUSTOMERS, [customer_id])))


def forget(conn: Connection, before_s: int) -> int:
    """Return of how many imports begun before an instant it was forgotten what they did."""
    old = select(batches.c.id).where(batches.c.started_at < before_s)
    kept = select(func.count(batch_steps.c.batch_id.distinct()))
    count = int(conn.execute(kept.where(batch_steps.c.batch_id.in_(old))).scalar_one())
    conn.execute(delete(batch_steps).where(batch_steps.c.batch_id.in_(old)))
    return count


def counts(conn: Connection, batch_id: int) -> dict[tuple[str, str], int]:
    """Return how many steps of a batch came out how, by table and outcome."""
    step = batch_steps.c
    query = select(step.table_name, step.outcome, func.count()).where(step.batch_id == batch_id)
    grouped = query.group_by(step.table_name, step.outcome)
    return {(table, outcome): int(count) for table, outcome, count in conn.execute(grouped)}


def files_of(conn: Connection, customer_ids: Collection[int]) -> list[tuple[int, bool]]:
    """Return when each import that is kept began to make or change a customer; which it was."""
    step = batch_steps.c
    query = (
        select(batches.c.started_at, func.max(step.is_new))
        .join(batches, batches.c.id == step.batch_id)
        .where(_on(CUSTOMERS, sorted(customer_ids)), or_(step.is_new == 1, step.told != ""))
        .group_by(batches.c.id, batches.c.started_at)
        .order_by(batches.c.id)
    )
    return [(int(at), bool(is_new)) for at, is_new in conn.execute(query)]
