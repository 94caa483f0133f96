"""Which two records may be one customer? Pairs with what speaks for it; a word before saving."""

from dataclasses import dataclass
from time import time

import pandas as pd

from station.archive import lake, search
from station.archive.customers import alike, book, retention, sealed
from station.archive.database import Connection
from station.contact import likeness
from station.errors import BadValueError, LimitReachedError, NotAllowedError, NotFoundError
from station.frames import UNITS
from station.ingest import plates
from station.model import Act, day_number
from station.services import board, trail
from station.services.access import acting, right
from station.services.ask import Ask
from station.services.customers import contacts, merging
from station.services.customers.merging import Record
from station.services.memory import remembered
from station.services.personal import sealing

FUELS = ["visits_petrol", "visits_diesel", "visits_gas", "visits_electric"]
SHOWN_PLATES = 3
DAYS = """
SELECT DISTINCT o.customer_id, v.local_day AS day, v.station_id
FROM visits v JOIN owned o
ON o.vehicle_id = v.vehicle_id AND v.local_day >= o.from_day AND v.local_day < o.to_day
"""
MOST_ALIKE = 5


@dataclass(frozen=True, slots=True)
class Side:
    """One of a pair: his record, masked, and by which plates and where he is known."""

    record: Record
    is_organisation: bool
    station: str
    plates: tuple[str, ...]
    last_day: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a pair or against it: `code` names the sentence, `fact` fills it.

    `fact` is a masked telephone, a masked name, a plate, or a number.
    """

    code: str
    weight: float
    fact: str | float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers who may be one, the evidence that weighs most first."""

    first: Side
    second: Side
    weight: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody in sight who may be the one that is about to be written down."""

    record: Record
    codes: tuple[str, ...]


@right("customers.merge")
def pairs(ask: Ask) -> list[Pair]:
    """Return the pairs in sight that may be one customer, the likeliest first.

    Pairs that somebody told apart are left out.
    """
    with ask.db.reading() as conn:
        mark = alike.last_change(conn)
    return _pairs(ask, mark=mark)


@remembered(entries=4)
def _pairs(
    ask: Ask,
    *,
    mark: int,  # noqa: ARG001 - by it answers are told apart
) -> list[Pair]:
    ranked, told = _ranked(ask)
    rows = board.vehicles(ask)
    found = []
    with ask.db.reading() as conn:
        strangers = alike.told_apart(conn)
        for row in ranked.to_dict("records"):
            ids = (int(row["low_id"]), int(row["high_id"]))
            if ids in strangers:
                continue
            try:
                first, second = (_side(conn, ask, one, rows) for one in ids)
            except NotFoundError:
                continue
            of_pair = told[(told["low_id"] == ids[0]) & (told["high_id"] == ids[1])]
            evidence = _evidence(of_pair, first, rows)
            found.append(Pair(first, second, float(row["weight"]), evidence))
    return found


def _ranked(ask: Ask) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ranked pairs and their clues."""
    rules, rows = ask.settings.likeness, board.vehicles(ask)
    with ask.db.reading() as conn:
        records, ties = alike.records(conn), retention.ties(conn)
    here = set(records.loc[records["station_id"].isin(ask.scope.station_ids), "customer_id"])
    here |= set(rows["customer_id"].dropna().astype("int64"))
    records = records[records["customer_id"].isin(here)]
    ties = ties[ties["customer_id"].isin(here)]
    told = likeness.clues(records, ties, _habits(rows), rules)
    likely = likeness.ranked(told, rules)[["low_id", "high_id"]]
    told = told.merge(likely, on=["low_id", "high_id"])
    days = _days(ask, likely, ties)
    if len(days):
        against = likeness.apart(likely, days, rules)
        told = pd.concat([told, against], ignore_index=True) if len(against) else told
    return likeness.ranked(told, rules), told


