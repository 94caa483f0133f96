"""Stations, customers, vehicles and cards from files: putting one twice changes nothing."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from station.archive.books import KeyBook
from station.archive.customers import links
from station.archive.customers.links import Link
from station.archive.customers.steps import Pair, Step
from station.archive.keys import vehicles_now
from station.archive.rows import slices
from station.archive.sales import Outcome
from station.archive.stations import values_of
from station.archive.tables import (
    card_links,
    cards,
    customers,
    stations,
    vehicle_keys,
    vehicle_owners,
    vehicles,
)
from station.model import (
    CardRecord,
    CustomerRecord,
    OwnerKind,
    Source,
    Station,
    Use,
    VehicleRecord,
)

Values = dict[str, Any]
"""Columns of one row. What a file left blank does not erase what the archive knows."""

BLANK = frozenset({"", Use.UNKNOWN.value, None})


class Replaced(NamedTuple):
    """What a file changed of a customer whom the archive knew: by column, what was and is."""

    customer_id: int
    columns: dict[str, tuple[object, object]]


def put_stations(
    conn: Connection, records: Sequence[Station], *, steps: list[Step] | None = None
) -> list[Outcome]:
    """Return for each station whether it is new or changed (accepted), or known (duplicate).

    What was done is added to `steps`.
    """
    rows = [values_of(record) for record in records]
    return _outcomes(_put(conn, stations, "code", rows, steps=steps))


def ids_of(conn: Connection, codes: Collection[str]) -> dict[str, int]:
    """Return the ids of customers by their codes."""
    query = select(customers.c.code, customers.c.id)
    return {
        str(row.code): int(row.id)
        for some in slices(sorted(set(codes)))
        for row in conn.execute(query.where(customers.c.code.in_(some)))
    }


def last_customer(conn: Connection) -> int:
    """Return the highest number of a customer so far, 0 where there is none."""
    return int(conn.execute(select(func.coalesce(func.max(customers.c.id), 0))).scalar_one())


def put_customers(
    conn: Connection,
    records: Sequence[CustomerRecord],
    *,
    station_ids: Mapping[str, int],
    erased: Collection[str] = (),
    made_by: str = "",
    made_at: int | None = None,
    replaced: list[Replaced] | None = None,
) -> list[Outcome]:
    """Return for each customer whether it is new or changed, or known.

    What was changed of the known ones is added to `replaced`. One whose station is not in the
    archive is unmatched, one whose code is among the `erased` is a conflict, and neither is taken.
    How a customer is reached is put by `sealed.put_contacts`.
    """
    known = [
        record.code not in erased and (not record.station or record.station in station_ids)
        for record in records
    ]
    rows = [
        {
            "code": record.code,
            "is_organisation": int(record.is_organisation),
            "owner_kind": record.owner_kind.value,
            "organisation_name": record.organisation_name,
            "station_id": station_ids.get(record.station),
            "since_day": record.since_day,
        }
        for record, is_known in zip(records, known, strict=True)
        if is_known
    ]
    made = {"made_by": made_by, "made_at": made_at}
    changed = _put(conn, customers, "code", rows, made, replaced=replaced)
    outcomes = _matched(known, changed)
    return [
        Outcome.CONFLICT if record.code in erased else outcome
        for record, outcome in zip(records, outcomes, strict=True)
    ]


def put_vehicles(
    conn: Connection,
    records: Sequence[VehicleRecord],
    *,
    keys: KeyBook,
    steps: list[Step] | None = None,
) -> list[Outcome]:
    """Return for each vehicle whether it is new or changed, or known; see `steps`.

    One whose owner is no customer of the archive is unmatched and not taken. A use that a person
    confirmed stands against any file.
    """
    owners = _ids(conn, customers, "code", [record.owner_code for record in records])
    known = [not record.owner_code or record.owner_code in owners for record in records]
    taken = [record for record, is_known in zip(records, known, strict=True) if is_known]
    last_id = _last(conn, vehicle_keys)
    is_new, vehicle_ids = _vehicles(conn, keys, taken, last_id)
    _note_named(customers, owners.values(), steps)
    made = _note_vehicles(conn, last_id, steps)
    confirmed = _confirmed(conn, vehicle_ids)
    rows, tied = [], []
    for vehicle_id, record in zip(vehicle_ids, taken, strict=True):
        rows.append(_vehicle_row(vehicle_id, record, confirmed))
        tied.append(Link(vehicle_id, (owners.get(record.owner_code),), record.since_day))
    changed = _put(conn, vehicles, "id", rows, steps=steps, made_before=made)
    relinked = _tie(conn, vehicle_owners, "vehicle_id", ("customer_id",), tied, steps)
    return _matched(known, [any(c) for c in zip(is_new, changed, relinked, strict=True)])


def put_cards(
    conn: Connection,
    records: Sequence[CardRecord],
    *,
    keys: KeyBook,
    steps: list[Step] | None = None,
) -> list[Outcome]:
    """Return for each card whether it is new or changed, or known; see `steps`.

    One of a customer who is not in the archive is unmatched and not taken.
    """
    owners = _ids(conn, customers, "code", [record.customer_code for record in records])
    known = [not r.customer_code or r.customer_code in owners for r in records]
    taken = [record for record, is_known in zip(records, known, strict=True) if is_known]
    last_id = _last(conn, vehicle_keys)
    key_ids = keys.ids(conn, [record.plate for record in taken])
    vehicle_of = vehicles_now(conn, [key_id for key_id in key_ids if key_id is not None])
    _note_named(customers, owners.values(), steps)
    made = _note_vehicles(conn, last_id, steps)
    _note_named(vehicles, set(vehicle_of.values()) - made, steps)
    rows = [{"number": r.number, "kind": r.kind} for r in taken]
    changed = _put(conn, cards, "number", rows, steps=steps)
    card_ids = _ids(conn, cards, "number", [record.number for record in taken])
    tied = [
        Link(
            card_ids[record.number],
            (owners.get(record.customer_code), vehicle_of.get(key_id or 0)),
            record.since_day,
        )
        for record, key_id in zip(taken, key_ids, strict=True)
    ]
    relinked = _tie(conn, card_links, "card_id", ("customer_id", "vehicle_id"), tied, steps)
    return _matched(known, [any(pair) for pair in zip(changed, relinked, strict=True)])


def _vehicle_row(vehicle_id: int, record: VehicleRecord, confirmed: set[int]) -> Values:
    """Return what a record says of the vehicle itself."""
    row: Values = {"id": vehicle_id, "vehicle_type": record.vehicle_type}
    if record.use != Use.UNKNOWN and vehicle_id not in confirmed:
        row |= {"use": record.use.value, "use_source": Source.CARD.value}
    if record.owner_kind != OwnerKind.UNKNOWN:
        row |= {"owner_kind": record.owner_kind.value, "owner_source": Source.CARD.value}
    return row


def _last(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _note_named(table: Table, row_ids: Collection[int], steps: list[Step] | None) -> None:
    """Note that a file names these rows; before what it ties to them, so as to outlast that."""
    if steps is not None:
        steps += [Step(table.name, row_id, is_said=True) for row_id in sorted(set(row_ids))]


def _note_vehicles(conn: Connection, last_id: int, steps: list[Step] | None) -> set[int]:
    """Return the vehicles made with a key above `last_id`, noted as made; writers take turns."""
    if steps is None:
        return set()
    query = select(vehicle_keys.c.vehicle_id).where(vehicle_keys.c.id > last_id)
    made = sorted(set(conn.execute(query).scalars()))
    steps += [Step(vehicles.name, vehicle_id, is_new=True) for vehicle_id in made]
    return set(made)


def _vehicles(
    conn: Connection, keys: KeyBook, records: Sequence[VehicleRecord], last_id: int
) -> tuple[list[bool], list[int]]:
    """Return whether the archive meets each vehicle for the first time, and its id."""
    key_ids = [key_id or 0 for key_id in keys.ids(conn, [record.key for record in records])]
    vehicle_of = vehicles_now(conn, key_ids)
    firsts = {key_id: place for place, key_id in reversed(list(enumerate(key_ids)))}
    is_new = [key_id > last_id and firsts[key_id] == place for place, key_id in enumerate(key_ids)]
    return is_new, [vehicle_of[key_id] for key_id in key_ids]


def _put(
    conn: Connection,
    table: Table,
    name: str,
    rows: Sequence[Values],
    made: Values | None = None,
    *,
    replaced: list[Replaced] | None = None,
    steps: list[Step] | None = None,
    made_before: Collection[int] = (),
) -> list[bool]:
    """Return for each row whether it was new or changed what stood under its `name`.

    `made` is written with the new ones only; to `replaced` is added what the old ones lost, to
    `steps` what was done but to the rows that were `made_before` in the same write.
    """
    standing = _standing(conn, table, name, [row[name] for row in rows])
    new: dict[str | int, Values] = {}
    old: dict[str | int, Values] = {}
    changed = []
    for row in rows:
        known = standing.get(row[name])
        if known is None:
            new[row[name]] = standing[row[name]] = dict(row)
            changed.append(True)
            continue
        news = {k: v for k, v in row.items() if v not in BLANK and v != known[k]}
        if news and replaced is not None and row[name] not in new:
            replaced.append(Replaced(known["id"], {k: (known[k], v) for k, v in news.items()}))
        known |= news
        if news and row[name] not in new:
            old[row[name]] = known
        changed.append(bool(news))
    was = _standing(conn, table, name, list(old)) if steps is not None and old else {}
    _write(conn, table, name, [row | (made or {}) for row in new.values()], list(old.values()))
    if steps is not None:
        said = [row for row in rows if row[name] not in new and row[name] not in made_before]
        steps += _steps(table, name, said, standing, was) + _made(conn, table, name, list(new))
    return changed


def _steps(
    table: Table,
    name: str,
    said: Sequence[Values],
    standing: Mapping[str | int, Values],
    was: Mapping[str | int, Values],
) -> list[Step]:
    """Return what a file says of rows that stood: by column what it changed, or only named."""
    told: dict[str | int, dict[str, Pair]] = {}
    for row in said:
        told.setdefault(row[name], {}).update(
            (column, [])
            for column, value in row.items()
            if column not in {"id", name} and value not in BLANK
        )
    for key, before in was.items():
        pairs = {column: [before[column], standing[key][column]] for column in told.get(key, ())}
        told.get(key, {}).update({c: pair for c, pair in pairs.items() if pair[0] != pair[1]})
    return [
        Step(table.name, standing[key]["id"], told=by_column, is_said=not any(by_column.values()))
        for key, by_column in told.items()
    ]


def _made(conn: Connection, table: Table, name: str, names: Sequence[str | int]) -> list[Step]:
    ids = [row["id"] for row in _standing(conn, table, name, names).values()]
    return [Step(table.name, row_id, is_new=True) for row_id in sorted(ids)]


def _write(
    conn: Connection, table: Table, name: str, new: Sequence[Values], old: Sequence[Values]
) -> None:
    if new:
        conn.execute(insert(table), new)
    if old:
        names = [column for column in old[0] if column not in {"id", name}]
        change = update(table).where(table.c[name] == bindparam("its_name"))
        values: Values = {column: bindparam(f"new_{column}") for column in names}
        rows = [
            {"its_name": row[name], **{f"new_{column}": row[column] for column in names}}
            for row in old
        ]
        conn.execute(change.values(values), rows)


def _standing(
    conn: Connection, table: Table, name: str, names: Sequence[str | int]
) -> dict[str | int, Values]:
    return {
        row[name]: dict(row)
        for some in slices(sorted(set(names)))
        for row in conn.execute(select(table).where(table.c[name].in_(some))).mappings()
    }


def _ids(conn: Connection, table: Table, name: str, names: Sequence[str]) -> dict[str, int]:
    return {str(key): row["id"] for key, row in _standing(conn, table, name, names).items()}


def _confirmed(conn: Connection, vehicle_ids: Sequence[int]) -> set[int]:
    found = _standing(conn, vehicles, "id", vehicle_ids)
    return {int(v) for v, row in found.items() if row["use_source"] == Source.CONFIRMED.value}


def _tie(
    conn: Connection,
    table: Table,
    holder: str,
    targets: Sequence[str],
    tied: Sequence[Link],
    steps: list[Step] | None,
) -> list[bool]:
    """Return whether each link changed anything; one to nothing does not."""
    real = [link for link in tied if any(link.target)]
    changed = iter(links.put(conn, table, holder, targets, real, steps))
    return [any(link.target) and next(changed) for link in tied]


def _outcomes(changed: Sequence[bool]) -> list[Outcome]:
    return [Outcome.ACCEPTED if one else Outcome.DUPLICATE for one in changed]


def _matched(known: Sequence[bool], changed: Sequence[bool]) -> list[Outcome]:
    """Return the outcomes of all records, of which only the known ones were taken."""
    taken = iter(_outcomes(changed))
    return [next(taken) if is_known else Outcome.UNMATCHED for is_known in known]
