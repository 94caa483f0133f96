"""What points did and cost, of a ledger of a million transactions: at first, again, after one more.

Run: python -m benchmarks.liability [transactions] [members]. It writes results/liability.json
and ends with an error where the report again, or after a booking, takes longer than 2 s.
"""

import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import insert

from station.archive import stations
from station.archive.points import chain
from station.archive.points.chain import Posting
from station.archive.tables import customers
from station.config import Settings
from station.model import (
    DAY_S,
    LotOpening,
    PointAccount,
    PointDraft,
    PointEntry,
    PointMove,
    Station,
)
from station.services import access, keeping
from station.services.ask import Ask
from station.services.points import reporting

RESULT = Path(__file__).parents[1] / "benchmarks" / "results" / "liability.json"
STATIONS, DAYS, LIFE, SPEND, MOST_S, CHUNK = 20, 730, 365, 1_000, 2.0, 20_000
AWAY, USES = 0.1, 0.7
"""Share of fills at another station, and of those who have enough that redeem."""


def postings(count: int, members: int) -> Iterator[Posting]:
    """Yield two years of earnings and redemptions up to today, the oldest first."""
    draw = random.Random(1)  # noqa: S311 - invented points, no secret
    start = int(time.time()) // DAY_S - DAYS
    lots: dict[int, list[list[int]]] = {}
    lot_id = 0
    for number in range(count):
        day = start + number * DAYS // count
        who = draw.randint(1, members)
        where = (who + (draw.random() < AWAY)) % STATIONS + 1
        mine = [lot for lot in lots.get(who, []) if lot[1] and lot[2] >= day]
        if sum(lot[1] for lot in mine) > SPEND and draw.random() < USES:
            draft = spent(mine)
        else:
            lot_id += 1
            points = draw.randint(50, 400)
            mine.append([lot_id, points, day + LIFE])
            draft = earned(who, points, day + LIFE)
        lots[who] = mine
        yield Posting(f"k:{number}", "", draft, who, day * DAY_S, day, "local", 0, where)


def spent(lots: list[list[int]]) -> PointDraft:
    """Return a redemption of the oldest lots."""
    wanted, entries = SPEND, list[PointEntry]()
    for lot in lots:
        taken = min(wanted, lot[1])
        if taken:
            lot[1] -= taken
            wanted -= taken
            entries.append(PointEntry(PointAccount.MEMBER, lot[0], -taken))
            entries.append(PointEntry(PointAccount.REDEEMED, lot[0], taken))
    return PointDraft(PointMove.REDEEM, SPEND, tuple(entries))


def earned(who: int, points: int, expires_day: int) -> PointDraft:
    """Return an earning of one lot."""
    entries = (
        PointEntry(PointAccount.ISSUED, -1, -points),
        PointEntry(PointAccount.MEMBER, -1, points),
    )
    return PointDraft(PointMove.EARN, points, entries, (LotOpening(who, points, expires_day),))


def filled(folder: Path, count: int, members: int) -> Ask:
    """Return the operator's question on such an archive."""
    settings = Settings()
    db = keeping.create(settings, f"sqlite:///{folder}/station.db")
    row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
    with db.writing() as conn:
        ids = [stations.add(conn, Station(f"S{n:02}", province="粤")) for n in range(STATIONS)]
        people = range(1, members + 1)
        conn.execute(
            insert(customers),
            [row | {"id": n, "code": f"C{n}", "station_id": ids[n % STATIONS]} for n in people],
        )
    with db.writing(changes_figures=False) as conn:
        some: list[Posting] = []
        for posting in postings(count, members):
            some.append(posting)
            if len(some) == CHUNK:
                chain.append(conn, some)
                some = []
        chain.append(conn, some)
    return Ask(db, settings, access.local_operator(db), date.max)


def seconds(act: Callable[[], object]) -> dict[str, float]:
    """Return how long an act takes by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    act()
    return {
        "s": round(time.perf_counter() - clock, 2),
        "processor_s": round(time.process_time() - processor, 2),
    }


def one_more(ask: Ask, members: int) -> None:
    """Book one more earning, now."""
    now = int(time.time())
    draft = earned(members, 100, now // DAY_S + LIFE)
    with ask.db.writing(changes_figures=False) as conn:
        more = Posting("k:more", "", draft, members, now, now // DAY_S + 1, "local", 0, 1)
        chain.append(conn, [more])


def main(count: int = 1_000_000, members: int = 100_000) -> int:
    """Measure, write the result, and return whether something is slower than it may be."""
    with tempfile.TemporaryDirectory() as name:
        ask = filled(Path(name), count, members)

        def report() -> None:
            reporting.movements(ask)
            reporting.liability(ask)

        found = {"first": seconds(report), "again": seconds(report)}
        one_more(ask, members)
        found["after_a_booking"] = seconds(report)
        ask.db.close()
    told = {
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "transactions": count,
        "members": members,
    } | found
    print(json.dumps(told, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return int(max(found[one]["s"] for one in ("again", "after_a_booking")) > MOST_S)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
