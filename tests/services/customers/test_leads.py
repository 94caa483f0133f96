"""Prospects: found in own data, taken up once, decided on, back on their day, won by buying."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from archive.shop import Shop
from makers import SHANGHAI_S, make_key, make_reversal
from people import scope_for
from sqlalchemy import update
from town import NOW, Person, ask_of, at, one, sell, settle, visit

from station.archive.customers import book
from station.archive.customers import prospects as store
from station.archive.database import Database
from station.archive.tables import card_links
from station.errors import BadValueError, NotAllowedError, NotFoundError, StationError
from station.model import DAY_S, Purpose, Role, Sale, day_number
from station.services import access, keeping
from station.services.ask import Ask
from station.services.customers import cards, contacts, fields, leads, prospects
from station.services.customers.leads import Decision, Lead
from station.services.customers.prospects import Belongs, View

KNOWN, STRANGER, ABROAD = Person(1), Person(7), Person(8, station="S2")
AHEAD_S = 40 * 366 * DAY_S
"""So far ahead of the clock that it is later than any taking up."""


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question: one customer, and two vehicles that came again."""
    settle(db, [KNOWN])
    sell(db, [visit(KNOWN, days) for days in (0, 5, 9)])
    sell(db, [visit(p, days, card_no="") for p in (STRANGER, ABROAD) for days in (2, 9, 30)])
    return ask_of(db)


def staff(ask: Ask, name: str = "clerk", code: str = "S1", role: Role = Role.STAFF) -> Ask:
    return replace(ask, scope=scope_for(ask.db, name, at(ask.db, code, role)))


def again(ask: Ask) -> Ask:
    """Return the same question a moment later, whatever has changed meanwhile."""
    return replace(ask, scope=replace(ask.scope, version=None))


def vehicle(ask: Ask, person: Person) -> int:
    return int(cards.find(ask, words=person.plate)["id"][0])


def taken_up(ask: Ask) -> int:
    return leads.take_up(ask, vehicle_id=vehicle(ask, STRANGER))


def later(person: Person) -> Sale:
    """Return a purchase long after everything that a test does."""
    when = {"sold_at": NOW + AHEAD_S, "local_at": NOW + AHEAD_S + SHANGHAI_S}
    return visit(person, card_no="", receipt_no="later", natural_key="later", **when)


def test_a_vehicle_that_came_again_is_a_candidate_and_says_why(ask: Ask) -> None:
    found = prospects.candidates(staff(ask))

    assert found["label"].tolist() == [STRANGER.plate]
    assert found["sentence"].tolist() == ["prospects.found_again"]
    assert found["reliability"].tolist() == ["C"]


def test_whoever_is_taken_up_is_a_customer_of_the_asker_and_no_candidate_any_more(
    ask: Ask,
) -> None:
    clerk = again(staff(ask))

    customer_id = taken_up(clerk)

    assert prospects.candidates(clerk).empty
    row = prospects.listing(clerk).to_dict("records")[0]
    assert (row["customer_id"], row["label"], row["keeper"]) == (
        customer_id,
        STRANGER.plate,
        "clerk",
    )
    assert (row["view"], row["standing"]) == (View.DEVELOP, "open")
    assert contacts.of_customer(clerk, customer_id=customer_id).keeper == "clerk"


def test_nobody_takes_up_what_is_somebodys(ask: Ask) -> None:
    clerk = again(staff(ask))
    taken_up(clerk)

    for person in (STRANGER, KNOWN):
        with pytest.raises(BadValueError, match=r"prospects\.taken"):
            leads.take_up(clerk, vehicle_id=vehicle(clerk, person))


def test_a_vehicle_out_of_sight_answers_like_none(ask: Ask) -> None:
    clerk, abroad = staff(ask), vehicle(ask, ABROAD)
    answers = []
    for vehicle_id in (abroad, 9999):
        with pytest.raises(NotFoundError) as refused:
            leads.take_up(clerk, vehicle_id=vehicle_id)
        answers.append((refused.value.key, refused.value.facts))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("nightly", [False, True])
def test_the_first_purchase_wins_him_and_the_nightly_work_changes_nothing(
    ask: Ask, *, nightly: bool
) -> None:
    customer_id = taken_up(ask)
    assert prospects.listing(ask)["standing"].tolist() == ["open"]
    sell(ask.db, [later(STRANGER)])
    if nightly:
        keeping.nightly(ask)
        assert one(ask, "SELECT standing FROM prospects") == "won"
        keeping.nightly(ask)

    row = prospects.listing(ask).to_dict("records")[0]

    assert (row["customer_id"], row["standing"], row["view"]) == (customer_id, "won", View.KEPT)
    assert row["won_day"] == (NOW + AHEAD_S + SHANGHAI_S) // DAY_S
    with pytest.raises(BadValueError, match=r"prospects\.won"):
        leads.decide(ask, customer_id=customer_id, decision=Decision.CONTINUE)


