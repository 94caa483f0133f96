"""Dated links: a vehicle's owner, a card's customer and vehicle, one after the other."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from station.archive.customers.steps import Step
from station.archive.rows import slices

Stored = dict[str, Any]
"""A row of a table of links; its `id` is none until it is written."""


class Link(NamedTuple):
    """What `holder` (a vehicle or a card) is tied to, in the order of the target columns."""

    holder: int
    target: tuple[int | None, ...]
    since_day: int | None = None


def put(
    conn: Connection,
    table: Table,
    holder: str,
    targets: Sequence[str],
    links: Sequence[Link],
    steps: list[Step] | None = None,
) -> list[bool]:
    """Return for each link whether it changed anything; what was done is added to `steps`.

    A holder has one link at a time: a newer one ends the one before on its first day (`to_day` is
    the first day on which a link no longer holds).
    """
    known = _stored(conn, table, holder, [link.holder for link in links])
    was = {row["id"]: _days(row) for rows in known.values() for row in rows}
    changed = []
    touched: dict[int, Stored] = {}
    for link in links:
        news = _tie(known[link.holder], holder, targets, link)
        touched |= {id(row): row for row in news}
        changed.append(bool(news))
    last_id = conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    _write(conn, table, list(touched.values()))
    if steps is not None:
        steps += _said(table, targets, links, known) + _changed(table, known, was)
        steps += _made(conn, table, last_id)
    return changed


def _days(row: Any) -> tuple[int, int | None]:
    return row["from_day"], row["to_day"]


def _said(
    table: Table,
    targets: Sequence[str],
    links: Sequence[Link],
    known: dict[int, list[Stored]],
) -> list[Step]:
    """Return the links that stood and that a file names."""
    named = {
        row["id"]
        for link in links
        for row in known[link.holder]
        if row["id"] is not None and tuple(row[name] for name in targets) == link.target
    }
    return [Step(table.name, row_id, is_said=True) for row_id in sorted(named)]


def _changed(
    table: Table, known: dict[int, list[Stored]], was: dict[int, tuple[int, int | None]]
) -> list[Step]:
    return [
        Step(table.name, row["id"], told=_told(was[row["id"]], _days(row)))
        for rows in known.values()
        for row in rows
        if row["id"] is not None and was[row["id"]] != _days(row)
    ]


def _made(conn: Connection, table: Table, last_id: int) -> list[Step]:
    """Return the links that were written since; writers take turns, so all are ours."""
    news = conn.execute(select(table).where(table.c.id > last_id).order_by(table.c.id)).mappings()
    return [
        Step(table.name, row["id"], is_new=True, told=_told((None, None), _days(row)))
        for row in news
    ]


def _told(
    was: tuple[int | None, int | None], is_now: tuple[int | None, int | None]
) -> dict[str, list[Any]]:
    days = zip(("from_day", "to_day"), was, is_now, strict=True)
    return {name: [old, new] for name, old, new in days}


def _stored(
    conn: Connection, table: Table, holder: str, holders: Sequence[int]
) -> dict[int, list[Stored]]:
    known: dict[int, list[Stored]] = defaultdict(list)
    for some in slices(sorted(set(holders))):
        query = select(table).where(table.c[holder].in_(some)).order_by(table.c.from_day)
        for row in conn.execute(query).mappings():
            known[row[holder]].append(dict(row))
    return known


def _tie(rows: list[Stored], holder: str, targets: Sequence[str], link: Link) -> list[Stored]:
    """Return the rows that are new or changed by one more link of their holder."""
    wanted = dict(zip(targets, link.target, strict=True))
    same = [row for row in rows if wanted.items() <= row.items()]
    current = next((row for row in rows if row["to_day"] is None), None)
    if any(row["from_day"] == link.since_day for row in same):
        return []
    if current in same and current is not None:
        return _move_start(current, link)
    from_day = link.since_day or 0
    again = next((row for row in same if row["from_day"] == from_day), None)
    if again is not None:  # named without a day before, ended, and named without a day again
        return _reopen(again, current)
    new = {"id": None, holder: link.holder, **wanted, "from_day": from_day, "to_day": None}
    rows.append(new)
    if current is None:
        return [new]
    if from_day < current["from_day"]:
        new["to_day"] = current["from_day"]
        return [new]
    current["to_day"] = from_day
    return [new, current]


def _reopen(again: Stored, current: Stored | None) -> list[Stored]:
    """Return the link that holds again, and the one it ends, if that is not known to be newer."""
    if current is None or again["from_day"] < current["from_day"]:
        return []
    again["to_day"], current["to_day"] = None, again["from_day"]
    return [again, current]


def _move_start(current: Stored, link: Link) -> list[Stored]:
    """Return the link that holds already, if its first day became known or another."""
    if link.since_day is None:
        return []
    current["from_day"] = link.since_day
    return [current]


def _write(conn: Connection, table: Table, rows: Sequence[Stored]) -> None:
    new = [{k: v for k, v in row.items() if k != "id"} for row in rows if row["id"] is None]
    old = [
        {"link": row["id"], "start": row["from_day"], "end": row["to_day"]}
        for row in rows
        if row["id"] is not None
    ]
    if old:
        change = update(table).where(table.c.id == bindparam("link"))
        conn.execute(change.values(from_day=bindparam("start"), to_day=bindparam("end")), old)
    if new:
        conn.execute(insert(table), new)
