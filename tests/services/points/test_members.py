"""Whoever tries out members is stopped, whatever he asks of them; a look at a stranger is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from services.points.counter import ANNA, BERT, CARL, Counter
from sqlalchemy import text
from town import sell, visit

from station.errors import LimitReachedError, NotFoundError
from station.guard.rules import LookRules, TillRules
from station.model import Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import enrolling
from station.services.customers.enrolling import NewCard
from station.services.people import terminals
from station.services.points import (
    balances,
    claiming,
    correcting,
    gifts,
    levels,
    members,
    offering,
    spending,
    tills,
)
from station.services.points import counter as desk
from station.services.points.members import By, Named

KEY = "form-0815"
SLIP = claiming.Slip("S1", "1", date(2026, 9, 1), 100)
ASKED: dict[str, Callable[[Ask, Named], object]] = {
    "balance": lambda ask, one: balances.balance(ask, member=one),
    "history": lambda ask, one: balances.history(ask, member=one),
    "present": lambda ask, one: desk.present(ask, member=one),
    "meet": lambda ask, one: desk.meet(ask, words=one.text),
    "find": lambda ask, one: members.find(ask, member=one),
    "standing": lambda ask, one: levels.standing(ask, member=one, lang="en"),
    "offers": lambda ask, one: offering.offers(ask, member=one, station="S1"),
    "held": lambda ask, one: offering.held(ask, member=one),
    "terms": lambda ask, one: spending.terms(ask, member=one, station="S1"),
    "take": lambda ask, one: offering.take(ask, key=KEY, member=one, offer="x", station="S1"),
    "redeem": lambda ask, one: spending.redeem(ask, key=KEY, member=one, points=1, station="S1"),
    "hold": lambda ask, one: spending.hold(ask, key=KEY, member=one, points=1, station="S1"),
    "grant": lambda ask, one: gifts.grant(ask, member=one, event=gifts.Event.SIGN_IN, station="S1"),
    "freeze": lambda ask, one: correcting.freeze(
        ask, key=KEY, member=one, station="S1", reason="lost"
    ),
    "thaw": lambda ask, one: correcting.thaw(
        ask, key=KEY, member=one, station="S1", reason="found"
    ),
    "transfer": lambda ask, one: correcting.transfer(
        ask, key=KEY, member=one, to=one, points=1, station="S1", reason="moved"
    ),
    "adjust": lambda ask, one: correcting.adjust(ask, key=KEY, member=one, points=1, reason="pump"),
    "claim": lambda ask, one: claiming.claim(ask, member=one, slip=SLIP),
    "enrol": lambda ask, one: enrolling.add(ask, new=NewCard("S1", name="乙", referred_by=one)),
}
"""Every way to name a member."""


@pytest.fixture
def manager(counter: Counter) -> Ask:
    """Return the question of a manager who may try two members a day in vain, and three plates."""
    (ask,) = counter.staff(mona=Role.MANAGER)
    return allowing(ask, phone_misses_per_day=2, plate_misses_per_day=3)


def test_whoever_tries_out_members_is_stopped_whatever_he_asks(manager: Ask) -> None:
    for at, (name, asked) in enumerate(ASKED.items()):
        ask = allowing(manager, phone_misses_per_day=at + 1)

        with pytest.raises(NotFoundError):
            asked(ask, Named(By.PHONE, f"100135790{at:02d}"))

        for by, words in ((By.PHONE, ANNA.phone), (By.CARD, ANNA.card)):
            with pytest.raises(LimitReachedError):
                pytest.fail(f"{name} tells {asked(ask, Named(by, words))}")
    assert ASKED["balance"](ask, Named(By.PLATE, ANNA.plate))


def allowing(ask: Ask, **misses: int) -> Ask:
    return replace(ask, settings=replace(ask.settings, looks=LookRules(**misses)))


def test_plates_have_a_limit_of_their_own(manager: Ask) -> None:
    for asked, number in zip(("balance", "freeze", "meet", "present"), (1, 2, 3, 3), strict=True):
        with pytest.raises((NotFoundError, LimitReachedError)):
            ASKED[asked](manager, Named(By.PLATE, f"粤C9999{number}"))

    with pytest.raises(LimitReachedError, match="plates"):
        ASKED["redeem"](manager, Named(By.PLATE, ANNA.plate))
    assert ASKED["balance"](manager, Named(By.CARD, ANNA.card))


def test_a_receipt_and_a_member_of_nobody_count_alike(manager: Ask) -> None:
    with pytest.raises(NotFoundError, match="no_member"):
        claiming.claim(manager, member=Named(By.CARD, "99999999999999"), slip=SLIP)
    with pytest.raises(NotFoundError, match="no_receipt"):
        claiming.claim(manager, member=Named(By.CARD, ANNA.card), slip=SLIP)

    with pytest.raises(LimitReachedError):
        claiming.claim(manager, member=Named(By.CARD, ANNA.card), slip=SLIP)


def test_a_plate_that_only_a_vehicle_in_sight_has_counts_as_well(manager: Ask) -> None:
    strangers = [type(ANNA)(number) for number in (91, 92, 93, 94)]
    sell(manager.db, [visit(one, card_no="") for one in strangers])

    for one in strangers[:3]:
        (met,) = desk.meet(manager, words=one.plate)
        assert met.member is None

    with pytest.raises(LimitReachedError):
        desk.meet(manager, words=strangers[3].plate)


def test_each_terminal_has_its_own_limits(counter: Counter) -> None:
    rules = TillRules(misses_per_day=1, plate_misses_per_day=1)
    first, second = (till(counter, name, rules) for name in ("s1-1", "s1-2"))
    for by, words in ((By.PHONE, "10013579001"), (By.PLATE, "粤C99999")):
        with pytest.raises(NotFoundError):
            tills.reserve(first, key=KEY, member=Named(by, words), points=1)

    for by, words in ((By.PHONE, ANNA.phone), (By.PLATE, ANNA.plate)):
        with pytest.raises(LimitReachedError):
            tills.member(first, member=Named(by, words))
        assert tills.member(second, member=Named(by, words))


def till(counter: Counter, name: str, rules: TillRules) -> Ask:
    """Return the question of a new terminal of the first station."""
    key = terminals.add(counter.ask, name=name, station="S1", number="").key
    scope = access.scope_of_till(counter.ask.db, key, address="127.0.0.1")
    settings = replace(counter.ask.settings, till=rules)
    return replace(counter.ask, scope=scope, settings=settings)


def looks(ask: Ask) -> list[tuple[str, str]]:
    """Return who looked at whom at a counter."""
    with ask.db.reading() as conn:
        told = conn.execute(text("SELECT account, object FROM audit WHERE act = 'card_opened'"))
        return [(row.account, row.object) for row in told]


def test_a_look_at_a_stranger_is_written_down_once(counter: Counter) -> None:
    (staff,) = counter.staff(sven=Role.STAFF)
    carl = Named(By.PLATE, CARL.plate)

    desk.meet(staff, words=CARL.plate)
    for _ in range(2):
        desk.present(staff, member=carl)
        spending.terms(staff, member=carl, station="S1")

    assert looks(counter.ask) == [("sven", f"customer:{counter.ids[CARL.code]}:met")]


def test_a_look_at_whoever_is_in_sight_is_not(counter: Counter) -> None:
    (staff,) = counter.staff(sven=Role.STAFF)

    desk.present(staff, member=Named(By.PLATE, BERT.plate))

    assert looks(counter.ask) == []