def test_a_purchase_that_was_taken_back_wins_nobody(ask: Ask) -> None:
    taken_up(ask)
    sale = later(STRANGER)
    sell(ask.db, [sale])
    with ask.db.writing() as conn:
        shop = Shop(conn)
        batch_id = shop.open("taken back")
        shop.finish(batch_id, shop.take_back([make_reversal(sale)], batch_id))

    assert prospects.listing(ask)["standing"].tolist() == ["open"]


def test_a_purchase_by_his_card_wins_him(ask: Ask) -> None:
    customer_id = taken_up(ask)
    with ask.db.writing() as conn:
        conn.execute(update(card_links).values(customer_id=customer_id))

    sell(ask.db, [replace(later(STRANGER), vehicle=make_key("粤B99999"), card_no=KNOWN.card)])

    assert prospects.listing(ask)["standing"].tolist() == ["won"]


def test_whoever_rests_is_back_on_his_day_and_until_somebody_decides(ask: Ask) -> None:
    customer_id = taken_up(ask)
    until = access.today() + timedelta(days=3)
    leads.decide(ask, customer_id=customer_id, decision=Decision.PAUSE, until=until)
    assert prospects.due(ask).empty
    assert prospects.listing(ask)["standing"].tolist() == ["paused"]

    with ask.db.writing() as conn:
        store.change(conn, customer_id, pause_until_day=day_number(access.today()))

    assert prospects.due(ask)["customer_id"].tolist() == [customer_id]
    assert prospects.listing(ask)["standing"].tolist() == ["open"]
    leads.decide(ask, customer_id=customer_id, decision=Decision.CONTINUE)
    assert prospects.due(ask).empty


@pytest.mark.parametrize("days", [None, -1, 0, 3000])
def test_nobody_rests_until_a_day_that_is_none(ask: Ask, days: int | None) -> None:
    customer_id = taken_up(ask)
    until = None if days is None else access.today() + timedelta(days=days)

    with pytest.raises(BadValueError, match=r"prospects\.pause_day"):
        leads.decide(ask, customer_id=customer_id, decision=Decision.PAUSE, until=until)


def test_giving_up_needs_a_reason_that_does_not_name_him(ask: Ask) -> None:
    lead = Lead("S1", "fair", name="甲示川", phone="10012345678")
    customer_id = leads.add_lead(ask, lead=lead)
    for reason in ("", "甲示川 left"):
        with pytest.raises(BadValueError):
            leads.decide(ask, customer_id=customer_id, decision=Decision.GIVE_UP, reason=reason)

    leads.decide(ask, customer_id=customer_id, decision=Decision.GIVE_UP, reason="moved away")

    assert prospects.listing(ask)["view"].tolist() == [View.GIVEN_UP]


def test_whose_he_is_decides_his_list(ask: Ask) -> None:
    customer_id = taken_up(ask)
    views = []
    for belongs in Belongs:
        leads.set_belongs(ask, customer_id=customer_id, belongs=belongs)
        views += prospects.listing(ask)["view"].tolist()

    assert views == [View.KEPT, View.ATTACK, View.DEVELOP]


def test_a_lead_of_an_event_is_assigned_at_once(ask: Ask) -> None:
    chief = again(staff(ask, "chief", role=Role.MANAGER))
    staff(ask)
    lead = Lead("S1", "spring fair", "甲示川", "10012345678", "粤B24680", keeper="clerk")

    customer_id = leads.add_lead(chief, lead=lead)

    row = prospects.listing(chief).to_dict("records")[0]
    assert (row["keeper"], row["event"], row["label"]) == ("clerk", "spring fair", "粤B24680")
    assert (row["name"], row["phone"], row["reliability"]) == ("甲**", "100****5678", "B")
    assert one(ask, "SELECT value FROM customer_fields") == "event"
    with ask.db.reading() as conn:
        assert len(book.vehicles_of(conn, [customer_id])) == 1


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ({}, "prospects.nothing_told"),
        ({"phone": "12"}, "prospects.no_phone"),
        ({"plate": "??"}, "prospects.no_plate"),
        ({"name": "x" * 41}, "prospects.too_long"),
        ({"phone": KNOWN.phone}, "prospects.phone_known"),
        ({"plate": KNOWN.plate}, "prospects.plate_known"),
    ],
)
def test_a_lead_that_cannot_be_is_refused_and_leaves_nothing(
    ask: Ask, told: dict[str, str], key: str
) -> None:
    before = one(ask, "SELECT count(*) FROM customers")

    with pytest.raises(BadValueError, match=key.replace(".", r"\.")):
        leads.add_lead(ask, lead=Lead("S1", "fair", **told))

    assert one(ask, "SELECT count(*) FROM customers") == before


@pytest.mark.parametrize("wrong", [{"plate": KNOWN.plate}, {"keeper": "nobody"}])
def test_a_lead_that_comes_to_nothing_tells_of_no_telephone_whose_it_is(
    ask: Ask, wrong: dict[str, str]
) -> None:
    clerk, answers = again(staff(ask)), set()

    for phone in (KNOWN.phone, "10012345678"):
        with pytest.raises(StationError) as refused:
            leads.add_lead(clerk, lead=Lead("S1", "fair", phone=phone, **wrong))
        answers.add(refused.value.key)

    assert len(answers) == 1


