"""What a nosy or cheating colleague tries: other doors to a number, others' calls and words."""

from dataclasses import replace

import pytest
from people import scope_for
from services.calls.ward import LI, TODAY, WANG, Ward
from town import Person, at, sell, visit

from station.archive.calls import agenda, checks, plans
from station.archive.calls.claiming import active
from station.archive.calls.plans import CallPlan
from station.archive.customers import consents, fields
from station.archive.customers.fields import Value
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import (
    DAY_S,
    CallCode,
    CallPurpose,
    CallStatus,
    Channel,
    PlanStatus,
    Purpose,
    Role,
    day_date,
)
from station.services.calls import brief, calling, claims, escalating, reminding
from station.services.customers import contacts


def passes_by(ward: Ward, person: Person) -> None:
    """Let somebody of S1 have bought at S2 once: he is in sight of its staff."""
    sell(ward.ask.db, [visit(person, 40, station="S2", receipt_no="far", natural_key="far")])


def dial(ward: Ward, ask: object = None, **told: object) -> contacts.Revealed:
    told = {"customer_id": ward.who(LI), "purpose": CallPurpose.KEEP} | told
    return calling.dial(ask or ward.clerk, **told)


def status(ward: Ward, call_id: int) -> CallStatus:
    with ward.ask.db.reading() as conn:
        call = agenda.find(conn, call_id)
    assert call is not None
    return call.status


def test_words_said_at_another_station_stay_there(ward: Ward) -> None:
    passes_by(ward, LI)
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    ward.save(ward.clerk, LI, CallCode.COMPLAINT, words="加错了油", promise_on=day_date(TODAY + 3))

    told = brief.of(ward.elsewhere, customer_id=ward.who(LI), purpose=CallPurpose.KEEP)

    assert "complaint" in [line.kind for line in told.lines]
    assert "加错了油" not in str([line.facts for line in told.lines])
    assert not any(line.facts.get("promise_day") for line in told.lines)


def test_what_is_planned_at_one_station_opens_no_number_at_another(ward: Ward) -> None:
    passes_by(ward, LI)
    ward.plan(LI, None, CallPurpose.KEEP)

    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        dial(ward, ward.elsewhere)
    with pytest.raises(NotAllowedError, match=r"calls\.elsewhere"):
        claims.claim(ward.elsewhere, customer_id=ward.who(LI))
    scope = scope_for(ward.ask.db, "chief", at(ward.ask.db, "S2", Role.MANAGER))
    chief = replace(ward.ask, scope=scope)
    with pytest.raises(NotAllowedError, match=r"calls\.elsewhere"):
        contacts.assign(chief, customer_id=ward.who(LI), keeper="far")


def test_nobody_gives_himself_a_date_to_open_a_number(ward: Ward) -> None:
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        reminding.set_next(
            ward.clerk, customer_id=ward.who(LI), on=day_date(TODAY), why=CallPurpose.KEEP
        )


