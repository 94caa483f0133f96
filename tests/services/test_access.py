"""Nobody passes a service's door without its right, and no service has no door."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from registry import rooms, service

from station.errors import NotAllowedError, NotFoundError
from station.model import RIGHTS, Role
from station.services import access
from station.services.ask import Ask

ROOMS = list(rooms().values())
EVERY_RIGHT = frozenset().union(*RIGHTS.values())
HELPERS = {
    "access.acting",
    "access.stations_in_sight",
    "alarms.renew",
    "alarms.renew_of",
    "audit.sees_all",
    "board.station_codes",
    "cards.stations_visited",
    "keepsakes.found",
    "contacts.may_reveal",
    "contacts.refuse_elsewhere",
    "contacts.customers_by_phone",
    "noticing.renew",
    "oddities.found",
    "filters.check",
    "filters.condition",
    "filters.keys",
    "finding.find",
    "undoing.take_back",
    "fleets.in_view",
    "leads.key_of",
    "leads.phone_of",
    "guarding.guarded",
    "guarding.held_days",
    "guarding.known_grades",
    "pacing.learn_today",
    "pacing.learnt",
    "pacing.visit_days",
    "pacing.with_pauses",
    "standing.found",
    "standing.keep",
    "sheets.count",
    "sheets.mark",
    "sight.without_strangers",
    "told.bring",
    "booking.book",
    "vouchers.done",
    "vouchers.done_with",
    "guessing.missed",
    "receipts.station_here",
    "receipts.terminal_here",
    "booking.key_of",
    "told.settle_most",
    "gathering.away",
    "gathering.looked_up",
    "gathering.thoughts",
    "living.notice",
    "living.renew",
    "scorecards.draw",
    "valuing.everybody",
    "valuing.renew",
    "valuing.worth",
    "allowed.refused",
    "calling.cancel_needless",
    "claims.called",
    "nights.look_after",
    "reminding.fill",
    "roll.visit_days",
    "caring.against",
    "caring.still_due",
    "escalating.escalate",
    "newcomers.first_days",
    "newcomers.visit_days",
    "samples.bring",
    "demo.agree",
    "demo_calls.bring",
    "demo_crew.hire",
    "wording.names",
    "wording.open_fields",
    "wording.written_for",
}
"""Public functions on a question that serve services and answer nobody by themselves."""


def public() -> Iterator[tuple[str, Callable[..., object]]]:
    """Yield every public function of the services that is asked a question."""
    for room in ROOMS:
        for name, function in inspect.getmembers(room, inspect.isfunction):
            asked = next(iter(inspect.signature(function).parameters), "") == "ask"
            if asked and function.__module__ == room.__name__ and not name.startswith("_"):
                yield f"{room.__name__.rpartition('.')[2]}.{name}", function


def test_every_public_service_names_its_right() -> None:
    assert {name for name, _ in public()} - HELPERS == set(access.SERVICES)


def test_every_right_that_is_named_belongs_to_somebody() -> None:
    assert set(access.SERVICES.values()) <= EVERY_RIGHT


@pytest.mark.parametrize("name", sorted(access.SERVICES))
def test_a_service_refuses_whoever_lacks_its_right(demo_ask: Ask, name: str) -> None:
    guarded = service(name)
    needed = access.SERVICES[name]
    rights = {name: ids for name, ids in demo_ask.scope.rights.items() if name != needed}
    scope = replace(demo_ask.scope, rights=rights)
    parameters = list(inspect.signature(guarded).parameters.values())[1:]
    facts = {p.name: None for p in parameters if p.default is inspect.Parameter.empty}

    with pytest.raises(NotAllowedError) as refused:
        guarded(replace(demo_ask, scope=scope), **facts)

    assert refused.value.facts == {"right": needed}


def test_a_station_out_of_sight_answers_like_one_that_is_not(demo_ask: Ask) -> None:
    (first, *_) = sorted(demo_ask.scope.station_ids)
    narrow = replace(demo_ask, scope=replace(demo_ask.scope, station_ids=frozenset({first})))

    answers = []
    for code in ("A0002", "A9999"):
        with pytest.raises(NotFoundError) as refused:
            access.stations_in_sight(narrow, [code])
        answers.append((refused.value.key, set(refused.value.facts)))

    assert answers[0] == answers[1]
    assert access.stations_in_sight(narrow, ["A0001"]) == access.stations_in_sight(narrow)


def test_whoever_keeps_the_files_sees_every_station(demo_ask: Ask) -> None:
    scope = access.local_operator(demo_ask.db)

    assert len(scope.station_ids) == 2
    assert scope.rights.keys() == RIGHTS[Role.OPERATOR]
