"""What did each sale of a member earn, and what has it left of that?"""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import pandas as pd
from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from station.archive.points.tables import point_awards, point_versions
from station.archive.rows import frame, slices
from station.archive.tables import cards, meta, products, sales, stations
from station.archive.views import visible
from station.model import DAY_S

HOUR_S = 3_600
DEMO_DAY = "points_demo_day"
"""The counter of a demo archive that says from which day on its sales earn."""
_award, _sale = point_awards.c, sales.c


class Given(NamedTuple):
    """An award as it stands: of the line as it is left, and (`first_`) of the whole line."""

    sale_id: int
    customer_id: int
    day: int
    version: str
    rule: str
    reason: str
    multipliers: str
    times_num: int
    times_den: int
    before: int
    counted: int
    base_points: int
    points: int
    lost: int
    first_base: int
    first_points: int


class Sold(NamedTuple):
    """A line of the archive as the rules of points see it; `card` is the kind of card shown."""

    sale_id: int
    station_id: int
    station: str
    key_id: int | None
    card_no: str
    card: str
    local_at: int
    has_time: int
    receipt_no: str
    product: str
    fuel: str
    unit: str
    quantity_milli: int
    amount_minor: int
    currency: str

    @property
    def day(self) -> int:
        """The day of the sale by the station's clock."""
        return self.local_at // DAY_S

    @property
    def hour(self) -> int:
        """The hour by that clock, -1 where no time is known."""
        return self.local_at % DAY_S // HOUR_S if self.has_time else -1


class Rest(NamedTuple):
    """What is left of a line after all its reversals, and the newest of these (0: there is none).

    `undone` are its reversals that were undone themselves.
    """

    sale_id: int
    voided: int
    quantity_milli: int
    amount_minor: int
    reversal_id: int
    undone: int


_SOLD = (
    select(
        _sale.id,
        _sale.station_id,
        stations.c.code,
        _sale.key_id,
        _sale.card_no,
        func.coalesce(cards.c.kind, ""),
        _sale.local_at,
        _sale.has_time,
        _sale.receipt_no,
        products.c.code,
        products.c.fuel,
        products.c.unit,
        _sale.quantity_milli,
        _sale.amount_minor,
        _sale.currency,
    )
    .select_from(sales)
    .join(products)
    .join(stations)
    .outerjoin(cards, (cards.c.number == _sale.card_no) & (_sale.card_no != ""))
    .order_by(_sale.id)
)
_LINES = _SOLD.where(_sale.voided == 0, _sale.reverses.is_(None))
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_GIVEN = select(*(_award[name] for name in Given._fields))
_NEW = (
    _LINES.outerjoin(point_awards, _award.sale_id == _sale.id)
    .where(_award.sale_id.is_(None), _sale.id.in_(_IDS))
    .where(_sale.local_at >= bindparam("since"))
)
_LESS = (
    update(point_awards)
    .where(_award.sale_id == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in ("counted", "base_points", "points")})
)


def lines(conn: Connection, sale_ids: Sequence[int], since_day: int) -> list[Sold]:
    """Return those of these lines that can still earn: standing, of no award, since a day."""
    since = since_day * DAY_S
    return [
        Sold._make(row)
        for some in slices(sale_ids)
        for row in conn.execute(_NEW, {"ids": some, "since": since})
    ]


def of_receipt(conn: Connection, station_id: int, receipt_no: str, day: int) -> list[Sold]:
    """Return the standing lines of a receipt of a day."""
    query = _LINES.where(
        _sale.station_id == station_id,
        _sale.receipt_no == receipt_no,
        _sale.local_at >= day * DAY_S,
        _sale.local_at < (day + 1) * DAY_S,
        visible(),
    )
    return [Sold._make(row) for row in conn.execute(query)]


def of_batch(conn: Connection, batch_id: int, after_id: int, *, reversals: bool) -> list[int]:
    """Return the standing sales of an import after a number, or its reversals."""
    kind = _sale.reverses.is_not(None) if reversals else _sale.reverses.is_(None)
    mine = select(_sale.id).where(_sale.batch_id == batch_id, _sale.id > after_id, kind)
    return list(conn.execute(mine.where(_sale.voided == 0).order_by(_sale.id)).scalars())


def as_sold(conn: Connection, sale_ids: Sequence[int]) -> list[Sold]:
    """Return these lines as they were sold, whatever became of them."""
    return [
        Sold._make(row)
        for some in slices(sale_ids)
        for row in conn.execute(_SOLD.where(_sale.id.in_(some)))
    ]


def newest_sale(conn: Connection) -> int:
    """Return the number of the newest sale, 0 where there is none."""
    return int(conn.execute(select(func.coalesce(func.max(_sale.id), 0))).scalar_one())


def add(conn: Connection, rows: Sequence[Given]) -> None:
    """Write down what sales earned."""
    if rows:
        conn.execute(insert(point_awards), [row._asdict() for row in rows])


def of_sales(conn: Connection, sale_ids: Collection[int]) -> dict[int, Given]:
    """Return the awards of these sales; those of nobody have none."""
    return {
        row.sale_id: Given(*row)
        for some in slices(sorted(sale_ids))
        for row in conn.execute(_GIVEN.where(_award.sale_id.in_(some)))
    }


