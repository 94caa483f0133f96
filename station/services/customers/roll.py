"""Who are all the customers in sight, with grade, stage and keeper?"""

from collections.abc import Collection, Sequence
from datetime import date

import pandas as pd

from station.archive import lake
from station.archive.customers import filters as registers
from station.archive.customers import lives, marks
from station.archive.database import Connection
from station.model import DAY_S, Grade, Stage, day_number
from station.services import board
from station.services.access import stations_in_sight
from station.services.ask import Ask
from station.services.customers import naming
from station.services.memory import remembered

COLUMNS = (
    *("customer_id", "code", "organisation_name", "station", "keeper", "keeper_id"),
    *("grade", "grade_was", "grade_day", "reason", "stage", "stage_was", "stage_day", "trigger"),
)
"""What is told of each customer; days are numbers, missing where he was never judged."""


def roll(conn: Connection, ask: Ask, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return COLUMNS of whoever is registered at stations in sight or came there while known.

    Nobody who was erased. Whoever was not judged yet has grade D and is a prospect.
    """
    people, day = lives.known(conn), looking_back(ask.as_of, board.last_day(ask))
    mine = people[people.index.isin(list(in_sight(conn, ask, stations)))]
    grade = marks.now(conn, marks.GRADE, on_day=day).set_index("customer_id").reindex(mine.index)
    stage = marks.now(conn, marks.STAGE, on_day=day).set_index("customer_id").reindex(mine.index)
    told = mine.assign(
        station=mine["station_id"].map(board.station_codes(ask)).astype("object").fillna(""),
        grade=grade["grade"].fillna(Grade.D.value),
        grade_was=grade["was"].fillna(""),
        grade_day=grade["day"].astype("float64"),
        reason=grade["reason"].fillna(""),
        stage=stage["stage"].fillna(Stage.PROSPECT.value),
        stage_was=stage["was"].fillna(""),
        stage_day=stage["day"].astype("float64").fillna(mine["made_at"] // DAY_S),
        trigger=stage["trigger"].fillna(""),
    )
    return told.reset_index()[list(COLUMNS)]


def looking_back(as_of: date, last: date) -> int | None:
    """Return the day that a look back is of, none if it is of the last day known."""
    return day_number(as_of) if as_of < last else None


def in_sight(conn: Connection, ask: Ask, stations: Sequence[str] = ()) -> set[int]:
    """Return who is registered at these stations or came there while known; erased ones, too."""
    here = registers.registered(conn, stations_in_sight(ask, stations))
    return here | set(_came(ask, tuple(stations)))


def count(conn: Connection, ask: Ask, ids: Collection[int], stations: Sequence[str] = ()) -> int:
    """Return how many of these are in sight; who came is asked of those only who live elsewhere."""
    here = registers.registered(conn, stations_in_sight(ask, stations))
    away = [one for one in ids if one not in here]
    came = set(_came(ask, tuple(stations))) if away else set()
    return len(ids) - sum(one not in came for one in away)


@remembered(entries=8)
def _came(ask: Ask, stations: tuple[str, ...]) -> list[int]:
    """Return whose vehicles came to the stations while they were his."""
    with ask.db.reading() as conn:
        held = lives.held(conn)
    rows = visit_days(ask, held, day_number(ask.as_of), stations_in_sight(ask, stations))
    return sorted({int(one) for one in rows["customer_id"]})


def visit_days(
    ask: Ask, held: pd.DataFrame, day: int, station_ids: frozenset[int] | None = None
) -> pd.DataFrame:
    """Return customer_id and local_day, each once: when who came up to a day.

    Without stations of the whole chain. `held` is what `lives.held` returns: a visit counts for
    whose the vehicle was on its day.
    """
    return lake.query(
        ask.db,
        lake.text("came"),
        station_ids=station_ids,
        as_of_day=day,
        frames={"held": held},
        rules=ask.settings.lake,
    ).drop_duplicates()


def named(conn: Connection, ask: Ask, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with `who`: the organisation, else the name as everybody may see it."""
    names = naming.in_list(conn, ask, rows["customer_id"].tolist())
    who = rows["customer_id"].map(names).astype("object").fillna("")
    return rows.assign(who=who.where(who != "", rows["code"]))
