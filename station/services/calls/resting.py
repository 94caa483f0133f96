"""Whom is it no use to call? Silent for half a year, put to rest, and back."""

from collections.abc import Collection, Sequence
from time import time

import pandas as pd

from station.archive.calls import agenda, homes, rests, results
from station.archive.calls.rests import Rest
from station.archive.customers import book, lives
from station.archive.database import Connection
from station.model import DAY_S, NOT_REACHED, CallStatus, CancelReason
from station.services import board
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import gathering
from station.services.customers import contacts, grades, roll

SILENT = (
    *("customer_id", "who", "grade", "last_day", "talked_day", "said", "p_return"),
    *("keeper", "station"),
)
"""What `silent` returns of each; days are missing where there was none, `said` is empty."""
RESTING = ("customer_id", "who", "grade", "last_day", "reason", "account", "made_at")
"""What `resting` returns of each."""


@right("calls.plan")
def silent(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return SILENT of who neither came nor was spoken to for long, the likeliest to return first.

    Of whom the stations plan calls to; nobody who is at rest, or a prospect in work.
    """
    wanted = sorted(stations_in_sight(ask, stations))
    seen = gathering.looked_up(ask, wanted[0])
    since = seen.as_of_day - ask.settings.calls.silent_days
    by_person = seen.frame.groupby("person")
    told = pd.DataFrame({"last_day": by_person["last_day"].max()}).astype("float64")
    told["p_return"] = by_person["p_return"].max()
    with ask.db.reading() as conn:
        here = {p.customer_id for one in wanted for p in gathering.at_home(conn, seen, one)}
        people = lives.known(conn)
        people = people[people.index.isin(list(here))].join(told)
        quiet = people["last_day"].fillna(people["made_at"] // DAY_S) <= since
        people = people[quiet]
        in_work = homes.leads(conn, seen.as_of_day, people.index.tolist())
        people = people[~people.index.isin(list(in_work))]
        people = people.join(_talks(conn, people.index.tolist()))
        people = people[~(people["talked_day"] > since)].reset_index()
        people["said"] = people["said"].fillna("")
        return _named(conn, ask, people, by="p_return")[list(SILENT)]


def _talks(conn: Connection, customer_ids: Sequence[int]) -> pd.DataFrame:
    """Return talked_day and said, a code, of the last talk with each of these, if there was one."""
    whole = book.same_of_many(conn, customer_ids)
    whose = {row: who for who, rows in whole.items() for row in rows}
    last = {
        whose[one.customer_id]: (one.at // DAY_S, one.code.value)
        for one in results.of_customers(conn, list(whose))
        if one.code not in NOT_REACHED
    }
    columns = ["talked_day", "said"]
    rows = pd.DataFrame.from_dict(last, orient="index", columns=columns)
    return rows.reindex(list(customer_ids)).astype({"talked_day": "float64", "said": "object"})


def _named(conn: Connection, ask: Ask, rows: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Return the rows with who, grade, and station, the highest `by` first."""
    named = roll.named(conn, ask, rows)
    graded = grades.now(conn, named["customer_id"].tolist())
    codes = board.station_codes(ask)
    named = named.assign(
        grade=named["customer_id"].map(graded),
        station=named["station_id"].map(codes).astype("object").fillna(""),
    )
    order = [by, "grade", "customer_id"]
    return named.sort_values(order, ascending=[False, True, True], ignore_index=True)


@right("calls.plan")
def resting(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return RESTING of the customers in sight who are at rest, those put to rest last first."""
    with ask.db.reading() as conn:
        found = rests.at_rest(conn)
        here = roll.in_sight(conn, ask, stations)
        people = lives.known(conn)
        people = people[people.index.isin([one for one in found if one in here])].reset_index()
        whose = people["customer_id"].map(found)
        for name in ("last_day", "reason", "account", "made_at"):
            people[name] = [getattr(one, name) for one in whose]
        return _named(conn, ask, people, by="made_at")[list(RESTING)]


@right("calls.plan")
def put(ask: Ask, *, customer_ids: Collection[int], reason: str) -> int:
    """Return how many customers were put to rest: no plan, date or reminder names them.

    Care and points stay as they are. A visit ends it by itself, `wake` at once.

    Raises:
        NotFoundError: one of them is not there, or not in sight; both answer alike.
        NotAllowedError: one was erased.
        BadValueError: no reason is given, or it names one of them.
    """
    count, now_s = 0, int(time())
    with acting(ask) as conn:
        resting = rests.at_rest(conn)
        for customer_id in dict.fromkeys(customer_ids):
            seen = contacts.there(conn, ask, customer_id)
            why = contacts.impersonal(reason, contacts.of_person(ask.db, seen.customer))
            rows, first = list(seen.customer.ids), seen.customer.id
            if first in resting:
                continue
            last_day = rests.last_days(conn, {first: rows})[first]
            rests.add(conn, Rest(first, last_day, why, ask.scope.account, now_s))
            agenda.drop_next(conn, rows)
            for call in agenda.planned_with(conn, rows):
                agenda.end(conn, call.id, CallStatus.CANCELLED, CancelReason.MANAGER)
            contacts.note(conn, ask, seen, "rest", reason=why)
            count += 1
    return count


@right("calls.plan")
def wake(ask: Ask, *, customer_ids: Collection[int]) -> int:
    """Return how many customers are called again as before: the next plan asks for them anew.

    Raises:
        NotFoundError: one of them is not there, or not in sight; both answer alike.
        NotAllowedError: one was erased.
    """
    count, now_s = 0, int(time())
    with acting(ask) as conn:
        for customer_id in dict.fromkeys(customer_ids):
            seen = contacts.there(conn, ask, customer_id)
            if rests.end(conn, seen.customer.ids, at=now_s, account=ask.scope.account):
                contacts.note(conn, ask, seen, "rest_over")
                count += 1
    return count
