"""A month is planned from what is known, approved by the manager, and mended without a stir."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from services.calls.ward import ABROAD, LI, TODAY, WANG, Ward

from station.archive.calls import agenda, wishes
from station.archive.calls.agenda import Next
from station.archive.calls.wishes import Complaint
from station.archive.customers import marks
from station.archive.customers.marks import GradeMark
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import CallPurpose, CallStatus, Purpose, day_date
from station.services.calls import calling, months, planning, rostering
from station.services.calls.months import Month

MONTH = date(2026, 9, 1)
NOON = 720
STAFF = ("boss", "clerk", "colleague")


def graded(ward: Ward, **grades: str) -> None:
    """Let customers have a grade since long."""
    people = {"li": LI, "wang": WANG, "abroad": ABROAD}
    new = [
        GradeMark(ward.who(people[name]), TODAY - 90, grade, "", "first", ward.now)
        for name, grade in grades.items()
    ]
    with ward.ask.db.writing() as conn:
        marks.add_grades(conn, new)


def make(ward: Ward) -> planning.Made:
    return planning.make(ward.manager, station="S1", month=MONTH)


def seen(ward: Ward) -> Month:
    return months.month(ward.manager, station="S1", first=MONTH)


def test_a_month_is_drafted_approved_and_then_stands_in_the_lists(anywhere: Ward) -> None:
    ward = anywhere
    graded(ward, li="A", wang="B", abroad="A")

    made = make(ward)

    told = seen(ward)
    assert (made.calls, made.unfit, made.held, made.gap) == (3, 0, 0, 0)
    assert told.calls["customer_id"].value_counts().to_dict() == {
        ward.who(LI): 2,
        ward.who(WANG): 1,
    }
    best = told.calls[told.calls["customer_id"] == ward.who(LI)]
    assert (best["at_min"] + best["minutes"] <= NOON).all()
    assert (best["day"].max() - best["day"].min()).days >= ward.ask.settings.contact.cool_days
    assert set(told.loads["account"]) == set(STAFF)
    assert set(told.calls["name"]) == {"甲**"}
    assert told.status == "draft"
    assert due(ward) == []

    assert planning.approve(ward.manager, station="S1", month=MONTH) == 3

    assert len(due(ward)) == 3
    assert seen(ward).approved_by == "boss"
    with pytest.raises(NotAllowedError, match=r"planning\.is_approved"):
        make(ward)


def due(ward: Ward) -> list[int]:
    with ward.ask.db.reading() as conn:
        calls = agenda.due(conn, [ward.station()], from_day=TODAY, to_day=TODAY + 40)
    return [call.customer_id for call in calls]


def test_a_draft_is_made_anew_as_often_as_one_likes(ward: Ward) -> None:
    graded(ward, li="B", wang="B")
    make(ward)
    first = seen(ward).calls

    again = make(ward)

    assert again.calls == len(first) == len(seen(ward).calls)
    told = ["day", "at_min", "account", "customer_id"]
    assert seen(ward).calls[told].equals(first[told])
    assert set(seen(ward).calls["call_id"]).isdisjoint(first["call_id"])


def test_who_complains_is_asked_about_it_and_nothing_is_sold_to_him(ward: Ward) -> None:
    graded(ward, li="A")
    with ward.ask.db.writing() as conn:
        complaint = Complaint(ward.who(LI), ward.station(), None, "clerk", ward.now)
        wishes.complain(conn, complaint)

    make(ward)

    told = seen(ward)
    assert told.calls["purpose"].tolist() == ["aftercare"]
    assert told.calls["day"].iloc[0] == day_date(TODAY + 1)
    assert told.unfit["reason"].tolist() == ["open_complaint"]


def test_who_said_no_is_listed_and_his_no_has_no_price(ward: Ward) -> None:
    graded(ward, li="B", wang="B")
    ward.agree(LI, Purpose.MARKETING, given=False)

    make(ward)

    told = seen(ward)
    assert told.calls["customer_id"].tolist() == [ward.who(WANG)]
    assert told.unfit[["customer_id", "reason"]].values.tolist() == [[ward.who(LI), "denied"]]
    assert "denied" not in told.prices


def test_a_date_that_somebody_agreed_is_kept_and_counts(ward: Ward) -> None:
    graded(ward, li="B")
    with ward.ask.db.writing() as conn:
        new = Next(
            customer_id=ward.who(LI),
            station_id=ward.station(),
            account_id=None,
            day=TODAY + 9,
            why=CallPurpose.SERVICE,
            set_by="clerk",
            set_at=ward.now,
        )
        agenda.put_next(conn, new)

    make(ward)

    told = seen(ward).calls
    assert told[["purpose", "day"]].values.tolist() == [["service", day_date(TODAY + 9)]]


def test_a_call_that_was_made_while_a_plan_is_mended_is_not_made_again(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded(ward, li="A", wang="B")
    ward.keep(LI, ward.clerk)
    make(ward)
    planning.approve(ward.manager, station="S1", month=MONTH)
    gone = seen(ward).calls.query("account == 'clerk'")["call_id"].tolist()
    month = {"from_on": MONTH, "to_on": date(2026, 9, 30)}
    rostering.set_away(ward.manager, station="S1", account="clerk", **month)
    plan = planning.solver.plan

    def meanwhile(*told: Any, **more: Any) -> Any:
        with ward.ask.db.writing() as conn:
            assert all(agenda.end(conn, one, CallStatus.DONE) for one in gone)
        return plan(*told, **more)

    monkeypatch.setattr(planning.solver, "plan", meanwhile)

    assert planning.mend(ward.manager, station="S1", month=MONTH).calls == 0


def test_what_is_planned_by_hand_keeps_its_distance_and_its_time(ward: Ward) -> None:
    graded(ward, li="A")
    ward.plan(LI, ward.clerk, CallPurpose.KEEP, day=TODAY + 6)

    make(ward)

    (left,) = seen(ward).calls["day"]
    assert left >= day_date(TODAY + 6 + ward.ask.settings.contact.cool_days)


def test_who_is_ill_is_stood_in_for_and_nobody_elses_call_moves(ward: Ward) -> None:
    graded(ward, li="A", wang="B")
    ward.keep(LI, ward.clerk)
    make(ward)
    planning.approve(ward.manager, station="S1", month=MONTH)
    before = seen(ward).calls
    gone = before[before["account"] == "clerk"]
    month = {"from_on": MONTH, "to_on": date(2026, 9, 30)}
    rostering.set_away(ward.manager, station="S1", account="clerk", **month)

    assert seen(ward).lost == len(gone) > 0
    made = planning.mend(ward.manager, station="S1", month=MONTH)

    after = seen(ward)
    assert (made.calls, after.lost) == (len(gone), 0)
    assert "clerk" not in set(after.calls["account"])
    kept = set(before["call_id"]) - set(gone["call_id"])
    assert kept < set(after.calls["call_id"])
    assert after.calls["is_moved"].sum() == len(gone)
    assert planning.mend(ward.manager, station="S1", month=MONTH).calls == 0

    rostering.set_back(ward.manager, station="S1", account="clerk")
    told = rostering.roster(ward.manager, station="S1")
    assert all(not member.away for member in told.members)


def test_a_call_moves_to_a_day_a_time_and_a_person_that_can_be(ward: Ward) -> None:
    graded(ward, wang="B")
    make(ward)
    call = seen(ward).calls.iloc[0]
    on = MONTH + timedelta(days=20)

    new = months.move(
        ward.manager, call_id=int(call["call_id"]), on=on, at_min=900, account="colleague"
    )

    told = seen(ward).calls.iloc[0]
    assert (told["call_id"], told["day"], told["at_min"]) == (new, on, 900)
    assert (told["account"], told["is_moved"]) == ("colleague", True)
    months.drop(ward.manager, call_id=new)
    assert seen(ward).calls["status"].tolist() == ["cancelled"]
    with pytest.raises(NotFoundError, match=r"planning\.no_call"):
        months.drop(ward.manager, call_id=new)


def test_a_call_moves_nowhere_it_cannot_be(ward: Ward) -> None:
    graded(ward, wang="B")
    make(ward)
    before = seen(ward).calls
    call_id = int(before["call_id"].iloc[0])
    found = []

    for on, at_min, account in (
        (date(2026, 9, 1), 599, "clerk"),
        (date(2026, 9, 12), 600, "clerk"),
        (date(2026, 9, 10), 530, "clerk"),
        (date(2026, 9, 10), 780, "clerk"),
        (date(2026, 9, 10), 600, "far"),
    ):
        with pytest.raises((BadValueError, NotAllowedError, NotFoundError)) as caught:
            months.move(ward.manager, call_id=call_id, on=on, at_min=at_min, account=account)
        found.append(caught.value.key)

    assert found == [
        "planning.is_past",
        "planning.not_there",
        "planning.not_there",
        "planning.rule_out_of_hours",
        "accounts.unknown",
    ]
    assert seen(ward).calls.equals(before)


def test_two_calls_of_a_customer_are_not_moved_together_nor_two_of_one_person(ward: Ward) -> None:
    graded(ward, li="A", wang="B")
    make(ward)
    told = seen(ward).calls
    first, second = told[told["customer_id"] == ward.who(LI)].to_dict("records")
    (other,) = told[told["customer_id"] == ward.who(WANG)].to_dict("records")

    def move(call: dict[str, object], on: date, at_min: int, account: str) -> str:
        with pytest.raises((BadValueError, NotAllowedError)) as caught:
            months.move(
                ward.manager,
                call_id=int(str(call["call_id"])),
                on=on,
                at_min=at_min,
                account=account,
            )
        return caught.value.key

    at_min = int(first["at_min"])
    assert move(second, first["day"], 900, "boss") == "planning.rule_too_near"
    assert move(second, first["day"] + timedelta(days=1), 900, "boss") in {
        "planning.rule_cooling",
        "planning.not_there",
    }
    assert move(other, first["day"], at_min + 1, first["account"]) == "planning.is_busy"


def test_only_the_stations_own_customers_are_planned_and_only_its_manager_plans(
    ward: Ward,
) -> None:
    graded(ward, abroad="A")
    make(ward)

    assert seen(ward).calls.empty
    with pytest.raises(NotFoundError):
        planning.make(ward.manager, station="S2", month=MONTH)
    with pytest.raises(NotAllowedError):
        planning.make(ward.clerk, station="S1", month=MONTH)


@pytest.mark.parametrize("month", [date(2026, 8, 1), date(2027, 1, 1)])
def test_only_months_with_days_ahead_are_planned(ward: Ward, month: date) -> None:
    with pytest.raises(BadValueError, match=r"planning\.no_days"):
        planning.make(ward.manager, station="S1", month=month)


def test_hours_hold_from_the_day_on_which_they_are_set(ward: Ward) -> None:
    def week() -> dict[str, dict[int, tuple[int, int, int]]]:
        told = rostering.roster(ward.manager, station="S1")
        return {member.account: member.weekdays for member in told.members}

    usual = week()
    assert set(usual) == set(STAFF)
    assert usual["clerk"] == dict.fromkeys(range(1, 6), (60, 540, 1080))

    set_hours(ward, weekdays=[6], minutes=30)
    set_hours(ward, weekdays=[1, 2], minutes=0)

    assert week()["clerk"] == {
        **dict.fromkeys((3, 4, 5), (60, 540, 1080)),
        6: (30, time(10).hour * 60, 720),
    }
    assert week()["boss"] == usual["boss"]


def set_hours(ward: Ward, **told: object) -> None:
    span = {"from_min": 600, "to_min": 720}
    rostering.set_hours(ward.manager, station="S1", account="clerk", **(span | told))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "told",
    [
        {"weekdays": [], "minutes": 10},
        {"weekdays": [8], "minutes": 10},
        {"weekdays": [1], "minutes": 121},
        {"weekdays": [1], "minutes": 10, "to_min": 500},
    ],
)
def test_hours_that_cannot_be_are_refused(ward: Ward, told: dict[str, object]) -> None:
    with pytest.raises(BadValueError, match=r"planning\.bad_hours"):
        set_hours(ward, **told)


def test_a_season_and_a_law_hold_from_today_on(ward: Ward) -> None:
    rostering.set_law(ward.ask, station="S1", law="DE")
    rostering.set_season(ward.manager, station="S1", season="slack")

    told = rostering.roster(ward.manager, station="S1")
    assert (told.season, told.law, told.since) == ("slack", "DE", day_date(TODAY))
    with pytest.raises(BadValueError, match=r"planning\.bad_season"):
        rostering.set_season(ward.manager, station="S1", season="rainy")
    with pytest.raises(BadValueError, match=r"planning\.bad_law"):
        rostering.set_law(ward.ask, station="S1", law="ZZ")
    with pytest.raises(NotAllowedError):
        rostering.set_law(ward.manager, station="S1", law="UK")


def test_what_was_approved_is_dialled_like_any_other_call(ward: Ward) -> None:
    graded(ward, wang="B")
    ward.keep(WANG, ward.clerk)
    make(ward)
    planning.approve(ward.manager, station="S1", month=MONTH)
    call = seen(ward).calls.iloc[0]
    moved = months.move(
        ward.manager, call_id=int(call["call_id"]), on=MONTH, at_min=610, account="clerk"
    )

    (todo,) = calling.mine(ward.clerk)

    assert (todo.call_id, todo.at_min, todo.may_be_made) == (moved, 610, True)


def test_the_law_of_a_station_holds_when_its_customers_are_dialled(ward: Ward) -> None:
    ward.plan(LI, ward.clerk, CallPurpose.KEEP)
    ward.now += 3 * 3600  # one in the afternoon, when nobody is called in China
    assert [one.against for one in calling.mine(ward.clerk)] == [("out_of_hours",)]

    rostering.set_law(ward.ask, station="S1", law="US")

    assert [one.against for one in calling.mine(ward.clerk)] == [()]
