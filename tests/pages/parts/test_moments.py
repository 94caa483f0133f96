"""An instant is told by the clock of the station where it happened, else by the programme's."""

from opened import desk_of
from sqlalchemy import text
from town import Person, ask_of, settle

from station.archive.database import Database
from station.pages.parts import blocks

NOON_UTC = 1_788_264_000


def test_an_instant_is_told_by_the_clock_of_its_station(db: Database) -> None:
    settle(db, [Person(1)])
    with db.writing() as conn:
        conn.execute(text("UPDATE stations SET zone = 'America/New_York' WHERE code = 'S2'"))
    desk = desk_of(ask_of(db))

    assert blocks.moment(desk, NOON_UTC, "S2") == "2026-09-01 08:00"
    assert blocks.moment(desk, NOON_UTC, "S1") == "2026-09-01 20:00"
    assert blocks.moment(desk, NOON_UTC) == "2026-09-01 20:00"
    assert blocks.moment(desk, NOON_UTC, "elsewhere") == "2026-09-01 20:00"