def test_a_key_customer_can_be_put_on_a_list_once(ask: Ask) -> None:
    leads.enlist(ask, customer_id=1, belongs=Belongs.OURS)

    row = prospects.listing(ask).to_dict("records")[0]
    assert (row["source"], row["view"], row["reliability"]) == ("customer", View.KEPT, "A")
    with pytest.raises(BadValueError, match=r"prospects\.listed"):
        leads.enlist(ask, customer_id=1, belongs=Belongs.RIVALS)


def test_only_his_keeper_or_whoever_assigns_hands_him_over(ask: Ask) -> None:
    clerk, other = again(staff(ask)), again(staff(ask, "other"))
    chief = again(staff(ask, "chief", role=Role.MANAGER))
    customer_id = taken_up(clerk)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        leads.hand_over(other, customer_id=customer_id, keeper="other")

    leads.hand_over(clerk, customer_id=customer_id, keeper="other")
    leads.hand_over(chief, customer_id=customer_id, keeper="clerk")

    assert set(leads.owners(clerk, customer_id=customer_id)) == {"clerk", "other", "chief"}
    with pytest.raises(NotFoundError):
        leads.hand_over(clerk, customer_id=customer_id, keeper="nobody")
    assert prospects.listing(chief)["keeper"].tolist() == ["clerk"]


def test_whoever_lists_a_customer_of_nobody_does_not_look_after_him_yet(ask: Ask) -> None:
    clerk = again(staff(ask))
    leads.enlist(clerk, customer_id=1, belongs=Belongs.OURS)

    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        leads.hand_over(clerk, customer_id=1, keeper="clerk")
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        contacts.reveal(clerk, customer_id=1, purpose=Purpose.SERVICE, reason="asked")

    leads.hand_over(again(staff(ask, "chief", role=Role.MANAGER)), customer_id=1, keeper="clerk")


def test_an_opportunity_written_over_stays_in_the_history(ask: Ask) -> None:
    fields.change(ask, customer_id=1, values={"need": "diesel by night"})
    clerk = again(staff(ask))
    leads.enlist(clerk, customer_id=1, belongs=Belongs.OURS)

    leads.write_opportunity(clerk, customer_id=1, field="need", words="")

    newest = fields.history(ask, customer_id=1).iloc[0]
    assert (newest["old"], newest["new"], newest["account"]) == ("diesel by night", "", "clerk")


def test_an_opportunity_is_sealed_and_shown_without_telephones(ask: Ask) -> None:
    customer_id = taken_up(ask)
    assert prospects.opportunities(ask).empty

    leads.write_opportunity(
        ask, customer_id=customer_id, field="need", words="diesel by night, 10012345678"
    )

    row = prospects.opportunities(ask).to_dict("records")[0]
    assert (row["need"], row["scene"]) == ("diesel by night, ***", "")
    stored = one(ask, "SELECT value_sealed FROM customer_fields WHERE field = 'need'")
    assert b"diesel" not in bytes(stored)


def test_an_opportunity_has_its_history_and_leaves_nothing_when_taken_away(ask: Ask) -> None:
    customer_id = taken_up(ask)

    for words in ("diesel by night", "diesel by night", ""):
        leads.write_opportunity(ask, customer_id=customer_id, field="need", words=words)

    changes = fields.history(ask, customer_id=customer_id)
    assert changes[["old", "new"]].to_numpy().tolist() == [
        ["diesel by night", ""],
        ["", "diesel by night"],
    ]
    assert one(ask, "SELECT count(*) FROM customer_fields WHERE field = 'need'") == 0


DEEDS: dict[str, Callable[[Ask, int], object]] = {
    "decide": lambda ask, n: leads.decide(ask, customer_id=n, decision=Decision.CONTINUE),
    "belongs": lambda ask, n: leads.set_belongs(ask, customer_id=n, belongs=Belongs.OURS),
    "hand over": lambda ask, n: leads.hand_over(ask, customer_id=n, keeper="clerk"),
    "write": lambda ask, n: leads.write_opportunity(ask, customer_id=n, field="need", words="x"),
    "owners": lambda ask, n: leads.owners(ask, customer_id=n),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_prospect_out_of_sight_answers_like_none(ask: Ask, deed: str) -> None:
    abroad = leads.take_up(ask, vehicle_id=vehicle(ask, ABROAD))
    clerk, answers = again(staff(ask)), []
    for customer_id in (abroad, 9999):
        with pytest.raises(NotFoundError) as refused:
            DEEDS[deed](clerk, customer_id)
        answers.append((refused.value.key, refused.value.facts))

    assert answers[0] == answers[1]
    assert prospects.listing(clerk).empty
    assert len(prospects.listing(ask)) == 1