def put_left(conn: Connection, rows: Iterable[Given]) -> None:
    """Write down what awards are since some of their lines was taken back or came again."""
    changed = [
        {"of": row.sale_id}
        | {f"new_{name}": getattr(row, name) for name in ("counted", "base_points", "points")}
        for row in rows
    ]
    if changed:
        conn.execute(_LESS, changed)


def earned(
    conn: Connection, customer_ids: Collection[int], from_day: int, to_day: int
) -> dict[tuple[int, int], int]:
    """Return the points by customer and day, of the days from one up to and with another."""
    query = select(_award.customer_id, _award.day, func.sum(_award.points)).where(
        _award.day >= from_day, _award.day <= to_day
    )
    return {
        (int(customer_id), int(day)): int(points)
        for some in slices(sorted(customer_ids))
        for customer_id, day, points in conn.execute(
            query.where(_award.customer_id.in_(some)).group_by(_award.customer_id, _award.day)
        )
    }


def counted(
    conn: Connection, customer_ids: Collection[int], rules: Collection[str]
) -> dict[tuple[int, str], int]:
    """Return what these rules have counted so far, by customer and rule."""
    query = select(_award.customer_id, _award.rule, func.sum(_award.counted)).where(
        _award.rule.in_(rules)
    )
    return {
        (int(customer_id), rule): int(amount)
        for some in slices(sorted(customer_ids))
        for customer_id, rule, amount in conn.execute(
            query.where(_award.customer_id.in_(some)).group_by(_award.customer_id, _award.rule)
        )
    }


def listing(conn: Connection, customer_ids: Collection[int]) -> pd.DataFrame:
    """Return the awards of a customer's records, the newest first."""
    mine = _GIVEN.where(_award.customer_id.in_(customer_ids))
    return frame(conn, mine.order_by(_award.day.desc(), _award.sale_id.desc()))


def names(multipliers: str) -> tuple[str, ...]:
    """Return the names of the multipliers of an award."""
    return tuple(json.loads(multipliers))


def rests(conn: Connection, sale_ids: Collection[int]) -> dict[int, Rest]:
    """Return what is left of each of these lines."""
    back = sales.alias("back")
    stands = back.c.voided == 0
    query = (
        select(
            _sale.id,
            _sale.voided,
            _sale.quantity_milli + func.coalesce(func.sum(back.c.quantity_milli).filter(stands), 0),
            _sale.amount_minor + func.coalesce(func.sum(back.c.amount_minor).filter(stands), 0),
            func.coalesce(func.max(back.c.id).filter(stands), 0),
            func.count(back.c.id).filter(back.c.voided == 1),
        )
        .outerjoin_from(sales, back, back.c.reverses == _sale.id)
        .group_by(_sale.id, _sale.voided, _sale.quantity_milli, _sale.amount_minor)
    )
    return {
        int(row[0]): Rest(*map(int, row))
        for some in slices(sorted(sale_ids))
        for row in conn.execute(query.where(_sale.id.in_(some)))
    }


def undone_batches(conn: Connection, sale_id: int) -> list[int]:
    """Return the imports whose reversals of a sale were undone, the newest first."""
    query = select(_sale.batch_id).where(_sale.reverses == sale_id, _sale.voided == 1).distinct()
    return sorted(conn.execute(query).scalars(), reverse=True)


def reversed_by(conn: Connection, reversal_ids: Sequence[int]) -> set[int]:
    """Return the sales that these reversals take back."""
    return {
        int(sale_id)
        for some in slices(reversal_ids)
        for sale_id in conn.execute(
            select(_sale.reverses).where(_sale.id.in_(some), _sale.reverses.is_not(None))
        ).scalars()
    }


def touched_by(conn: Connection, batch_id: int) -> list[int]:
    """Return the awarded sales that an import brought or took back."""
    mine = select(_sale.id).where(_sale.batch_id == batch_id)
    theirs = select(_sale.reverses).where(_sale.batch_id == batch_id, _sale.reverses.is_not(None))
    query = select(_award.sale_id).where(_award.sale_id.in_(mine.union(theirs)))
    return sorted(int(sale_id) for sale_id in conn.execute(query).scalars())


def marks(conn: Connection) -> dict[str, str]:
    """Return the marks of the versions that have held, by their names."""
    return {row.name: row.mark for row in conn.execute(select(point_versions))}


def keep_marks(conn: Connection, new: dict[str, str], now_s: int) -> None:
    """Keep the marks of versions that hold since lately."""
    if new:
        rows = [{"name": name, "mark": mark, "kept_at": now_s} for name, mark in new.items()]
        conn.execute(insert(point_versions), rows)


def start_demo(conn: Connection, day: int) -> None:
    """Let sales earn from a day on, whenever the rules start: it is a demo archive."""
    conn.execute(insert(meta).values(name=DEMO_DAY, value=day))


def demo_day(conn: Connection) -> int | None:
    """Return from which day on a demo archive's sales earn, none of any other archive."""
    return conn.execute(select(meta.c.value).where(meta.c.name == DEMO_DAY)).scalar()
