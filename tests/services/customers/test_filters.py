"""A filter leaves exactly the vehicles for which every condition holds, as far as in sight."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from people import scope_for
from sqlalchemy import insert, update
from town import NOW, Person, ask_of, at, sell, settle, visit

from station.archive.customers import holding
from station.archive.customers.tables import customer_fields
from station.archive.database import Database
from station.archive.tables import customers
from station.errors import BadValueError
from station.model import DAY_S, Role, Stability
from station.services import board
from station.services.ask import Ask
from station.services.customers import cards, filters, tagging
from station.services.customers.filters import Condition

FIRST, SECOND, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")
PEOPLE = (FIRST, SECOND, ELSEWHERE)


@pytest.fixture
def ask(db: Database) -> Ask:
    settle(db, PEOPLE)
    sell(db, [visit(p, days) for p in PEOPLE for days in (0, 5, 9)[: p.number]])
    return ask_of(db)


@pytest.fixture
def clerk(ask: Ask) -> Iterator[Ask]:
    return replace(ask, scope=scope_for(ask.db, "clerk", at(ask.db, "S1", Role.MANAGER)))


def one(ask: Ask, field: str, op: str, *values: str | float) -> Condition:
    return filters.condition(ask, field=field, op=op, values=values)


def left(ask: Ask, *conditions: Condition) -> set[str]:
    return set(filters.matches(ask, conditions=conditions)["label"])


def plates(*people: Person) -> set[str]:
    return {person.plate for person in people}


def tell(ask: Ask, customer_id: int, field: str, value: str) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        row = {"customer_id": customer_id, "field": field, "value": value}
        conn.execute(insert(customer_fields).values(row))


def test_every_condition_must_hold(ask: Ask) -> None:
    often, here = one(ask, "visits", "at_least", 2), one(ask, "station", "any_of", "S1")

    assert left(ask) == plates(*PEOPLE)
    assert left(ask, often) == plates(SECOND, ELSEWHERE)
    assert left(ask, often, here) == plates(SECOND)
    assert left(ask, one(ask, "visits", "at_most", 1)) == plates(FIRST)
    assert left(ask, one(ask, "station", "none_of", "S1")) == plates(ELSEWHERE)
    assert left(ask, one(ask, "product", "any_of", "diesel")) == set()


@pytest.fixture
def sold(ask: Ask) -> None:
    """Let a car that came here be a company's of another station since, and come no more."""
    vehicle_id, day = int(cards.find(ask, words=FIRST.plate)["id"][0]), NOW // DAY_S + 2
    with ask.db.writing() as conn:
        holding.part(conn, vehicle_id, day)
        holding.own(conn, vehicle_id, 3, day)
        values = {"is_organisation": 1, "organisation_name": "Ferry Haulage"}
        conn.execute(update(customers).where(customers.c.id == 3).values(values))
    tell(ask, 3, "credit_class", "D")
    tagging.put(ask, tag="late payer", customer_id=3)


@pytest.mark.usefixtures("sold")
def test_nothing_is_told_of_who_bought_a_car_that_never_came_here_since(ask: Ask) -> None:
    scope = scope_for(ask.db, "south", at(ask.db, "S1", Role.MANAGER))
    clerk = replace(ask, scope=scope, as_of=date(2099, 1, 1))
    whole = replace(ask, as_of=clerk.as_of)
    for told in (
        one(ask, "field.credit_class", "any_of", "D"),
        one(ask, "tag", "any_of", "late payer"),
        one(ask, "organisation_name", "holds", "Ferry"),
    ):
        assert left(clerk, told) == set()
        assert left(whole, told) == plates(FIRST, ELSEWHERE)

    shown = filters.matches(clerk, conditions=[one(ask, "visits", "at_least", 1)])
    car = shown[shown["label"] == FIRST.plate]
    assert car["customer_id"].isna().all()
    car_id = int(car["vehicle_id"].iloc[0])
    for rows in (board.vehicles(clerk), board.vehicle(clerk, vehicle_id=car_id)):
        bought = rows[rows["vehicle_id"] == car_id]
        assert bought["customer_id"].isna().all()
        assert bought["organisation_name"].tolist() == [""]
    assert board.vehicle(whole, vehicle_id=car_id)["organisation_name"].str.contains("Ferry").all()


