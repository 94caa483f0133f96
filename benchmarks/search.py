"""How fast is somebody found among 1,000,000 vehicles, in process, by each kind of search?

    python -m benchmarks.search [vehicles] [sales] [folder]

Makes an archive (1,000,000 vehicles and 5,000,000 sales unless told; a folder keeps it for the next
run) and asks for a hundred of each kind, each by other words, as a manager of every station and as
one of a single station. Beside it two baselines of the same run: what an index gives at best, one
bare SELECT of a plate, and what a look without one costs, LIKE '%x%' over every key.
"""

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import crowd
from station.config import Settings
from station.ingest import misreads
from station.services import access, keeping
from station.services.ask import Ask
from station.services.customers import cards

RUNS = int(os.environ.get("RUNS", "100"))
VEHICLES, SALES = 1_000_000, 5_000_000


def misread(plate: str) -> str:
    places = [at for at, sign in enumerate(plate) if sign in misreads.OTHERS]
    return plate[: places[-1]] + misreads.OTHERS[plate[places[-1]]][0] + plate[places[-1] + 1 :]


KINDS: dict[str, Callable[[int, int], str]] = {
    "exact plate": lambda n, _: crowd.plate(n),
    "last four": lambda n, _: crowd.plate(n)[-4:],
    "misread sign": lambda n, _: misread(crowd.plate(n)),
    "no province": lambda n, _: crowd.plate(n)[1:],
    "no province, misread": lambda n, _: misread(crowd.plate(n))[1:],
    "card": lambda n, vehicles: crowd.card(n % (vehicles // 5) + 1),
    "telephone": lambda n, _: crowd.phone(n % crowd.SAMPLED + 1),
    "person's name": lambda n, _: crowd.name(n % crowd.SAMPLED + 1),
    "organisation": lambda n, vehicles: crowd.organisation(n % (vehicles // 2) // 50 * 50)[1:7],
    "organisation, common": lambda *_: "物流有限",
    "nothing": lambda n, _: f"赣Z{n:06d}QX",
}


def timed(call: Callable[[str], object], words: list[str]) -> str:
    """Return median and 95 % point of the milliseconds of a call, by the clock and processor."""
    times = []
    for one in words:
        begin, begin_cpu = time.perf_counter(), time.process_time()
        call(one)
        times.append((time.perf_counter() - begin, time.process_time() - begin_cpu))
    (p50, cpu50), (p95, cpu95) = (1000 * np.quantile(times, q, axis=0) for q in (0.5, 0.95))
    return f"p50 {p50:7.2f} p95 {p95:7.2f} ms; of the processor p50 {cpu50:7.2f} p95 {cpu95:7.2f}"


def main(vehicles: int, sales: int, folder: Path) -> None:
    if not (folder / "station.db").exists():
        crowd.make(folder, vehicles=vehicles, sales=sales)
    db = keeping.open_archive(Settings(), f"sqlite:///{folder / 'station.db'}")
    every = Ask(db, Settings(), access.local_operator(db), crowd.AS_OF)
    here = frozenset({1})
    rights = dict.fromkeys(every.scope.rights, here)
    scope = replace(every.scope, station_ids=here, rights=rights, account="manager")
    limits = replace(Settings().looks, phone_misses_per_day=100_000)
    one = replace(every, scope=scope, settings=replace(Settings(), looks=limits))
    numbers = np.random.default_rng(2).integers(1, vehicles, RUNS).tolist()
    bare = sqlite3.connect(f"file:{folder / 'station.db'}?mode=ro", uri=True)
    plates = [crowd.plate(n) for n in numbers]
    for name, sql, asked in (
        ("bare SELECT by index", "SELECT * FROM vehicle_keys WHERE kind = 'plate' AND text = ?",
         plates),
        ("LIKE '%x%'", "SELECT * FROM vehicle_keys WHERE text LIKE '%' || ? || '%'",
         [plate[-4:] for plate in plates[:10]]),
    ):  # fmt: skip
        took = timed(lambda words, sql=sql: bare.execute(sql, [words]).fetchall(), asked)
        print(f"{name:36} {took}", flush=True)
    for label, ask in (("all stations", every), ("one station", one)):
        for name, words in KINDS.items():
            asked = [words(n, vehicles) for n in numbers]
            found = len(cards.find(ask, words=asked[0]))
            took = timed(lambda words, ask=ask: cards.find(ask, words=words), asked)
            print(f"{label:13} {name:22} {took} ({found} found)", flush=True)
    db.close()


if __name__ == "__main__":
    sizes = [int(word.replace("_", "")) for word in sys.argv[1:3]]
    sizes += [VEHICLES, SALES][len(sizes) :]
    if len(sys.argv) > 3:
        main(*sizes, Path(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory() as home:
            main(*sizes, Path(home))
