"""Reversals and refunds: negative sales, each tied to the sale that it takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from station.archive.books import ProductBook
from station.archive.sales import Outcome, judge, product_ids_of, row_of, stored, write
from station.archive.tables import sales, vehicle_keys
from station.model import Sale

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class ReversalRules:
    """How far back the sale of a reversal is looked for.

    `reversal_days` when the reversal names its receipt, `unnamed_days` when only vehicle or
    nozzle, product, quantity and amount tell.
    """

    reversal_days: int = 60
    unnamed_days: int = 7


def add(
    conn: Connection,
    batch_id: int,
    reversals: Sequence[Sale],
    *,
    station_ids: Mapping[str, int],
    products: ProductBook,
    rules: ReversalRules,
) -> list[Outcome]:
    """Return what became of each reversal.

    Hand in all reversals of a file at once, after its last sale: then neither the order of its
    lines nor the size of its chunks decides which sale a reversal finds.
    """
    product_ids = product_ids_of(conn, reversals, products)
    standing = {
        code: stored(conn, station_ids[code], (r.natural_key for r in reversals))
        for code in {reversal.station for reversal in reversals}
    }
    outcomes = [Outcome.UNMATCHED] * len(reversals)
    for place in sorted(range(len(reversals)), key=lambda place: _order(reversals[place])):
        reversal, product_id = reversals[place], product_ids[place]
        station_id = station_ids[reversal.station]
        known = standing[reversal.station]
        blank = row_of(reversal, batch_id, station_id, None, product_id, None)
        if reversal.natural_key in known:
            outcomes[place] = judge(blank, known[reversal.natural_key])
            continue
        original = _find(conn, reversal, station_id, product_id, rules)
        if original is not None:
            row = row_of(reversal, batch_id, station_id, original.key_id, product_id, original.id)
            write(conn, [row])
            known |= stored(conn, station_id, [reversal.natural_key])
            outcomes[place] = Outcome.ACCEPTED
    return outcomes


def _order(reversal: Sale) -> tuple[int, str]:
    return reversal.sold_at, reversal.natural_key


def _find(
    conn: Connection, reversal: Sale, station_id: int, product_id: int, rules: ReversalRules
) -> Row[int, int | None] | None:
    """Return id and key of the sale that is taken back: the one named, else the likeliest."""
    if reversal.quantity_milli > 0 or reversal.amount_minor > 0:
        return None
    earlier = and_(
        sales.c.station_id == station_id,
        sales.c.product_id == product_id,
        sales.c.voided == 0,
        sales.c.reverses.is_(None),
        sales.c.sold_at <= reversal.sold_at,
    )
    if reversal.reverses_hint:
        named = _first(conn, earlier & _named(reversal, rules), reversal)
        if named is not None:
            return named
    return _first(conn, earlier & _alike(reversal, rules), reversal)


def _named(reversal: Sale, rules: ReversalRules) -> ColumnElement[bool]:
    """Tell the lines of the receipt that have at least this much left to take back."""
    return and_(
        sales.c.receipt_no == reversal.reverses_hint,
        sales.c.sold_at >= reversal.sold_at - rules.reversal_days * DAY_S,
        sales.c.quantity_milli + _taken("quantity_milli") + reversal.quantity_milli >= 0,
        sales.c.amount_minor + _taken("amount_minor") + reversal.amount_minor >= 0,
    )


def _alike(reversal: Sale, rules: ReversalRules) -> ColumnElement[bool]:
    """Tell the sales of which the reversal is the exact opposite and that still stand whole."""
    back = rules.unnamed_days * DAY_S
    return and_(
        sales.c.local_at.between(reversal.local_at - back - DAY_S, reversal.local_at + DAY_S),
        sales.c.sold_at >= reversal.sold_at - back,
        _exact(reversal),
        _same_buyer(reversal),
        _taken("quantity_milli") == 0,
        _taken("amount_minor") == 0,
    )


def _exact(reversal: Sale) -> ColumnElement[bool]:
    return and_(
        sales.c.quantity_milli == -reversal.quantity_milli,
        sales.c.amount_minor == -reversal.amount_minor,
    )


def _same_buyer(reversal: Sale) -> ColumnElement[bool]:
    """Tell sales to the same vehicle, whatever colour was written down, or at the same nozzle."""
    vehicle = reversal.vehicle
    named = (vehicle.kind.value, vehicle.text) if vehicle else ("", "")
    same = select(vehicle_keys.c.id).where(
        vehicle_keys.c.kind == named[0], vehicle_keys.c.text == named[1]
    )
    at_nozzle = and_(sales.c.nozzle == reversal.nozzle, sales.c.nozzle != "")
    return or_(sales.c.key_id.in_(same), at_nozzle)


def _taken(column: str) -> ColumnElement[int]:
    """Sum what was taken back of a sale already, as a negative number."""
    others = sales.alias()
    total = func.coalesce(func.sum(others.c[column]), 0)
    mine = select(total).where(others.c.reverses == sales.c.id, others.c.voided == 0)
    return mine.scalar_subquery()


def _first(
    conn: Connection, condition: ColumnElement[bool], reversal: Sale
) -> Row[int, int | None] | None:
    """Return the nearest earlier sale; of one moment the exact opposite, then by natural key."""
    query = select(sales.c.id, sales.c.key_id).where(condition)
    nearest = query.order_by(sales.c.sold_at.desc(), _exact(reversal).desc(), sales.c.natural_key)
    return conn.execute(nearest.limit(1)).first()
