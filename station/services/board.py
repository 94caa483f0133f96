"""What the visits say: every analysis on one frame, and the pictures drawn from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from station.analysis import compare as comparing
from station.analysis import (
    diary,
    frequency,
    guards,
    lapse,
    network,
    ownership,
    profile,
    stability,
    states,
    usage,
    warning,
)
from station.analysis.diary import Diary
from station.analysis.guards import Guard
from station.archive import glance, lake, views
from station.archive import lapses as notes
from station.archive import stations as sites
from station.archive import vehicles as garage
from station.errors import NotFoundError
from station.frames import BOARD, UNITS
from station.model import DAY_S, MILLI, Stability, day_date, day_number, minor_per_major
from station.services import guarding, pacing, standing
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import sight
from station.services.memory import remembered

NO_SALES_DAY = date(1970, 1, 1)
STATION_COLUMNS = ("station_id", "code", "name", "region", "kind", "zone", "currency")
USE = ["use", "use_source", "use_probability", "use_evidence", "use_sentence"]
OWNER = ["owner_kind", "owner_source", "owner_probability", "owner_evidence", "owner_sentence"]
_LAPSE_COLUMNS = [
    *(
        "regular",
        "lapsed",
        "lapsed_share",
        "lapsed_share_low",
        "lapsed_share_high",
        "chain_lapsed_share",
    ),
    *("funnel_low", "funnel_high", "warning_low", "warning_high", "sentence"),
]
IDENTITY = ["label", "key_kind", "organisation_name", "customer_id"]


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
        known = sites.everything(conn)
    rows = [
        (i, s.code, s.name or s.code, s.region, s.kind.value, s.zone, s.currency)
        for i, s in known.items()
        if i in ask.scope.station_ids
    ]
    return pd.DataFrame(rows, columns=list(STATION_COLUMNS))


def station_codes(ask: Ask) -> "pd.Series[str]":
    """Return the code of each station in sight, by its id."""
    return stations_known(ask).set_index("station_id")["code"]


@right("board.read")
@remembered(entries=8)
def vehicles(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> pd.DataFrame:
    """Return frames.BOARD: one row a vehicle and station, with what every analysis says of it.

    Classes are judged on the whole history up to as-of; the columns `period_*` count the last
    `days` only (0: everything). Of visits at stations out of sight only this is told: the share of
    visits here, the station a vehicle moved to and when, and its use and owner as inferred.
    The frame is shared: copy it before changing it.
    """
    wanted = stations_in_sight(ask, stations)
    frame = _in_sight(ask)
    frame = frame[frame["station_id"].isin(wanted)].reset_index(drop=True)
    return _in_period(ask, frame, wanted, days)[list(BOARD)]


@right("board.read")
def vehicle(ask: Ask, *, vehicle_id: int) -> pd.DataFrame:
    """Return the rows of `vehicles` of one vehicle, without asking for all the others.

    Raises:
        NotFoundError: it never came to a station in sight, or is not there; both answer alike.
    """
    rows = some(ask, vehicle_ids=(vehicle_id,))
    if rows.empty:
        raise NotFoundError("error.vehicle_not_found")
    return rows


@right("board.read")
@remembered(entries=64)
def some(ask: Ask, *, vehicle_ids: Sequence[int]) -> pd.DataFrame:
    """Return the rows of `vehicles` of a few vehicles, such as a customer's.

    Their lines are read from the archive and go through the same steps. What is said of all is
    taken as it was learnt last: see `pacing.learnt`, `guarding.guarded` and `standing.away_share`.
    Where one that stays away belongs to a fleet, the fleet is looked at, too.
    """
    frame = _glanced(ask, vehicle_ids)
    if frame.empty:
        return pd.DataFrame(columns=list(BOARD)).astype(dict(BOARD))
    share = None
    fleets = states.fleets_in_question(frame)
    if fleets:
        with ask.db.reading() as conn:
            fellows = garage.of_customers(conn, fleets)
        frame = _glanced(ask, sorted({*vehicle_ids, *fellows}))
        share = _away_share(ask)
    frame = _settled(ask, frame, share)
    frame = frame[frame["vehicle_id"].isin(vehicle_ids)].reset_index(drop=True)
    return _in_period(ask, frame, ask.scope.station_ids, 0)[list(BOARD)]


@right("board.read")
@remembered(entries=8)
def seen(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> pd.DataFrame:
    """Return the rows of `vehicles` that came in the period, the most frequent first."""
    frame = vehicles(ask, stations=stations, days=days)
    order = ["period_visits", "period_amount", "label"]
    came = frame[frame["period_visits"] > 0]
    return came.sort_values(order, ascending=[False, False, True], ignore_index=True)


@right("board.read")
def main_unit(ask: Ask, *, stations: Sequence[str] = ()) -> str:
    """Return the unit of most visits at the stations; others are never added to it."""
    visits = vehicles(ask, stations=stations).groupby("unit")["visits"].sum()
    return str(visits.idxmax()) if len(visits) else UNITS[0]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the lines say of vehicles at every station of the chain, in sight or not."""

    chain: pd.DataFrame  # profile and habits
    days: Diary
    only: Sequence[int] | None = None  # None: of all vehicles


