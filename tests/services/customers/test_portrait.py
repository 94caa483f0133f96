"""A portrait is one customer, with what is his now and what happened while it was his."""

from dataclasses import replace

import pytest
from archive.shop import Shop
from people import scope_for
from sqlalchemy import update
from town import NOW, TODAY, Person, ask_of, at, one, sell, settle, visit

from station.archive import lake
from station.archive.database import Database
from station.archive.tables import vehicle_owners
from station.errors import NotFoundError
from station.model import Channel, ConsentSource, LapseReason, Purpose, Role
from station.services.ask import Ask
from station.services.customers import cards, lapses, portrait
from station.services.personal import privacy

FIRST, SECOND, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people of S1 and one of S2."""
    settle(db, [FIRST, SECOND, ELSEWHERE])
    sell(db, [visit(p, days) for p in (FIRST, SECOND, ELSEWHERE) for days in (0, 5, 9)])
    lake.refresh(db)
    return ask_of(db)


def kinds(ask: Ask, customer_id: int = 1) -> list[str]:
    return portrait.happened(ask, customer_id=customer_id)["kind"].tolist()


def test_a_portrait_shows_what_is_his_and_nothing_in_full(ask: Ask) -> None:
    seen = portrait.portrait(ask, customer_id=1)

    assert seen.code == FIRST.code
    assert seen.vehicles["label"].tolist() == [FIRST.plate]
    assert seen.cards["number"].tolist() == [FIRST.card]
    assert FIRST.phone not in repr(seen)
    assert FIRST.name not in repr(seen)


def test_nobody_sees_a_customer_of_another_station(ask: Ask) -> None:
    clerk = replace(ask, scope=scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF)))

    for service in (portrait.portrait, portrait.happened):
        with pytest.raises(NotFoundError):
            service(clerk, customer_id=3)


def test_a_card_that_was_opened_twice_was_looked_at_once(ask: Ask) -> None:
    for _ in range(2):
        portrait.portrait(ask, customer_id=1)

    assert one(ask, "SELECT count(*) FROM audit WHERE object = 'customer:1'") == 1


def test_what_happened_is_told_newest_first(ask: Ask) -> None:
    privacy.record_consent(
        ask,
        customer_id=1,
        purpose=Purpose.CARE,
        channel=Channel.PHONE,
        given=True,
        source=ConsentSource.COUNTER,
        text_version="1",
    )
    (vehicle_id,) = cards.find(ask, words=FIRST.plate)["id"]
    lapses.record(
        ask, vehicle_id=int(vehicle_id), station="S1", reason=LapseReason.PRICE, note="in trust"
    )

    told = portrait.happened(ask, customer_id=1)

    assert set(told["kind"]) == {"agreed", "stayed_away", "visit"}
    assert told["at"].is_monotonic_decreasing
    assert told["kind"].tolist().count("visit") == 3
    assert "in trust" not in told.to_json()


def test_visits_of_a_car_that_was_not_his_yet_are_not_his(ask: Ask) -> None:
    with ask.db.writing() as conn:
        mine = vehicle_owners.c.customer_id == 1
        conn.execute(update(vehicle_owners).where(mine).values(from_day=TODAY - 6))
        conn.exec_driver_sql("DELETE FROM card_links")

    told = portrait.happened(ask, customer_id=1)

    assert len(told[told["kind"] == "visit"]) == 2


def test_a_sale_taken_back_in_full_is_no_visit(ask: Ask) -> None:
    line = visit(SECOND, 2)
    sell(ask.db, [line])
    back = replace(
        line,
        natural_key="back",
        receipt_no="back",
        reverses_hint=line.receipt_no,
        sold_at=NOW,
        quantity_milli=-line.quantity_milli,
        amount_minor=-line.amount_minor,
    )
    with ask.db.writing() as conn:
        Shop(conn).take_back([back])

    assert kinds(ask, 2).count("visit") == len({0, 5, 9})


def test_a_car_that_was_registered_and_never_came_is_named(ask: Ask) -> None:
    newcomer = Person(4)
    settle(ask.db, [newcomer])

    seen = portrait.portrait(ask, customer_id=4)

    assert seen.vehicles.empty
    assert seen.unseen == (newcomer.plate,)
    assert portrait.portrait(ask, customer_id=1).unseen == ()
