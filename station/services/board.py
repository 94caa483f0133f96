"""What the visits say: every analysis on one frame, and the pictures drawn from it."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from station.analysis import compare as comparing
from station.analysis import frequency, lapse, ownership, pace, profile, stability, usage
from station.archive import lake, stations, vehicles as garage, views
from station.frames import BOARD, UNITS
from station.model import Stability, day_date, day_number
from station.services.access import right, stations_in_sight
from station.services.ask import Ask

NO_SALES_DAY = date(1970, 1, 1)
STATION_COLUMNS = ("station_id", "code", "name", "region", "kind", "zone", "currency")
MILLI = 1000


@right("board.read")
def last_day(ask: Ask) -> date:
    """Return the last local day with a sale in sight; 1970-01-01 while there is none."""
    with ask.db.reading() as conn:
        ends = views.days(conn, ask.scope.station_ids)
    return day_date(ends[1]) if ends else NO_SALES_DAY


@right("board.read")
def is_empty(ask: Ask) -> bool:
    """Return whether no sale is in sight."""
    return last_day(ask) == NO_SALES_DAY


@right("board.read")
def stations_known(ask: Ask) -> pd.DataFrame:
    """Return STATION_COLUMNS of each station in sight."""
    with ask.db.reading() as conn:
        known = stations.everything(conn)
    rows = [
        (i, s.code, s.name or s.code, s.region, s.kind.value, s.zone, s.currency)
        for i, s in known.items()
        if i in ask.scope.station_ids
    ]
    return pd.DataFrame(rows, columns=list(STATION_COLUMNS))


@right("board.read")
def vehicles(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> pd.DataFrame:
    """Return frames.BOARD: one row a vehicle and station, with what every analysis says of it.

    Classes are judged on the whole history up to as-of; the columns `period_*` count the last
    `days` only (0: everything). A vehicle's use and owner are inferred from its visits at all
    stations of the chain; of those it is only told which stations it visits.
    """
    wanted = stations_in_sight(ask, stations)
    network = _profiles(ask, None, network=True)
    profiles = _profiles(ask, ask.scope.station_ids, visits_everywhere=network)
    rhythm = pace.learn(profiles, ask.settings.pace)
    mine = profiles[profiles["station_id"].isin(wanted)].reset_index(drop=True)
    frame = _judged(ask, mine, rhythm)
    frame = _known(ask, frame, network)
    frame = _in_period(ask, frame, wanted, days)
    return frame[list(BOARD)]


def _profiles(
    ask: Ask,
    station_ids: frozenset[int] | None,
    *,
    network: bool = False,
    visits_everywhere: pd.DataFrame | None = None,
) -> pd.DataFrame:
    as_of_day = day_number(ask.as_of)
    reduced = lake.reduce(
        ask.db, station_ids=station_ids, as_of_day=as_of_day, network=network, rules=ask.settings.lake
    )
    everywhere = reduced if visits_everywhere is None else visits_everywhere
    frame = profile.profiles(reduced, as_of_day=as_of_day, network=everywhere)
    known = stations_known(ask).set_index("station_id")
    return frame.assign(station_kind=frame["station_id"].map(known["kind"]))


def _judged(ask: Ask, profiles: pd.DataFrame, rhythm: pace.Pace) -> pd.DataFrame:
    """Return stability, frequency and lapse of each row; each keeps its own sentence."""
    rules = ask.settings
    frame = stability.classify(profiles, rhythm, rules.stability)
    frame = frame.rename(columns={"sentence": "stability_sentence"})
    frame = frequency.describe(frame, rhythm, rules.frequency, rules.stability)
    frame = frame.rename(columns={"sentence": "frequency_sentence"})
    frame = lapse.judge(frame, rhythm, elsewhere=_elsewhere(ask, profiles), rules=rules.lapse)
    return frame.rename(columns={"sentence": "lapse_sentence"})


def _elsewhere(ask: Ask, profiles: pd.DataFrame) -> pd.DataFrame:
    """Return where else the chain saw these vehicles: no amounts, no names."""
    seen = lake.query(
        ask.db, lake.text("elsewhere"), station_ids=None, as_of_day=day_number(ask.as_of)
    )
    return seen[seen["vehicle_id"].isin(profiles["vehicle_id"])]


def _known(ask: Ask, frame: pd.DataFrame, network: pd.DataFrame) -> pd.DataFrame:
    """Add who the vehicles are: key, use, owner, station names."""
    with ask.db.reading() as conn:
        known = garage.vehicles_frame(conn)
    use = usage.infer_use(network, known, ask.settings.usage)
    use = use.rename(columns={"evidence": "use_evidence", "sentence": "use_sentence"})
    told = known.merge(use[["vehicle_id", "use"]], on="vehicle_id", suffixes=("_said", ""))
    owner = ownership.infer_owner(network, told, ask.settings.ownership)
    owner = owner.rename(columns={"evidence": "owner_evidence", "sentence": "owner_sentence"})
    for table, columns in (
        (use, ["use", "use_source", "use_probability", "use_evidence", "use_sentence"]),
        (owner, ["owner_kind", "owner_source", "owner_probability", "owner_evidence", "owner_sentence"]),
        (known, ["label", "key_kind", "organisation_name", "customer_id"]),
    ):
        frame = frame.merge(table[["vehicle_id", *columns]], on="vehicle_id", how="left")
    return _with_stations(ask, frame)


def _with_stations(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    known = stations_known(ask).set_index("station_id")
    with ask.db.reading() as conn:
        codes = {station_id: code for code, station_id in stations.ids(conn).items()}
    return frame.assign(
        station=frame["station_id"].map(known["code"]),
        station_name=frame["station_id"].map(known["name"]),
        currency_code=frame["station_id"].map(known["currency"]),
        moved_to=frame["moved_to"].map(codes).fillna(""),
    )


def _in_period(
    ask: Ask, frame: pd.DataFrame, wanted: frozenset[int], days: int
) -> pd.DataFrame:
    """Add visits, quantity and amount of the last `days`."""
    if not days:
        return frame.assign(
            period_visits=frame["visits"],
            period_quantity=frame["quantity"],
            period_amount=frame["amount"],
        )
    as_of_day = day_number(ask.as_of)
    part = lake.reduce(
        ask.db, station_ids=wanted, as_of_day=as_of_day, from_day=as_of_day - days + 1
    )
    keys = ["vehicle_id", "station_id"]
    sums = ["visits", "amount_minor", *(f"quantity_{unit}" for unit in UNITS)]
    part = frame[keys].merge(part[keys + sums], on=keys, how="left")[sums].fillna(0)
    main = frame["unit"].map({unit: place for place, unit in enumerate(UNITS)}).to_numpy()
    quantities = part[[f"quantity_{unit}" for unit in UNITS]].to_numpy()
    per_major = frame["amount_minor"] / frame["amount"].replace(0, np.nan)
    return frame.assign(
        period_visits=part["visits"].astype("int64"),
        period_quantity=quantities[np.arange(len(frame)), main] / MILLI,
        period_amount=part["amount_minor"] / per_major.fillna(100),
    )