@remembered(entries=4)
def _in_sight(ask: Ask) -> pd.DataFrame:
    """Return the board of all stations in sight, but for the columns of a period."""
    frame = _judged(ask, _everything(ask))
    counts = states.staying_away(frame)
    standing.keep(ask, counts)
    return _settled(ask, frame, states.share_away(counts))


def _away_share(ask: Ask) -> float:
    """Return which part of all regulars in sight stays away, as the whole board counts it."""
    counts = standing.found(ask)
    if counts is None:
        _in_sight(ask)
        counts = standing.found(ask)
    if counts is None:  # the disk is full and keeps nothing
        counts = states.staying_away(_judged(ask, _everything(ask)))
    return states.share_away(counts)


def _everything(ask: Ask) -> _Seen:
    """Return what the lake says of every vehicle."""
    habits = lake.query(
        ask.db,
        lake.text("habits"),
        station_ids=None,
        as_of_day=day_number(ask.as_of),
        frames={"grades": guarding.known_grades(ask)},
        rules=ask.settings.lake,
    )
    return _Seen(_with_habits(_chain(ask), habits), pacing.visit_days(ask))


def _glanced(ask: Ask, vehicle_ids: Sequence[int]) -> pd.DataFrame:
    """Return what is judged of a few vehicles from their own lines; empty out of sight."""
    texts = {"habits": {"grades": guarding.known_grades(ask)}, "visit_days": {}}
    with ask.db.reading() as conn:
        told = glance.look(conn, vehicle_ids, day_number(ask.as_of), texts)
    reduced, habits, days = told
    chain = _with_habits(_profiled(ask, reduced), habits)
    if not chain["station_id"].isin(ask.scope.station_ids).any():
        return pd.DataFrame()
    return _judged(ask, _Seen(chain, diary.read(days), vehicle_ids))


def _chain(ask: Ask) -> pd.DataFrame:
    """Return the profile of every vehicle at every station of the chain, in sight or not."""
    as_of_day = day_number(ask.as_of)
    rules = ask.settings.lake
    return _profiled(ask, lake.reduce(ask.db, station_ids=None, as_of_day=as_of_day, rules=rules))


def _profiled(ask: Ask, reduced: pd.DataFrame) -> pd.DataFrame:
    with ask.db.reading() as conn:
        kinds = {i: station.kind.value for i, station in sites.everything(conn).items()}
    frame = profile.profiles(reduced, as_of_day=day_number(ask.as_of), network=reduced)
    return frame.assign(station_kind=frame["station_id"].map(kinds))


def _with_habits(chain: pd.DataFrame, habits: pd.DataFrame) -> pd.DataFrame:
    """Add what each vehicle did of late beside what it did before."""
    return chain.merge(habits, on=["vehicle_id", "station_id"], how="left", validate="one_to_one")


