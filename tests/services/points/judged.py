"""Sales that were judged for points, as an import leaves them, one point a litre."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from station.archive.database import Database
from station.archive.points.tables import point_awards
from station.archive.tables import sales
from station.model import DAY_S, MILLI, Sale


def judge(db: Database, customer_id: int, given: Sequence[Sale]) -> list[int]:
    """Return the numbers of these sales, each judged as a customer's."""
    names = {sale.natural_key: sale for sale in given}
    query = select(sales.c.id, sales.c.natural_key).where(sales.c.natural_key.in_(names))
    with db.writing() as conn:
        found = {int(one): names[key] for one, key in conn.execute(query)}
        rows = [_row(one, customer_id, sale) for one, sale in found.items()]
        conn.execute(insert(point_awards), rows)
    return list(found)


def _row(sale_id: int, customer_id: int, sale: Sale) -> dict[str, object]:
    points = sale.quantity_milli // MILLI
    return {
        "sale_id": sale_id,
        "customer_id": customer_id,
        "day": sale.local_at // DAY_S,
        "version": "first",
        "rule": "litre",
        "reason": "earned",
        "multipliers": "[]",
        "times_num": 1,
        "times_den": 1,
        "before": 0,
        "counted": sale.quantity_milli,
        "base_points": points,
        "points": points,
        "lost": 0,
        "first_base": points,
        "first_points": points,
    }