def test_a_number_is_not_dialled_by_the_rules_of_another_way(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.agree(LI, Purpose.MARKETING, given=False)
    with ward.ask.db.writing() as conn:
        (word,) = [one for one in consents.of_customer(conn, ward.who(LI))
                   if one.purpose is Purpose.CARE]  # fmt: skip
        agreed = replace(word, purpose=Purpose.MARKETING, channel=Channel.SMS)
        consents.add(conn, [agreed])

    for way in set(Channel) - {Channel.PHONE, Channel.VISIT}:
        with pytest.raises(NotAllowedError):
            dial(ward, channel=way)


def test_who_is_visited_and_bars_calls_is_not_called_on_the_way(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.DNC_REQUEST)
    with ward.ask.db.writing() as conn:
        fields.put(conn, [Value(ward.who(LI), "address", "", b"sealed")])
        word = consents.of_customer(conn, ward.who(LI))[0]
        asked = {"purpose": Purpose.MARKETING, "channel": Channel.VISIT}
        consents.add(conn, [replace(word, given=True, **asked)])

    ward.now += 20 * DAY_S
    told = dial(ward, channel=Channel.VISIT)

    assert (told.name, told.phone) == (LI.name, "")


def test_to_call_for_service_there_must_be_one(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    for purpose in (CallPurpose.SERVICE, CallPurpose.AFTERCARE):
        with pytest.raises(NotAllowedError, match=r"calls\.no_service"):
            dial(ward, purpose=purpose)
        with pytest.raises(NotAllowedError, match=r"calls\.no_service"):
            reminding.set_next(
                ward.clerk, customer_id=ward.who(LI), on=day_date(TODAY), why=purpose
            )

    ward.save(ward.clerk, LI, CallCode.COMPLAINT)

    assert dial(ward, purpose=CallPurpose.AFTERCARE).phone == LI.phone


def test_a_call_of_a_draft_or_of_another_day_opens_no_number(ward: Ward) -> None:
    draft, later = ward.plan(LI, ward.clerk), ward.plan(WANG, ward.clerk, day=TODAY + 9)
    with ward.ask.db.writing() as conn:
        plan = CallPlan(ward.station(), TODAY, PlanStatus.DRAFT, "boss", ward.now, {})
        plan_id = plans.add(conn, plan)
        call = agenda.find(conn, draft)
        assert call is not None
        agenda.end(conn, call.id, CallStatus.CANCELLED)
        draft = agenda.add(conn, replace(call, id=0, plan_id=plan_id))

    with pytest.raises(NotFoundError):
        dial(ward, call_id=draft)
    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        dial(ward, customer_id=ward.who(WANG), call_id=later)
    with ward.ask.db.reading() as conn:
        assert checks.planned(conn, {ward.station()}, TODAY, TODAY).empty, "a draft binds nobody"


def test_a_call_of_a_colleagues_is_not_ticked_off_as_incoming(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)

    with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
        ward.save(ward.colleague, LI, CallCode.OK, call_id=call, is_incoming=True)

    assert status(ward, call) is CallStatus.PLANNED
    with pytest.raises(BadValueError, match=r"calls\.was_reached"):
        ward.save(ward.colleague, LI, CallCode.NO_ANSWER, is_incoming=True)


def test_a_form_was_not_open_for_longer_than_a_day(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)

    assert ward.save(ward.clerk, LI, CallCode.OK, opened_at=-(2**40)).took_s == DAY_S


def test_a_hand_over_does_not_cut_into_a_colleagues_call(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    call = ward.plan(LI, ward.colleague)
    dial(ward, ward.colleague, purpose=CallPurpose.WIN_BACK, call_id=call)

    contacts.assign(ward.manager, customer_id=ward.who(LI), keeper="boss")
    contacts.assign(ward.manager, customer_id=ward.who(LI), keeper="clerk")
    claims.hand_over(ward.manager, leaver="clerk", to=["boss"], reason="leaves")

    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        dial(ward, ward.manager)
    ward.save(ward.colleague, LI, CallCode.NO_ANSWER, call_id=call)


def test_whoever_is_given_a_customer_may_call_him(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))
    reminding.set_next(
        ward.clerk, customer_id=ward.who(LI), on=day_date(TODAY), why=CallPurpose.KEEP
    )

    escalating.reassign(ward.manager, customer_id=ward.who(LI), to="colleague", reason="leaves")

    with pytest.raises(NotAllowedError, match=r"calls\.taken|not_yours"):
        dial(ward)
    assert dial(ward, ward.colleague).phone == LI.phone


@pytest.mark.parametrize("purpose", [Purpose.MARKETING, Purpose.CARE])
def test_a_number_is_not_opened_on_the_card_past_a_colleagues_call(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, purpose: Purpose
) -> None:
    monkeypatch.setattr(contacts, "today", lambda: day_date(TODAY))
    ward.keep(LI, ward.clerk)
    call = ward.plan(LI, ward.colleague)
    dial(ward, ward.colleague, purpose=CallPurpose.WIN_BACK, call_id=call)

    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        contacts.reveal(ward.clerk, customer_id=ward.who(LI), purpose=purpose, reason="asked")
    with ward.ask.db.reading() as conn:
        assert len(active(conn, [ward.who(LI)])) == 1


def test_nothing_is_sold_over_the_card_while_a_complaint_is_open(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.COMPLAINT)
    told = {"customer_id": ward.who(LI), "reason": "asked"}

    with pytest.raises(NotAllowedError, match=r"calls\.rule_open_complaint"):
        contacts.reveal(ward.clerk, purpose=Purpose.MARKETING, **told)
    assert contacts.reveal(ward.clerk, purpose=Purpose.SERVICE, **told).phone == LI.phone
