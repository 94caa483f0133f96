"""Stages follow purchases; a stall closes by a decision, and what figures cannot tell takes two."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from people import scope_for
from town import TODAY, Person, ask_of, at, sell, settle, visit

from station.archive.customers import book, marks, stalled
from station.archive.customers.marks import StageMark
from station.archive.database import Database
from station.archive.verify import MARKS
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import Role, Stage
from station.services import access
from station.services.ask import Ask
from station.services.customers import leads, living, prospects, stages, valuing
from station.services.customers.prospects import Belongs
from station.services.customers.stages import Choice

NEW, ONCE, TWICE, OFTEN, AWAY = (Person(n) for n in (1, 2, 3, 4, 5))
SEEN = date(2026, 9, 1)


@pytest.fixture
def ask(db: Database, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setattr(access, "today", lambda: SEEN)
    monkeypatch.setattr(stages, "today", lambda: SEEN)
    settle(db, [NEW, ONCE, TWICE, OFTEN, AWAY])
    sold = [visit(ONCE, 20), visit(TWICE, 20), visit(TWICE, 3), visit(AWAY, 300)]
    sold += [visit(OFTEN, days) for days in (0, 10, 20, 30, 40, 50)]
    sell(db, sold)
    return ask_of(db)


def clerk(ask: Ask, name: str = "clerk", role: Role = Role.STAFF) -> Ask:
    scope = scope_for(ask.db, name, at(ask.db, "S1", role))
    return replace(ask, scope=replace(scope, version=None))  # others are made after him


def keep(ask: Ask, person: Person, keeper: Ask) -> int:
    with ask.db.writing() as conn:
        found = book.id_of(conn, person.code) or 0
        book.assign(conn, found, keeper.scope.account_id)
    return found


def told(ask: Ask) -> dict[str, str]:
    rows = stages.listing(ask)
    return dict(zip(rows["code"], rows["stage"], strict=True))


def test_by_night_everybody_has_his_stage_and_a_second_night_changes_nothing(ask: Ask) -> None:
    assert living.renew(ask) > 0

    assert told(ask) == {
        NEW.code: "prospect",
        ONCE.code: "first_purchase",
        TWICE.code: "returning",
        OFTEN.code: "mature",
        AWAY.code: "lost",
    }
    assert living.renew(ask) == 0
    assert [one.now for one in stages.history(ask, customer_id=4)] == [
        *("mature", "returning", "first_purchase"),
    ]


def test_a_mark_that_does_not_go_on_from_the_last_one_is_proved_broken(ask: Ask) -> None:
    living.renew(ask)
    valuing.renew(ask)
    late = StageMark(2, TODAY + 1, "lost", "mature", "gone", 0)
    with ask.db.writing() as conn:
        assert not any(marks.first_broken(conn, one) for one in MARKS)
        assert not marks.following(conn, marks.STAGE, [late])
        marks.add_stages(conn, [late])

        assert marks.first_broken(conn, marks.STAGE) == f"2 {TODAY + 1}"


def test_a_bar_counts_exactly_the_names_behind_it(ask: Ask) -> None:
    living.renew(ask)
    counts = stages.counts(ask)

    for view in stages.View:
        parts = stages.parts(view)
        assert sum(sum(counts[s] for s in taken) for taken in parts.values()) == 5
        for taken in parts.values():
            assert len(stages.listing(ask, stages=taken)) == sum(counts[s] for s in taken)
    assert len(stages.listing(ask, least_days=30)) == 1


def test_only_who_is_looked_after_stands_still_and_only_a_decision_closes_it(ask: Ask) -> None:
    staff, boss = clerk(ask), clerk(ask, "boss", Role.MANAGER)
    keep(ask, ONCE, staff)
    living.renew(ask)

    (mine,) = stages.stalls(staff).to_dict("records")
    assert (mine["stage"], mine["keeper"], mine["days"]) == ("first_purchase", "clerk", 20)
    assert len(stages.stalls(boss)) == 1
    assert stages.stalls(clerk(ask, "colleague")).empty
    with pytest.raises(BadValueError):
        stages.decide(staff, stall_id=mine["id"], choice=Choice.PUSH_ON, reason=" ")
    other = clerk(ask, "another")
    with pytest.raises(NotAllowedError):
        stages.decide(other, stall_id=mine["id"], choice=Choice.PUSH_ON, reason="mine")

    stages.decide(staff, stall_id=mine["id"], choice=Choice.PUSH_ON, reason="called him")

    assert stages.stalls(boss).empty
    with pytest.raises(NotFoundError):
        stages.decide(staff, stall_id=mine["id"], choice=Choice.GIVE_UP, reason="again")


@pytest.mark.parametrize(
    ("choice", "until", "days_later", "is_open"),
    [
        (Choice.PUSH_ON, None, 15, False),
        (Choice.PUSH_ON, None, 16, True),
        (Choice.POSTPONE, SEEN + timedelta(days=40), 40, False),
        (Choice.POSTPONE, SEEN + timedelta(days=40), 41, True),
        (Choice.GIVE_UP, None, 120, False),
    ],
)
def test_after_a_decision_the_alarm_comes_again_when_it_should(
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
    choice: Choice,
    until: date | None,
    days_later: int,
    is_open: bool,
) -> None:
    staff = clerk(ask)
    keep(ask, ONCE, staff)
    living.renew(ask)
    monkeypatch.setattr(stages, "time", lambda: 86_400 * (SEEN - date(1970, 1, 1)).days)
    number = int(stages.stalls(staff)["id"][0])
    stages.decide(staff, stall_id=number, choice=choice, until=until, reason="as agreed")

    with ask.db.writing() as conn:
        living.notice(conn, ask, (SEEN - date(1970, 1, 1)).days + days_later)
        assert bool(len(stalled.still_open(conn))) is is_open


def test_whoever_moves_on_needs_no_decision_any_more(ask: Ask) -> None:
    staff = clerk(ask)
    keep(ask, ONCE, staff)
    living.renew(ask)
    sell(ask.db, [visit(ONCE, 0)])

    living.renew(ask)

    assert stages.stalls(staff).empty
    assert told(ask)[ONCE.code] == "returning"


def test_what_is_decided_of_a_prospect_holds_on_his_page(ask: Ask) -> None:
    staff = clerk(ask)
    number = keep(ask, NEW, staff)
    leads.enlist(staff, customer_id=number, belongs=Belongs.NOBODYS)
    living.renew(ask)
    with ask.db.writing() as conn:
        living.notice(conn, ask, (SEEN - date(1970, 1, 1)).days + 60)
    (stall,) = stages.stalls(staff)["id"].tolist()

    stages.decide(staff, stall_id=stall, choice=Choice.GIVE_UP, reason="went abroad")

    assert prospects.listing(staff)["standing"].tolist() == ["given_up"]


def test_a_stage_said_by_hand_takes_two_persons(ask: Ask) -> None:
    staff, boss = clerk(ask), clerk(ask, "boss", Role.MANAGER)
    number = keep(ask, NEW, staff)
    living.renew(ask)
    for stage in (Stage.MATURE, Stage.PROSPECT):
        with pytest.raises(BadValueError):
            stages.propose(staff, customer_id=number, stage=stage, reason="I say so")
    first = stages.propose(boss, customer_id=number, stage=Stage.INTENDING, reason="asked twice")
    with pytest.raises(NotAllowedError):
        stages.approve(boss, proposal_id=first, is_approved=True)
    with pytest.raises(BadValueError):
        stages.propose(staff, customer_id=number, stage=Stage.INTENDING, reason="he asked")
    assert [one.may_decide for one in stages.waiting(boss)] == [False]

    stages.approve(ask, proposal_id=first, is_approved=True)

    assert told(ask)[NEW.code] == "intending"
    mark = stages.history(ask, customer_id=number)[0]
    assert (mark.proposed_by, mark.approved_by, mark.reason) == ("boss", "local", "approved")
    assert living.renew(ask) == 0
    assert stages.waiting(ask) == []


def test_need_that_was_said_makes_a_prospect_intending(ask: Ask) -> None:
    number = keep(ask, NEW, clerk(ask))
    leads.enlist(ask, customer_id=number, belongs=Belongs.NOBODYS)
    leads.write_opportunity(ask, customer_id=number, field="need", words="diesel for two lorries")

    living.renew(ask)

    assert told(ask)[NEW.code] == "intending"
    assert stages.history(ask, customer_id=number)[0].reason == "need"


def test_how_long_customers_stay_is_told_by_stage(ask: Ask) -> None:
    living.renew(ask)

    rows = stages.dwell(ask).set_index("stage")

    assert rows.loc["first_purchase", "now"] == 1
    assert rows.loc["first_purchase", "left"] == 3
    assert rows.loc["first_purchase", "left_median_days"] == 17
    assert rows.loc["lost", "limit_days"] == 30
