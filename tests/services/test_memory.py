"""An answer is remembered for whoever may have it, and no longer than it is true."""

from dataclasses import replace
from datetime import date, timedelta

from station.archive.database import Database
from station.config import Settings
from station.model import RIGHTS, Role, Scope
from station.services.ask import Ask
from station.services.memory import remembered


def make_ask(db: Database, *station_ids: int) -> Ask:
    sight = frozenset(station_ids)
    scope = Scope("local", Role.OPERATOR, sight, dict.fromkeys(RIGHTS[Role.OPERATOR], sight))
    return Ask(db, Settings(), scope, date(2026, 9, 1))


def counting() -> tuple[list[int], object]:
    calls: list[int] = []

    @remembered(entries=2)
    def sight(ask: Ask, *, days: int = 0) -> list[int]:
        calls.append(days)
        return sorted(ask.scope.station_ids)

    return calls, sight


def test_the_same_question_is_calculated_once(db: Database) -> None:
    calls, sight = counting()

    assert sight(make_ask(db, 1), days=7) is sight(make_ask(db, 1), days=7)
    assert calls == [7]


def test_another_scope_day_or_argument_is_another_question(db: Database) -> None:
    calls, sight = counting()
    ask = make_ask(db, 1)

    sight(ask)
    assert sight(make_ask(db, 1, 2)) == [1, 2]
    sight(replace(ask, as_of=ask.as_of - timedelta(days=1)))
    sight(ask, days=30)

    assert len(calls) == 4


def test_a_change_of_the_archive_makes_it_calculate_anew(db: Database) -> None:
    calls, sight = counting()
    ask = make_ask(db, 1)

    sight(ask)
    with db.writing():
        pass
    sight(ask)

    assert len(calls) == 2


def test_only_the_last_answers_are_kept(db: Database) -> None:
    calls, sight = counting()
    ask = make_ask(db, 1)

    for days in (1, 2, 3, 1):
        sight(ask, days=days)

    assert calls == [1, 2, 3, 1]


def test_who_asks_makes_no_other_question(db: Database) -> None:
    calls, sight = counting()
    ask = make_ask(db, 1)

    sight(ask)
    sight(replace(ask, scope=replace(ask.scope, account="wang", role=Role.MANAGER)))

    assert len(calls) == 1


def test_a_remembered_answer_cannot_depend_on_who_asks(db: Database) -> None:
    @remembered(entries=2)
    def who(ask: Ask) -> tuple[str, list[str]]:
        return ask.scope.account, list(ask.scope.rights)

    assert who(make_ask(db, 1)) == ("", ["board.read"])
