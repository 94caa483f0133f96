"""How long does it take to work out the levels of a chain's members, all at once?

Run: python -m benchmarks.levels [members]. Writes benchmarks/results/levels.json.
"""

import json
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from station.archive import batches, stations
from station.archive.points.tables import point_awards
from station.archive.tables import customers, products, sales
from station.config import Settings
from station.loyalty.programme import Level, Programme, TierRules, Version
from station.model import DAY_S, Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.points import grading, levels, rules

RESULT = Path(__file__).parents[1] / "benchmarks" / "results" / "levels.json"
FILLS, DAYS, SLICE = 10, 90, 50_000
TIERS = TierRules(levels=(Level("silver", 4), Level("gold", 9)), days=DAYS)


def opened(folder: Path, members: int) -> Ask:
    """Return the operator's question on members who filled up now and then for three months."""
    version = Version("first", date(2020, 1, 1), tiers=TIERS)
    settings = Settings(programme=Programme(versions=(version,)))
    db = keeping.create(settings, f"sqlite:///{folder}/station.db")
    with db.writing() as conn:
        station_id = stations.add(conn, Station("S1", province="粤"))
        batch = batches.open_batch(
            conn, kind="sales", source="x", file_name="x", file_hash="x", whole_file=False,
            account="x", now_s=0,
        )  # fmt: skip
        conn.execute(insert(products).values(id=1, code="G92", fuel="petrol", unit="l"))
        row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
        rows = [
            row | {"id": one, "code": f"C{one}", "station_id": station_id}
            for one in range(1, members + 1)
        ]
        conn.execute(insert(customers), rows)
        today = rules.read(conn, Ask(db, settings, access.local_operator(db), date.max)).today
    rng = np.random.default_rng(6)
    days = today - rng.integers(0, DAYS, members * FILLS)
    for start in range(0, len(days), SLICE):
        with db.writing() as conn:
            lines = [
                _line(number + 1, number % members + 1, int(days[number]), station_id, batch.id)
                for number in range(start, min(start + SLICE, len(days)))
            ]
            conn.execute(insert(sales), [sale for sale, _ in lines])
            conn.execute(insert(point_awards), [award for _, award in lines])
    return Ask(db, settings, access.local_operator(db), date.max)


def _line(
    number: int, member: int, day: int, station_id: int, batch_id: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    at = day * DAY_S + number % DAY_S
    sale = {
        "id": number, "batch_id": batch_id, "station_id": station_id, "key_kind": "receipt",
        "natural_key": f"R{number}", "card_no": "", "sold_at": at, "local_at": at, "has_time": 1,
        "business_day": day, "product_id": 1, "quantity_milli": 30_000, "amount_minor": 22_500,
        "currency": "CNY", "receipt_no": "", "nozzle": "",
    }  # fmt: skip
    award = {
        "sale_id": number, "customer_id": member, "day": day, "version": "first", "rule": "litre",
        "reason": "earned", "multipliers": "[]", "times_num": 1, "times_den": 1, "before": 0,
        "counted": 30_000, "base_points": 30, "points": 30, "lost": 0, "first_base": 30,
        "first_points": 30,
    }  # fmt: skip
    return sale, award


def main(members: int) -> None:
    """Measure a page's overview of all members, and the ranks of an import's buyers."""
    with tempfile.TemporaryDirectory() as folder:
        ask = opened(Path(folder), members)
        start = time.perf_counter()
        told = levels.overview(ask, lang="en")
        overview_s = time.perf_counter() - start
        with ask.db.reading() as conn:
            version = ask.settings.programme.versions[0]
            start = time.perf_counter()
            buyers = [(one, told.day - one % 3) for one in range(1, 2_001)]
            grading.levels_of(conn, version, buyers)
            chunk_s = time.perf_counter() - start
        ask.db.close()
    result = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "members": members,
        "lines": members * FILLS,
        "overview_s": round(overview_s, 2),
        "falling": told.near,
        "levels_of_2000_buyers_s": round(chunk_s, 3),
        "counts": dict(told.counts),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
