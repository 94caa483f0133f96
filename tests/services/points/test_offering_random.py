"""Whatever is taken, used, given back and withdrawn in any order, a plain oracle says the same."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nights import by_night
from services.points.counter import ANNA, BERT, Counter, by_card
from town import Person

from station.archive.verify import verify
from station.errors import StationError
from station.loyalty.programme import Offer, Programme, Version
from station.model import DAY_S
from station.services.points import offering
from station.services.points.offering import Purchase

OFFERS = {
    one.name: one
    for one in (
        Offer("money", points=50, off_minor=700, valid_days=2, stock=4, budget_station_minor=1_000),
        Offer("part", points=0, off_percent=10, least_minor=100, valid_days=1, stock_station=1),
        Offer("thing", points=120, valid_days=3, stock=3, most_member=2),
    )
}
PEOPLE, STATIONS = (ANNA, BERT), ("S1", "S2")
GIVEN_FOR_A_PLAY = 400
EXAMPLES, STEPS = by_night(1_000, by_day=12), 25
VERSIONS = count(1)


@dataclass
class Ticket:
    """A coupon as the oracle knows it."""

    owner: Person
    offer: Offer
    station: str
    last_day: int
    state: str = "issued"
    used_at: str = ""
    amount: int = 0
    off: int = 0


@dataclass
class Oracle:
    """What must be so, worked out from a list of tickets and nothing else."""

    balances: dict[Person, int]
    day: int
    tickets: list[Ticket] = field(default_factory=list)

    def standing(self, offer: Offer) -> list[Ticket]:
        return [t for t in self.tickets if t.offer == offer and t.state != "withdrawn"]

    def take(self, owner: Person, offer: Offer, station: str) -> str:
        there = self.standing(offer)
        most_each = offer.most_member or (10**9 if offer.points else 1)
        if self.balances[owner] < offer.points:
            return "not_enough"
        if sum(t.owner == owner for t in there) >= most_each:
            return "had_it"
        if offer.stock is not None and len(there) >= offer.stock:
            return "none_left"
        here = sum(t.station == station for t in there)
        if offer.stock_station is not None and here >= offer.stock_station:
            return "none_left_here"
        spent = self.spent(offer, station)
        if offer.budget_station_minor is not None and spent >= offer.budget_station_minor:
            return "budget_spent"
        self.balances[owner] -= offer.points
        self.tickets.append(Ticket(owner, offer, station, self.day + offer.valid_days - 1))
        return ""

    def spent(self, offer: Offer, station: str) -> int:
        return sum(t.off for t in self.tickets if t.offer == offer and t.used_at == station)

    def use(self, ticket: Ticket, station: str, amount: int) -> str:
        refused = self._live(ticket)
        if refused:
            return refused
        offer = ticket.offer
        if not offer.is_coupon:
            return "is_reward"
        off = min(offer.off_minor or amount * offer.off_percent // 100, amount)
        if amount < offer.least_minor:
            return "too_small"
        budget = offer.budget_station_minor
        if budget is not None and self.spent(offer, station) + off > budget:
            return "budget_spent"
        ticket.state, ticket.used_at, ticket.amount, ticket.off = "used", station, amount, off
        return ""

    def hand_out(self, ticket: Ticket, station: str) -> str:
        refused = self._live(ticket)
        if refused:
            return refused
        if ticket.offer.is_coupon:
            return "is_coupon"
        ticket.state, ticket.used_at = "used", station
        return ""

    def refund(self, ticket: Ticket, back: int) -> str:
        if ticket.state != "used":
            return f"is_{ticket.state}"
        if back != ticket.amount:
            return "partly"
        ticket.state, ticket.used_at, ticket.amount, ticket.off = "issued", "", 0, 0
        return ""

    def withdraw(self, ticket: Ticket) -> str:
        if ticket.state != "issued":
            return f"is_{ticket.state}"
        ticket.state = "withdrawn"
        self.balances[ticket.owner] += ticket.offer.points
        return ""

    def lapse(self) -> None:
        for ticket in self.tickets:
            if ticket.state == "issued" and ticket.last_day < self.day:
                ticket.state = "lapsed"

    def _live(self, ticket: Ticket) -> str:
        if ticket.state != "issued":
            return f"is_{ticket.state}"
        return "is_lapsed" if ticket.last_day < self.day else ""


@dataclass
class Play:
    """The counter and the oracle beside it; every act may come again under its key."""

    counter: Counter
    oracle: Oracle
    codes: list[str] = field(default_factory=list)
    done: list[tuple[Callable[[], object], object]] = field(default_factory=list)

    def act(self, expected: str, deed: Callable[[str], object]) -> object | None:
        key = self.counter.key()
        if expected:
            with pytest.raises(StationError, match=f"coupons.{expected}"):
                deed(key)
            return None
        told = deed(key)
        self.done.append((lambda: deed(key), told))
        return told

    def take(self, who: int, name: str, where: int) -> None:
        owner, station = PEOPLE[who], STATIONS[where]
        expected = self.oracle.take(owner, OFFERS[name], station)
        ask, member = self.counter.ask, by_card(owner)

        def deed(key: str) -> object:
            return offering.take(ask, key=key, member=member, offer=name, station=station)

        told = self.act(expected, deed)
        if told is not None:
            self.codes.append(told.code)  # type: ignore[attr-defined]

    def with_one(self, kind: str, number: int, where: int, amount: int) -> None:
        if not self.codes:
            return
        at, ask, station = number % len(self.codes), self.counter.ask, STATIONS[where]
        code, ticket = self.codes[at], self.oracle.tickets[at]
        if kind == "use":
            self.act(
                self.oracle.use(ticket, station, amount),
                lambda key: offering.use(
                    ask, key=key, code=code, station=station, purchase=Purchase(amount, code)
                ),
            )
        elif kind == "hand_out":
            self.act(
                self.oracle.hand_out(ticket, station),
                lambda key: offering.hand_out(ask, key=key, code=code, station=station),
            )
        elif kind == "refund":
            back = amount if amount < 200 else ticket.amount  # a part, or all of it
            self.act(
                self.oracle.refund(ticket, back),
                lambda key: offering.refund(
                    ask, key=key, code=code, back_minor=back, reason="back"
                ),
            )
        else:
            self.act(
                self.oracle.withdraw(ticket),
                lambda key: offering.withdraw(ask, key=key, code=code, reason="mistake"),
            )

    def pass_day(self) -> None:
        self.counter.now += DAY_S
        self.oracle.day += 1

    def lapse(self) -> None:
        offering.lapse(self.counter.ask, now_s=self.counter.now)
        self.oracle.lapse()

    def again(self, number: int) -> None:
        if self.done:
            deed, told = self.done[number % len(self.done)]
            assert deed() == told

    def compare(self) -> None:
        for owner, balance in self.oracle.balances.items():
            assert self.counter.balance(owner).balance == balance
        day = self.oracle.day
        for code, ticket in zip(self.codes, self.oracle.tickets, strict=True):
            is_over = ticket.state == "issued" and ticket.last_day < day
            found = offering.find(self.counter.ask, code=code)
            assert (found.state, found.last_day) == (
                "lapsed" if is_over else ticket.state,
                ticket.last_day,
            )
        for offer in OFFERS.values():
            left = {
                one.name: one.left
                for one in offering.offers(self.counter.ask, member=by_card(ANNA), station="S1")
            }[offer.name]
            if offer.stock is not None:
                assert left == offer.stock - len(self.oracle.standing(offer))
        assert verify(self.counter.ask.db).ok


SMALL = st.integers(0, 30)
STEP = st.one_of(
    st.tuples(
        st.just("take"), st.integers(0, 1), st.sampled_from(sorted(OFFERS)), st.integers(0, 1)
    ),
    st.tuples(
        st.sampled_from(["use", "use", "hand_out", "refund", "refund", "withdraw"]),
        SMALL,
        st.integers(0, 1),
        st.sampled_from([50, 99, 100, 1_000, 5_000]),
    ),
    st.tuples(st.sampled_from(["day", "lapse"])),
    st.tuples(st.just("again"), SMALL),
)


def begun(counter: Counter) -> Play:
    """Return a play by a version of its own, whose counts begin at nothing."""
    number, before = next(VERSIONS), counter.ask.settings.programme.versions
    starts = date(2020, 1, 1) + timedelta(days=number)
    version = Version(f"v{number}", starts, offers=tuple(OFFERS.values()))
    programme = Programme(versions=(*before, version))
    counter.ask = replace(counter.ask, settings=replace(counter.ask.settings, programme=programme))
    for one in PEOPLE:
        counter.earn(one, GIVEN_FOR_A_PLAY)
    balances = {one: counter.balance(one).balance for one in PEOPLE}
    return Play(counter, Oracle(balances, counter.balance(ANNA).day))


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(steps=st.lists(STEP, min_size=STEPS, max_size=STEPS))
def test_in_any_order_the_archive_answers_as_the_oracle_does(
    counter: Counter, steps: list[tuple[object, ...]]
) -> None:
    play = begun(counter)

    for kind, *facts in steps:
        if kind == "take":
            play.take(*facts)  # type: ignore[arg-type]
        elif kind == "day":
            play.pass_day()
        elif kind == "lapse":
            play.lapse()
        elif kind == "again":
            play.again(*facts)  # type: ignore[arg-type]
        else:
            play.with_one(str(kind), *facts)  # type: ignore[arg-type]

    play.compare()
