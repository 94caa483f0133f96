"""Which organisations come to us, with how much of their fleet, and which are about to leave?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from station.archive import lake
from station.archive.customers import book
from station.archive.customers import fleet as store
from station.contact import fleets as rules
from station.errors import BadValueError
from station.frames import UNITS
from station.model import MILLI, currency_name, day_date, day_number, minor_per_major
from station.services import board
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.memory import remembered

ABOUT = ("fleet_size", "relationship", "credit_class")
"""Fields of a card that a fleet's row carries."""
MONTHS = 12
VEHICLE = (
    *("vehicle_id", "label", "standing", "use", "station_name", "last_day", "usual_gap_days"),
    *("monthly_amount", "currency_code"),
)
MONTH = ("month", "visits", "quantity", "unit", "amount", "currency")


@dataclass(frozen=True, slots=True)
class Fleet:
    """One organisation: its row of `fleets`, its vehicles and its months, the oldest first.

    `unnamed` are vehicles of which only the number is told: they never came to a station in sight.
    """

    row: Mapping[str, Any]
    vehicles: pd.DataFrame
    months: pd.DataFrame
    unnamed: int


@right("cards.read")
def fleets(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row an organisation in view: its vehicles by standing, its volume, its alarm.

    In view is whoever is registered at the stations, or whose vehicles came there while they were
    theirs; what the vehicles do elsewhere does not count. Alarms come first, then the largest.
    Quantity and amount are those of a mean month of the last few, missing where units or
    currencies meet.
    """
    codes = tuple(stations)
    known = _known(ask, codes)
    rolled = _rolled(ask, codes).reindex(known.index, fill_value=0)
    told = rules.alarms(rolled, base_share=_base(ask, codes), rules=ask.settings.fleets)
    told = told.merge(_volume(ask, codes), on="customer_id", how="left")
    for table in (known, _about(ask)):
        told = told.merge(table, left_on="customer_id", right_index=True, how="left")
    told = _completed(told)
    order = ["is_alarmed", "monthly_amount", "vehicles", "customer_id"]
    return told.sort_values(order, ascending=[False, False, False, True], ignore_index=True)


def _completed(told: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with words for what is not known, and the share of the declared fleet."""
    words = [*ABOUT, "unit", "currency"]
    told = told.assign(
        **{name: told[name].astype(object).fillna("") for name in words},
        volume_trend=told["volume_trend"].astype(object).fillna(rules.UNKNOWN),
    )
    declared = pd.to_numeric(told["fleet_size"], errors="coerce").astype("float64")
    declared = declared.where(declared > 0)
    return told.assign(declared=declared, declared_share=(told["seen"] / declared).clip(upper=1.0))


def in_view(ask: Ask, stations: Sequence[str] = ()) -> frozenset[int]:
    """Return the organisations that `fleets` tells of."""
    return frozenset(_known(ask, tuple(stations)).index.tolist())


def _known(ask: Ask, stations: tuple[str, ...]) -> pd.DataFrame:
    """Return code, organisation_name and owner_kind of the organisations in view, by their id."""
    wanted = stations_in_sight(ask, stations)
    rolled = _rolled(ask, stations)
    with ask.db.reading() as conn:
        known = store.organisations(conn)
    is_in_view = known["station_id"].isin(wanted) | known["id"].isin(
        rolled.index[rolled["seen"] > 0]
    )
    table = known[is_in_view].drop_duplicates("id").set_index("id")
    return table[["code", "organisation_name", "owner_kind"]]


@right("cards.read")
def fleet(ask: Ask, *, customer_id: int) -> Fleet:
    """Return an organisation's fleet as the stations in sight know it.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: it is no organisation.
    """
    with ask.db.reading() as conn:
        seen = contacts.in_sight(conn, ask, customer_id)
        if not seen.customer.is_organisation:
            raise BadValueError("fleets.no_organisation")
        stood = book.same(conn, customer_id)[0]
    every = fleets(ask)
    rows = every[every["customer_id"] == stood].to_dict("records")
    vehicles = _vehicles(ask, ())
    vehicles = vehicles[vehicles["customer_id"] == stood]
    is_told = vehicles["label"].notna()
    if seen.customer.station_id in ask.scope.station_ids:
        vehicles, is_told = _named(ask, vehicles), is_told | True
    months = _months(ask, ())
    return Fleet(
        row={str(name): value for name, value in rows[0].items()} if rows else {},
        vehicles=vehicles.loc[is_told, list(VEHICLE)].reset_index(drop=True),
        months=_written(months.loc[months["customer_id"] == stood, list(MONTH)]),
        unnamed=int((~is_told).sum()),
    )


def _written(months: pd.DataFrame) -> pd.DataFrame:
    """Return months such as "2026-03" instead of their numbers."""
    words = [f"{1970 + month // MONTHS}-{month % MONTHS + 1:02d}" for month in months["month"]]
    return months.assign(month=words).reset_index(drop=True)


def _named(ask: Ask, vehicles: pd.DataFrame) -> pd.DataFrame:
    """Return the vehicles with what those that never came are known by."""
    never = vehicles.loc[vehicles["label"].isna(), "vehicle_id"].tolist()
    with ask.db.reading() as conn:
        labels = store.labels(conn, never)
    return vehicles.assign(label=vehicles["label"].fillna(vehicles["vehicle_id"].map(labels)))


@remembered(entries=8)
def _rolled(ask: Ask, stations: tuple[str, ...]) -> pd.DataFrame:
    """Return how many vehicles of each organisation stand where, in view or not."""
    return rules.roll_up(_vehicles(ask, stations))


@remembered(entries=8)
def _base(ask: Ask, stations: tuple[str, ...]) -> float:
    """Return how many of all regular vehicles slow down or stay away."""
    rows = board.vehicles(ask, stations=stations)
    return rules.base_share(rows, as_of_day=day_number(ask.as_of), rules=ask.settings.fleets)


@remembered(entries=8)
def _vehicles(ask: Ask, stations: tuple[str, ...]) -> pd.DataFrame:
    """Return every vehicle that is an organisation's as of the day, as the stations know it."""
    day = day_number(ask.as_of)
    spans = _spans(ask)
    now = spans[(spans["from_day"] <= day) & (spans["to_day"] > day)].drop(columns="to_day")
    rows = board.vehicles(ask, stations=stations).drop(columns="customer_id")
    return rules.standings(rows, now, as_of_day=day, rules=ask.settings.fleets)


@remembered(entries=2)
def _spans(ask: Ask) -> pd.DataFrame:
    """Return when which vehicle was which organisation's."""
    with ask.db.reading() as conn:
        return store.spans(conn)


def _about(ask: Ask) -> pd.DataFrame:
    with ask.db.reading() as conn:
        return store.fields(conn, ABOUT).set_index("customer_id")


@remembered(entries=8)
def _months(ask: Ask, stations: tuple[str, ...]) -> pd.DataFrame:
    """Return customer_id and MONTH: what organisations bought, a row a unit and currency."""
    rows = lake.query(
        ask.db,
        lake.text("fleets"),
        station_ids=stations_in_sight(ask, stations),
        as_of_day=day_number(ask.as_of),
        by=("customer_id", "month", "unit", "currency"),
        frames={"fleet": _spans(ask)},
        rules=ask.settings.lake,
    )
    currency = rows["currency"].map(currency_name)
    return rows.assign(
        unit=rows["unit"].map(dict(enumerate(UNITS, start=1))).fillna(""),
        currency=currency,
        quantity=rows["quantity_milli"] / MILLI,
        amount=rows["amount_minor"] / currency.map(minor_per_major),
    ).sort_values(["customer_id", "month"], ignore_index=True)


@remembered(entries=8)
def _volume(ask: Ask, stations: tuple[str, ...]) -> pd.DataFrame:
    """Return the mean month and its trend; of several units that of most visits, or no amount."""
    monthly = _months(ask, stations)
    last = (ask.as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    last_month = (last.year - day_date(0).year) * MONTHS + last.month - 1
    units = monthly.groupby(["customer_id", "unit"])["visits"].sum().reset_index()
    units = units.sort_values("visits").drop_duplicates("customer_id", keep="last")
    main = monthly["unit"] == monthly["customer_id"].map(units.set_index("customer_id")["unit"])
    currencies = monthly.groupby("customer_id")["currency"].agg(["nunique", "first"])
    currency = currencies["first"].where(currencies["nunique"] == 1, "")
    kept = monthly.assign(quantity=monthly["quantity"].where(main, 0.0))
    told = rules.trends(kept, last_month=last_month, rules=ask.settings.fleets)
    told = told.assign(
        unit=told["customer_id"].map(units.set_index("customer_id")["unit"]),
        currency=told["customer_id"].map(currency),
    )
    amount = told["monthly_amount"].where(told["currency"] != "")
    return told.assign(monthly_amount=amount)
