"""A form carries name and telephone only for whoever may see them, and it counts as a look."""

from dataclasses import replace

import pytest
from people import scope_for
from town import Person, ask_of, at, one, settle

from station.archive.customers import sealed
from station.archive.customers.sealed import Kind
from station.archive.customers.tables import customer_fields
from station.archive.database import Database
from station.archive.tables import customers
from station.config import Settings
from station.errors import BadValueError, LimitReachedError, NotAllowedError, NotFoundError
from station.guard.rules import LookRules
from station.model import PaperForm, Role
from station.services.ask import Ask
from station.services.customers import contacts, forms
from station.services.personal import erasure, sealing

OURS, THEIRS = Person(1), Person(2, station="S2")
TITLE = "甲示贸易公司"
CARD = PaperForm.CARD_APPLICATION


@pytest.fixture
def ask(db: Database) -> Ask:
    settle(db, [OURS, THEIRS])
    with db.writing() as conn:
        place = sealed.place(Kind.FIELD, customer_id=1, field="invoice_title")
        words = sealing.seal(db, TITLE, place=place)
        row = {"customer_id": 1, "field": "invoice_title", "value": "", "value_sealed": words}
        conn.execute(customer_fields.insert().values(row))
    return ask_of(db)


def staff_of(ask: Ask, name: str = "clerk", role: Role = Role.STAFF) -> Ask:
    return replace(ask, scope=scope_for(ask.db, name, at(ask.db, "S1", role)))


def filled(ask: Ask, kind: PaperForm = CARD, reason: str = "card asked for") -> str:
    return forms.filled(ask, customer_id=1, kind=kind, lang="en", reason=reason)


def test_a_blank_form_names_vehicle_and_card_but_not_the_person(ask: Ask) -> None:
    told = forms.blank(staff_of(ask), customer_id=1, kind=CARD, lang="en")

    assert OURS.plate in told
    assert OURS.card in told
    assert OURS.name not in told
    assert OURS.phone not in told
    assert "*" not in told.partition("<body>")[2]


def test_a_filled_form_names_him_and_is_written_down(ask: Ask) -> None:
    told = filled(ask)

    assert OURS.name in told
    assert OURS.phone in told
    assert one(ask, "SELECT object FROM audit WHERE act = 'reveal'") == (
        "customer:1:form:card_application"
    )


def test_an_invoice_form_carries_the_sealed_title(ask: Ask) -> None:
    assert TITLE in filled(ask, PaperForm.INVOICE_TITLE)
    blank = forms.blank(ask, customer_id=1, kind=PaperForm.INVOICE_TITLE, lang="zh")
    assert TITLE not in blank


def test_only_whoever_looks_after_him_fills_it(ask: Ask) -> None:
    clerk = staff_of(ask)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        filled(clerk)

    contacts.assign(ask, customer_id=1, keeper="clerk")

    assert OURS.name in filled(clerk)


def test_it_counts_like_any_contact(ask: Ask) -> None:
    boss = staff_of(ask, "boss", Role.MANAGER)
    boss = replace(boss, settings=replace(Settings(), looks=LookRules(reveals_per_day=1)))
    filled(boss)

    with pytest.raises(LimitReachedError):
        filled(boss)


@pytest.mark.parametrize("reason", ["", f"for {OURS.name}"])
def test_a_reason_is_needed_and_names_nobody(ask: Ask, reason: str) -> None:
    with pytest.raises(BadValueError):
        filled(ask, reason=reason)


def test_whoever_is_out_of_sight_or_erased_gets_none(ask: Ask) -> None:
    clerk = staff_of(ask)
    with pytest.raises(NotFoundError):
        forms.blank(clerk, customer_id=2, kind=CARD, lang="en")

    erasure.erase(ask, customer_id=1, reason="asked")

    with pytest.raises(NotAllowedError):
        forms.blank(clerk, customer_id=1, kind=CARD, lang="en")


def test_a_merged_customers_form_names_the_vehicles_of_both(ask: Ask) -> None:
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == 2).values(merged_into=1))

    told = forms.blank(ask, customer_id=1, kind=CARD, lang="en")

    assert OURS.plate in told
    assert THEIRS.plate in told
