"""How fast does a vehicle's card open with 10,000,000 sales in the archive, cold and warm?

    python -m benchmarks.card [vehicles] [sales] [folder]

Makes an archive (400,000 vehicles and 10,000,000 sales unless told; a folder keeps it for the next
run), lets the night learn the rhythms, and opens cards of different vehicles: the first in a new
process, whose file cache was dropped as far as a program may, and then others in turn. The baseline
of the same run is one bare SELECT of the same vehicle's lines; "whole board" is what a card needed
before, asked once in a process of its own.
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import crowd
from station.config import Settings
from station.services import access, board, keeping, pacing
from station.services.ask import Ask
from station.services.customers import cards, contacts

VEHICLES, SALES = 400_000, 10_000_000
RUNS = 40
LINES = "SELECT * FROM sales WHERE key_id = ? ORDER BY local_at DESC LIMIT 200"


def ask_of(folder: Path) -> Ask:
    db = keeping.open_archive(Settings(), f"sqlite:///{folder / 'station.db'}")
    return Ask(db, Settings(), access.local_operator(db), crowd.AS_OF)


def opened(ask: Ask, vehicle_id: int) -> tuple[float, float]:
    """Return the milliseconds, by the clock and of the processor, of a card and whose it is."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    cards.card(ask, vehicle_id=vehicle_id)
    contacts.of_vehicle(ask, vehicle_id=vehicle_id)
    return 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - begin_cpu)


def forget_cache(folder: Path) -> None:
    """Let the system forget the archive's pages, so that the next look reads the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def learn(folder: Path) -> dict[str, float]:
    ask, begin = ask_of(folder), time.perf_counter()
    pacing.learn_today(ask)
    return told(begin)


def whole(folder: Path) -> dict[str, float]:
    ask, begin = ask_of(folder), time.perf_counter()
    board.vehicles(ask)
    return told(begin)


def told(begin: float) -> dict[str, float]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - begin, "peak": peak}


def cold(folder: Path) -> dict[str, float]:
    ask = ask_of(folder)
    forget_cache(folder)
    numbers = np.random.default_rng(3).integers(1, VEHICLES // 10, RUNS + 1).tolist()
    first = opened(ask, numbers[0])
    others = [opened(ask, number) for number in numbers[1:]]
    again = [opened(ask, number) for number in numbers[-20:]]
    bare = sqlite3.connect(f"file:{folder / 'station.db'}?mode=ro", uri=True)
    plain = []
    for number in numbers[1:]:
        begin = time.perf_counter()
        bare.execute(LINES, [number]).fetchall()
        plain.append(1000 * (time.perf_counter() - begin))
    walls, cpus = zip(*others, strict=True)
    return {
        "first": first[0],
        "first_cpu": first[1],
        "p50": float(np.median(walls)),
        "p95": float(np.quantile(walls, 0.95)),
        "cpu": float(np.median(cpus)),
        "again": float(np.median([wall for wall, _ in again])),
        "bare": float(np.median(plain)),
    }


STEPS = {"learn": learn, "whole": whole, "cold": cold}


def apart(step: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.card", step, str(folder)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(answer))


def main(vehicles: int, sales: int, folder: Path) -> None:
    if not (folder / "station.db").exists():
        crowd.make(folder, vehicles=vehicles, sales=sales)
    learned = apart("learn", folder)
    print(f"lake filled, rhythms learned: {learned['seconds']:.0f} s, {learned['peak']:.0f} MiB")
    for attempt in (1, 2):
        card = apart("cold", folder)
        print(
            f"card, new process {attempt}: first {card['first']:.0f} ms"
            f" ({card['first_cpu']:.0f} of the processor); others p50 {card['p50']:.0f}"
            f" ({card['cpu']:.0f}) p95 {card['p95']:.0f} ms; again {card['again']:.1f} ms;"
            f" bare SELECT {card['bare']:.2f} ms"
        )
    board_s = apart("whole", folder)
    print(f"whole board: {board_s['seconds']:.1f} s, {board_s['peak']:.0f} MiB")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        print(json.dumps(STEPS[sys.argv[1]](Path(sys.argv[2]))))
    else:
        sizes = [int(word.replace("_", "")) for word in sys.argv[1:3]]
        sizes += [VEHICLES, SALES][len(sizes) :]
        if len(sys.argv) > 3:
            main(*sizes, Path(sys.argv[3]))
        else:
            with tempfile.TemporaryDirectory() as home:
                main(*sizes, Path(home))
