"""Offers files to the services, each in a process of its own, and tells what each answer cost.

Run: python runner.py COUNT FOLDER. Prints one JSON line a file: its title, what became of it, the
seconds of the processor, the largest memory of its process in KiB, and what of a refused file is in
the archive.
"""

import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from files import Case, cases

from station.archive import stations
from station.archive.database import Database, create_or_upgrade
from station.config import Settings
from station.errors import StationError
from station.model import Station
from station.services import access
from station.services.ask import Ask
from station.services.incoming import intake, records
from station.services.incoming.files import FileOptions, FileReport

LONGEST_S = 30
TABLES = (
    *("sales", "customers", "vehicles", "vehicle_keys", "vehicle_owners", "cards", "card_links"),
    *("stations", "batches", "quarantine", "control_totals", "products"),
)


def opened(folder: Path) -> Ask:
    db = create_or_upgrade(f"sqlite:///{folder}/station.db")
    return Ask(db, Settings(), access.local_operator(db), date(2025, 3, 4))


def held(db: Database) -> dict[str, int]:
    """Return how many rows each table of the archive has."""
    with db.reading() as conn:
        count = "SELECT count(*) FROM "
        return {name: conn.exec_driver_sql(count + name).scalar_one() for name in TABLES}


def take(ask: Ask, case: Case, path: Path) -> FileReport:
    if case.kind == "sales":
        options = intake.ImportOptions(name=case.name, lang="en")
        return intake.import_sales(ask, path=path, options=options)
    plain = FileOptions(name=case.name, lang="en")
    return records.import_records(ask, kind=case.kind, path=path, options=plain)


def answer(case: Case, folder: Path) -> dict[str, Any]:
    """Return what the services answer to a file, and what of it they kept."""
    ask = opened(folder)
    before = held(ask.db)
    begin = time.process_time(), time.perf_counter()
    try:
        counts = take(ask, case, case.path(folder)).counts
        told = {"outcome": "taken", "rows": counts.rows, "accepted": counts.accepted}
    except StationError as error:
        told = {"outcome": "refused", "key": error.key}
    except BaseException as error:  # noqa: BLE001 - that nothing gets here is what is tested
        at = traceback.format_exc()[-900:]
        return {"outcome": "crashed", "error": repr(error)[:200], "at": at}
    told["seconds"] = round(time.process_time() - begin[0], 2)
    told["wall_seconds"] = round(time.perf_counter() - begin[1], 2)
    after = held(ask.db)
    kept = {name: after[name] - before[name] for name in TABLES if after[name] != before[name]}
    if told["outcome"] == "refused" and kept:
        told["kept"] = kept
    return told


def in_process(act: Callable[[], object]) -> dict[str, Any]:
    """Return what a process that lives for one act answers, and its largest memory."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(LONGEST_S)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            try:
                json.dump(act(), pipe)
            except BaseException as error:  # noqa: BLE001 - a child may not go on as its parent
                json.dump({"outcome": "crashed", "error": repr(error)[:200]}, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(child, 0)
    told = json.loads(said) if said else {"outcome": "killed", "status": status}
    return (told or {}) | {"peak_kib": usage.ru_maxrss}


def main(count: int, folder: Path) -> None:
    sound = folder / "sound"
    sound.mkdir(parents=True)
    ask = opened(sound)
    with ask.db.writing() as conn:
        stations.add(conn, Station("S1", province="粤"))
        stations.add(conn, Station("1022", zone="America/New_York", currency="USD"))
    ask.db.close()
    for number, case in enumerate(cases(count)):
        own = folder / f"case{number}"
        shutil.copytree(sound, own)
        told = {"title": case.title, "kind": case.kind, "name": case.name[:60]}
        in_process(lambda case=case, own=own: case.write(own) and None)
        told |= in_process(lambda case=case, own=own: answer(case, own))
        print(json.dumps(told), flush=True)  # noqa: T201 - the parent reads it
        shutil.rmtree(own)
    if stray := [path.name for path in folder.iterdir() if path != sound]:
        sys.exit(f"left beside the archives: {stray}")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
