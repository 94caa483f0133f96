"""The stations of the archive, by their code."""

from sqlalchemy import Connection, RowMapping, insert, select

from station.archive.tables import stations
from station.errors import NotFoundError
from station.model import Station, StationKind

NOT_OF_THE_SITE = ("id", "archivist_id")
"""Columns of a station's row that its record leaves out."""


def ids(conn: Connection) -> dict[str, int]:
    """Return the id of every station by its code."""
    rows = conn.execute(select(stations.c.code, stations.c.id).order_by(stations.c.id))
    return {str(code): int(station_id) for code, station_id in rows}


def everything(conn: Connection) -> dict[int, Station]:
    """Return every station by its id, in the order in which they were added."""
    rows = conn.execute(select(stations).order_by(stations.c.id)).mappings()
    return {row["id"]: _station(row) for row in rows}


def kept_by(conn: Connection, account_id: int) -> frozenset[int]:
    """Return the stations whose customer archive an account keeps."""
    mine = select(stations.c.id).where(stations.c.archivist_id == account_id)
    return frozenset(conn.execute(mine).scalars())


def add(conn: Connection, station: Station) -> int:
    """Return the id of a new station; its code must not be taken."""
    added = conn.execute(insert(stations).values(values_of(station)).returning(stations.c.id))
    return int(added.scalar_one())


def find(conn: Connection, code: str) -> tuple[int, Station]:
    """Return the id and the record of the station with this code.

    Raises:
        NotFoundError: there is none.
    """
    row = conn.execute(select(stations).where(stations.c.code == code)).mappings().first()
    if row is None:
        raise NotFoundError("archive.no_station", code=code)
    return row["id"], _station(row)


def values_of(station: Station) -> dict[str, str | int]:
    """Return the columns of a station's row."""
    return {
        "code": station.code,
        "name": station.name,
        "region": station.region,
        "kind": station.kind.value,
        "zone": station.zone,
        "currency": station.currency,
        "province": station.province,
        "day_starts_at_min": station.day_starts_at_min,
        "night_ends_at_min": station.night_ends_at_min,
    }


def _station(row: RowMapping) -> Station:
    fields = {str(name): value for name, value in row.items() if name not in NOT_OF_THE_SITE}
    return Station(**fields | {"kind": StationKind(row["kind"])})