def _explained(
    ask: Ask, mine: pd.DataFrame, guard: Guard, only: Sequence[int] | None
) -> pd.DataFrame:
    """Add what the archive knows that explains a silence, and the days held in the last gaps."""
    with ask.db.reading() as conn:
        words = notes.newest(conn, ask.scope.station_ids, only)
        ended = garage.without_owner(conn, day_number(ask.as_of), only)
    words = words.assign(heard_day=words["written_at"] // DAY_S)
    if ask.as_of < last_day(ask):  # a look back; what is heard today belongs to the newest day
        words = words[words["heard_day"] <= day_number(ask.as_of)]
    keys = ["vehicle_id", "station_id"]
    frame = mine.merge(words[[*keys, "reason", "heard_day"]], on=keys, how="left")
    span = 3 * frame["recent_gap_days"].fillna(0)
    return frame.assign(
        heard=frame["reason"].fillna(""),
        heard_day=frame["heard_day"].astype("float64"),
        is_ended=frame["vehicle_id"].map(ended) >= frame["last_day"],
        recent_held_days=guard.between(frame, frame["last_day"] - span, frame["last_day"]),
    )


def _busiest(chain: pd.DataFrame) -> pd.DataFrame:
    """Return each vehicle's profile at the station it visits most: there its habits show best."""
    order = chain.sort_values(["visits", "station_id"], ascending=[False, True])
    return order.drop_duplicates("vehicle_id").sort_values("vehicle_id", ignore_index=True)


def _judged(ask: Ask, seen: _Seen) -> pd.DataFrame:
    """Return stability, frequency and lapse of each row in sight, and whose it is.

    Every step looks at a row by itself: a few vehicles alone have the numbers they have among all.
    """
    rules, guard, rhythm = ask.settings, guarding.guarded(ask), pacing.learnt(ask)
    chain = pacing.with_pauses(ask, seen.chain, seen.days)
    mine = chain[chain["station_id"].isin(ask.scope.station_ids)].reset_index(drop=True)
    frame = _explained(ask, mine, guard, seen.only)
    elsewhere = network.elsewhere(chain, frame["vehicle_id"])
    frame = stability.classify(frame, rhythm, rules.stability)
    frame = frame.rename(columns={"sentence": "stability_sentence"})
    frame = frequency.describe(frame, rhythm, rules.frequency, rules.stability)
    frame = frame.rename(columns={"sentence": "frequency_sentence"})
    signs = warning.find(frame, rules.warning)
    shares = network.falling_share(frame, elsewhere, guard, rules.network)
    frame = pd.concat([frame, signs, shares], axis=1).copy()  # one block again: faster from here on
    frame = lapse.judge(frame, rhythm, elsewhere=elsewhere, guard=guard, rules=rules.lapse)
    frame = frame.assign(
        has_returned=lapse.has_returned(frame, rhythm, guard, rules.lapse),
        **network.share_of_fills(frame, rules.network),
    ).drop(columns="sentence")
    return _known(ask, frame, _busiest(chain), seen.only)


def _settled(ask: Ask, frame: pd.DataFrame, away_share: float | None) -> pd.DataFrame:
    """Give each vehicle its final state, once it is known whose it is."""
    frame = states.settle(frame, ask.settings.states, away_share=away_share)
    is_shared = frame["share_fills"].notna() & (frame["stability"] == Stability.REGULAR.value)
    share = np.where(is_shared, "network.share", "").astype(object)
    frame = frame.assign(sign_sentence=_sign_sentence(frame), share_sentence=share)
    return frame.rename(columns={"sentence": "lapse_sentence"})


def _sign_sentence(frame: pd.DataFrame) -> np.ndarray:
    return np.where(frame["sign"] == "", "", "warning." + frame["sign"]).astype(object)


def _known(
    ask: Ask, frame: pd.DataFrame, habits: pd.DataFrame, vehicle_ids: Sequence[int] | None
) -> pd.DataFrame:
    """Add who the vehicles are: key, use, owner, station names."""
    with ask.db.reading() as conn:
        known = garage.vehicles_frame(conn, vehicle_ids)
    use = usage.infer_use(habits, known, ask.settings.usage)
    use = use.rename(columns={"evidence": "use_evidence", "sentence": "use_sentence"})
    told = known.merge(use[["vehicle_id", "use"]], on="vehicle_id", suffixes=("_said", ""))
    owner = ownership.infer_owner(habits, told, ask.settings.ownership)
    owner = owner.rename(columns={"evidence": "owner_evidence", "sentence": "owner_sentence"})
    for table, columns in ((use, USE), (owner, OWNER), (known, IDENTITY)):
        frame = frame.merge(table[["vehicle_id", *columns]], on="vehicle_id", how="left")
    return _with_stations(ask, sight.without_strangers(ask, frame))


def _with_stations(ask: Ask, frame: pd.DataFrame) -> pd.DataFrame:
    known = stations_known(ask).set_index("station_id")
    with ask.db.reading() as conn:
        codes = {station_id: code for code, station_id in sites.ids(conn).items()}
    return frame.assign(
        station=frame["station_id"].map(known["code"]),
        station_name=frame["station_id"].map(known["name"]),
        currency_code=frame["station_id"].map(known["currency"]),
        moved_to=frame["moved_to"].map(codes).fillna(""),
    )


def _in_period(ask: Ask, frame: pd.DataFrame, wanted: frozenset[int], days: int) -> pd.DataFrame:
    """Add visits, quantity and amount of the last `days`."""
    if not days:
        return frame.assign(
            period_visits=frame["visits"],
            period_quantity=frame["quantity"],
            period_amount=frame["amount"],
        )
    part = lake.reduce(
        ask.db,
        station_ids=wanted,
        as_of_day=day_number(ask.as_of),
        from_day=ask.from_day(days),
        rules=ask.settings.lake,
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


@right("board.read")
@remembered(entries=16)
def months(ask: Ask, *, stations: Sequence[str] = (), by: str = "stability") -> pd.DataFrame:
    """Return month ("2026-03"), class, vehicles, visits, quantity (in `main_unit`) and amount.

    `by` is stability, use or owner_kind, as each vehicle is classed today.
    """
    board = vehicles(ask, stations=stations)
    rows = lake.query(
        ask.db,
        lake.text("months"),
        station_ids=stations_in_sight(ask, stations),
        as_of_day=day_number(ask.as_of),
        rules=ask.settings.lake,
    )
    rows = rows.merge(board[["vehicle_id", "station_id", by]], on=["vehicle_id", "station_id"])
    rows["amount"] = rows["amount_minor"] / _per_major(ask, rows["station_id"])
    grouped = rows.groupby(["month", by], as_index=False).agg(
        vehicles=("vehicle_id", "nunique"),
        visits=("visits", "sum"),
        quantity=(f"quantity_{main_unit(ask, stations=stations)}", "sum"),
        amount=("amount", "sum"),
    )
    grouped["quantity"] /= MILLI
    grouped["month"] = [f"{1970 + month // 12}-{month % 12 + 1:02d}" for month in grouped["month"]]
    return grouped.rename(columns={by: "class"})


def _per_major(ask: Ask, station_ids: pd.Series) -> pd.Series:
    currencies = stations_known(ask).set_index("station_id")["currency"]
    return station_ids.map(currencies.map(minor_per_major))


@right("board.read")
@remembered(entries=8)
def movement(ask: Ask, *, stations: Sequence[str] = (), days_ago: int = 90) -> pd.DataFrame:
    """Return from_class, to_class and vehicles: stability `days_ago` and now.

    A vehicle that had not been seen yet comes from "absent".
    """
    earlier = replace(ask, as_of=ask.as_of - timedelta(days=days_ago))
    keys = ["vehicle_id", "station_id"]
    then = _stability(earlier)
    now = vehicles(ask, stations=stations)[[*keys, "stability"]]
    both = now.merge(then, on=keys, how="left", suffixes=("_now", "_then"))
    both = both.assign(from_class=both["stability_then"].fillna("absent"))
    moves = both.groupby(["from_class", "stability_now"], as_index=False).size()
    return moves.rename(columns={"stability_now": "to_class", "size": "vehicles"})


@remembered(entries=4)
def _stability(ask: Ask) -> pd.DataFrame:
    """Return vehicle_id, station_id and stability of all in sight, and nothing that costs more."""
    chain = pacing.with_pauses(ask, _chain(ask), pacing.visit_days(ask))
    mine = chain[chain["station_id"].isin(ask.scope.station_ids)].reset_index(drop=True)
    judged = stability.classify(mine, pacing.learnt(ask), ask.settings.stability)
    return judged[["vehicle_id", "station_id", "stability"]]


@right("board.read")
@remembered(entries=32)
def traffic(
    ask: Ask, *, stations: Sequence[str] = (), days: int = 0, use: str | None = None
) -> pd.DataFrame:
    """Return visits by weekday (index, Monday 0) and hour (columns), of one use or of all."""
    board = vehicles(ask, stations=stations)
    classes = board[["vehicle_id", "station_id", "use"]].rename(columns={"use": "class"})
    rows = lake.query(
        ask.db,
        lake.text("traffic"),
        station_ids=stations_in_sight(ask, stations),
        as_of_day=day_number(ask.as_of),
        from_day=ask.from_day(days),
        frames={"classes": classes},
        rules=ask.settings.lake,
    )
    chosen = rows if use is None else rows[rows["class"] == use]
    grid = chosen.pivot_table(
        index="weekday", columns="hour", values="visits", aggfunc="sum", fill_value=0
    )
    return grid.reindex(index=range(7), columns=range(24), fill_value=0)


@right("board.read")
@remembered(entries=16)
def daily(ask: Ask, *, stations: Sequence[str] = (), days: int = 0) -> pd.DataFrame:
    """Return day (number), visits, quantity (in `main_unit`) and amount, a row for every day."""
    rows = lake.query(
        ask.db,
        lake.text("daily"),
        station_ids=stations_in_sight(ask, stations),
        as_of_day=day_number(ask.as_of),
        from_day=ask.from_day(days),
        rules=ask.settings.lake,
    )
    rows["amount"] = rows["amount_minor"] / _per_major(ask, rows["station_id"])
    quantity = f"quantity_{main_unit(ask, stations=stations)}"
    sums = rows.groupby("local_day")[["visits", quantity, "amount"]].sum()
    first = ask.from_day(days) or (sums.index.min() if len(sums) else day_number(ask.as_of))
    every = range(int(first), day_number(ask.as_of) + 1)
    sums = sums.reindex(every, fill_value=0).rename_axis("day").reset_index()
    return sums.assign(quantity=sums.pop(quantity) / MILLI)


@right("board.read")
@remembered(entries=16)
def capture(
    ask: Ask, *, stations: Sequence[str] = (), days: int = 7, nozzles: bool = False
) -> pd.DataFrame:
    """Return station, lines, with_plate and share: how many fuel lines name a vehicle.

    One row a station, or a station and nozzle with `nozzles`: a dead camera shows at its nozzle.
    """
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        rows = views.capture(conn, wanted, day_number(ask.as_of), days)
    by = ["station_id", "nozzle"] if nozzles else ["station_id"]
    sums = rows.groupby(by, as_index=False)[["lines", "with_plate"]].sum()
    known = stations_known(ask).set_index("station_id")
    return sums.assign(
        station=sums["station_id"].map(known["code"]),
        station_name=sums["station_id"].map(known["name"]),
        share=sums["with_plate"] / sums["lines"],
    )


@right("board.read")
def held(ask: Ask, *, stations: Sequence[str] = (), days: int = 60) -> pd.DataFrame:
    """Return station_name, cause, from_day, to_day and weight of the alarms held of late.

    One row a station and cause; weight is the part of the usual traffic that could be seen.
    """
    wanted = stations_in_sight(ask, stations)
    windows = guarding.guarded(ask).windows
    since = day_number(ask.as_of) - days
    told = windows[windows["station_id"].isin(wanted) & (windows["to_day"] > since)]
    told = told[told["cause"] != guards.PRICE].astype({"from_day": "int64", "to_day": "int64"})
    rows = told.groupby(["station_id", "cause"], as_index=False).agg(
        from_day=("from_day", "min"), to_day=("to_day", "max"), weight=("weight", "mean")
    )
    known = stations_known(ask).set_index("station_id")
    rows = rows.assign(station_name=rows["station_id"].map(known["name"]))
    return rows.sort_values("to_day", ascending=False, ignore_index=True)


@right("board.read")
@remembered(entries=8)
def compare(ask: Ask, *, days: int = 0) -> pd.DataFrame:
    """Return one row a station in sight: counts, shares with intervals, funnel limits, sentence."""
    board, came = vehicles(ask, days=days), seen(ask, days=days)
    frame = comparing.compare(came, ask.settings.compare)
    # Whoever stays away is not seen in a short period: lapse is judged on every regular.
    lapse_of_all = comparing.compare(board, ask.settings.compare)
    lapse_columns = [*_LAPSE_COLUMNS, "station_id"]
    frame = frame.drop(columns=_LAPSE_COLUMNS).merge(lapse_of_all[lapse_columns], on="station_id")
    known = stations_known(ask).rename(columns={"code": "station", "name": "station_name"})
    frame = frame.merge(known, on="station_id", how="left")
    sums = came.groupby("station_id")[["period_visits", "period_quantity", "period_amount"]].sum()
    return frame.merge(sums.reset_index(), on="station_id", how="left")
