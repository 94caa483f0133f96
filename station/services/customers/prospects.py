"""Who could become a customer, and how far somebody has got with him?"""

from collections.abc import Mapping, Sequence

import pandas as pd

from station.archive import lake
from station.archive.customers import fleet
from station.archive.customers import prospects as book
from station.archive.database import Connection
from station.contact import prospects as rules
from station.contact.prospects import Belongs as Belongs  # noqa: PLC0414 - pages name them
from station.contact.prospects import Reliability as Reliability  # noqa: PLC0414
from station.contact.prospects import Standing as Standing  # noqa: PLC0414
from station.contact.prospects import View as View  # noqa: PLC0414
from station.guard import mask
from station.model import day_number
from station.services import board
from station.services.access import right, today
from station.services.ask import Ask
from station.services.customers import kept
from station.services.memory import remembered
from station.services.personal import sealing

OPPORTUNITY = ("need", "scene", "pain_point")
"""The fields that say what a prospect could be served with."""
ASSIGN = "keeper.assign"
SIGHTS = """
SELECT DISTINCT vehicle_id, station_id, utc_s, local_day FROM sales
WHERE has_time = 1 AND reverses_id = 0
    AND vehicle_id IN (SELECT vehicle_id FROM wanted)
    AND station_id IN (SELECT station_id FROM scope_stations)
    AND local_day BETWEEN (SELECT from_day FROM ask) AND (SELECT as_of_day FROM ask)
"""
COLUMNS = (
    *("customer_id", "name", "phone", "organisation_name", "label", "vehicle_id", "station"),
    *("source", "reliability", "belongs", "standing", "view", "event", "keeper", "is_back"),
    *("made_at", "pause_until_day", "won_day"),
)
"""What `listing` returns of each prospect."""


@right("prospects.work")
def candidates(ask: Ask) -> pd.DataFrame:
    """Return the vehicles in sight that are nobody's and could be somebody's, the surest first.

    Columns: contact.prospects.FOUND. Each says by a sentence why it is there.
    """
    return _found(ask).copy()


@remembered(entries=4)
def _found(ask: Ask) -> pd.DataFrame:
    frame, day = board.vehicles(ask), day_number(ask.as_of)
    settings = ask.settings.prospects
    with ask.db.reading() as conn:
        paid = book.paid_by_others(conn, ask.scope.station_ids, day - settings.recent_days + 1)
    return rules.candidates(
        frame, paid=paid, beside=_beside(ask, frame), as_of_day=day, rules=settings
    )


def _beside(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    """Return who comes with a good customer's vehicle, as far as the lines tell."""
    settings, known = ask.settings.prospects, rules.good(frame)
    is_free = frame["customer_id"].isna() & (frame["visit_days"] >= settings.together_days)
    wanted = pd.concat([known[["vehicle_id"]], frame.loc[is_free, ["vehicle_id"]]])
    sights = lake.query(
        ask.db,
        SIGHTS,
        station_ids=ask.scope.station_ids,
        as_of_day=day_number(ask.as_of),
        from_day=ask.from_day(settings.recent_days),
        frames={"wanted": wanted.drop_duplicates()},
        rules=ask.settings.lake,
    )
    return rules.together(sights, known, settings)


@right("prospects.work")
def listing(ask: Ask) -> pd.DataFrame:
    """Return COLUMNS of the prospects registered at stations in sight, the newest first.

    Names and telephones are masked. Who bought since he was taken up is won, whose pause is over
    is back, whether or not the nightly work has been by.
    """
    with ask.db.reading() as conn:
        rows = book.listing(conn, ask.scope.station_ids)
        won = book.first_purchases(conn, rows["prospect_id"].tolist())
        reached = book.contacts_of(conn, rows["customer_id"].tolist())
        labels = fleet.labels(conn, rows["vehicle_id"].dropna().astype("int64").tolist())
    rows = _standing(rows, won)
    told = [sealing.unseal_contact(ask.db, reached[int(n)]) for n in rows["customer_id"]]
    return rows.assign(
        name=[mask.name(name or "") for name, _ in told],
        phone=[mask.phone(phone or "") for _, phone in told],
        label=rows["vehicle_id"].map(labels).astype("object").fillna(""),
        station=rows["station_id"].map(board.station_codes(ask)),
    )[["prospect_id", *COLUMNS]]


def _standing(rows: pd.DataFrame, won: "pd.Series[int]") -> pd.DataFrame:
    """Return the prospects as they stand today."""
    day = day_number(today())
    won_day = rows["won_day"].astype("Int64").fillna(rows["prospect_id"].map(won).astype("Int64"))
    pause = rows["pause_until_day"].astype("Int64")
    standing = [
        rules.standing_on(
            Standing(was),
            pause_until_day=None if pd.isna(until) else int(until),
            won_day=None if pd.isna(bought) else int(bought),
            day=day,
        )
        for was, until, bought in zip(rows["standing"], pause, won_day, strict=True)
    ]
    is_back = (rows["standing"] == Standing.PAUSED.value) & pd.Series(
        [one is Standing.OPEN for one in standing], index=rows.index, dtype="bool"
    )
    views = [
        rules.view_of(Belongs(whose), one)
        for whose, one in zip(rows["belongs"], standing, strict=True)
    ]
    return rows.assign(
        won_day=won_day,
        pause_until_day=pause,
        standing=[one.value for one in standing],
        view=[view.value for view in views],
        is_back=is_back,
    )


@right("prospects.work")
def due(ask: Ask) -> pd.DataFrame:
    """Return COLUMNS of those whose pause is over and on whom nobody has decided since.

    Whoever assigns customers sees all of them, anybody else his own and nobody's.
    """
    rows = listing(ask)
    back = rows[rows["is_back"]]
    if ASSIGN in ask.scope.rights:
        return back
    return back[back["keeper"].isin([ask.scope.account, ""])]


@right("prospects.work")
def opportunities(ask: Ask) -> pd.DataFrame:
    """Return the prospects in work with need, scene and pain_point, as far as one is known.

    Telephones and addresses in these words are hidden.
    """
    rows = listing(ask)
    rows = rows[rows["standing"].isin([Standing.OPEN.value, Standing.PAUSED.value])]
    with ask.db.reading() as conn:
        words = _words(conn, ask, sorted({*rows["prospect_id"], *rows["customer_id"]}))
    for name in OPPORTUNITY:
        told = words.get(name, {})
        pairs = zip(rows["customer_id"], rows["prospect_id"], strict=True)
        rows = rows.assign(**{name: [told.get(n) or told.get(m) or "" for n, m in pairs]})
    is_told = (rows[list(OPPORTUNITY)] != "").any(axis=1)
    return rows[is_told].reset_index(drop=True)


def _words(conn: Connection, ask: Ask, customer_ids: Sequence[int]) -> Mapping[str, dict[int, str]]:
    """Return by field and customer what is known, opened and without telephones."""
    found: dict[str, dict[int, str]] = {}
    told = kept.told_of(conn, ask.db, customer_ids, OPPORTUNITY)
    for (customer_id, name), (words, _) in told.items():
        found.setdefault(name, {})[customer_id] = mask.redact(words or "")
    return found