def test_a_customers_fields_tags_and_keeper_are_keys_too(ask: Ask) -> None:
    tell(ask, 1, "channel", "event")
    tell(ask, 2, "litres_month", "500")
    tell(ask, 3, "rival_stations", "Ferry Oil")
    tagging.put(ask, tag="early", customer_id=1)
    (vehicle_id,) = cards.find(ask, words=ELSEWHERE.plate)["id"]
    tagging.put(ask, tag="early", vehicle_id=int(vehicle_id))

    assert left(ask, one(ask, "field.channel", "any_of", "event")) == plates(FIRST)
    assert left(ask, one(ask, "field.channel", "none_of", "event")) == plates(SECOND, ELSEWHERE)
    assert left(ask, one(ask, "field.litres_month", "at_least", 400)) == plates(SECOND)
    assert left(ask, one(ask, "field.litres_month", "at_most", 400)) == set()
    assert left(ask, one(ask, "field.rival_stations", "holds", "ferry")) == plates(ELSEWHERE)
    assert left(ask, one(ask, "field.rival_stations", "known")) == plates(ELSEWHERE)
    assert left(ask, one(ask, "field.rival_stations", "unknown")) == plates(FIRST, SECOND)
    assert left(ask, one(ask, "tag", "any_of", "early")) == plates(FIRST, ELSEWHERE)
    assert left(ask, one(ask, "tag", "none_of", "early")) == plates(SECOND)


def test_what_is_told_of_a_merged_customer_counts_for_all_his_vehicles(ask: Ask) -> None:
    with ask.db.writing() as conn:
        gone = update(customers).where(customers.c.id == 1)
        conn.execute(gone.values(merged_into=2))
    tell(ask, 2, "channel", "event")

    assert left(ask, one(ask, "field.channel", "any_of", "event")) == plates(FIRST, SECOND)


def test_nobody_filters_out_of_his_sight(ask: Ask, clerk: Ask) -> None:
    tagging.put(ask, tag="ferry", customer_id=3)

    assert left(clerk) == plates(FIRST, SECOND)
    assert left(clerk, one(clerk, "tag", "any_of", "ferry")) == set()
    assert filters.choices(clerk)["tag"] == []
    assert filters.choices(clerk)["station"] == ["S1"]


def test_a_filter_is_kept_renamed_shared_and_forgotten(ask: Ask, clerk: Ask) -> None:
    condition = one(ask, "visits", "at_least", 2)
    filter_id = filters.save(clerk, name="often", conditions=[condition])
    assert filters.save(clerk, name="Often", conditions=[condition]) == filter_id
    assert filters.saved(ask) == []

    filters.rename(clerk, filter_id=filter_id, name="very often")
    filters.share(clerk, filter_id=filter_id, is_shared=True)

    (seen,) = filters.saved(ask)
    assert (seen.name, seen.is_mine, seen.conditions) == ("very often", False, (condition,))
    for change in (
        lambda: filters.delete(ask, filter_id=filter_id),
        lambda: filters.rename(ask, filter_id=filter_id, name="mine"),
        lambda: filters.share(ask, filter_id=filter_id, is_shared=False),
    ):
        with pytest.raises(BadValueError):
            change()
    filters.delete(clerk, filter_id=filter_id)
    assert filters.saved(clerk) == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "call 13812345678"])
def test_a_filters_name_is_short_and_reaches_nobody(ask: Ask, name: str) -> None:
    with pytest.raises(BadValueError):
        filters.save(ask, name=name, conditions=[one(ask, "visits", "at_least", 2)])


def test_an_empty_filter_is_not_kept(ask: Ask) -> None:
    with pytest.raises(BadValueError):
        filters.save(ask, name="all", conditions=[])


def test_a_filter_agrees_with_the_board(demo_ask: Ask) -> None:
    frame = board.vehicles(demo_ask)
    found = filters.matches(
        demo_ask,
        conditions=[
            one(demo_ask, "stability", "any_of", "regular"),
            one(demo_ask, "state", "any_of", "overdue", "lost"),
            one(demo_ask, "days_silent", "at_least", 10),
        ],
    )

    is_regular = frame["stability"] == Stability.REGULAR.value
    rows = frame[
        is_regular & frame["state"].isin(["overdue", "lost"]) & (frame["days_silent"] >= 10)
    ]
    assert len(found) > 0
    assert sorted(found["vehicle_id"]) == sorted(rows["vehicle_id"])
