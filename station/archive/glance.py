"""The figures of a few vehicles, from their own lines: the lake's sums without the lake."""

from collections.abc import Collection, Mapping
from functools import cache
from threading import Lock
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection, select

from station.archive import facts
from station.archive.keys import borne_by
from station.archive.lake import SALES, Question, asked, text
from station.archive.tables import stations
from station.frames import REDUCED

TURN = Lock()
"""One question at a time has the connection: making one takes longer than asking."""
KEYS = ["key_id", "vehicle_id", "from_day", "to_day"]
EMPTY = pd.DataFrame(columns=KEYS)
PROFILE = "profile"


def look(
    conn: Connection,
    vehicle_ids: Collection[int],
    as_of_day: int,
    texts: Mapping[str, Mapping[str, pd.DataFrame]],
) -> list[pd.DataFrame]:
    """Return frames.REDUCED of some vehicles at every station, and what each of `texts` says.

    They are what `lake.reduce` and `lake.query` would return of them. `texts` are names of SQL
    texts of station/analysis, each with the frames that it reads beside the lines.
    """
    keys = pd.DataFrame(borne_by(conn, vehicle_ids), columns=KEYS, dtype="int64")
    lines = facts.of_keys(conn, facts.product_codes(conn), keys["key_id"].unique().tolist())
    station_ids = list(conn.execute(select(stations.c.id)).scalars())
    question = Question(station_ids=None, as_of_day=as_of_day)
    with TURN:
        duck = _duck()
        duck.register("facts", lines)
        duck.register("keys", keys)
        duck.register("scope_stations", pd.DataFrame({"station_id": station_ids}, dtype="int64"))
        duck.register("ask", pd.DataFrame([asked(question)]))
        duck.sql(SALES).create_view("sales", replace=True)
        duck.sql(text("visits")).create_view("visits", replace=True)
        told = [_say(duck, name, frames) for name, frames in {PROFILE: {}, **texts}.items()]
        for name in ("facts", "keys"):  # nothing of anybody stays behind
            duck.register(name, EMPTY)
    reduced = told[0].sort_values(["vehicle_id", "station_id"], ignore_index=True)
    return [reduced[list(REDUCED)].astype(dict(REDUCED)), *told[1:]]


def _say(duck: Any, name: str, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    for own, frame in frames.items():
        duck.register(own, frame)
    said: pd.DataFrame = duck.sql(text(name)).df()
    return said


@cache
def _duck() -> Any:
    return duckdb.connect(config={"threads": 1})
