"""What does the guard before every service cost, beside the bare query that it stands before?

    python -m benchmarks.guard

On a small demo archive, in one process: the same read with and without the guard, in turn; a whole
scope looked up from a token; one event written to the audit log, beside a bare durable commit.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import text

from station.archive import stations
from station.config import Settings
from station.model import Act
from station.services import access, board, demo, keeping, trail
from station.services.ask import Ask
from station.services.people import sign_in

RUNS = 300


def median_us(call: Callable[[], object]) -> float:
    """Return the median time of a call in microseconds."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - begin)
    return statistics.median(times) / 1000


def main() -> None:
    settings = Settings()
    with tempfile.TemporaryDirectory() as folder:
        db = keeping.create(settings, f"sqlite:///{folder}/station.db")
        operator = Ask(db, settings, access.local_operator(db), date.max)
        demo.fill(operator, network=demo.Network(2, 60, calls=False), out=Path(folder) / "files")
        rules = settings.sign_in
        token = sign_in.sign_in_demo(db, rules, name="demo.manager", address="127.0.0.1")
        scope = access.scope_of(db, token, rules)
        ask = replace(operator, scope=scope)

        def bare() -> object:
            with db.reading() as conn:
                return stations.everything(conn)

        def commit() -> None:
            with db.writing(changes_figures=False) as conn:
                conn.execute(text("UPDATE meta SET value = value + 1 WHERE name = 'bench'"))

        with db.writing() as conn:
            conn.execute(text("INSERT INTO meta VALUES ('bench', 0)"))
        figures = {
            "stations, bare query": median_us(bare),
            "stations, guarded service, operator": median_us(
                lambda: board.stations_known(replace(ask, scope=operator.scope))
            ),
            "stations, guarded service, manager": median_us(lambda: board.stations_known(ask)),
            "scope from a token": median_us(lambda: access.scope_of(db, token, rules)),
            "durable commit, bare": median_us(commit),
            "event in the audit log": median_us(
                lambda: trail.noted(db, scope, Act.CARD_OPENED, "vehicle:1")
            ),
        }
        for name, value in figures.items():
            print(f"{name:40} {value:8.0f} us")
        db.close()


if __name__ == "__main__":
    main()
