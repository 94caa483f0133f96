"""The figures of one vehicle, from its own lines: the lake's sums without the lake."""

import duckdb
import pandas as pd
from sqlalchemy import Connection, select

from station.archive import facts
from station.archive.lake import SALES, Question, asked, text
from station.archive.tables import stations, vehicle_keys
from station.frames import REDUCED


def reduce(conn: Connection, vehicle_id: int, as_of_day: int) -> pd.DataFrame:
    """Return frames.REDUCED of one vehicle at every station, as `lake.reduce` would."""
    of_vehicle = select(vehicle_keys.c.id).where(vehicle_keys.c.vehicle_id == vehicle_id)
    key_ids = list(conn.execute(of_vehicle).scalars())
    lines = facts.of_keys(conn, facts.product_codes(conn), key_ids)
    station_ids = list(conn.execute(select(stations.c.id)).scalars())
    question = Question(station_ids=None, as_of_day=as_of_day)
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.register("facts", lines)
        duck.register("keys", pd.DataFrame({"key_id": key_ids, "vehicle_id": vehicle_id}))
        duck.register("scope_stations", pd.DataFrame({"station_id": station_ids}, dtype="int64"))
        duck.register("ask", pd.DataFrame([asked(question)]))
        duck.sql(SALES).create_view("sales")
        duck.sql(text("visits")).create_view("visits")
        frame: pd.DataFrame = duck.sql(text("profile")).df()
    frame = frame.sort_values("station_id", ignore_index=True)
    return frame[list(REDUCED)].astype(dict(REDUCED))
