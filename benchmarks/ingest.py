"""Measure how fast a large sales file is read, and whether memory stays flat.

python benchmarks/ingest.py [ROWS]
"""

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from station.ingest.rules import IngestRules
from station.ingest.sales_file import open_sales
from station.model import SaleRow, Station

HEADING = (
    "流水号,班次,交易时间,枪号,油品名称,单价(元/升),数量(升),应收金额,实收金额,卡号,车牌号,交易类型"
)
PRODUCTS = ("92号车用汽油(VIB)", "95#", "0#柴油", "92#")
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def write(path: Path, rows: int) -> None:
    draw = random.Random(1)  # noqa: S311 - a benchmark, not a secret
    plates = [f"粤{draw.choice(LETTERS)}{draw.randrange(10_000, 100_000)}" for _ in range(40_000)]
    with path.open("w", encoding="utf-8-sig") as file:
        file.write(f"加油站:示范一站(A0001)\n{HEADING}\n")
        for number in range(rows):
            second = number * 31
            day, second = divmod(second, 86_400)
            clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            litres, price = draw.randrange(500, 6000), 736
            amount = litres * price // 100
            money = f"{amount // 100}.{amount % 100:02}"
            file.write(
                f"{number:09},1,2024-{day // 28 % 12 + 1:02}-{day % 28 + 1:02} {clock},"
                f"{number % 8:02},{PRODUCTS[number % 4]},7.36,{litres // 100}.{litres % 100:02},"
                f"{money},{money},,{draw.choice(plates)},正常\n"
            )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    station = Station("A0001", "示范一站", province="粤")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sales.csv"
        write(path, rows)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        file = open_sales(
            path, stations={"A0001": station}, rules=IngestRules(), now_s=1_900_000_000
        )
        opened = time.perf_counter()
        taken = sum(isinstance(row, SaleRow) for row in file.rows(file.best_key_kind))
        ended = time.perf_counter()
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    print(f"{taken} of {rows} rows, {path.name}: looked through in {opened - started:.1f} s,")
    print(f"read in {ended - opened:.1f} s, {(ended - started) / rows * 1e6:.1f} µs a row in all,")
    print(f"memory grew by {grown_kib / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
