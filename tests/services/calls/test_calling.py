"""The day's calls, the rules asked when shown and when dialled, and what became needless."""

import pytest
from services.calls.ward import ABROAD, LI, TEN, TODAY, WANG, Ward
from town import Person, one, tell

from station.archive import search
from station.archive.alarms import COLUMNS
from station.archive.calls import agenda, wishes
from station.archive.calls.wishes import Complaint
from station.archive.customers import fields, merging
from station.archive.customers.fields import Check
from station.archive.rows import put
from station.archive.tables import alarms
from station.errors import NotAllowedError, NotFoundError
from station.model import DAY_S, CallCode, CallPurpose, CallStatus, Purpose
from station.services.calls import calling
from station.services.calls.nights import look_after


def alarmed(ward: Ward, person: Person, day: int) -> None:
    """Let a car of somebody's be overdue from a day on."""
    with ward.ask.db.reading() as conn:
        (vehicle_id,) = search.by_text(conn, [person.plate])
    row = (vehicle_id, ward.station(person.station), TODAY - 40, day, day + 60, "overdue", 900.0)
    with ward.ask.db.writing() as conn:
        put(conn, alarms, COLUMNS, [row])


def status(ward: Ward, call_id: int) -> tuple[str, str]:
    with ward.ask.db.reading() as conn:
        call = agenda.find(conn, call_id)
    assert call is not None
    return call.status.value, call.cancel_reason


def test_my_calls_are_mine_and_anybodys_of_today_and_before(ward: Ward) -> None:
    own = ward.plan(LI, ward.clerk)
    late = ward.plan(WANG, None, day=TODAY - 3)
    ward.plan(ABROAD, None)

    told = calling.mine(ward.clerk)

    assert [(task.call_id, task.is_late) for task in told] == [(late, True), (own, False)]
    assert [task.call_id for task in calling.mine(ward.colleague)] == [late]
    assert {task.call_id for task in calling.of_station(ward.manager)} == {own, late}
    assert [task.name for task in told] == ["甲**", "甲**"]
    assert told[1].labels == (LI.plate,)


def test_a_call_of_tomorrow_is_not_shown_today(ward: Ward) -> None:
    ward.plan(LI, ward.clerk, day=TODAY + 1)

    assert calling.mine(ward.clerk) == []


def test_a_customer_whose_car_filled_up_meanwhile_is_not_called(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)
    ward.fills(LI, TODAY - 1)

    assert calling.mine(ward.clerk) == []

    assert status(ward, call) == ("cancelled", "came_back")


def test_the_night_cancels_what_became_needless(ward: Ward) -> None:
    came, away = ward.plan(LI, ward.clerk, day=TODAY + 5), ward.plan(WANG, ward.clerk)
    ward.fills(LI, TODAY - 1)

    assert look_after(ward.ask, ward.now)["needless"] == 1
    assert look_after(ward.ask, ward.now)["needless"] == 0

    assert status(ward, came) == ("cancelled", "came_back")
    assert status(ward, away) == ("planned", "")


def test_a_silence_that_was_our_own_fault_is_no_reason_to_call(ward: Ward) -> None:
    """A closure that became known moved the alarm ahead: nobody is overdue any more."""
    call, other = ward.plan(LI, ward.clerk), ward.plan(WANG, ward.clerk)
    alarmed(ward, LI, TODAY + 4)
    alarmed(ward, WANG, TODAY - 4)

    assert [task.call_id for task in calling.mine(ward.clerk)] == [other]

    assert status(ward, call) == ("cancelled", "our_fault")


def test_of_two_cars_the_one_that_still_comes_does_not_answer_for_the_one_that_stays_away(
    ward: Ward,
) -> None:
    ward.plan(LI, ward.clerk)
    alarmed(ward, LI, TODAY - 4)
    alarmed(ward, WANG, TODAY + 20)
    with ward.ask.db.writing() as conn:
        merging.add(
            conn, kept_id=ward.who(LI), gone_id=ward.who(WANG), account="boss", at=TEN, reason="x"
        )
    ward.fills(WANG, TODAY - 1)
    assert len(calling.mine(ward.clerk)) == 1

    ward.fills(LI, TODAY - 1)

    assert calling.mine(ward.clerk) == []


