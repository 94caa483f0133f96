"""What was heard is kept once, and what follows from it is done."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from services.calls.test_calling import alarmed, status
from services.calls.ward import ABROAD, LI, TEN, TODAY, WANG, Ward
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from town import one

from station.archive.calls import agenda, results, wishes
from station.archive.customers import consents
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import consent
from station.model import (
    DAY_S,
    CallCode,
    CallMeasure,
    CallPurpose,
    Channel,
    LapseReason,
    Purpose,
    day_date,
)
from station.services.calls import brief, calling, claims, recording, reminding
from station.services.customers import lapses

WIN_BACK = {"purpose": CallPurpose.WIN_BACK}
KEEP_COUNT = "SELECT count(*) FROM call_results"


def test_the_same_form_sent_twice_is_kept_once(anywhere: Ward) -> None:
    call = anywhere.plan(LI, anywhere.clerk, CallPurpose.KEEP)

    first = anywhere.save(anywhere.clerk, LI, CallCode.OK, "K1", call_id=call, satisfaction=5)
    again = anywhere.save(anywhere.clerk, LI, CallCode.OK, "K1", call_id=call, satisfaction=5)

    assert again == first
    assert recording.of_form(anywhere.clerk, key="K1") == first
    assert recording.of_form(anywhere.colleague, key="K1") is None
    assert first.took_s == 15
    assert one(anywhere.ask, KEEP_COUNT) == 1
    assert status(anywhere, call) == ("done", "")


def test_a_form_that_is_sent_by_many_at_once_has_one_effect(anywhere: Ward) -> None:
    call, start, told = anywhere.plan(LI, anywhere.clerk, CallPurpose.KEEP), Barrier(8), []

    def send() -> None:
        start.wait()
        told.append(anywhere.save(anywhere.clerk, LI, CallCode.OK, "K1", call_id=call))

    threads = [Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(told)) == 1
    assert len(told) == 8
    assert one(anywhere.ask, KEEP_COUNT) == 1


def test_a_key_of_another_or_for_another_customer_is_refused(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.OK, "K1")

    with pytest.raises(BadValueError, match=r"calls\.key_used"):
        ward.save(ward.manager, LI, CallCode.OK, "K1")
    with pytest.raises(BadValueError, match=r"calls\.key_used"):
        ward.save(ward.clerk, WANG, CallCode.OK, "K1")
    with pytest.raises(BadValueError, match=r"calls\.key_bad"):
        ward.save(ward.clerk, LI, CallCode.OK, "k" * 65)


def test_a_call_has_one_result(ward: Ward) -> None:
    call = ward.plan(LI, None, CallPurpose.KEEP)
    ward.save(ward.clerk, LI, CallCode.OK, call_id=call)

    with pytest.raises(NotFoundError, match=r"calls\.is_done"):
        ward.save(ward.colleague, LI, CallCode.OK, call_id=call)


def test_nobody_records_a_call_with_another_ones_customer(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))

    with pytest.raises(NotAllowedError, match=r"calls\.taken"):
        ward.save(ward.colleague, LI, CallCode.OK)
    with pytest.raises(NotFoundError):
        ward.save(ward.clerk, ABROAD, CallCode.OK)


def test_whoever_answers_the_telephone_records_a_call_with_anybodys_customer(ward: Ward) -> None:
    claims.claim(ward.clerk, customer_id=ward.who(LI))

    ward.save(ward.colleague, LI, CallCode.OK, is_incoming=True)

    with ward.ask.db.reading() as conn:
        (heard,) = results.of_customer(conn, [ward.who(LI)])
    assert (heard.is_incoming, heard.account) == (True, "colleague")
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    assert [task.against for task in calling.mine(ward.clerk)] == [()], "he was not addressed"


def test_a_lost_regular_does_not_close_without_a_reason(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)

    for code in (CallCode.OK, CallCode.OK_PARTIAL, CallCode.REFUSED):
        with pytest.raises(BadValueError, match=r"calls\.lack_reason"):
            ward.save(ward.clerk, LI, code, call_id=call)
    assert one(ward.ask, KEEP_COUNT) == 0

    ward.save(ward.clerk, LI, CallCode.OK, call_id=call, reason=LapseReason.PRICE)

    with ward.ask.db.reading() as conn:
        (heard,) = results.of_customer(conn, [ward.who(LI)])
    assert (heard.reason, heard.measure) == (LapseReason.PRICE, CallMeasure.OFFER)


def test_unknown_is_a_reason_only_after_three_tries_at_different_hours(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    told = WIN_BACK | {"reason": LapseReason.UNKNOWN, "measure": CallMeasure.LET_GO}
    for hour in (9, 9, 11):
        ward.now = TEN + (hour - 10) * 3600
        with pytest.raises(BadValueError, match=r"calls\.lack_unknown_too_soon"):
            ward.save(ward.clerk, LI, CallCode.NO_ANSWER, **told)
        ward.save(ward.clerk, LI, CallCode.NO_ANSWER, **WIN_BACK)
    ward.now = TEN + 5 * 3600

    saved = ward.save(ward.clerk, LI, CallCode.NO_ANSWER, **told)

    assert saved.next_on is None
    assert one(ward.ask, "SELECT reason FROM lapse_notes") == "unknown"


def test_a_reason_is_written_at_the_cars_that_stay_away(ward: Ward) -> None:
    ward.plan(LI, ward.clerk)
    alarmed(ward, LI, TODAY - 2)
    before = one(ward.ask, "SELECT value FROM meta WHERE name = 'data_version'")

    ward.save(ward.clerk, LI, CallCode.OK, reason=LapseReason.VEHICLE_SOLD, **WIN_BACK)

    vehicle_id = one(ward.ask, "SELECT vehicle_id FROM lapse_notes")
    history = lapses.history(ward.clerk, vehicle_id=vehicle_id)
    assert history["reason"].tolist() == ["vehicle_sold"]
    assert one(ward.ask, "SELECT value FROM meta WHERE name = 'data_version'") > before


def test_the_next_date_follows_from_what_was_heard(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    for told, days in (
        ({"code": CallCode.NO_ANSWER}, 1),
        ({"code": CallCode.OK}, 90),
        ({"code": CallCode.OK, "next_on": day_date(TODAY + 9)}, 9),
    ):
        saved = ward.save(ward.clerk, LI, **told)
        assert saved.next_on == day_date(TODAY + days)
    (date,) = reminding.due(ward.clerk, days=9)
    assert (date.customer_id, date.on, date.late_days) == (ward.who(LI), day_date(TODAY + 9), -9)


def test_days_behind_or_far_ahead_are_refused(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    for told in (
        {"next_on": day_date(TODAY)},
        {"next_on": day_date(TODAY + 367)},
        {"promise_on": day_date(TODAY - 1)},
        {"satisfaction": 6},
        {"words": "长" * 501},
    ):
        with pytest.raises(BadValueError):
            ward.save(ward.clerk, LI, CallCode.OK, **told)


def test_who_wants_no_calls_is_called_no_more_from_this_moment(ward: Ward) -> None:
    call = ward.plan(LI, ward.clerk)
    later = ward.plan(LI, ward.clerk, CallPurpose.KEEP, day=TODAY + 9)

    saved = ward.save(ward.clerk, LI, CallCode.DNC_REQUEST, call_id=call)

    assert saved.next_on is None
    assert status(ward, later) == ("cancelled", "rules")
    with ward.ask.db.reading() as conn:
        words = consents.of_customer(conn, ward.who(LI))
        assert wishes.standing(conn, [ward.who(LI)], TODAY)[ward.who(LI)][0].is_barred
    for purpose in (Purpose.MARKETING, Purpose.CARE):
        assert not consent.is_given(words, purpose=purpose, channel=Channel.PHONE, day=TODAY)
    with pytest.raises(NotAllowedError, match=r"calls\.rule_do_not_call"):
        calling.dial(ward.manager, customer_id=ward.who(LI), purpose=CallPurpose.SERVICE)


def test_a_complaint_is_open_and_comes_first_in_the_next_brief(ward: Ward) -> None:
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)

    saved = ward.save(ward.clerk, LI, CallCode.COMPLAINT, words="加错了油")

    assert saved.next_on == day_date(TODAY + 90)
    told = brief.of(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.KEEP)
    assert [line.kind for line in told.lines][:2] == ["complaint", "who"]
    assert told.lines[0].facts["words"] == "加错了油"
    assert "open_complaint" in told.against
    with ward.ask.db.reading() as conn:
        date = agenda.next_of(conn, [ward.who(LI)])
    assert date is not None
    assert date.why is CallPurpose.AFTERCARE


def test_a_wrong_number_is_known_to_be_wrong(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.INVALID)

    with pytest.raises(NotAllowedError, match=r"calls\.rule_unreachable"):
        calling.dial(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.KEEP)


def test_results_are_only_added_and_their_words_are_sealed(anywhere: Ward) -> None:
    ward = anywhere
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.OK, words="想要发票", competitor="甲示油站")

    with ward.ask.db.reading() as conn:
        (heard,) = results.of_customer(conn, [ward.who(LI)])
    assert "发票".encode() not in (heard.words_sealed or b"")
    for deed in ("UPDATE call_results SET code = 'ok_partial'", "DELETE FROM call_results"):
        with pytest.raises(DatabaseError), ward.ask.db.writing() as conn:
            conn.execute(text(deed))
    with ward.ask.db.writing() as conn:
        assert results.forget(conn, TEN + 1) == 1
        (heard,) = results.of_customer(conn, [ward.who(LI)])
    assert (heard.words_sealed, heard.competitor_sealed) == (None, None)


def test_a_brief_has_at_most_six_lines_and_says_why_now(ward: Ward) -> None:
    ward.keep(LI, ward.clerk)
    ward.save(ward.clerk, LI, CallCode.COMPLAINT, words="x")
    ward.now += 20 * DAY_S

    told = brief.of(ward.clerk, customer_id=ward.who(LI), purpose=CallPurpose.AFTERCARE)

    assert [line.kind for line in told.lines] == ["complaint", "who", "why", "last", "suggestion"]
    assert told.lines[3].facts["days"] == 20
    assert one(ward.ask, "SELECT count(*) FROM audit WHERE act = 'card_opened'") == 1


def test_a_and_b_customers_have_a_next_date_after_every_night(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    valued = {ward.who(LI): "A", ward.who(WANG): "C", ward.who(ABROAD): "B"}
    monkeypatch.setattr(reminding.grades, "now", lambda _, ids: {i: valued[i] for i in ids})
    assert [one.customer_id for one in reminding.undated(ward.clerk)] == [ward.who(LI)]

    assert reminding.fill(ward.ask, ward.now) == 2
    assert reminding.fill(ward.ask, ward.now) == 0

    assert reminding.undated(ward.clerk) == []
    told = reminding.next_of(ward.clerk, customer_id=ward.who(LI))
    assert told is not None
    assert told.on == day_date(TODAY + 15)


def test_a_date_is_set_ahead_only(ward: Ward) -> None:
    who = ward.who(LI)
    ward.keep(LI, ward.clerk)
    reminding.set_next(ward.clerk, customer_id=who, on=day_date(TODAY + 3), why=CallPurpose.KEEP)

    yesterday = day_date(TODAY) - timedelta(days=1)
    with pytest.raises(BadValueError):
        reminding.set_next(ward.clerk, customer_id=who, on=yesterday, why=CallPurpose.KEEP)

    ward.now += 5 * DAY_S
    (task,) = calling.mine(ward.clerk)
    assert (task.call_id, task.is_late, task.why) == (None, True, "calls.why_date")
    assert reminding.due(ward.colleague) == []
    (date,) = reminding.due(ward.manager)
    assert (date.late_days, date.account) == (2, "clerk")
