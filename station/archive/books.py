"""From what a line names to the ids of the archive: vehicles by their key, products."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection, insert, select

from station.archive.rows import slices
from station.archive.tables import TAIL_LENGTH, products, vehicle_keys, vehicles
from station.model import KeyKind, OwnerKind, Product, Source, Use, VehicleKey

Name = TypeVar("Name", bound=Hashable)
KeyName = tuple[str, str, str]
"""Kind, text and colour of a key."""

NEW_VEHICLE = {
    "use": Use.UNKNOWN.value,
    "use_source": Source.INFERRED.value,
    "owner_kind": OwnerKind.UNKNOWN.value,
    "owner_source": Source.INFERRED.value,
    "vehicle_type": "",
}


class _Fresh(Generic[Name]):
    """What was added in the transaction under way; it may still be rolled back."""

    def __init__(self) -> None:
        self.names: list[Name] = []
        self._transaction: object = None

    def is_of(self, conn: Connection) -> bool:
        """Return whether the names were added in this connection's transaction."""
        return conn.get_transaction() is self._transaction

    def unsure(self, conn: Connection) -> list[Name]:
        """Return the names of an earlier transaction, of which nobody knows how it ended."""
        if self.is_of(conn):
            return []
        self._transaction = conn.get_transaction()
        names, self.names = self.names, []
        return names


class KeyBook:
    """Knows the id of each vehicle key and adds new ones, each with a vehicle of its own.

    One book serves a whole import. What was added in one transaction is asked for again in the
    next, so a rollback leaves nothing wrong behind.
    """

    def __init__(self) -> None:
        self._known: dict[KeyName, int] = {}
        self._fresh = _Fresh[KeyName]()

    def ids(self, conn: Connection, keys: Sequence[VehicleKey | None]) -> list[int | None]:
        """Return the id of each key, none where a line names no vehicle."""
        for name in self._fresh.unsure(conn):
            self._known.pop(name, None)
        known = self._known
        names = [None if key is None else (key.kind, key.text, key.colour) for key in keys]
        missing = {
            name: key
            for name, key in zip(names, keys, strict=True)
            if name is not None and key is not None and name not in known
        }
        if missing:
            self._find(conn, missing)
            self._add(conn, {name: key for name, key in missing.items() if name not in known})
        return [None if name is None else known[name] for name in names]

    def fresh(self, conn: Connection) -> list[str]:
        """Return the plates that were added in the transaction under way."""
        names = self._fresh.names if self._fresh.is_of(conn) else []
        return [text for kind, text, _ in names if kind == KeyKind.PLATE]

    def _find(self, conn: Connection, missing: Iterable[KeyName]) -> None:
        columns = vehicle_keys.c
        query = select(columns.kind, columns.text, columns.colour, columns.id)
        kinds = sorted({kind for kind, _, _ in missing})  # the index begins with the kind
        for texts in slices(sorted({text for _, text, _ in missing})):
            found = query.where(
                columns.kind.in_(kinds), columns.text.in_(texts), columns.valid_from_day == 0
            )
            self._known.update({(k, text, c): i for k, text, c, i in conn.execute(found)})

    def _add(self, conn: Connection, new: dict[KeyName, VehicleKey]) -> None:
        if not new:
            return
        vehicle_ids = add_vehicles(conn, len(new))
        rows = [
            _key_row(key, vehicle_id)
            for key, vehicle_id in zip(new.values(), vehicle_ids, strict=True)
        ]
        conn.execute(insert(vehicle_keys), rows)
        self._find(conn, new)
        self._fresh.names.extend(new)


class ProductBook:
    """Knows the id of each product and adds new ones; one book serves a whole import."""

    def __init__(self) -> None:
        self._known: dict[Product, int] = {}
        self._fresh = _Fresh[Product]()

    def ids(self, conn: Connection, wanted: Iterable[Product]) -> dict[Product, int]:
        """Return the ids of at least the wanted products."""
        for product in self._fresh.unsure(conn):
            self._known.pop(product, None)
        for product in wanted:
            if product not in self._known:
                self._known[product] = self._find(conn, product)
        return self._known

    def _find(self, conn: Connection, product: Product) -> int:
        values = {
            "code": product.code,
            "fuel": product.fuel.value,
            "unit": product.unit.value,
        }
        found = conn.execute(select(products.c.id).filter_by(**values)).scalar()
        if found is not None:
            return int(found)
        self._fresh.names.append(product)
        added = conn.execute(insert(products).values(values).returning(products.c.id))
        return int(added.scalar_one())


def add_vehicles(conn: Connection, count: int) -> list[int]:
    """Return the ids of new vehicles of which nothing is known yet."""
    added = conn.execute(insert(vehicles).returning(vehicles.c.id), [NEW_VEHICLE] * count)
    return [int(vehicle_id) for vehicle_id in added.scalars()]


def _key_row(key: VehicleKey, vehicle_id: int) -> dict[str, int | str]:
    return {
        "vehicle_id": vehicle_id,
        "kind": key.kind.value,
        "text": key.text,
        "tail": key.text[-TAIL_LENGTH:],
        "colour": key.colour.value,
        "plate_kind": key.plate_kind,
        "energy": key.energy,
        "flags": key.flags,
        "valid_from_day": 0,
    }
