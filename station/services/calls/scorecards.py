"""How does each member of staff call? What came of it, whether it was as planned, and checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from secrets import SystemRandom
from time import time

import pandas as pd

from station.analysis import scorecard
from station.analysis.scorecard import ScoreRules, Verdict
from station.archive import stations as sites
from station.archive.calls import checks
from station.archive.calls.checks import Check
from station.archive.customers import lives
from station.archive.database import Connection
from station.archive.people import accounts
from station.errors import NotAllowedError, NotFoundError
from station.model import DAY_S, SPOKEN, CallPurpose, day_number
from station.services import trail
from station.services.access import acting, right, stations_in_sight, today
from station.services.ask import Ask
from station.services.calls import clock
from station.services.customers import contacts, naming, roll
from station.services.memory import remembered

WEEK_DAYS, MONDAY = 7, 4
"""Day 4, 1970-01-05, was a Monday."""
COLUMNS = (
    *("account_id", "account", "due", "returned", "expected", "spread", "verdict"),
    *("planned", "done", "on_day", "late", "early", "by_others", "undone"),
    *("timed", "on_time", "pairs", "in_order", "results", "fast", "bursts"),
    *("checked", "confirmed", "differs", "sentence"),
)
"""What `of_staff` returns, a row a person who called or was to; names in order, no ranks."""
FAST = ("result_id", "account", "customer_id", "who", "at", "took_s", "since_s", "code")
"""What `fast` returns of each result that was saved faster than anybody talks."""


class Outcome(StrEnum):
    """What a customer said when he was asked again about a call."""

    CONFIRMED = "confirmed"
    DIFFERS = "differs"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A result that was drawn by lot and waits to be asked about; `may_check`: not one's own."""

    id: int
    customer_id: int
    who: str
    account: str
    station: str
    week_day: int
    may_check: bool


