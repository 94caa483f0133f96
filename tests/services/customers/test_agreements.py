"""Agreements have a time and keep it; those that end soon are told, unless they were renewed."""

from dataclasses import replace
from datetime import date

import pytest
from people import scope_for
from sqlalchemy import select
from town import Person, ask_of, at, one, settle

from station.archive.customers.tables import agreements as table
from station.archive.database import Database
from station.archive.tables import customers
from station.errors import BadValueError, NotFoundError
from station.model import AgreementKind, Role, day_number
from station.services.ask import Ask
from station.services.customers import agreements
from station.services.personal import privacy

TERMS = "柴油每升优惠 0.25 元"
OURS, THEIRS = Person(1), Person(2, station="S2")
FIRST, LAST = date(2026, 1, 1), date(2026, 9, 30)


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question as of 2026-09-01, on an organisation of each station."""
    settle(db, [OURS, THEIRS])
    with db.writing() as conn:
        conn.execute(customers.update().values(is_organisation=1, organisation_name="甲公司"))
    return ask_of(db)


def add(ask: Ask, customer_id: int = 1, **changes: object) -> int:
    facts = {"kind": AgreementKind.DISCOUNT, "terms": TERMS, "since": FIRST, "until": LAST}
    return agreements.add(ask, customer_id=customer_id, **facts | changes)


def ending(ask: Ask) -> list[tuple[int, str, int]]:
    frame = agreements.ending(ask)
    return list(frame[["customer_id", "kind", "days_left"]].itertuples(index=False, name=None))


def test_an_agreement_holds_from_its_first_day_to_its_last(ask: Ask) -> None:
    add(ask)

    (found,) = agreements.of_customer(ask, customer_id=1)

    assert (found.terms, found.kind) == (TERMS, AgreementKind.DISCOUNT)
    holds = [found.holds_on(day_number(LAST) + after) for after in (0, 1)]
    assert holds == [True, False]
    assert not found.holds_on(day_number(FIRST) - 1)


def test_the_terms_are_sealed(ask: Ask) -> None:
    add(ask)

    with ask.db.reading() as conn:
        sealed = conn.execute(select(table.c.terms_sealed)).scalar_one()
    assert "优惠".encode() not in sealed


def test_history_stays_newest_first(ask: Ask) -> None:
    add(ask, since=date(2025, 1, 1), until=date(2025, 12, 31), terms="old")
    add(ask, terms="new")

    assert [one.terms for one in agreements.of_customer(ask, customer_id=1)] == ["new", "old"]


def test_what_ends_within_the_days_of_the_settings_is_told(ask: Ask) -> None:
    days = ask.settings.fleets.ending_days
    add(ask)
    add(ask, kind=AgreementKind.CONTRACT, until=ask.as_of)
    add(ask, kind=AgreementKind.CREDIT, until=None)
    add(ask, kind=AgreementKind.FUEL_CARD, until=date(2026, 8, 31))
    add(ask, kind=AgreementKind.PRICE_OFFER, until=date(2026, 12, 1))

    assert days == 60
    assert ending(ask) == [(1, "contract", 0), (1, "discount", 29)]


def test_what_was_agreed_anew_does_not_end(ask: Ask) -> None:
    add(ask)
    add(ask, since=date(2026, 10, 1), until=date(2027, 9, 30))

    assert ending(ask) == []


def test_nobody_is_told_of_agreements_out_of_sight(ask: Ask) -> None:
    add(ask)
    agreement_id = add(ask, customer_id=2)
    manager = replace(ask, scope=scope_for(ask.db, "boss", at(ask.db, "S1", Role.MANAGER)))

    assert ending(manager) == [(1, "discount", 29)]
    with pytest.raises(NotFoundError, match=r"error\.customer_not_found"):
        agreements.of_customer(manager, customer_id=2)
    for unknown in (agreement_id, 999):
        with pytest.raises(NotFoundError, match=r"agreements\.unknown"):
            agreements.end(manager, agreement_id=unknown)


def test_an_agreement_is_ended_early_and_stays_in_the_history(ask: Ask) -> None:
    agreements.end(ask, agreement_id=add(ask), on=date(2026, 3, 31))

    (found,) = agreements.of_customer(ask, customer_id=1)
    assert found.to_day == day_number(date(2026, 4, 1))
    assert one(ask, "SELECT count(*) FROM audit WHERE object LIKE 'customer:1:agreement:%'") == 2


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"terms": " "}, "no_terms"),
        ({"terms": "x" * 501}, "terms_long"),
        ({"until": date(2025, 12, 31)}, "ends_before"),
    ],
)
def test_what_cannot_be_is_refused(ask: Ask, changes: dict[str, object], key: str) -> None:
    with pytest.raises(BadValueError, match=key):
        add(ask, **changes)

    assert agreements.of_customer(ask, customer_id=1) == []


def test_it_cannot_end_before_it_begins(ask: Ask) -> None:
    with pytest.raises(BadValueError, match=r"agreements\.ends_before"):
        agreements.end(ask, agreement_id=add(ask), on=date(2025, 12, 31))


def test_merged_customers_show_the_agreements_of_both(ask: Ask) -> None:
    add(ask)
    add(ask, customer_id=2, terms="theirs")
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == 2).values(merged_into=1))

    for customer_id in (1, 2):
        found = agreements.of_customer(ask, customer_id=customer_id)
        assert {one.terms for one in found} == {TERMS, "theirs"}
    assert ending(ask) == [(1, "discount", 29)]


def test_the_file_tells_them(ask: Ask) -> None:
    add(ask)

    file = privacy.person_file(ask, customer_id=1, identity="card seen", reason="asked")

    assert [(one["terms"], one["from"]) for one in file["agreements"]] == [(TERMS, "2026-01-01")]
