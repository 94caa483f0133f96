"""Five keys over 1,000,000 vehicles: how long does a filter take once the frame is remembered?

    python -m benchmarks.filters [vehicles] [sales] [folder]

Makes an archive (1,000,000 vehicles and 5,000,000 sales unless told; a folder keeps it for the next
run), asks once for the board, and then for five keys at a time. The baseline of the same run is the
same mask in bare pandas on the board's own columns, and the rows taken.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sqlalchemy import insert

from benchmarks import crowd
from station.archive.customers.tables import tags
from station.config import Settings
from station.services import access, board, keeping
from station.services.ask import Ask
from station.services.customers import filters
from station.services.customers.filters import Condition, Op

RUNS = 9
VEHICLES, SALES = 1_000_000, 5_000_000
TAGGED = 10_000
FIVE = (
    Condition("stability", Op.ANY_OF, ("regular", "occasional")),
    Condition("product", Op.ANY_OF, ("petrol",)),
    Condition("days_silent", Op.AT_MOST, (90.0,)),
    Condition("amount", Op.AT_LEAST, (300.0,)),
    Condition("station", Op.ANY_OF, ("A0001", "A0002", "A0003")),
)
TAG = Condition("tag", Op.ANY_OF, ("early",))


def bare(frame: pd.DataFrame) -> pd.DataFrame:
    chosen = (
        frame["stability"].isin(["regular", "occasional"])
        & (frame["visits_petrol"] >= frame[["visits_diesel", "visits_gas"]].max(axis=1))
        & (frame["days_silent"] <= 90)
        & (frame["amount"] >= 300)
        & frame["station"].isin(["A0001", "A0002", "A0003"])
    )
    return frame.loc[chosen, [name for name in filters.SHOWN if name in frame]]


def median_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return sorted(times)[RUNS // 2]


def main(vehicles: int, sales: int, folder: Path) -> None:
    if not (folder / "station.db").exists():
        crowd.make(folder, vehicles=vehicles, sales=sales)
    db = keeping.open_archive(Settings(), f"sqlite:///{folder / 'station.db'}")
    ask = Ask(db, Settings(), access.local_operator(db), crowd.AS_OF)
    with db.writing(changes_figures=False) as conn:
        conn.execute(tags.delete())
        rows = [
            {"vehicle_id": number, "tag": "early", "account": "x", "written_at": 0}
            for number in range(1, min(TAGGED, vehicles) + 1)
        ]
        conn.execute(insert(tags), rows)
    begin = time.perf_counter()
    frame = board.vehicles(ask)
    print(f"board of {len(frame):,} rows: {time.perf_counter() - begin:.0f} s")
    begin = time.perf_counter()
    found = len(filters.matches(ask, conditions=FIVE))
    print(f"first filter, classes made categories: {time.perf_counter() - begin:.2f} s")
    plain = median_ms(lambda: bare(frame))
    five = median_ms(lambda: filters.matches(ask, conditions=FIVE))
    tag = median_ms(lambda: filters.matches(ask, conditions=[*FIVE[:4], TAG]))
    print(f"{found:,} rows left; bare pandas {plain:.0f} ms ({len(bare(frame)):,} rows)")
    print(f"five keys {five:.0f} ms, {five / plain:.2f} of bare; four and a tag {tag:.0f} ms")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    db.close()


if __name__ == "__main__":
    sizes = [int(word.replace("_", "")) for word in sys.argv[1:3]]
    sizes += [VEHICLES, SALES][len(sizes) :]
    if len(sys.argv) > 3:
        main(*sizes, Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as home:
            main(*sizes, Path(home))
