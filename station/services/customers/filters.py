"""Which of all vehicles are meant? Any keys together, on one remembered frame; and saved ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import time

import numpy as np
import pandas as pd

from station.archive.customers import filters as store
from station.archive.customers import tags
from station.archive.customers.stands import merged
from station.archive.database import Connection
from station.contact import filters as rules
from station.contact.filters import Condition as Condition  # noqa: PLC0414 - faces name it
from station.contact.filters import Key as Key  # noqa: PLC0414 - faces name it
from station.contact.filters import Op, Shape, Source
from station.errors import BadValueError
from station.guard import mask
from station.model import Act, Stability
from station.services import board, trail
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import fields, grades, stages, tagging
from station.services.memory import remembered

LONGEST_NAME = 80
FUELS = ("petrol", "diesel", "gas", "electric")
SHOWN = (
    *("vehicle_id", "station_id", "station", "station_name", "label", "customer_id"),
    *("organisation_name", "stability", "state", "use", "owner_kind", "product"),
    *("visits", "quantity", "unit", "amount", "currency_code", "monthly_amount"),
    *("value_at_risk", "last_day", "days_silent", "usual_weekday", "moved_to"),
)
MARKED = ("grade", "stage")
"""What is told of a vehicle's customer, empty where it has none."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter as it was saved; `is_mine` says whether the asker may change it."""

    id: int
    name: str
    owner: str
    is_mine: bool
    is_shared: bool
    conditions: tuple[Condition, ...]


def keys(ask: Ask) -> dict[str, Key]:
    """Return every key by which may be filtered, by name; the chain's own fields among them."""
    return rules.keys_of(list(fields.known_fields(ask.settings).values()))


def condition(ask: Ask, *, field: str, op: str, values: Sequence[str | float] = ()) -> Condition:
    """Return one condition.

    Raises:
        BadValueError: there is no such key, or it cannot be asked so.
    """
    try:
        made = Condition(field, Op(op), tuple(values))
    except ValueError as error:
        raise BadValueError("filters.unknown", field=field) from error
    return rules.checked([made], keys(ask))[0]


def check(ask: Ask, *, conditions: Sequence[Condition]) -> None:
    """Return if these conditions can be asked together.

    Raises:
        BadValueError: there are too many, or one cannot be asked.
    """
    rules.checked(conditions, keys(ask))


def ops_of(key: Key) -> list[str]:
    """Return how the values of a key may be compared."""
    return [op.value for op in rules.OPS[key.shape]]


def needs_values(op: str) -> bool:
    """Return whether a comparison needs something to compare with."""
    return op not in rules.WITHOUT_VALUES


@right("cards.read")
def matches(
    ask: Ask, *, conditions: Sequence[Condition], stations: Sequence[str] = ()
) -> pd.DataFrame:
    """Return SHOWN and MARKED of the vehicles in sight for which every condition holds.

    One row a vehicle and station, as on the board.

    Raises:
        BadValueError: a condition cannot be asked.
    """
    asked = rules.checked(conditions, keys(ask))
    wanted = stations_in_sight(ask, stations)
    sheet = _sheet(ask)
    chosen = np.ones(len(sheet), dtype=bool)
    if stations:
        chosen &= sheet["station_id"].isin(wanted).to_numpy()
    known = keys(ask)
    with ask.db.reading() as conn:
        for one in asked:
            chosen &= _holds(conn, sheet, one, known[one.field])
        rows = sheet[list(SHOWN)].take(np.flatnonzero(chosen)).reset_index(drop=True)
        return marked(conn, rows)


