"""A customer is written down by hand, found again, and takes no plate that is another's."""

from dataclasses import replace
from datetime import date

import pytest
from makers import make_key
from people import scope_for
from town import Person, ask_of, at, one, sell, settle, visit

from station.archive.books import KeyBook
from station.archive.customers import book, records
from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import CardRecord, Channel, Purpose, Role
from station.services.ask import Ask
from station.services.customers import cards, contacts, enrolling, fields, holding
from station.services.customers.enrolling import NewCard
from station.services.personal import privacy

FIRST, ELSEWHERE = Person(1), Person(2, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return a clerk's question at S1, where somebody has a plate and a card already."""
    settle(db, [FIRST, ELSEWHERE])
    sell(db, [visit(FIRST), visit(ELSEWHERE)])
    return replace(ask_of(db), scope=scope_for(db, "clerk", at(db, "S1", Role.STAFF)))


def test_a_person_is_written_down_with_all_that_was_told(ask: Ask) -> None:
    new = NewCard(
        station="S1",
        name="丙示川",
        phone="100 0000 0777",
        plate="粤b-54321",
        card="900000000777",
        more={"channel": "referral", "wechat": "wx"},
        agrees=(Purpose.CARE,),
    )

    made = enrolling.add(ask, new=new)

    shown = contacts.of_customer(ask, customer_id=made)
    assert (shown.name, shown.phone, shown.keeper) == ("丙**", "100****0777", "clerk")
    assert shown.may_reveal
    assert contacts.find_by_phone(ask, phone="10000000777") == [made]
    known = {told.name: told for told in fields.known(ask, customer_id=made) if told.is_kept}
    assert {*known} == {
        *("name", "phone", "owner_kind", "station", "since", "channel", "wechat"),
    }
    assert known["phone"].is_good
    assert fields.history(ask, customer_id=made).empty
    assert privacy.has_consent(ask, customer_id=made, purpose=Purpose.CARE, channel=Channel.PHONE)
    with ask.db.reading() as conn:
        (vehicle_id,) = book.vehicles_of(conn, [made])
        assert book.holders(conn, vehicle_id) == [made]
    assert one(ask, "SELECT count(*) FROM card_links WHERE customer_id = 3") == 1
    assert one(ask, "SELECT object FROM audit ORDER BY id DESC LIMIT 1") == f"customer:{made}:made"


def test_a_company_needs_a_name_and_a_person_something_to_be_found_by(ask: Ask) -> None:
    for new, key in (
        (NewCard("S1", is_organisation=True, phone="10000000777"), "company_needed"),
        (NewCard("S1", more={"channel": "event"}), "nobody"),
        (NewCard("S1", plate="ABC"), "bad_plate"),
        (NewCard("S1", card="12**"), "bad_card"),
    ):
        with pytest.raises(BadValueError) as refused:
            enrolling.add(ask, new=new)
        assert refused.value.key == f"enrolling.{key}"
    with pytest.raises(BadValueError):
        enrolling.add(ask, new=NewCard("S1", name="丙示", phone="123"))
    assert one(ask, "SELECT count(*) FROM customers") == 2

    made = enrolling.add(
        ask, new=NewCard("S1", is_organisation=True, organisation_name="鹏澜物流", is_kept=False)
    )

    shown = contacts.of_customer(ask, customer_id=made)
    assert (shown.organisation_name, shown.keeper) == ("鹏澜物流", "")


@pytest.fixture
def far_card(ask: Ask) -> str:
    """Return a card of which only a plate is known, that of a car of another station."""
    with ask.db.writing() as conn:
        card = CardRecord("777700000001", plate=make_key(ELSEWHERE.plate))
        records.put_cards(conn, [card], keys=KeyBook())
    return "777700000001"


@pytest.mark.parametrize("takes_over", [False, True])
def test_a_card_that_is_bound_to_another_stations_car_is_never_taken(
    ask: Ask, far_card: str, *, takes_over: bool
) -> None:
    new = NewCard("S1", name="丙示川", card=far_card, takes_over=takes_over)

    with pytest.raises(BadValueError, match=r"enrolling\.card_taken"):
        enrolling.add(ask, new=new)


def test_a_card_that_is_bound_to_another_stations_car_is_not_bound_to_one_here(
    ask: Ask, far_card: str
) -> None:
    vehicle_id = int(cards.find(ask, words=FIRST.plate)["id"][0])

    with pytest.raises(NotAllowedError, match=r"holding\.not_yours"):
        holding.bind_card(ask, vehicle_id=vehicle_id, number=far_card, on=date(2026, 8, 1))


def test_a_plate_or_card_of_another_is_taken_over_only_on_his_word(ask: Ask) -> None:
    new = NewCard("S1", name="丙示川", plate=FIRST.plate, card=FIRST.card)

    for part, key in (({"card": ""}, "plate_taken"), ({"plate": ""}, "card_taken")):
        with pytest.raises(BadValueError) as refused:
            enrolling.add(ask, new=replace(new, **part))
        assert refused.value.key == f"enrolling.{key}"

    made = enrolling.add(ask, new=replace(new, takes_over=True))
    vehicle_id = int(cards.find(ask, words=FIRST.plate)["id"][0])
    with ask.db.reading() as conn:
        assert book.holders(conn, vehicle_id) == [made]


def test_what_is_held_at_another_station_is_not_taken_over(ask: Ask) -> None:
    new = NewCard("S1", name="丙示川", plate=ELSEWHERE.plate, takes_over=True)

    with pytest.raises(BadValueError) as refused:
        enrolling.add(ask, new=new)

    assert refused.value.key == "enrolling.plate_taken_far"


def test_nobody_is_written_down_at_a_station_out_of_sight(ask: Ask) -> None:
    assert enrolling.homes(ask) == ["S1"]
    with pytest.raises(NotFoundError):
        enrolling.add(ask, new=NewCard("S2", name="丙示川"))
