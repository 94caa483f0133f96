"""Real DuckDB over small tables of lines, as visits.sql and profile.sql see them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from station import analysis
from station.frames import REDUCED

SQL = Path(analysis.__file__).parent
LATE = 40_000
HOUR = 3600
DAY = 86_400
LINE = {
    "vehicle_id": 1,
    "station_id": 1,
    "has_time": 1,
    "fuel": 1,
    "unit": 1,
    "product_id": 1,
    "quantity_milli": 30_000,
    "amount_minor": 21_000,
    "currency": 1,
    "minor_per_major": 100,
    "reverses_id": 0,
}
TYPES = {"has_time": "int8", "hour": "int8", "fuel": "int8", "unit": "int8", "local_day": "int32"}


def lines_table(lines: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Lines at `local_s` on a clock 8 hours ahead of UTC; ids count from 1 unless given."""
    rows = [LINE | {"sale_id": n} | line for n, line in enumerate(lines, start=1)]
    table = pd.DataFrame(rows, columns=["sale_id", *LINE, "local_s"])
    local = table.pop("local_s").to_numpy(dtype="int64")
    days = local // DAY
    table = table.assign(
        utc_s=local - 8 * HOUR,
        local_day=days,
        hour=local % DAY // HOUR,
        month=np.array(days, dtype="datetime64[D]").astype("datetime64[M]").astype("int64"),
    )
    return table.astype("int64").astype(TYPES)


def show(
    duck: Any, lines: Sequence[dict[str, Any]], asked: dict[str, Any], stations: Sequence[int]
) -> None:
    duck.register("sales", lines_table(lines))
    duck.register("ask", pd.DataFrame([asked]))
    scope = pd.DataFrame({"station_id": stations}, dtype="int64")
    duck.register("scope_stations", scope)


def ask(duck: Any, sql: str, lines: Sequence[dict[str, Any]], **question: Any) -> pd.DataFrame:
    stations = question.pop("stations", (1, 2, 3))
    asked = {"as_of_day": LATE, "from_day": -LATE, "network": 0} | question
    show(duck, lines, asked, stations)
    return duck.sql(sql).df()


@pytest.fixture(scope="session")
def duck() -> Iterator[Any]:
    with duckdb.connect(config={"threads": 1}) as connection:
        show(connection, [], {"as_of_day": LATE}, [])
        connection.sql((SQL / "visits.sql").read_text(encoding="utf-8")).create_view("visits")
        yield connection


@pytest.fixture(scope="session")
def visits_of(duck: Any) -> Callable[..., pd.DataFrame]:
    """Return visits.sql's answer to lines, in the order of time."""

    def visits(lines: Sequence[dict[str, Any]], **question: Any) -> pd.DataFrame:
        frame = ask(duck, "FROM visits", lines, **question)
        return frame.sort_values(["vehicle_id", "station_id", "utc_s"], ignore_index=True)

    return visits


@pytest.fixture(scope="session")
def reduced_of(duck: Any) -> Callable[..., pd.DataFrame]:
    """Return profile.sql's answer to lines."""

    def reduced(lines: Sequence[dict[str, Any]], **question: Any) -> pd.DataFrame:
        text = (SQL / "profile.sql").read_text(encoding="utf-8")
        frame = ask(duck, text, lines, **question)
        frame = frame.sort_values(["vehicle_id", "station_id"], ignore_index=True)
        return frame[list(REDUCED)].astype(dict(REDUCED))

    return reduced
