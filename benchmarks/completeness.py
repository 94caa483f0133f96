"""How long are 100,000 cards judged, against counting their rows?

Run: python -m benchmarks.completeness [cards].
"""

import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, insert, select

from station.archive import stations
from station.archive.customers.tables import customer_fields
from station.archive.database import create_or_upgrade
from station.archive.tables import customers
from station.config import Settings
from station.model import Station
from station.services import access
from station.services.ask import Ask
from station.services.customers import completeness


def filled(folder: Path, many: int) -> Ask:
    """Return the operator's question on an archive with so many customers of two stations."""
    db = create_or_upgrade(f"sqlite:///{folder}/station.db", folder)
    with db.writing() as conn:
        ids = [stations.add(conn, Station(code)) for code in ("S1", "S2")]
        rows = [
            {"id": n, "code": f"M{n}", "is_organisation": int(n % 5 == 0), "owner_kind": "private"}
            | {"organisation_name": "", "station_id": ids[n % 2], "since_day": n % 90}
            for n in range(1, many + 1)
        ]
        conn.execute(insert(customers), rows)
        values = [
            {"customer_id": n, "field": field, "value": "x"}
            for n in range(1, many + 1)
            for field in ("channel", "pay_method", "industry", "attitude")[: n % 5]
        ]
        conn.execute(insert(customer_fields), values)
    return Ask(db, Settings(), access.local_operator(db), access.today())


def main(many: int) -> None:
    """Print the seconds of processor time of both."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ask = filled(Path(folder), many)
        begin = time.process_time()
        with ask.db.reading() as conn:
            conn.execute(select(func.count()).select_from(customer_fields)).scalar_one()
        counted = time.process_time()
        told = completeness.overview(ask)
        judged = time.process_time()
        print(f"{told.cards:,} cards: {judged - counted:.2f} s, counting {counted - begin:.4f} s")
        ask.db.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
