"""Every customer's grade is worked out anew, and what changed is written down with its reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from time import time

import pandas as pd

from station.analysis import value
from station.analysis.value import COSTS, ValueRules
from station.archive import lake, views
from station.archive.customers import lives, marks
from station.archive.customers.lives import Period
from station.archive.customers.marks import GradeMark
from station.archive.database import Connection
from station.loyalty import programme
from station.model import Grade, currency_name, day_number, minor_per_major
from station.services import access, board
from station.services.ask import Ask
from station.services.points import rules as points_rules

PAST_MONTHS = 12
"""For so many months before the first night the grades are worked out as of their ends."""
YEAR_DAYS = 365.25
BATCH = 5_000
"""Marks that are written at once."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What customers are worth up to a day: the frame of value.WORTH, and its money."""

    frame: pd.DataFrame
    currency: str

    @property
    def per_major(self) -> int:
        """How many minor units one whole of the money has."""
        return minor_per_major(self.currency)


def everybody(ask: Ask) -> Ask:
    """Return the question of who sees the whole chain, as of its last day."""
    asked = replace(ask, scope=access.local_operator(ask.db))
    return replace(asked, as_of=board.last_day(asked))


@dataclass(frozen=True, slots=True)
class Lives:
    """What is known of customers whatever the day: whose was which vehicle, who they are."""

    held: pd.DataFrame
    known: pd.DataFrame
    leads: frozenset[int]


def renew(ask: Ask, *, past_months: int = PAST_MONTHS) -> int:
    """Return how many customers of the whole chain have another grade, whoever asks.

    An archive in which nobody was judged yet is told its last months, one by one; where nothing was
    sold nobody is judged.
    """
    asked = everybody(ask)
    with ask.db.reading() as conn:
        sold = views.days(conn, asked.scope.station_ids)
        is_new = marks.is_empty(conn, marks.GRADE)
    if sold is None:
        return 0
    past = _month_ends(asked, past_months) if is_new else []
    lived = _lived(asked)
    days = [*(day for day in past if day >= sold[0]), day_number(asked.as_of)]
    return sum(_mark(asked, day, lived) for day in days)


def _month_ends(ask: Ask, past_months: int) -> list[int]:
    """Return the last days of the months before as-of, the earliest first."""
    ends, first = [], ask.as_of.replace(day=1)
    for _ in range(past_months):
        last = first - timedelta(days=1)
        ends.append(day_number(last))
        first = last.replace(day=1)
    return ends[::-1]


def _lived(ask: Ask) -> Lives:
    with ask.db.reading() as conn:
        leads = lives.influential(conn, ask.settings.value.least_brought)
        return Lives(lives.held(conn), lives.everybody(conn), frozenset(leads))


def worth(
    ask: Ask,
    day: int,
    station_ids: frozenset[int] | None = None,
    lived: Lives | None = None,
) -> Worth:
    """Return what customers brought and cost in the time up to a day; of all stations without any.

    Sales in another money than most of them are left out: they cannot be added. Who asks of many
    days reads `lived` once.
    """
    rules = ask.settings.value
    period = Period(day - rules.days + 1, day)
    lived = lived or _lived(ask)
    known = lived.known
    with ask.db.reading() as conn:
        costs = _costs(conn, ask, period, station_ids)
    bought = lake.query(
        ask.db,
        lake.text("worth"),
        station_ids=station_ids,
        as_of_day=day,
        from_day=period.first,
        by=("customer_id", "month", "fuel", "currency"),
        frames={"held": lived.held},
        rules=ask.settings.lake,
    )
    bought = bought[bought["customer_id"].isin(known.index)]
    money = bought["currency"].mode()
    main = int(money.iloc[0]) if len(money) else 0
    years = (day - known["since_day"].fillna(known["made_day"])) / YEAR_DAYS
    about = pd.DataFrame({"years": years, "is_influential": known.index.isin(list(lived.leads))})
    found = value.worth(bought[bought["currency"] == main], costs, about, rules)
    return Worth(found, currency_name(main))


def _costs(
    conn: Connection, ask: Ask, period: Period, station_ids: frozenset[int] | None
) -> pd.DataFrame:
    """Return value.COSTS by customer."""
    version = programme.at(points_rules.told(conn, ask), period.last)
    price = version.redeeming.worth if version else None
    given = lives.points(conn, period, station_ids)
    minutes = lives.call_minutes(conn, period, station_ids)
    told = {
        "discount_minor": lives.discounts(conn, period, station_ids),
        "points_minor": given * price.minor // price.points if price else given * 0,
        "calls_minor": minutes * ask.settings.value.call_minute_minor,
    }
    return pd.DataFrame(told, columns=list(COSTS)).fillna(0).astype("int64")


def _mark(ask: Ask, day: int, lived: Lives) -> int:
    """Return how many customers have another grade as of a day than they were marked with."""
    rules, told = ask.settings.value, worth(ask, day, lived=lived)
    with ask.db.reading() as conn:
        last = marks.now(conn, marks.GRADE).set_index("customer_id")
    cut = value.cuts(told.frame, rules, told.per_major)
    found = value.grades(told.frame, last["grade"], cut, rules)
    away = last.index.difference(found.index)
    found = pd.concat([found, pd.Series(Grade.D.value, index=away, dtype="object")])
    before = last["grade"].reindex(found.index).fillna("")
    changed = found[found != before]
    facts = _facts(told.frame.loc[told.frame.index.intersection(changed.index)], cut, rules)
    names = ("grade", "facts", "day")
    told_last = zip(*(last[name].tolist() for name in names), strict=True)
    was = dict(zip(last.index.tolist(), told_last, strict=True))
    new = [
        _marked(one, grade, was.get(one, ("", "{}", day)), facts.get(one, {}), day)
        for one, grade in zip(changed.index.tolist(), changed.tolist(), strict=True)
    ]
    for start in range(0, len(new), BATCH):
        with ask.db.writing(changes_figures=False) as conn:
            some = marks.following(conn, marks.GRADE, new[start : start + BATCH])
            marks.add_grades(conn, some)
    return len(new)


def _facts(
    frame: pd.DataFrame, cut: tuple[int, ...], rules: ValueRules
) -> dict[int, dict[str, float]]:
    """Return what counted for each of these customers, as plain numbers."""
    begins = dict(zip(("a_minor", "b_minor", "c_minor"), cut, strict=True))
    told = frame.assign(
        years=frame["years"].round(1),
        is_influential=frame["is_influential"].astype("int64"),
        least_months=rules.least_months,
        **begins,
    )
    rows = told.rename_axis("customer_id").reset_index().to_dict("records")
    return {int(row.pop("customer_id")): {str(n): v for n, v in row.items()} for row in rows}


def _marked(
    customer_id: int, grade: str, last: tuple[str, str, int], facts: Mapping[str, float], day: int
) -> GradeMark:
    """Return the mark of who has another grade; `last` are grade, facts, day of the one before."""
    was, then = last[0], json.loads(last[1])
    reason = value.why(facts, then, is_up=bool(was) and grade < was) if was else value.Why.FIRST
    floor = max(day, int(last[2]))  # sales may have been taken back
    return GradeMark(customer_id, floor, grade, was, reason.value, int(time()), facts)
