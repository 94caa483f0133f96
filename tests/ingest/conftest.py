"""Files as tills write them, and a quick way to read them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from station.ingest.mapping import Mapping
from station.ingest.rules import IngestRules
from station.ingest.sales_file import SalesFile, open_sales
from station.model import ReadRow, SaleKeyKind, Station

SAMPLES = Path(__file__).parent / "samples"
NOW_S = 1_750_000_000
STATIONS = {
    "A0001": Station("A0001", "示范一站", province="粤"),
    "A0002": Station("A0002", "示范二站", zone="America/New_York", currency="USD"),
}
HEADING = "流水号,交易时间,枪号,油品,数量,金额,车牌号,卡号"
LINE = "1001,2025-03-03 07:58:12,3,92#,35.20,253.79,粤B12345,"

Opener = Callable[..., SalesFile]
Reader = Callable[..., list[ReadRow]]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    """Return a function from text, bytes or a path to the open sales file."""

    def open_it(
        content: str | bytes | Path,
        mapping: Mapping | None = None,
        *,
        station_code: str | None = "A0001",
        now_s: int = NOW_S,
        rules: IngestRules | None = None,
    ) -> SalesFile:
        path = content if isinstance(content, Path) else tmp_path / "sales.csv"
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        return open_sales(
            path,
            mapping,
            stations=STATIONS,
            station_code=station_code,
            rules=rules or IngestRules(),
            now_s=now_s,
        )

    return open_it


@pytest.fixture
def read(opened: Opener) -> Reader:
    """Return a function from text, bytes or a path to the rows of a sales file."""

    def read_it(
        content: str | bytes | Path,
        mapping: Mapping | None = None,
        key_kind: SaleKeyKind | None = None,
        **options: object,
    ) -> list[ReadRow]:
        file = opened(content, mapping, **options)
        return list(file.rows(key_kind or file.best_key_kind))

    return read_it
