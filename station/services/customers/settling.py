"""Which organisations have to pay, for which period, until when, and did they?"""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from station.archive.customers import agreements, book, credit
from station.archive.customers import fleet as store
from station.archive.customers.credit import Settlement, Window
from station.archive.database import Connection
from station.contact import payments
from station.contact.payments import Terms
from station.errors import BadValueError
from station.model import day_date, day_number, minor_per_major, next_month
from station.services.access import right, stations_in_sight, today
from station.services.ask import Ask
from station.services.customers import contacts, fleets
from station.services.customers.contacts import Seen
from station.services.memory import remembered

TERMS = ("settle_day", "term_days")
CALENDAR = (
    *("customer_id", "organisation_name", "first_day", "last_day", "due_day"),
    *("amount", "currency", "status", "days_over"),
)


@right("cards.read")
def calendar(ask: Ask, *, month: date, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return CALENDAR of what is to be paid in a month, the earliest due first.

    One row a period and currency. A period counts what the organisation's vehicles bought while
    they were its, and what its cards paid, at the stations; where credit was agreed, only on those
    days. `status` is settled, running (the period is not over), due or overdue as of the day.
    """
    first = month.replace(day=1)
    last = next_month(month) - timedelta(days=1)
    return _bills(ask, stations, day_number(first), day_number(last))


@right("cards.read")
def overdue(ask: Ask, *, stations: Sequence[str] = ()) -> pd.DataFrame:
    """Return CALENDAR of what should have been paid before as-of, as far back as the settings say.

    The longest overdue comes first.
    """
    day = day_number(ask.as_of)
    told = _bills(ask, stations, day - ask.settings.fleets.unpaid_days, day - 1)
    return told[told["status"] == payments.OVERDUE].reset_index(drop=True)


@right("cards.read")
def of_organisation(ask: Ask, *, customer_id: int) -> pd.DataFrame:
    """Return CALENDAR of an organisation's periods, the newest first.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
    """
    with ask.db.reading() as conn:
        contacts.in_sight(conn, ask, customer_id)
        stood = book.same(conn, customer_id)[0]
    day = day_number(ask.as_of)
    ahead = payments.LONGEST_TERM_DAYS + payments.LAST_DAY
    told = _bills(ask, (), day - ask.settings.fleets.unpaid_days, day + ahead, only=stood)
    return told.iloc[::-1].reset_index(drop=True)


def _bills(
    ask: Ask, stations: Sequence[str], from_day: int, to_day: int, *, only: int | None = None
) -> pd.DataFrame:
    """Return CALENDAR of what is due between two days."""
    terms = _terms(ask, stations, only)
    due = payments.due_between(terms, from_day=from_day, to_day=to_day)
    with ask.db.reading() as conn:
        agreed, settled = agreements.credit(conn), credit.settled(conn)
    bought = payments.on_credit(_bought(ask, tuple(stations), due), agreed)
    day = day_number(ask.as_of)
    told = payments.bills(due, bought, settled, as_of_day=day)
    per_major = told["currency"].map(minor_per_major).astype("int64")
    names = fleets.fleets(ask, stations=stations).set_index("customer_id")["organisation_name"]
    told = told.assign(
        organisation_name=told["customer_id"].map(names).fillna(""),
        amount=told["amount_minor"] / per_major,
        days_over=(day - told["due_day"]).where(told["status"] == payments.OVERDUE, 0),
    )
    return told[list(CALENDAR)]


def _terms(ask: Ask, stations: Sequence[str], only: int | None) -> dict[int, Terms]:
    """Return the terms of each organisation in view that has some."""
    known = fleets.in_view(ask, stations) if only is None else {only}
    with ask.db.reading() as conn:
        told = store.fields(conn, TERMS)
    read = {
        int(row["customer_id"]): payments.read_terms(row["settle_day"], row["term_days"])
        for row in told.to_dict("records")
    }
    return {i: terms for i, terms in read.items() if terms is not None and i in known}


def _bought(ask: Ask, stations: tuple[str, ...], due: pd.DataFrame) -> pd.DataFrame:
    """Return what was bought in these periods, by customer, day and currency, up to as-of."""
    whose = tuple(sorted(set(due["customer_id"].tolist())))
    first = int(due["first_day"].min()) if len(due) else 0
    end = min(int(due["last_day"].max()), day_number(ask.as_of)) + 1 if len(due) else 0
    return _lines(ask, stations, whose, first, end)


@remembered(entries=8)
def _lines(
    ask: Ask, stations: tuple[str, ...], whose: tuple[int, ...], first: int, end: int
) -> pd.DataFrame:
    wanted = stations_in_sight(ask, stations)
    with ask.db.reading() as conn:
        spans, cards = store.spans(conn, whose), store.cards_held(conn)
        return credit.bought(conn, spans, cards, Window(whose, wanted, first, end))


@right("customers.edit")
def settle(ask: Ask, *, customer_id: int, period_end: date) -> None:
    """Write down that an organisation paid for a period; saying so twice changes nothing.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: it has no day of settlement, or no period ends on that day, or not yet.
    """
    with ask.db.writing(changes_figures=False) as conn:
        seen, same, first, last = _period(conn, ask, customer_id, period_end)
        if last >= day_number(ask.as_of):
            raise BadValueError("settling.running")
        known = credit.settled(conn, same)["period_end_day"]
        if known.between(first, last).any():
            return
        day = day_number(today())
        credit.settle(conn, Settlement(customer_id, last, day, ask.scope.account))
        contacts.note(conn, ask, seen, "settled", reason=period_end.isoformat())


@right("customers.edit")
def unsettle(ask: Ask, *, customer_id: int, period_end: date) -> None:
    """Take back that an organisation paid for a period, as after a wrong click.

    Raises:
        NotFoundError: there is no such customer, or none in sight; both answer alike.
        BadValueError: it has no day of settlement, or no period ends on that day.
    """
    with ask.db.writing(changes_figures=False) as conn:
        seen, same, first, last = _period(conn, ask, customer_id, period_end)
        if credit.unsettle(conn, same, first_day=first, last_day=last):
            contacts.note(conn, ask, seen, "unsettled", reason=period_end.isoformat())


def _period(
    conn: Connection, ask: Ask, customer_id: int, period_end: date
) -> tuple[Seen, list[int], int, int]:
    """Return who it is, under which ids, and the first and last day of the period."""
    seen = contacts.there(conn, ask, customer_id)
    same = book.same(conn, customer_id)
    told = store.fields(conn, TERMS, same)
    terms = payments.read_terms(*told[list(TERMS)].iloc[0]) if len(told) else None
    if terms is None:
        raise BadValueError("settling.no_terms")
    day = day_number(period_end)
    found = list(payments.periods(terms, from_day=day, to_day=day))
    if not found:
        raise BadValueError("settling.no_period", day=day_date(day))
    first, last, _ = found[0]
    return seen, same, first, last
