"""How long does "who is overdue today" take among a million alarm dates?

    python -m benchmarks.alarms [ALARMS]

The alarms of invented regulars at 200 stations are kept in a new SQLite archive; measured are the
first writing, a writing after a day on which one in a hundred came, and the look-up of one
station's week and of all stations' day, each as the median of 30.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from sqlalchemy import insert

from station.archive import alarms
from station.archive import stations as sites
from station.archive.database import create_or_upgrade
from station.archive.tables import vehicles
from station.model import Station

STATIONS, DAY, AHEAD_DAYS = 200, 20_700, 400
TIMES = 30


def invented(count: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    alarm = DAY + rng.integers(-AHEAD_DAYS, AHEAD_DAYS, count)
    return pd.DataFrame(
        {
            "vehicle_id": np.arange(1, count + 1),
            "station_id": rng.integers(1, STATIONS + 1, count),
            "last_day": alarm - 30,
            "alarm_day": alarm,
            "lost_day": alarm + 60,
            "state": "active",
            "worth": rng.lognormal(6, 0.8, count).round(2),
        }
    )


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        db = create_or_upgrade(f"sqlite:///{folder}/station.db", Path(folder))
        blank = {
            "use": "",
            "use_source": "",
            "owner_kind": "",
            "owner_source": "",
            "vehicle_type": "",
        }
        with db.writing() as conn:
            for number in range(STATIONS):
                sites.add(conn, Station(f"B{number:04d}"))
            conn.execute(insert(vehicles), [blank | {"id": n} for n in range(1, count + 1)])
        rows = invented(count)

        def put() -> None:
            for station_id, own in rows.groupby("station_id"):
                with db.writing(changes_figures=False) as conn:
                    alarms.put(conn, int(str(station_id)), own)

        def look(stations: range, days: int) -> None:
            with db.reading() as conn:
                alarms.overdue(conn, stations, DAY, since_day=DAY - days + 1, limit=10_000)

        print(f"{count} alarms kept: {timed(put):.1f} s")
        came = rows["vehicle_id"] % 100 == 0
        rows = rows.assign(alarm_day=rows["alarm_day"].where(~came, DAY + 40))
        print(f"one in a hundred moved: {timed(put):.1f} s")
        week = median(timed(lambda: look(range(7, 8), 7)) for _ in range(TIMES))
        everywhere = median(timed(lambda: look(range(1, STATIONS + 1), 1)) for _ in range(TIMES))
        print(f"one station's week: {1000 * week:.1f} ms")
        print(f"every station's day: {1000 * everywhere:.1f} ms")
        db.close()


if __name__ == "__main__":
    main()
