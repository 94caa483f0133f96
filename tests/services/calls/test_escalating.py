"""A date that nobody kept is told further; nobody of value is without one; the week in numbers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.calls.kindness import ANNA, BERT, CARL, DORA, ELSE, Town

from station.archive.calls import agenda
from station.archive.calls.agenda import Next
from station.archive.customers import marks
from station.archive.customers.marks import GradeMark
from station.contact.reminders import ReminderRules, Told, told_after
from station.errors import NotAllowedError, NotFoundError
from station.model import DAY_S, CallPurpose, Channel, Role
from station.services.calls import caring, escalating, nights, reminding, weeks
from station.services.calls.caring import Glad

TODAY = 20_697  # 2026-09-01


def agree(town: Town, person: object, days_ago: int, account_id: int | None = None) -> None:
    """Let a customer have been contacted so many days ago, or ahead."""
    date = Next(
        town.id(person),
        1,
        account_id,
        TODAY - days_ago,
        CallPurpose.KEEP,
        "local",
        town.now,  # type: ignore[arg-type]
    )
    with town.ask.db.writing(changes_figures=False) as conn:
        agenda.put_next(conn, date)


def levels(town: Town) -> dict[int, int]:
    with town.ask.db.reading() as conn:
        return {
            one.customer_id: one.told_level for one in agenda.next_due(conn, [1, 2], to_day=99_999)
        }


def grade(town: Town, **grades: str) -> None:
    """Give people of the town a grade each."""
    ids = {"anna": ANNA, "bert": BERT, "carl": CARL, "dora": DORA, "else_": ELSE}
    made = [
        GradeMark(town.id(ids[name]), TODAY - 30, letter, "", "first", town.now)
        for name, letter in grades.items()
    ]
    with town.ask.db.writing(changes_figures=False) as conn:
        marks.add_grades(conn, made)


@pytest.mark.parametrize(
    ("days", "who"),
    [
        *((0, Told.NOBODY), (1, Told.NOBODY), (2, Told.STAFF), (3, Told.STAFF)),
        *((4, Told.MANAGER), (6, Told.MANAGER), (7, Told.REASSIGN), (99, Told.REASSIGN)),
    ],
)
def test_staff_are_told_after_two_days_the_manager_after_four_another_may_after_seven(
    days: int, who: Told
) -> None:
    assert told_after(days, ReminderRules()) is who


@given(st.integers(-9, 99), st.integers(0, 9))
def test_a_longer_delay_is_told_to_no_fewer(days: int, more: int) -> None:
    assert told_after(days + more, ReminderRules()) >= told_after(days, ReminderRules())


def test_the_night_tells_each_step_once(anytown: Town) -> None:
    for days, one in ((1, ANNA), (2, BERT), (4, CARL), (7, DORA)):
        agree(anytown, one, days)

    raised = [escalating.escalate(anytown.ask, anytown.now) for _ in range(2)]
    later = escalating.escalate(anytown.ask, anytown.now + 2 * DAY_S)

    assert (raised, later) == ([3, 0], 2)
    assert levels(anytown) == {
        anytown.id(ANNA): Told.STAFF,
        anytown.id(BERT): Told.MANAGER,
        anytown.id(CARL): Told.MANAGER,
        anytown.id(DORA): Told.REASSIGN,
    }


def test_a_new_date_begins_anew(town: Town) -> None:
    agree(town, ANNA, 9)
    escalating.escalate(town.ask, town.now)

    agree(town, ANNA, -3)

    assert levels(town) == {town.id(ANNA): Told.NOBODY}


def test_dates_are_listed_by_who_is_told_and_those_ahead_apart(town: Town) -> None:
    for days, one in ((3, ANNA), (8, BERT), (0, CARL), (-5, DORA), (-30, ELSE)):
        agree(town, one, days)

    late = escalating.overdue(town.ask)

    assert {who: [one.customer_id for one in some] for who, some in late.items() if some} == {
        Told.STAFF: [town.id(ANNA)],
        Told.REASSIGN: [town.id(BERT)],
    }
    assert [one.customer_id for one in escalating.coming(town.ask)] == [
        town.id(CARL),
        town.id(DORA),
    ]


def test_staff_see_their_own_and_another_station_nothing(town: Town) -> None:
    town.as_("tina", Role.STAFF)
    town.as_("sven", Role.STAFF)
    max_, sven = town.as_("max", Role.MANAGER, station=2), town.enter("sven")
    agree(town, ANNA, 5, sven.scope.account_id)
    agree(town, BERT, 5, sven.scope.account_id - 1)

    def seen(ask: object) -> set[int]:
        late = escalating.overdue(ask)  # type: ignore[arg-type]
        return {one.customer_id for some in late.values() for one in some}

    assert (seen(sven), seen(max_)) == ({town.id(ANNA)}, set())


def test_a_manager_gives_it_to_somebody_else_with_its_date(town: Town) -> None:
    sven, tina, mona = (
        town.as_("sven", Role.STAFF),
        town.as_("tina", Role.STAFF),
        town.as_("mona", Role.MANAGER),
    )
    town.assign(ANNA, "sven")
    agree(town, ANNA, 8, sven.scope.account_id)

    assert "tina" in escalating.takers(mona, customer_id=town.id(ANNA))
    escalating.reassign(mona, customer_id=town.id(ANNA), to="tina", reason="on leave")

    with town.ask.db.reading() as conn:
        date = agenda.next_of(conn, [town.id(ANNA)])
    assert date is not None
    assert (date.account_id, date.told_level) == (tina.scope.account_id, 0)
    assert escalating.overdue(town.enter("sven"))[Told.REASSIGN] == []


def test_staff_give_nobody_away_and_a_manager_nobody_of_another_station(town: Town) -> None:
    agree(town, ANNA, 8)

    with pytest.raises(NotAllowedError):
        escalating.reassign(
            town.as_("sven", Role.STAFF), customer_id=town.id(ANNA), to="sven", reason="x"
        )
    with pytest.raises(NotFoundError):
        escalating.reassign(
            town.as_("max", Role.MANAGER, station=2),
            customer_id=town.id(ANNA), to="max", reason="x",
        )  # fmt: skip


def test_after_a_night_nobody_of_grade_a_or_b_is_without_a_date(anytown: Town) -> None:
    grade(anytown, anna="A", bert="B", carl="C", else_="A")
    before = {one.customer_id for one in reminding.undated(anytown.ask)}

    nights.look_after(anytown.ask, anytown.now)

    assert before == {anytown.id(one) for one in (ANNA, BERT, ELSE)}
    assert reminding.undated(anytown.ask) == []


def test_the_week_is_told_in_numbers_without_a_customer(town: Town) -> None:
    agree(town, ANNA, 5)
    agree(town, BERT, -2)
    caring.record(
        town.ask, customer_id=town.id(BERT), kind=Glad.FIRST_PURCHASE, about="once",
        way=Channel.PHONE,
    )  # fmt: skip
    grade(town, carl="A")

    told = weeks.week(town.ask)

    assert (told.thoughts, told.late[Told.MANAGER], told.coming, told.undated) == (1, 1, 1, 1)
    for lang in ("zh", "en"):
        words = weeks.in_words(lang, told)
        assert not any(one.name in words or one.code in words for one in (ANNA, BERT, CARL))


def test_whoever_was_thought_of_is_covered_by_grade(town: Town) -> None:
    grade(town, bert="A", anna="A", carl="B")
    caring.record(
        town.ask, customer_id=town.id(BERT), kind=Glad.FIRST_PURCHASE, about="once",
        way=Channel.PHONE,
    )  # fmt: skip

    told = weeks.coverage(town.ask).set_index("grade")

    assert told.loc["A", ["customers", "cared", "share"]].tolist() == [2, 1, 0.5]
    assert told.loc["B", ["customers", "cared"]].tolist() == [1, 0]
    assert told["customers"].sum() == 5


def test_a_regional_manager_sees_the_week_of_all_his_stations(town: Town) -> None:
    agree(town, ANNA, 5)

    rita = town.as_("rita", Role.REGIONAL)

    assert weeks.week(replace(rita)).late[Told.MANAGER] == 1
