"""How was the week? What was done, what is late, what comes: a page's block and a text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from station import text
from station.archive.calls import agenda, results
from station.archive.calls import caring as store
from station.archive.customers import book
from station.archive.database import Connection
from station.contact.reminders import Told, told_after
from station.model import CONSENT_TO, DAY_S, NOT_REACHED, Purpose, day_date, day_number
from station.services.access import right, stations_in_sight
from station.services.ask import Ask
from station.services.calls import caring, claims, clock, reminding
from station.services.customers import grades

WEEK_DAYS = 7
GRADES = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Week:
    """The seven days up to one, in numbers; `of_staff` are calls and overdue dates by account."""

    until: date
    calls: int
    reached: int
    thoughts: int
    late: Mapping[Told, int]
    coming: int
    undated: int
    of_staff: Mapping[str, tuple[int, int]]


@right("calls.report")
def week(ask: Ask, *, stations: Sequence[str] = ()) -> Week:
    """Return how the last seven days were at stations in sight, and what is late now."""
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        now = caring.now_at(conn, ask, wanted).moment
        heard = results.at_stations(conn, wanted, since=clock.days_before(now.at, WEEK_DAYS))
        cared = store.since(conn, wanted, now.day - WEEK_DAYS + 1)
        dates = agenda.next_due(conn, wanted, to_day=now.day + WEEK_DAYS)
        undated = len(reminding.without(conn, wanted))
        names = {id_: claims.name_of(conn, id_) for one in dates if (id_ := one.account_id)}
    passed = [one for one in dates if one.day < now.day]
    late = Counter(told_after(now.day - one.day, ask.settings.reminding) for one in passed)
    made = Counter(one.account for one in heard if not one.is_incoming)
    open_ = Counter(names[one.account_id] for one in passed if one.account_id)
    return Week(
        until=day_date(now.day),
        calls=made.total(),
        reached=sum(one.code not in NOT_REACHED for one in heard if not one.is_incoming),
        thoughts=len(cared),
        late={who: late[who] for who in Told},
        coming=len(dates) - len(passed),
        undated=undated,
        of_staff={name: (made[name], open_[name]) for name in sorted({*made, *open_} - {""})},
    )


def in_words(lang: str, told: Week) -> str:
    """Return the week as a text that can be sent on: numbers and accounts, no customer."""
    late = sum(told.late.values())
    facts = {
        "until": told.until,
        "calls": told.calls,
        "reached": told.reached,
        "thoughts": told.thoughts,
        "late": late,
        "manager": told.late[Told.MANAGER] + told.late[Told.REASSIGN],
        "reassign": told.late[Told.REASSIGN],
        "coming": told.coming,
        "undated": told.undated,
    }
    lines = [text.say(lang, "week.title", **facts), text.say(lang, "week.done", **facts)]
    lines += [text.say(lang, "week.late" if late else "week.nothing_late", **facts)]
    lines += [text.say(lang, "week.coming", **facts)]
    lines += [
        text.say(lang, "week.of_staff", account=name, calls=calls, late=open_)
        for name, (calls, open_) in told.of_staff.items()
    ]
    return "\n".join(lines)


@right("calls.report")
def coverage(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return grade, customers, cared and share: who was thought of lately, by grade.

    Thought of is who was greeted, thanked or reminded, or spoken to in a call that sells nothing.
    """
    wanted, days = stations_in_sight(ask, stations), ask.settings.care.coverage_days
    with ask.db.reading() as conn:
        ids = store.people(conn, wanted)["customer_id"].astype("int64").tolist()
        since = min(day_number(ask.as_of), clock.moment("UTC").day) - days
        graded, cared = grades.now(conn, ids), _cared(conn, ids, since)
    rows = [
        (grade, len(some), sum(one in cared for one in some))
        for grade in GRADES
        for some in [[one for one in ids if graded[one] == grade]]
    ]
    told = pd.DataFrame(rows, columns=["grade", "customers", "cared"])
    return told.assign(share=told["cared"] / told["customers"].where(told["customers"] > 0))


def _cared(conn: Connection, customer_ids: Sequence[int], from_day: int) -> set[int]:
    """Return who of these was thought of since a day, anywhere in the chain."""
    whole = book.same_of_many(conn, customer_ids)
    stands = {row: one for one, rows in whole.items() for row in rows}
    rows = sorted(stands)
    greeted = {one.customer_id for one in store.of_rows(conn, rows, from_day)}
    spoken = {
        one.customer_id
        for one in results.of_customers(conn, rows, since=from_day * DAY_S)
        if one.code not in NOT_REACHED and CONSENT_TO[one.purpose] is not Purpose.MARKETING
    }
    return {stands[row] for row in greeted | spoken}
