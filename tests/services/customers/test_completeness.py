"""Cards are counted where they are registered, by who keeps and who made them, each once."""

from dataclasses import replace
from datetime import date

import pytest
from people import scope_for
from town import TODAY, Person, ask_of, at, sell, settle, visit

from station.archive.database import Database
from station.archive.tables import customers
from station.config import Settings
from station.contact.completeness import CompletenessRules
from station.errors import NotFoundError
from station.model import Role, day_number
from station.services import access
from station.services.ask import Ask
from station.services.customers import completeness, contacts, fields

FIRST, SECOND, ELSEWHERE = Person(1), Person(2), Person(3, station="S2")


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return the local operator's question on two people of S1 and one of S2."""
    settle(db, [FIRST, SECOND, ELSEWHERE], since_day=TODAY - 3)
    sell(db, [visit(p, days) for p in (FIRST, SECOND, ELSEWHERE) for days in (0, 2)])
    return ask_of(db)


def put(ask: Ask, customer_id: int, **values: object) -> None:
    with ask.db.writing() as conn:
        conn.execute(customers.update().where(customers.c.id == customer_id).values(values))


def test_what_is_filled_in_raises_the_score_of_card_station_and_keeper(ask: Ask) -> None:
    make = scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF))
    contacts.assign(ask, customer_id=1, keeper="clerk")
    before = completeness.overview(replace(ask, scope=make))

    fields.change(ask, customer_id=1, values={"channel": "event", "pay_method": "cash"})

    after = completeness.overview(replace(ask, scope=make))
    assert completeness.score(ask, customer_id=1) == round(100 * 60 / 75)
    assert completeness.score(ask, customer_id=2) == 60
    assert (before.score, after.score, after.cards) == (60, 70, 2)
    assert after.stations["station"].tolist() == ["S1"]
    assert after.staff[["account", "kept", "kept_score"]].to_numpy().tolist() == [["clerk", 1, 80]]


def test_new_cards_of_a_month_stand_beside_those_of_the_month_before(ask: Ask) -> None:
    put(ask, 1, since_day=day_number(date(2026, 7, 28)), made_by="clerk")
    put(ask, 2, since_day=day_number(date(2026, 8, 20)))
    put(ask, 3, since_day=day_number(date(2026, 8, 30)))  # lies ahead

    told = completeness.overview(replace(ask, as_of=date(2026, 8, 25)))

    months = told.stations[["station", "this_month", "last_so_far", "last_month"]]
    assert months.to_numpy().tolist() == [["S1", 1, 0, 1]]
    assert told.staff[["account", "made", "last_month"]].to_numpy().tolist() == [["clerk", 1, 1]]
    assert completeness.overview(ask).cards == 3


def test_who_bought_for_the_first_time_and_is_hardly_known_is_to_be_asked(ask: Ask) -> None:
    line = replace(Settings(), completeness=CompletenessRules(line=61))
    ask = replace(ask, settings=line)
    fields.change(ask, customer_id=2, values={"channel": "event"})
    contacts.assign(ask, customer_id=1, keeper=make_clerk(ask))

    rows = completeness.unfinished(ask, stations=["S1"])

    assert rows["customer_id"].tolist() == [1]
    assert rows["first_day"].tolist() == [TODAY - 2]
    assert rows["missing"][0][:1] == ["channel"]
    assert rows["who"].tolist() == ["甲**"]
    mine = completeness.unfinished(clerk_of(ask), mine=True)
    assert mine["customer_id"].tolist() == [1]
    assert completeness.unfinished(ask, mine=True).empty
    later = replace(ask, settings=replace(line, completeness=CompletenessRules(61, 2)))
    assert completeness.unfinished(later).empty


def make_clerk(ask: Ask) -> str:
    scope_for(ask.db, "clerk", at(ask.db, "S1", Role.STAFF))
    return "clerk"


def clerk_of(ask: Ask) -> Ask:
    from people import enter  # noqa: PLC0415 - the account is made by then

    scope = access.scope_of(ask.db, enter(ask.db, "clerk"), ask.settings.sign_in)
    return replace(ask, scope=scope)


def test_several_that_are_one_are_one_card_with_what_is_known_of_any(ask: Ask) -> None:
    fields.change(ask, customer_id=1, values={"channel": "event", "phone": ""})
    put(ask, 1, merged_into=2)
    put(ask, 2, station_id=None)

    told = completeness.cards(ask, stations=["S1"])

    assert told["customer_id"].tolist() == [2]
    assert told["score"].tolist() == [completeness.score(ask, customer_id=2)] == [73]
    old = replace(ask, settings=replace(Settings(), completeness=CompletenessRules(stale_days=1)))
    assert len(completeness.stale(old).rows) == 4


def test_a_telephone_is_stale_until_it_is_checked_and_wrong_stands_first(ask: Ask) -> None:
    assert completeness.stale(ask).counts.to_numpy().tolist() == []
    old = replace(ask, settings=replace(Settings(), completeness=CompletenessRules(stale_days=2)))

    rows = completeness.stale(old).rows
    assert len(rows) == 6
    fields.check(old, customer_id=1, field="phone", is_good=True)
    fields.check(old, customer_id=2, field="phone", is_good=False)

    told = completeness.stale(old, stations=["S1"])
    assert told.rows[["customer_id", "field", "is_good"]].to_numpy().tolist() == [
        [2, "phone", False],
        [1, "name", True],
        [2, "name", True],
    ]
    assert told.counts.to_numpy().tolist() == [["S1", 1, 2]]
    assert len(completeness.stale(old, most=1).rows) == 1
    fields.change(old, customer_id=2, values={"phone": "10000000777"})
    assert 2 not in completeness.stale(old).rows.query("field == 'phone'")["customer_id"].tolist()


def test_nothing_is_told_of_another_station(ask: Ask) -> None:
    make_clerk(ask)
    clerk = clerk_of(ask)
    old = replace(clerk, settings=replace(Settings(), completeness=CompletenessRules(stale_days=1)))

    for rows in (
        completeness.cards(clerk),
        completeness.unfinished(clerk),
        completeness.stale(old).rows,
        completeness.overview(clerk).stations,
    ):
        assert set(rows["station"]) <= {"S1"}
    for act in (completeness.cards, completeness.overview, completeness.unfinished):
        with pytest.raises(NotFoundError):
            act(clerk, stations=["S2"])


def test_an_empty_archive_has_no_cards(db: Database) -> None:
    ask = ask_of(db)

    told = completeness.overview(ask)

    assert (told.cards, told.score, len(told.stations), len(told.staff)) == (0, 0, 0, 0)
    assert completeness.cards(ask).empty
    assert completeness.unfinished(ask).empty
    assert completeness.stale(ask).rows.empty
