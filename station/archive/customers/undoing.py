"""An import of records is taken back: rows it made go, columns stand as they stood before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, delete, or_, select, update

from station.archive.batches import UNDONE
from station.archive.customers import steps
from station.archive.customers.mark_tables import grade_marks, stage_marks, stage_proposals, stalls
from station.archive.customers.steps import (
    BACK,
    DONE,
    GONE,
    LEFT,
    OPEN,
    STANDS,
    USED,
    WAITS,
    Kept,
    Pair,
)
from station.archive.customers.tables import customer_fields, field_changes
from station.archive.people.accounts import raise_rights_version
from station.archive.rows import slices
from station.archive.tables import (
    audit,
    batches,
    card_links,
    cards,
    customers,
    metadata,
    sales,
    stations,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.model import Act, Source

TABLES = {
    one.name: one for one in (stations, customers, vehicles, cards, vehicle_owners, card_links)
}
"""What imports write row by row."""
HOLDERS = {vehicle_owners.name: "vehicle_id", card_links.name: "card_id"}
"""Whose links follow one on another, so that they are taken back together or not at all."""
ITS_OWN = {
    customers.name: {
        *(customer_fields.name, field_changes.name),
        *(grade_marks.name, stage_marks.name, stage_proposals.name, stalls.name),
    },
    vehicles.name: {vehicle_keys.name},
}
"""What a row takes along when it goes."""
OF_SOURCE = {"use": "use_source", "owner_kind": "owner_source"}
"""Columns of a vehicle that are true together with where they are from."""
BROUGHT, TAKEN_BACK = "batch:", "undo:"
"""How the reason of a change begins that a file brought, or that took it back."""
Came = defaultdict[str, list[Kept]]
"""Steps by what became of them."""


class Unit(NamedTuple):
    """What one batch did to a row, first to last; `later` is what imports after it say of it."""

    batch_id: int
    row_id: int
    steps: tuple[Kept, ...]
    later: frozenset[str] = frozenset()
    is_named_later: bool = False

    @property
    def is_new(self) -> bool:
        """Whether the batch made the row."""
        return any(step.is_new for step in self.steps)

    @property
    def told(self) -> dict[str, Pair]:
        """What stood first and what was put last, by column."""
        found: dict[str, Pair] = {}
        for step in self.steps:
            for name, pair in step.told.items():
                before = found.get(name)
                found[name] = [before[0], pair[1]] if before and pair else (pair or before or [])
        return found


def units(conn: Connection, table: str, row_ids: Collection[int], batch_id: int) -> list[Unit]:
    """Return what a batch did to these rows, and below it what undone ones had to leave there.

    The newest comes first: each is taken back before the one that came before it.
    """
    mine, others = _steps(conn, table, row_ids, batch_id)
    by_row: dict[tuple[int, int], list[Kept]] = defaultdict(list)
    for step in mine:
        by_row[step.batch_id, step.row_id].append(step)
    later: dict[int, list[Kept]] = defaultdict(list)
    for step in others:
        later[step.row_id].append(step)
    return [
        _unit(batch, row_id, found, [one for one in later[row_id] if one.id > found[0].id])
        for (batch, row_id), found in sorted(by_row.items(), reverse=True)
    ]


def _unit(batch_id: int, row_id: int, found: Sequence[Kept], later: Sequence[Kept]) -> Unit:
    said = frozenset(name for one in later for name in one.told)
    return Unit(batch_id, row_id, tuple(found), said, bool(later))


def _steps(
    conn: Connection, table: str, row_ids: Collection[int], batch_id: int
) -> tuple[list[Kept], list[Kept]]:
    """Return the steps on these rows that may be taken back now, and those that stand."""
    standing = steps.of_rows(conn, table, row_ids, {STANDS})
    undone = undone_batches(conn)
    left = [one for one in steps.of_rows(conn, table, row_ids, OPEN) if one.batch_id in undone]
    mine = [one for one in standing if one.batch_id == batch_id]
    return sorted([*mine, *left]), [one for one in standing if one.batch_id != batch_id]


def undone_batches(conn: Connection) -> set[int]:
    """Return the imports of records that were undone and of which something is still kept."""
    query = select(batches.c.id).where(batches.c.status == UNDONE, batches.c.kind != "sales")
    return set(conn.execute(query).scalars())


def undo_rows(
    conn: Connection,
    table: str,
    row_ids: Collection[int],
    batch_id: int,
    *,
    barred: Collection[int] = (),
    fixed: Collection[str] = (),
    since_s: int = 0,
) -> None:
    """Take back what a batch did to stations, vehicles or cards.

    `barred` rows and `fixed` columns are left; a row goes only if nothing names it since.
    """
    rows, came = rows_of(conn, TABLES[table], row_ids), Came(list)
    found = units(conn, table, row_ids, batch_id)
    used = in_use(conn, table, removable(found), since_s=since_s)
    changed: dict[int, dict[str, Any]] = defaultdict(dict)
    gone: set[int] = set()
    for unit in found:
        row = rows.get(unit.row_id)
        if row is None or unit.row_id in gone:
            came[DONE] += unit.steps
        elif unit.is_new:
            stays = unit.is_named_later or unit.row_id in used or unit.row_id in barred
            gone |= set() if stays else {unit.row_id}
            close(came, USED if stays else GONE, unit)
        else:
            columns = row.keys() if unit.row_id in barred else {*fixed, *unit.later, *_sure(row)}
            back, left = _back(row, unit.told, columns)
            row |= back
            changed[unit.row_id] |= back
            close(came, LEFT if left else BACK if back else DONE, unit, left)
    put_columns(conn, TABLES[table], {one: new for one, new in changed.items() if one not in gone})
    steps.settle(conn, came)
    remove(conn, table, gone)


def removable(found: Iterable[Unit]) -> set[int]:
    """Return the rows that would go, were nothing else to name them."""
    return {unit.row_id for unit in found if unit.is_new and not unit.is_named_later}


def close(came: Came, outcome: str, unit: Unit, left: dict[str, Pair] | None = None) -> None:
    """Note what became of a unit with its first step, or with the one that made the row."""
    first = next((one for one in unit.steps if one.is_new), unit.steps[0])
    came[outcome].append(first._replace(told=left or {}))
    came[DONE] += [one for one in unit.steps if one.id != first.id]


def rows_of(conn: Connection, table: Table, row_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return what stands in these rows, by id."""
    return {
        row["id"]: dict(row)
        for some in slices(sorted(row_ids))
        for row in conn.execute(select(table).where(table.c.id.in_(some))).mappings()
    }


