"""What points cost an import: the same file of members' sales, with rules and without.

Run: python -m benchmarks.earning [lines] [members]. Both imports run in turn, each twice into an
archive of its own, and the quicker of each counts. Ends with an error where points make an import
more than half as long again.
"""

import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from station.archive import stations
from station.archive.points.tables import point_awards
from station.archive.tables import customers, vehicle_keys, vehicle_owners, vehicles
from station.archive.verify import verify
from station.config import Settings
from station.loyalty.programme import (
    Basis,
    Caps,
    EarnRule,
    EarnRules,
    ExpiryRules,
    Life,
    Programme,
    Version,
)
from station.model import KeyKind, Station
from station.services import access, keeping
from station.services.ask import Ask
from station.services.incoming import intake

MOST_RATIO, TIMES = 1.5, 2
START = datetime(2026, 9, 1, 6)  # noqa: DTZ001 - what a till writes has no zone
HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,卡号\n"
RULES = Programme(
    versions=(
        Version(
            name="usual",
            starts=date(2026, 1, 1),
            earning=EarnRules(rules=(EarnRule(name="litres", of=Basis.LITRE),), caps=Caps(day=500)),
            expiry=ExpiryRules(life=Life.ROLLING, months=12, month_end=True),
        ),
    )
)


def write(path: Path, lines: int, members: int) -> None:
    """Write the lines of some weeks, each of a member's vehicle."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADING)
        for number in range(lines):
            sold = START + timedelta(seconds=30 * number)
            milli = 20_000 + number * 131 % 40_000
            file.write(
                f"{number:08},{sold:%Y-%m-%d %H:%M:%S},{number % 8},{'92#' if number % 3 else '0#'}"
                f",{milli / 1000:.2f},{milli * 7.5 / 1000:.2f},{plate(number * 7_919 % members)},\n"
            )


def plate(number: int) -> str:
    """Return an invented plate."""
    return f"粤B{10_000 + number}"


def opened(folder: Path, members: int, rules: Programme) -> Ask:
    """Return the operator's question on an archive whose members have a vehicle each."""
    settings = replace(Settings(), programme=rules)
    db = keeping.create(settings, f"sqlite:///{folder}/station.db")
    row = {"is_organisation": 0, "owner_kind": "private", "organisation_name": ""}
    told = {"use": "", "use_source": "", "owner_kind": "", "owner_source": "", "vehicle_type": ""}
    key = {"kind": KeyKind.PLATE.value, "colour": "", "plate_kind": "", "energy": "", "flags": ""}
    ids = range(1, members + 1)
    with db.writing() as conn:
        stations.add(conn, Station("S1", province="粤"))
        conn.execute(insert(customers), [row | {"id": one, "code": f"C{one}"} for one in ids])
        conn.execute(insert(vehicles), [told | {"id": one} for one in ids])
        keys = [key | {"vehicle_id": one, "text": plate(one - 1)} for one in ids]
        conn.execute(insert(vehicle_keys), keys)
        ties = [{"vehicle_id": one, "customer_id": one, "from_day": 0} for one in ids]
        conn.execute(insert(vehicle_owners), ties)
    return Ask(db, settings, access.local_operator(db), date.max)


def seconds(path: Path, members: int, rules: Programme) -> float:
    """Return how long the import takes."""
    with tempfile.TemporaryDirectory() as name:
        ask = opened(Path(name), members, rules)
        begin = time.perf_counter()
        intake.import_sales(ask, path=path, options=intake.ImportOptions(station="S1"))
        spent = time.perf_counter() - begin
        with ask.db.reading() as conn:
            count = conn.execute(select(func.count()).select_from(point_awards)).scalar_one()
        if bool(count) != bool(rules.versions) or not verify(ask.db).ok:
            sys.exit(f"{count} awards")
        ask.db.close()
    return spent


def main(lines: int = 100_000, members: int = 20_000) -> int:
    """Print both times and their ratio; return whether points cost too much."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "sales.csv"
        write(path, lines, members)
        runs = [
            (seconds(path, members, Programme()), seconds(path, members, RULES))
            for _ in range(TIMES)
        ]
    without, by_rules = (min(some) for some in zip(*runs, strict=True))
    ratio = by_rules / without
    print(f"without points: {without:.1f} s, with: {by_rules:.1f} s, ratio {ratio:.2f}")
    return int(ratio > MOST_RATIO)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
