"""Reversals and refunds: negative sales, each tied to the sale that it takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select

from station.archive.books import ProductBook
from station.archive.sales import Outcome, judge, product_ids_of, repeated, row_of, stored, write
from station.archive.tables import sales, vehicle_keys
from station.model import DAY_S, Sale


@dataclass(frozen=True, slots=True)
class ReversalRules:
    """How far back the sale of a reversal is looked for.

    `reversal_days` when the reversal names its receipt, `unnamed_days` when only vehicle or
    nozzle, product, quantity and amount tell. A till that prints whole minutes may date a reversal
    up to `clock_slack_s` before the sale that it names.
    """

    reversal_days: int = 60
    unnamed_days: int = 7
    clock_slack_s: int = 60


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
    blanks = [
        row_of(reversal, batch_id, station_ids[reversal.station], None, product_id, None)
        for reversal, product_id in zip(reversals, product_ids, strict=True)
    ]
    told = repeated(conn, batch_id, blanks)
    outcomes = [Outcome.UNMATCHED] * len(reversals)
    for place in sorted(range(len(reversals)), key=lambda place: _order(reversals[place])):
        reversal, product_id = reversals[place], product_ids[place]
        station_id = station_ids[reversal.station]
        known = standing[reversal.station]
        if place in told:
            outcomes[place] = told[place]
            continue
        if reversal.natural_key in known:
            outcomes[place] = judge(blanks[place], known[reversal.natural_key])
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
    vehicle = reversal.vehicle
    asked = {
        "station": station_id,
        "product": product_id,
        "quantity": -reversal.quantity_milli,
        "amount": -reversal.amount_minor,
        "until": reversal.sold_at,
    }
    if reversal.reverses_hint:
        since = reversal.sold_at - rules.reversal_days * DAY_S
        until = reversal.sold_at + rules.clock_slack_s
        hint = {"receipt": reversal.reverses_hint, "since": since, "until": until}
        named = conn.execute(_NAMED, asked | hint).first()
        if named is not None:
            return named
    back = rules.unnamed_days * DAY_S
    alike = {
        "since": reversal.sold_at - back,
        "local_since": reversal.local_at - back - DAY_S,  # clocks are changed by less than a day
        "local_until": reversal.local_at + DAY_S,
        "kind": vehicle.kind.value if vehicle else "",
        "text": vehicle.text if vehicle else "",
        "nozzle": reversal.nozzle,
    }
    return conn.execute(_ALIKE, asked | alike).first()


def _taken(column: str) -> ColumnElement[int]:
    """Sum what was taken back of a sale already, as a negative number."""
    total = func.coalesce(func.sum(_BACK.c[column]), 0)
    mine = select(total).where(_BACK.c.reverses == sales.c.id, _BACK.c.voided == 0)
    return mine.scalar_subquery()


_BACK = sales.alias("back")
_EXACT = and_(
    sales.c.quantity_milli == bindparam("quantity"), sales.c.amount_minor == bindparam("amount")
)
_EARLIER = (
    select(sales.c.id, sales.c.key_id)
    .where(
        sales.c.station_id == bindparam("station"),
        sales.c.product_id == bindparam("product"),
        sales.c.voided == 0,
        sales.c.reverses.is_(None),
        sales.c.sold_at.between(bindparam("since"), bindparam("until")),
    )
    .order_by(sales.c.sold_at.desc(), _EXACT.desc(), sales.c.natural_key)
    .limit(1)
)
"""The nearest earlier sale; of one moment the exact opposite, then by natural key."""

_NAMED = _EARLIER.where(
    sales.c.receipt_no == bindparam("receipt"),
    sales.c.quantity_milli + _taken("quantity_milli") >= bindparam("quantity"),
    sales.c.amount_minor + _taken("amount_minor") >= bindparam("amount"),
)
"""A line of the receipt that has at least this much left to take back."""

_SAME_VEHICLE = sales.c.key_id.in_(
    select(vehicle_keys.c.id).where(
        vehicle_keys.c.kind == bindparam("kind"), vehicle_keys.c.text == bindparam("text")
    )
)
"""Sold to the vehicle of this text, whatever colour was written down."""

_ALIKE = _EARLIER.where(
    sales.c.local_at.between(bindparam("local_since"), bindparam("local_until")),
    _EXACT,
    or_(_SAME_VEHICLE, and_(sales.c.nozzle == bindparam("nozzle"), sales.c.nozzle != "")),
    _taken("quantity_milli") == 0,
    _taken("amount_minor") == 0,
)
"""A sale of which the reversal is the exact opposite and that still stands whole."""