def _sure(row: dict[str, Any]) -> set[str]:
    """Return the columns of a vehicle that a member of staff confirmed."""
    return {
        name
        for column, source in OF_SOURCE.items()
        for name in (column, source)
        if row.get(source) == Source.CONFIRMED.value
    }


def _back(
    row: dict[str, Any], told: dict[str, Pair], fixed: Collection[str]
) -> tuple[dict[str, Any], dict[str, Pair]]:
    """Return what may stand again, and what is left: it stands otherwise now, or is fixed."""
    pairs = {name: pair for name, pair in told.items() if pair and pair[0] != pair[1]}
    left = {name for name, pair in pairs.items() if name in fixed or row[name] != pair[1]}
    for column, source in OF_SOURCE.items():
        if left & {column, source}:
            left |= {column, source} & pairs.keys()
    # What a file only said is tried again when an import after it, which says it too, is undone.
    again = {name: pair for name, pair in pairs.items() if name in left}
    return {name: pair[0] for name, pair in pairs.items() if name not in left}, again


def put_columns(conn: Connection, table: Table, changed: dict[int, dict[str, Any]]) -> None:
    """Let values stand in columns of rows, given by id."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row_id, values in changed.items():
        named = {f"new_{name}": value for name, value in sorted(values.items())}
        by_columns[tuple(sorted(values))].append({"its_id": row_id} | named)
    for columns, rows in by_columns.items():
        if columns:
            change = update(table).where(table.c.id == bindparam("its_id"))
            conn.execute(change.values({c: bindparam(f"new_{c}") for c in columns}), rows)


def in_use(conn: Connection, table: str, row_ids: Collection[int], *, since_s: int) -> set[int]:
    """Return which of these rows, made since an instant, something names that would miss them."""
    own = ITS_OWN.get(table, set())
    used = _acted_on(conn, table, row_ids, since_s)
    for other in metadata.tables.values():
        for key in other.foreign_keys:
            if key.column.table.name == table and other.name not in own:
                used |= _among(conn, key.parent, row_ids)
    if table == vehicles.name:
        used |= _known_otherwise(conn, row_ids)
    return used


def _among(conn: Connection, column: Any, values: Collection[int]) -> set[int]:
    return {
        int(value)
        for some in slices(sorted(values))
        for value in conn.execute(select(column).where(column.in_(some)).distinct()).scalars()
    }


def _acted_on(conn: Connection, table: str, row_ids: Collection[int], since_s: int) -> set[int]:
    """Return the rows of which the log tells more than that somebody looked at their card."""
    begins = {customers.name: "customer:", vehicles.name: "vehicle:"}.get(table)
    if begins is None or not row_ids:
        return set()
    query = select(audit.c.object).where(
        audit.c.at >= since_s,
        audit.c.act != Act.CARD_OPENED.value,
        audit.c.object.startswith(begins, autoescape=True),
    )
    numbers = {name.split(":")[1] for name in conn.execute(query.distinct()).scalars()}
    return {int(number) for number in numbers if number.isdecimal()} & set(row_ids)


def _known_otherwise(conn: Connection, vehicle_ids: Collection[int]) -> set[int]:
    """Return the vehicles that bought, were confirmed, or bear other plates than their first."""
    key, used = vehicle_keys.c, set()
    for some in slices(sorted(vehicle_ids)):
        mine = key.vehicle_id.in_(some)
        bought = select(key.vehicle_id).where(mine, key.id.in_(select(sales.c.key_id)))
        used |= set(conn.execute(bought.where(sales.c.key_id == key.id)).scalars())
        rows = conn.execute(
            select(key.vehicle_id, key.valid_from_day, key.valid_to_day).where(mine)
        )
        keys: dict[int, int] = defaultdict(int)
        for row in rows:
            keys[row.vehicle_id] += 1 if row.valid_from_day == 0 and not row.valid_to_day else 2
        used |= {one for one in some if keys[one] != 1}
        sure = vehicles.c.use_source == Source.CONFIRMED.value
        used |= set(
            conn.execute(select(vehicles.c.id).where(vehicles.c.id.in_(some), sure)).scalars()
        )
    return used


def otherwise_changed(conn: Connection, customer_ids: Collection[int], batch_id: int) -> set[int]:
    """Return the customers whose history tells more than what undone imports brought."""
    known = {f"{BROUGHT}{one}" for one in (*undone_batches(conn), batch_id)}
    change = field_changes.c
    return {
        row.customer_id
        for some in slices(sorted(customer_ids))
        for row in conn.execute(
            select(change.customer_id, change.reason).where(change.customer_id.in_(some)).distinct()
        )
        if row.reason not in known and not row.reason.startswith(TAKEN_BACK)
    } | {
        row_id
        for some in slices(sorted(customer_ids))
        for row_id in conn.execute(
            select(customers.c.id).where(
                customers.c.id.in_(some),
                or_(
                    customers.c.keeper_id.is_not(None),
                    customers.c.merged_into.is_not(None),
                    customers.c.erased_at.is_not(None),
                ),
            )
        ).scalars()
    }


def remove(conn: Connection, table: str, row_ids: Collection[int]) -> None:
    """Take rows out that nothing names, with what is theirs alone."""
    for some in slices(sorted(row_ids)):
        if table == customers.name:  # a history may be deleted of who is erased only
            change = update(customers).where(customers.c.id.in_(some))
            conn.execute(change.values(erased_at=0))
            for own in (metadata.tables[name] for name in sorted(ITS_OWN[table])):
                conn.execute(delete(own).where(own.c.customer_id.in_(some)))
        if table == vehicles.name:
            conn.execute(delete(vehicle_keys).where(vehicle_keys.c.vehicle_id.in_(some)))
        conn.execute(delete(TABLES[table]).where(TABLES[table].c.id.in_(some)))
    if row_ids and table == stations.name:
        raise_rights_version(conn)
    steps.forget_rows(conn, table, row_ids)


def holders_of(conn: Connection, table: str, row_ids: Collection[int]) -> set[int]:
    """Return whose links these are."""
    links = TABLES[table]
    return {
        int(holder)
        for some in slices(sorted(row_ids))
        for holder in conn.execute(
            select(links.c[HOLDERS[table]]).where(links.c.id.in_(some)).distinct()
        ).scalars()
    }


def undo_links(
    conn: Connection,
    table: str,
    holders: Collection[int],
    batch_id: int,
    *,
    barred: Collection[int] = (),
) -> None:
    """Take back what a batch did to the links of vehicles or cards, of each all or nothing."""
    links, holder = TABLES[table], HOLDERS[table]
    rows = {
        row["id"]: dict(row)
        for some in slices(sorted(holders))
        for row in conn.execute(select(links).where(links.c[holder].in_(some))).mappings()
    }
    mine, others = _steps(conn, table, rows, batch_id)
    by_holder: dict[tuple[int, int], list[Kept]] = defaultdict(list)
    for step in (one for one in mine if one.row_id in rows):
        by_holder[step.batch_id, rows[step.row_id][holder]].append(step)
    came, gone, changed = Came(list), set[int](), defaultdict[int, dict[str, Any]](dict)
    for (_, one), found in sorted(by_holder.items(), reverse=True):
        own = {row_id: row for row_id, row in rows.items() if row[holder] == one}
        is_free = one not in barred and not any(
            other.row_id in own and other.id > found[0].id for other in others
        )
        if not any(step.told for step in found):
            came[DONE] += found
        elif is_free and _untouched(own, found):
            for step in reversed(found):
                _take_back(rows, step, gone, changed)
            came[BACK].append(found[0])
            came[DONE] += found[1:]
        else:
            came[LEFT].append(found[0])
            came[WAITS] += found[1:]
    put_columns(conn, links, {one: new for one, new in changed.items() if one not in gone})
    steps.settle(conn, came)
    remove(conn, table, gone)


def _untouched(own: dict[int, dict[str, Any]], found: Sequence[Kept]) -> bool:
    """Return whether the links of a holder are still as a batch left them."""
    last = {step.row_id: step.told for step in found if step.told}
    is_newest = max(own) <= max(last)
    return is_newest and all(
        own[row_id][name] == pair[1] for row_id, told in last.items() for name, pair in told.items()
    )


def _take_back(
    rows: dict[int, dict[str, Any]],
    step: Kept,
    gone: set[int],
    changed: dict[int, dict[str, Any]],
) -> None:
    if step.is_new:
        gone.add(step.row_id)
        del rows[step.row_id]
        return
    back = {name: pair[0] for name, pair in step.told.items()}
    rows[step.row_id] |= back
    changed[step.row_id] |= back