def marked(conn: Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with MARKED of each one's customer."""
    ids = rows["customer_id"].dropna().astype("int64").unique().tolist()
    told = {"grade": grades.now(conn, ids), "stage": stages.now(conn, ids)}
    return rows.assign(
        **{
            name: rows["customer_id"].map(known).astype("object").fillna("")
            for name, known in told.items()
        }
    )


def _holds(conn: Connection, sheet: pd.DataFrame, one: Condition, key: Key) -> np.ndarray:
    if key.source is Source.BOARD:
        return rules.holds(sheet[key.name], one)
    words = [str(value) for value in one.given]
    if key.source is Source.TAG:
        his, its = tags.bearers(conn, words)
        members = _of_customers(conn, sheet, his) | sheet["vehicle_id"].isin(its).to_numpy()
        return rules.among(members, one)
    if key.source is Source.KEEPER:
        return rules.among(_of_customers(conn, sheet, store.kept_by(conn, words)), one)
    if key.source in MARKS:
        return rules.among(_of_customers(conn, sheet, _with_mark(conn, sheet, key, words)), one)
    return _field_holds(conn, sheet, one, key)


MARKS = {Source.GRADE: grades.now, Source.STAGE: stages.now}


def _with_mark(conn: Connection, sheet: pd.DataFrame, key: Key, words: Collection[str]) -> set[int]:
    """Return the customers of these vehicles whose grade or stage is one of these."""
    ids = sheet["customer_id"].dropna().astype("int64").unique().tolist()
    return {one for one, told in MARKS[key.source](conn, ids).items() if told in words}


def _field_holds(conn: Connection, sheet: pd.DataFrame, one: Condition, key: Key) -> np.ndarray:
    """Return where a customer's field is as asked; where nothing is told it is not."""
    wanted = [str(value) for value in one.given] if key.shape is Shape.CHOICE else None
    rows = store.values_of(conn, key.name.removeprefix("field."), wanted)
    if key.shape is Shape.CHOICE or one.op in rules.WITHOUT_VALUES:
        has = {customer_id for customer_id, _ in rows}
        return rules.among(_of_customers(conn, sheet, has), one)
    told = pd.DataFrame(rows, columns=["customer_id", "value"])
    values = told["value"]
    if key.shape is Shape.NUMBER:
        values = pd.to_numeric(values, errors="coerce")
    right_ones = told.loc[rules.holds(values, one), "customer_id"]
    return _of_customers(conn, sheet, set(right_ones))


def _of_customers(conn: Connection, sheet: pd.DataFrame, ids: Collection[int]) -> np.ndarray:
    """Return which vehicles are these customers', whichever of their ids a vehicle names."""
    stood = merged(conn)
    wanted = {stood.get(customer_id, customer_id) for customer_id in ids}
    wanted |= {gone for gone, kept in stood.items() if kept in wanted}
    return sheet["customer_id"].isin(wanted).to_numpy(dtype=bool)


@remembered(entries=4)
def _sheet(ask: Ask) -> pd.DataFrame:
    """Return the board's rows with their keys ready to be compared: classes as categories."""
    frame = board.vehicles(ask)
    visits = frame[[f"visits_{fuel}" for fuel in FUELS]].to_numpy()
    product = np.array([*FUELS, "other"], dtype=object)
    which = np.where(visits.sum(axis=1) > 0, visits.argmax(axis=1), len(FUELS))
    is_regular = frame["stability"] == Stability.REGULAR.value
    told = {
        "product": pd.Series(product[which], index=frame.index),
        "state": frame["state"].where(is_regular, ""),  # others have no rhythm to break
        "usual_weekday": frame["usual_weekday"].astype(str),
        "usual_slot": frame["usual_slot"].astype(str),
    }
    known = rules.keys_of().values()
    own = [key.name for key in known if key.source is Source.BOARD]
    sheet = frame[sorted({*SHOWN, *own} - told.keys())].assign(**told)
    classes = [k.name for k in known if k.source is Source.BOARD and k.shape is not Shape.NUMBER]
    also = ["station_name", "unit", "currency_code"]
    return sheet.astype(dict.fromkeys([*classes, *also], "category"))


@right("cards.read")
def choices(ask: Ask) -> Mapping[str, list[str]]:
    """Return the values of the keys whose choices depend on the archive, as far as in sight."""
    codes = sorted(board.station_codes(ask))
    with ask.db.reading() as conn:
        keepers = store.keepers(conn, ask.scope.station_ids)
    return {
        "station": codes,
        "moved_to": codes,
        "tag": tagging.suggestions(ask),
        "keeper": keepers,
    }


@right("cards.read")
def saved(ask: Ask) -> list[SavedFilter]:
    """Return the asker's filters and those that others share; what cannot be asked any more not."""
    with ask.db.reading() as conn:
        rows = store.listing(conn, ask.scope.account)
    told = []
    for row in rows:
        try:
            conditions = rules.read(row.conditions, keys(ask))
        except BadValueError:  # a field of the chain that is no more
            continue
        is_mine = row.account == ask.scope.account
        told.append(SavedFilter(row.id, row.name, row.account, is_mine, row.is_shared, conditions))
    return told


@right("cards.read")
def save(ask: Ask, *, name: str, conditions: Sequence[Condition]) -> int:
    """Return the id of a filter saved under a name; saving again under it puts it in its place.

    Raises:
        BadValueError: there is no name, none fit to be shown, or nothing to save.
    """
    told = _name(name)
    asked = rules.checked(conditions, keys(ask))
    if not asked:
        raise BadValueError("filters.nothing")
    account = ask.scope.account
    with acting(ask) as conn:
        filter_id = store.named(conn, account, told)
        if filter_id is None:
            filter_id = store.add(conn, account, told, rules.dump(asked), int(time()))
        else:
            store.change(conn, filter_id, conditions=rules.dump(asked))
        _note(conn, ask, filter_id)
    return filter_id


@right("cards.read")
def rename(ask: Ask, *, filter_id: int, name: str) -> None:
    """Give a filter of one's own another name.

    Raises:
        BadValueError: there is no such filter of the asker's, or the name is not fit or taken.
    """
    told = _name(name)
    with acting(ask) as conn:
        _refuse_unless_own(conn, ask, filter_id)
        if store.named(conn, ask.scope.account, told) not in {None, filter_id}:
            raise BadValueError("filters.name_taken", name=told)
        store.change(conn, filter_id, name=told)
        _note(conn, ask, filter_id)


@right("cards.read")
def share(ask: Ask, *, filter_id: int, is_shared: bool) -> None:
    """Let everybody use a filter of one's own, on what he sees himself; or no longer.

    Raises:
        BadValueError: there is no such filter of the asker's.
    """
    with acting(ask) as conn:
        _refuse_unless_own(conn, ask, filter_id)
        store.change(conn, filter_id, is_shared=int(is_shared))
        _note(conn, ask, filter_id)


@right("cards.read")
def delete(ask: Ask, *, filter_id: int) -> None:
    """Forget a filter of one's own.

    Raises:
        BadValueError: there is no such filter of the asker's.
    """
    with acting(ask) as conn:
        _refuse_unless_own(conn, ask, filter_id)
        store.remove(conn, filter_id)
        _note(conn, ask, filter_id)


def _refuse_unless_own(conn: Connection, ask: Ask, filter_id: int) -> None:
    found = store.find(conn, filter_id)
    if found is None or found.account != ask.scope.account:
        raise BadValueError("filters.not_there")


def _note(conn: Connection, ask: Ask, filter_id: int) -> None:
    place = trail.place_of(ask.scope)
    trail.note(conn, ask.scope, Act.CHANGE, f"filter:{filter_id}", station_id=place)


def _name(name: str) -> str:
    told = trail.tidy(name)
    if not told or len(told) > LONGEST_NAME or mask.HIDDEN in told:
        raise BadValueError("filters.bad_name", limit=LONGEST_NAME)
    return told
