"""The long forms of two tests: all hostile files, and 200 kills of an import of 100,000 rows.

Run: python -m benchmarks.nightly [rows] [kills] [files]. Writes benchmarks/results/nightly.json and
ends with an error if anything crashed, was slow, took too much memory, or differs at the end.
"""

import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from station.archive import stations
from station.archive.verify import content_hash, verify
from station.config import Settings
from station.model import Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import intake

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "nightly.json"
RUNNER = ROOT / "tests" / "ingest" / "hostile" / "runner.py"
HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,交易类型,备注\n"
KILLS_A_ROUND = 20
MOST_SECONDS, MOST_KIB = 5, 300 * 1024
SEED = 20_260_901


def line(number: int) -> str:
    """Return a line that follows from its number; one in seven takes the line before back."""
    back = number % 7 == 6
    sold = number - back
    day, second = 1 + sold // 4_000 % 28, sold * 21 % 86_400
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    litres, sign = 20 + sold % 31, "-" if back else ""
    kind = f"冲销,撤单{100_000 + sold}" if back else "正常,"
    return (
        f"{100_000 + number},2025-03-{day:02} {clock},{number % 8},92#,"
        f"{sign}{litres},{sign}{litres * 7},粤B{10_000 + sold * 37 % 9_973},{kind}\n"
    )


def opened(folder: Path) -> Ask:
    """Return the operator's question on the archive of a folder, made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    url, settings = f"sqlite:///{folder}/station.db", Settings()
    is_new = not (folder / "station.db").exists()
    db = keeping.create(settings, url) if is_new else keeping.open_archive(settings, url)
    if is_new:
        with db.writing() as conn:
            stations.add(conn, Station("S1", province="粤"))
    return Ask(db, settings, access.local_operator(db), date.max)


def take(folder: Path, path: Path) -> None:
    """Import the file into the archive of a folder."""
    ask = opened(folder)
    intake.import_sales(ask, path=path, options=intake.ImportOptions(station="S1"))
    ask.db.close()


def state(folder: Path) -> tuple[str, bool]:
    """Return the content of an archive, and whether it is sound."""
    ask = opened(folder)
    with ask.db.reading() as conn:
        found = content_hash(conn)
    is_sound = verify(ask.db).ok
    ask.db.close()
    return found, is_sound


def child(folder: Path, path: Path) -> int:
    """Return the number of a process that imports the file."""
    number = os.fork()
    if number == 0:
        take(folder, path)
        os._exit(0)
    return number


def seconds_undisturbed(folder: Path, path: Path) -> float:
    """Return how long an import takes that nothing disturbs."""
    begin = time.monotonic()
    os.waitpid(child(folder, path), 0)
    return time.monotonic() - begin


def kills(folder: Path, rows: int, count: int) -> dict[str, Any]:
    """Return what became of an import killed at random points and then resumed."""
    path = folder / "till.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADING)
        file.writelines(map(line, range(rows)))
    longest_s = seconds_undisturbed(folder / "undisturbed", path)
    wanted, _ = state(folder / "undisturbed")
    chance = random.Random(SEED)  # noqa: S311 - moments, not secrets
    done = Counter({"kills": 0, "too late": 0, "rounds": 0, "different": 0, "unsound": 0})
    while done["kills"] < count:
        own = folder / "round"
        for _ in range(min(KILLS_A_ROUND, count - done["kills"])):
            number = child(own, path)
            time.sleep(longest_s * chance.uniform(0.02, 1))
            os.kill(number, signal.SIGKILL)
            _, status = os.waitpid(number, 0)
            done["kills" if os.WIFSIGNALED(status) else "too late"] += 1
        os.waitpid(child(own, path), 0)
        found, is_sound = state(own)
        done["rounds"] += 1
        done["different"] += found != wanted
        done["unsound"] += not is_sound
        print(dict(done), flush=True)
        shutil.rmtree(own, ignore_errors=True)  # a lock may go by itself
    return {"rows": rows, "seconds_undisturbed": round(longest_s, 1), "content": wanted, **done}


def hostile(folder: Path, count: int) -> dict[str, Any]:
    """Return what became of the hostile files."""
    command = [sys.executable, str(RUNNER), str(count), str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(row) for row in ran.stdout.splitlines()]
    outcomes = Counter(row["outcome"] for row in told)
    slowest = max(told, key=lambda row: row.get("seconds", 0))
    largest = max(told, key=lambda row: row["peak_kib"])
    return {
        "files": len(told),
        **outcomes,
        "kept_of_refused": sum("kept" in row for row in told),
        "slowest_seconds": slowest["seconds"],
        "slowest": slowest["title"],
        "largest_mib": largest["peak_kib"] // 1024,
        "largest": largest["title"],
    }


def main(rows: int = 100_000, count: int = 200, files: int = 500) -> int:
    """Run both, write the result, and return whether something failed."""
    with tempfile.TemporaryDirectory() as name:
        found = hostile(Path(name) / "hostile", files)
        print(found, flush=True)
        killed = kills(Path(name), rows, count)
    result = {
        "at": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "hostile_files": found,
        "kills": killed,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    is_bad = (
        found.keys() & {"crashed", "killed"}
        or found["kept_of_refused"]
        or found["slowest_seconds"] > MOST_SECONDS
        or found["largest_mib"] * 1024 > MOST_KIB
        or killed["different"]
        or killed["unsound"]
    )
    return int(bool(is_bad))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