def test_a_fill_does_not_cancel_a_call_that_keeps_a_regular(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    ward.fills(LI, TODAY - 1)

    assert [task.call_id for task in calling.mine(ward.clerk)] == [call]


def test_dialling_opens_the_number_once_and_keeps_colleagues_away(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)

    told = calling.dial(
        ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.WIN_BACK, call_id=call
    )

    assert (told.name, told.phone) == (LI.name, LI.phone)
    assert one(ward.ask, "SELECT count(*) FROM audit WHERE act = 'reveal'") == 1
    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        calling.dial(ward.manager, customer_id=ward.who(LI), purpose=CallPurpose.WIN_BACK)
    (task,) = calling.of_station(ward.manager)
    assert (task.taken_by, task.may_be_made) == ("clerk", False)


def test_nobody_dials_a_customer_who_is_none_of_his(ward: Ward) -> None:
    ward.plan(LI, ward.clerk)
    ward.keep(WANG, ward.clerk)

    for person in (LI, WANG):
        with pytest.raises(NotAllowedError, match=r"contacts\.not_yours"):
            calling.dial(ward.colleague, customer_id=ward.who(person), purpose=CallPurpose.KEEP)
    with pytest.raises(NotFoundError):
        calling.dial(ward.clerk, customer_id=ward.who(ABROAD), purpose=CallPurpose.KEEP)
    assert one(ward.ask, "SELECT count(*) FROM audit WHERE act = 'reveal'") == 0


@pytest.mark.parametrize(
    ("hour", "rule"), [(8, "out_of_hours"), (12, "out_of_hours"), (21, "out_of_hours")]
)
def test_out_of_hours_a_call_waits_and_is_not_dialled(ward: Ward, hour: int, rule: str) -> None:
    call = ward.plan(LI, ward.clerk)
    ward.now = TEN + (hour - 10) * 3600

    (task,) = calling.mine(ward.clerk)
    assert (task.against, task.may_be_made) == ((rule,), False)
    with pytest.raises(NotAllowedError, match=rf"calls\.rule_{rule}"):
        calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=task.purpose, call_id=call)

    ward.now = TEN
    calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=task.purpose, call_id=call)


def test_what_he_withdrew_a_minute_ago_is_obeyed_when_it_is_dialled(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)
    (task,) = calling.mine(ward.clerk)
    ward.agree(LI, Purpose.MARKETING, given=False)

    with pytest.raises(NotAllowedError, match=r"calls\.rule_denied"):
        calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=task.purpose, call_id=call)

    assert status(ward, call) == ("cancelled", "rules")
    assert calling.mine(ward.clerk) == []


def test_an_open_complaint_blocks_selling_and_asks_for_after_care(ward: Ward) -> None:
    selling = ward.plan(LI, ward.clerk)
    ward.plan(WANG, ward.clerk, CallPurpose.AFTERCARE)
    with ward.ask.db.writing() as conn:
        for person in (LI, WANG):
            complaint = Complaint(ward.who(person), ward.station(), None, "boss", TEN)
            wishes.complain(conn, complaint)

    told = {task.call_id: task.against for task in calling.mine(ward.clerk)}

    assert told.pop(selling) == ("open_complaint",)
    assert list(told.values()) == [()]


def test_who_has_no_good_telephone_or_wants_no_calls_is_not_called(ward: Ward) -> None:
    with ward.ask.db.writing() as conn:
        check = Check(ward.who(LI), "phone", TODAY, is_good=False, account="boss")
        fields.put_checks(conn, [check])
        tell(conn, ward.who(WANG), style="no_calls")
    ward.plan(LI, ward.clerk)
    ward.plan(WANG, ward.clerk)

    (task,) = calling.mine(ward.clerk)

    assert (task.customer_id, task.against) == (ward.who(LI), ("unreachable",))


def test_two_records_of_one_person_are_one_call(ward: Ward) -> None:
    ward.plan(LI, ward.clerk)
    ward.plan(WANG, ward.clerk, day=TODAY - 1)
    with ward.ask.db.writing() as conn:
        merging.add(
            conn, kept_id=ward.who(LI), gone_id=ward.who(WANG), account="boss", at=TEN, reason="x"
        )

    (task,) = calling.mine(ward.clerk)

    assert task.customer_id == ward.who(LI)
    assert set(task.labels) == {LI.plate, WANG.plate}


def test_a_planned_call_does_not_speak_against_itself_but_against_another(ward: Ward) -> None:
    today = ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    ward.plan(LI, ward.clerk, CallPurpose.KEEP, day=TODAY + 2)

    (task,) = calling.mine(ward.clerk)

    assert (task.call_id, task.against) == (today, ("cooling",))


def test_who_is_on_the_telephone_is_found_by_number_or_plate(ward: Ward) -> None:
    by_phone = calling.callers(ward.clerk, words=LI.phone)
    by_plate = calling.callers(ward.clerk, words=LI.plate)

    assert [one.customer_id for one in by_phone] == [ward.who(LI)]
    assert [(one.customer_id, one.label) for one in by_plate] == [(ward.who(LI), LI.plate)]
    assert calling.callers(ward.clerk, words=ABROAD.phone) == []


def test_a_call_that_was_moved_or_made_is_not_dialled_again(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    with ward.ask.db.writing() as conn:
        agenda.end(conn, call, CallStatus.MOVED)

    with pytest.raises(NotFoundError, match=r"calls\.is_moved"):
        calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.KEEP, call_id=call)


def test_after_three_vain_tries_at_different_hours_he_is_left_alone(ward: Ward) -> None:
    for hour in (9, 11, 15):
        ward.now = TEN + (hour - 10) * 3600
        ward.save(ward.manager, LI, CallCode.NO_ANSWER, purpose=CallPurpose.WIN_BACK)
    ward.now = TEN + DAY_S
    ward.plan(LI, ward.clerk, day=TODAY + 1)

    (task,) = calling.mine(ward.clerk)

    assert "unreached" in task.against