@right("calls.report")
def of_staff(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return COLUMNS of everybody who called at the stations or was to, in the last days.

    Who came back is told against who would have come back anyway, of all calls that somebody was
    given, made or not. Of a few calls nothing is said.
    """
    return _cards(ask, stations_in_sight(ask, stations))


@right("calls.read")
def own(ask: Ask) -> pd.DataFrame:
    """Return COLUMNS of the asker alone: everybody may see how he is judged."""
    rows = _cards(ask, ask.scope.station_ids)
    return rows[rows["account_id"] == ask.scope.account_id].reset_index(drop=True)


def _cards(ask: Ask, wanted: frozenset[int]) -> pd.DataFrame:
    rules, day = ask.settings.scorecard, day_number(today())
    from_day = day - rules.days
    with ask.db.reading() as conn:
        planned = checks.planned(conn, wanted, from_day, day - 1)
        results = checks.made(conn, wanted, from_day * DAY_S, (day + 1) * DAY_S)
        asked = checks.listing(conn, wanted, since_day=from_day, is_open=False)
        zones = {id_: one.zone for id_, one in sites.everything(conn).items()}
        names = _names(conn, [*planned["account_id"], *results["account_id"]])
    parts = (
        scorecard.returns(_returned(ask, planned), rules),
        scorecard.kept(_by_the_clock(planned, zones), rules),
        scorecard.fast(results.astype(_NUMBERS), rules),
        _checked(asked, names),
    )
    told = pd.DataFrame({"account_id": sorted(names)}, dtype="int64")
    for part in parts:
        told = told.merge(part.astype({"account_id": "int64"}), on="account_id", how="left")
    told = told.assign(account=told["account_id"].map(names))
    told["verdict"] = told["verdict"].fillna(Verdict.TOO_FEW.value)
    counts = [name for name in COLUMNS if name not in _WORDS]
    told[counts] = told[counts].fillna(0)
    whole = [name for name in counts if name not in {"expected", "spread"}]
    told = told.assign(sentence="scorecard.returned_" + told["verdict"].astype("str"))
    told = told.astype(dict.fromkeys(whole, "int64"))
    return told.sort_values("account", ignore_index=True)[list(COLUMNS)]


_NUMBERS = {"result_id": "int64", "account_id": "int64", "opened_at": "int64", "at": "int64"}
_WORDS = {"account_id", "account", "verdict", "sentence"}


def _names(conn: Connection, ids: Sequence[int]) -> dict[int, str]:
    known = checks.staff(conn)
    return {int(one): known[int(one)] for one in set(ids) if int(one) in known}


def _returned(ask: Ask, planned: pd.DataFrame) -> pd.DataFrame:
    """Return the win-back calls whose days are over, with whether the customer came in them.

    They are over when the sales of all of them are known.
    """
    rules = ask.settings.scorecard
    over = planned[
        (planned["purpose"] == CallPurpose.WIN_BACK.value)
        & planned["p_return"].notna()
        & (planned["day"].astype("int64") + rules.return_days <= day_number(ask.as_of))
    ]
    over = over.astype({"customer_id": "int64", "day": "int64"})
    came = _came(ask)
    both = over.merge(came, on="customer_id")
    within = both[
        (both["local_day"] > both["day"]) & (both["local_day"] <= both["day"] + rules.return_days)
    ]
    returned = over["call_id"].isin(within["call_id"].tolist())
    told = over.assign(returned=returned)[["account_id", "p_return", "returned"]]
    return told.astype({"account_id": "int64", "p_return": "float64"})


@remembered(entries=2)
def _came(ask: Ask) -> pd.DataFrame:
    """Return customer_id and local_day: when who came, anywhere in the chain."""
    with ask.db.reading() as conn:
        held = lives.held(conn)
    return roll.visit_days(ask, held, day_number(ask.as_of))


def _by_the_clock(planned: pd.DataFrame, zones: dict[int, str]) -> pd.DataFrame:
    """Return the planned calls with the day and minute of the station at which each was made."""
    moments = [
        None if pd.isna(at) else clock.moment(zones[int(station_id)], int(at))
        for at, station_id in zip(planned["done_at"], planned["station_id"], strict=True)
    ]
    nothing = float("nan")
    told = planned.assign(
        done_day=[nothing if one is None else float(one.day) for one in moments],
        done_min=[nothing if one is None else float(one.at_min) for one in moments],
    )
    numbers = ("at_min", "by_id", "done_day", "done_min")
    return told.astype(dict.fromkeys(numbers, "float64")).astype(
        dict.fromkeys(("call_id", "account_id", "day"), "int64")
    )


def _checked(asked: Sequence[Check], names: dict[int, str]) -> pd.DataFrame:
    """Return account_id, checked, confirmed and differs of whoever was asked about again."""
    by_name = {name: id_ for id_, name in names.items()}
    rows = [(by_name[one.account], one.outcome) for one in asked if one.account in by_name]
    told = pd.DataFrame(rows, columns=["account_id", "outcome"])
    sums = told.assign(
        checked=1,
        confirmed=(told["outcome"] == Outcome.CONFIRMED.value).astype("int64"),
        differs=(told["outcome"] == Outcome.DIFFERS.value).astype("int64"),
    )
    by = sums.groupby("account_id")[["checked", "confirmed", "differs"]]
    return by.sum().reset_index()


@right("calls.report")
def fast(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return FAST of the results that were saved faster than anybody talks, the newest first."""
    wanted, day = stations_in_sight(ask, stations), day_number(today())
    rules = ask.settings.scorecard
    with ask.db.reading() as conn:
        rows = checks.made(conn, wanted, (day - rules.days) * DAY_S, (day + 1) * DAY_S)
        rows = scorecard.marked_fast(rows.astype(_NUMBERS), rules)
        rows = rows[(rows["is_fast"] | rows["is_burst"]) & rows["code"].isin(list(SPOKEN))]
        rows = rows.sort_values("at", ascending=False, ignore_index=True)
        known = _names(conn, rows["account_id"].tolist())
        called = naming.in_list(conn, ask, rows["customer_id"].tolist())
    told = rows.assign(
        account=rows["account_id"].map(known).astype("object").fillna(""),
        who=rows["customer_id"].map(called).astype("object").fillna(""),
    )
    return told[list(FAST)]


# --- drawn by lot, asked about again --------------------------------------------------------------


def draw(ask: Ask, now_s: int | None = None) -> int:
    """Return how many results of last week were drawn, once a week; nobody knows which before."""
    rules = ask.settings.scorecard
    day = (int(time()) if now_s is None else now_s) // DAY_S
    monday = day - (day - MONDAY) % WEEK_DAYS - WEEK_DAYS
    with ask.db.writing(changes_figures=False) as conn:
        last = checks.last_week(conn)
        if last is not None and last >= monday:
            return 0
        ids = frozenset(sites.ids(conn).values())
        rows = checks.made(conn, ids, monday * DAY_S, (monday + WEEK_DAYS) * DAY_S)
        drawn = _drawn(rows, rules)
        checks.draw(conn, monday, drawn)
    return len(drawn)


def _drawn(rows: pd.DataFrame, rules: ScoreRules) -> list[tuple[int, int]]:
    """Return which results, and of whom, are asked about again: some of everybody's who spoke."""
    spoke = rows[rows["code"].isin(list(SPOKEN))]
    whose = dict(zip(spoke["result_id"], spoke["customer_id"], strict=True))
    return [
        (int(one), int(whose[one]))
        for _, mine in spoke.groupby("account_id")["result_id"]
        for one in scorecard.sample(mine.tolist(), rules, SystemRandom().sample)
    ]


@right("calls.report")
def waiting(ask: Ask, *, stations: Sequence[str] = ()) -> list[Drawn]:
    """Return the results that were drawn at the stations lately and wait to be asked about."""
    wanted, day = stations_in_sight(ask, stations), day_number(today())
    since = day - ask.settings.scorecard.check_days - WEEK_DAYS
    with ask.db.reading() as conn:
        found = checks.listing(conn, wanted, since_day=since, is_open=True)
        names = naming.in_list(conn, ask, [one.customer_id for one in found])
        codes = {id_: code for code, id_ in sites.ids(conn).items()}
        persons = {one.account: _person(conn, one.account) for one in found}
    return [
        Drawn(
            one.id,
            one.customer_id,
            names.get(one.customer_id, ""),
            one.account,
            codes[one.station_id],
            one.week_day,
            persons[one.account] != ask.scope.person,
        )
        for one in found
    ]


def _person(conn: Connection, account: str) -> str:
    known = accounts.find(conn, name=account)
    return known.person if known else ""


@right("calls.plan")
def check(ask: Ask, *, check_id: int, outcome: Outcome, reason: str = "") -> None:
    """Write down what a customer said when he was asked again about a call; nobody checks his own.

    Raises:
        NotFoundError: there is no such check, or none in sight; both answer alike.
        NotAllowedError: the call was one's own.
        BadValueError: it differs and nothing is said about how, or that names him.
    """
    with acting(ask) as conn:
        one = checks.find(conn, check_id)
        if one is None or one.checked_at is not None or one.station_id not in ask.scope.station_ids:
            raise NotFoundError("scorecard.no_check")
        seen = contacts.there(conn, ask, one.customer_id)
        if _person(conn, one.account) == ask.scope.person:
            raise NotAllowedError("scorecard.own_check")
        if outcome is Outcome.DIFFERS or reason.strip():
            reason = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
        checks.record(
            conn,
            one.id,
            outcome=outcome.value,
            reason=trail.tidy(reason),
            checked_by=ask.scope.account,
            checked_at=int(time()),
        )
        contacts.note(conn, ask, seen, f"check:{outcome}")
