"""Which periods has an organisation that buys on credit to pay for, and until when?"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from station.model import day_date, day_number

FIRST_DAY, LAST_DAY = 1, 31
LONGEST_TERM_DAYS = 366
MONTHS = 12
SETTLED, RUNNING, DUE, OVERDUE = "settled", "running", "due", "overdue"
PERIOD = ("customer_id", "first_day", "last_day", "due_day")


@dataclass(frozen=True, slots=True)
class Terms:
    """On which day of the month a period ends, and how many days later it is to be paid."""

    settle_day: int
    term_days: int = 0


def read_terms(settle_day: str, term_days: str) -> Terms | None:
    """Return the terms that two fields of a card make; none where they are no such numbers."""
    day, term = _whole(settle_day), _whole(term_days or "0")
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        return None
    if term is None or not 0 <= term <= LONGEST_TERM_DAYS:
        return None
    return Terms(day, term)


def _whole(words: str) -> int | None:
    try:
        number = float(words)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def end_of(year: int, month: int, settle_day: int) -> int:
    """Return the day on which a month's period ends; a month too short ends with its last."""
    length = calendar.monthrange(year, month)[1]
    return day_number(date(year, month, min(settle_day, length)))


def periods(terms: Terms, *, from_day: int, to_day: int) -> Iterator[tuple[int, int, int]]:
    """Yield first, last and due day of each period whose last day lies between two days."""
    first = day_date(from_day)
    month = first.year * MONTHS + first.month - 1
    while (last := _end(month, terms)) <= to_day:
        if last >= from_day:
            yield _end(month - 1, terms) + 1, last, last + terms.term_days
        month += 1


def _end(month: int, terms: Terms) -> int:
    return end_of(month // MONTHS, month % MONTHS + 1, terms.settle_day)


def due_between(terms: dict[int, Terms], *, from_day: int, to_day: int) -> pd.DataFrame:
    """Return the PERIODs of customers that are to be paid between two days."""
    rows = [
        (customer_id, *period)
        for customer_id, his in terms.items()
        for period in periods(his, from_day=from_day - his.term_days, to_day=to_day - his.term_days)
    ]
    return pd.DataFrame(rows, columns=list(PERIOD)).astype("int64")


def on_credit(bought: pd.DataFrame, credit: pd.DataFrame) -> pd.DataFrame:
    """Return what was bought on the days for which credit was agreed.

    `bought` holds customer_id, day, currency and amount_minor, `credit` customer_id, from_day and
    to_day (the first day no longer). Whoever has no such agreement but terms buys so always.
    """
    free = bought[~bought["customer_id"].isin(credit["customer_id"])]
    named = bought.reset_index(drop=True).reset_index(names="row")
    both = named.merge(credit, on="customer_id")
    held = both[(both["day"] >= both["from_day"]) & (both["day"] < both["to_day"])]
    held = held.drop_duplicates("row")[list(bought.columns)]
    return pd.concat([free, held], ignore_index=True).astype(bought.dtypes.to_dict())


def bills(
    due: pd.DataFrame, bought: pd.DataFrame, settled: pd.DataFrame, *, as_of_day: int
) -> pd.DataFrame:
    """Return PERIOD, currency, amount_minor and status of each period in which was bought.

    One row a currency: they are never added. `settled` holds customer_id and period_end_day; a
    settlement of any day of a period is the period's, so that it still stands when the day on
    which periods end was changed since. The earliest due comes first.
    """
    sums = _by_period(due, bought)
    marks = _marks(sums, settled)
    status = pd.Series(DUE, index=sums.index, dtype=object)
    status = status.mask(sums["due_day"] < as_of_day, OVERDUE)
    status = status.mask(sums["last_day"] >= as_of_day, RUNNING).mask(marks, SETTLED)
    told = sums.assign(status=status)
    return told.sort_values(["due_day", "customer_id", "currency"], ignore_index=True)


def _by_period(due: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """Return what was bought in each period; what was all taken back is nothing to pay."""
    found = pd.merge_asof(
        bought.sort_values("day"),
        due.sort_values("last_day"),
        left_on="day",
        right_on="last_day",
        by="customer_id",
        direction="forward",
    )
    found = found[found["day"] >= found["first_day"]].astype(dict.fromkeys(PERIOD, "int64"))
    sums = found.groupby([*PERIOD, "currency"])["amount_minor"].sum().reset_index()
    return sums[sums["amount_minor"] > 0].reset_index(drop=True)


def _marks(sums: pd.DataFrame, settled: pd.DataFrame) -> pd.Series:
    both = sums.reset_index(names="row").merge(settled, on="customer_id")
    day = both["period_end_day"]
    inside = both[(day >= both["first_day"]) & (day <= both["last_day"])]
    return pd.Series(sums.index.isin(inside["row"]), index=sums.index)
