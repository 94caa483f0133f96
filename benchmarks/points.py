"""Redemptions through the service, with all guards, beside bare commits in the same minute.

Run: python -m benchmarks.points [redemptions] [clients]. Writes benchmarks/results/points.json and
ends with an error where a redemption costs more than twice a bare commit, or anybody waits long.

A bare commit is what any ledger must do: one connection, no library, a key looked up, a balance
read, a header and two entries added, the balance changed, all on the disk when it returns.
"""

import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import insert

from station.archive import stations
from station.archive.tables import card_links, cards, customers
from station.archive.verify import verify
from station.config import Settings
from station.loyalty.ledger import Earning
from station.model import Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.points import crediting, spending
from station.services.points.members import By, Named

RESULT = Path(__file__).parents[1] / "benchmarks" / "results" / "points.json"
LEAST_SHARE, MOST_WAIT_MS, WARM_UP = 0.5, 500, 100
MEMBERS, LOTS = 200, 12
BARE = """
CREATE TABLE header (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, at INTEGER NOT NULL);
CREATE TABLE entry (header INTEGER NOT NULL, account TEXT NOT NULL, points INTEGER NOT NULL);
CREATE TABLE balance (member INTEGER PRIMARY KEY, points INTEGER NOT NULL CHECK (points >= 0));
"""


def opened(folder: Path) -> Ask:
    """Return the operator's question on an archive whose members hold a dozen lots each."""
    settings = Settings()
    db = keeping.create(settings, f"sqlite:///{folder}/station.db")
    row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
    with db.writing() as conn:
        station_id = stations.add(conn, Station("S1", province="粤"))
        rows = [
            row | {"id": one, "code": f"C{one}", "station_id": station_id}
            for one in range(1, MEMBERS + 1)
        ]
        conn.execute(insert(customers), rows)
        numbers = [{"id": one["id"], "number": f"CARD{one['id']}", "kind": ""} for one in rows]
        conn.execute(insert(cards), numbers)
        held = [{"card_id": n["id"], "customer_id": n["id"], "from_day": 0} for n in numbers]
        conn.execute(insert(card_links), held)
    ask = Ask(db, settings, access.local_operator(db), date.max)
    given = [
        crediting.Credit(one, None, Earning(1_000_000, 99_000 + lot, f"{one}/{lot}"))
        for one in range(1, MEMBERS + 1)
        for lot in range(LOTS)
    ]
    with db.writing() as conn:
        crediting.credit(conn, ask, given)
    return ask


def bare(folder: Path) -> Callable[[int], None]:
    """Return a bare commit, on a file of its own with the same pragmas."""
    conn = sqlite3.connect(folder / "bare.db", isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.executescript(BARE)
    conn.executemany("INSERT INTO balance VALUES (?, 1000000000)", [(n,) for n in range(MEMBERS)])

    def commit(number: int) -> None:
        member = number % MEMBERS
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("SELECT id FROM header WHERE key = ?", (f"k{number}",)).fetchone()
        conn.execute("SELECT points FROM balance WHERE member = ?", (member,)).fetchone()
        new = conn.execute("INSERT INTO header (key, at) VALUES (?, 1)", (f"k{number}",)).lastrowid
        pair = [(new, "member", -100), (new, "redeemed", 100)]
        conn.executemany("INSERT INTO entry VALUES (?, ?, ?)", pair)
        conn.execute("UPDATE balance SET points = points - 100 WHERE member = ?", (member,))
        conn.execute("COMMIT")

    return commit


def through_service(ask: Ask) -> Callable[[int], None]:
    """Return a redemption as the counter makes it."""

    def redeem(number: int) -> None:
        member = Named(By.CARD, f"CARD{number % MEMBERS + 1}")
        spending.redeem(ask, key=f"form-{number:08d}", member=member, points=100, station="S1")

    return redeem


def milliseconds(act: Callable[[int], None], number: int) -> float:
    """Return how long an act takes."""
    begin = time.perf_counter()
    act(number)
    return (time.perf_counter() - begin) * 1000


def alone(ask: Ask, folder: Path, times: int) -> dict[str, Any]:
    """Return what both take, done in turn one by one, so that the disk's mood is the same."""
    commit, redeem = bare(folder), through_service(ask)
    pairs = [(milliseconds(commit, n), milliseconds(redeem, n)) for n in range(WARM_UP + times)]
    bares, ours = zip(*pairs[WARM_UP:], strict=True)
    return {
        "bare_ms": round(statistics.mean(bares), 2),
        "redemption_ms": round(statistics.mean(ours), 2),
        "bare_median_ms": round(statistics.median(bares), 2),
        "redemption_median_ms": round(statistics.median(ours), 2),
        "share": round(sum(bares) / sum(ours), 2),
    }


def together(ask: Ask, clients: int, times: int) -> dict[str, Any]:
    """Return how long anybody waits where so many redeem at once."""
    redeem, gate, waits = through_service(ask), Barrier(clients), [[] for _ in range(clients)]

    def client(at: int) -> None:
        gate.wait()
        for turn in range(times):
            begin = time.perf_counter()
            redeem(10_000_000 + at * 1_000_000 + turn)
            waits[at].append((time.perf_counter() - begin) * 1000)

    threads = [Thread(target=client, args=(at,)) for at in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    every = sorted(wait for some in waits for wait in some)
    return {
        "clients": clients,
        "redeemed_per_s": round(len(every) / seconds),
        "median_ms": round(statistics.median(every), 1),
        "p99_ms": round(every[len(every) * 99 // 100], 1),
        "longest_ms": round(every[-1], 1),
    }


def main(times: int = 1_000, clients: int = 8) -> int:
    """Measure, write the result, and return whether something is slower than it may be."""
    with tempfile.TemporaryDirectory() as name:
        ask = opened(Path(name))
        found = {"alone": alone(ask, Path(name), times), "together": together(ask, clients, times)}
        begin = time.perf_counter()
        is_sound = verify(ask.db).ok
        found["verify_ms"] = round((time.perf_counter() - begin) * 1000)
        ask.db.close()
    head = {
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "is_sound": is_sound,
    }
    print(json.dumps(head | found, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(head | found, indent=1) + "\n", encoding="utf-8")
    is_slow = found["alone"]["share"] < LEAST_SHARE
    return int(is_slow or found["together"]["longest_ms"] > MOST_WAIT_MS or not is_sound)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