def _habits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return likeness.HABITS of every customer, at the station where he comes most."""
    known = rows[rows["customer_id"].notna()].sort_values("visits", ascending=False)
    home = known.drop_duplicates("customer_id")
    return pd.DataFrame(
        {
            "customer_id": home["customer_id"].astype("int64"),
            "station_id": home["station_id"],
            "weekday": home["usual_weekday"],
            "slot": home["usual_slot"],
            "fuel": home[FUELS].to_numpy().argmax(axis=1) if len(home) else [],
            "litres": home["quantity_per_visit"].where(home["unit"] == UNITS[0]),
        }
    )


def _days(ask: Ask, likely: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    """Return customer_id, day and station_id of the visits of those in likely pairs."""
    ids = set(likely["low_id"]) | set(likely["high_id"])
    owned = ties[ties["customer_id"].isin(ids)]
    if owned.empty:
        return owned.reindex(columns=["customer_id", "day", "station_id"])
    return lake.query(
        ask.db,
        DAYS,
        station_ids=ask.scope.station_ids,
        as_of_day=day_number(ask.as_of),
        frames={"owned": owned},
        rules=ask.settings.lake,
    )


def _side(conn: Connection, ask: Ask, customer_id: int, rows: pd.DataFrame) -> Side:
    seen = contacts.in_sight(conn, ask, customer_id)
    own = rows[rows["customer_id"] == customer_id].sort_values("last_day", ascending=False)
    codes = board.station_codes(ask)
    return Side(
        record=merging.record_of(conn, ask, seen, customer_id),
        is_organisation=seen.customer.is_organisation,
        station=str(codes.get(seen.station_id, "")),
        plates=tuple(own["label"].drop_duplicates().head(SHOWN_PLATES)),
        last_day=int(own["last_day"].max()) if len(own) else None,
    )


def _evidence(clues: pd.DataFrame, first: Side, rows: pd.DataFrame) -> tuple[Evidence, ...]:
    found = []
    for clue in clues.sort_values("weight", ascending=False).to_dict("records"):
        code, told = str(clue["code"]), clue["fact"]
        fact: str | float = 0.0 if pd.isna(told) else float(told)
        if code == "same_phone":
            fact = first.record.phone
        if code == "same_name":
            fact = first.record.name
        if code in {"same_plate", "plate_after"}:
            labels = rows.loc[rows["vehicle_id"] == told, "label"]
            fact = str(labels.iloc[0]) if len(labels) else ""
        found.append(Evidence(code, float(clue["weight"]), fact))
    return tuple(found)


@right("customers.merge")
def set_apart(ask: Ask, *, one_id: int, other_id: int) -> None:
    """Write down that two customers are not one; nobody is asked about them again.

    Raises:
        NotFoundError: one of them is not there, or not in sight; both answer alike.
        BadValueError: they are one already.
    """
    with acting(ask) as conn:
        one, other = (contacts.there(conn, ask, customer_id) for customer_id in (one_id, other_id))
        if one.customer.id == other.customer.id:
            raise BadValueError("merging.same")
        alike.set_apart(conn, (one_id, other_id), account=ask.scope.account, at=int(time()))
        what = f"customer:{one_id}:apart"
        trail.note(conn, ask.scope, Act.CHANGE, what, station_id=one.station_id)


@right("customers.edit")
def similar(ask: Ask, *, name: str = "", phone: str = "", plate: str = "") -> list[Alike]:
    """Return who in sight may be the one about to be written down, the likeliest first; masked.

    `name` is a person's or an organisation's. Only a whole telephone, plate or person's name finds
    anybody; telephones that are nobody's are counted as in any search.
    """
    rules = ask.settings.likeness
    by_code = {
        "same_phone": (rules.same_phone, _with_phone(ask, phone)),
        "same_plate": (rules.same_plate, _with_plate(ask, plate)),
        "same_name": (rules.same_name, _with_name(ask, name)),
        "near_name": (rules.near_name, _with_near_name(ask, name)),
    }
    ids = {one for _, found in by_code.values() for one in found}
    weights = {one: sum(w for w, found in by_code.values() if one in found) for one in ids}
    alike_now = []
    with ask.db.reading() as conn:
        for one in sorted(ids, key=lambda one: (-weights[one], one)):
            try:
                contacts.there(conn, ask, one)
                record = merging.record(conn, ask, one)
            except (NotFoundError, NotAllowedError):
                continue
            codes = tuple(code for code, (_, found) in by_code.items() if one in found)
            alike_now.append(Alike(record, codes))
    return alike_now[:MOST_ALIKE]


def _with_phone(ask: Ask, phone: str) -> list[int]:
    try:
        return contacts.find_by_phone(ask, phone=phone) if phone.strip() else []
    except (BadValueError, LimitReachedError):  # whoever saves it is told so there
        return []


def _with_plate(ask: Ask, plate: str) -> list[int]:
    text = plates.normalise(plate).norm
    if not text:
        return []
    with ask.db.reading() as conn:
        return [
            one for vehicle in search.by_text(conn, [text]) for one in book.holders(conn, vehicle)
        ]


def _with_name(ask: Ask, name: str) -> list[int]:
    if not sealing.plain_name(name):
        return []
    with ask.db.reading() as conn:
        return sealed.with_name(conn, sealing.name_indexes(ask.db, name))


def _with_near_name(ask: Ask, name: str) -> list[int]:
    """Return the organisations whose names are near, the nearest first."""
    if not name.strip():
        return []
    with ask.db.reading() as conn:
        known = alike.organisations(conn)
    near = sorted(
        ((likeness.likeness(name, its_name), customer_id) for customer_id, its_name in known),
        reverse=True,
    )
    least = ask.settings.likeness.near_from
    return [customer_id for how_near, customer_id in near[: 2 * MOST_ALIKE] if how_near >= least]
