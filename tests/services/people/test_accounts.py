"""Rights come from two people and end at once."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from makers import make_station
from people import enter, make_account, scope_for
from sqlalchemy import update

from station.archive import stations, tables
from station.archive.database import Database
from station.archive.people import accounts as book
from station.archive.people import audit, sessions
from station.config import Settings
from station.errors import (
    BadValueError,
    NotAllowedError,
    NotFoundError,
    RightsChangedError,
    SignInError,
)
from station.guard.rules import SignInRules
from station.model import Grant, Role, Scope
from station.services import access, board
from station.services.ask import Ask
from station.services.people import accounts, approvals, sign_in

pytestmark = pytest.mark.usefixtures("quick_passwords")
WHY = "new at the station"
GOOD, OTHER = "seven grey herons over the ferry", "a lighthouse made of old stamps"
RULES = SignInRules()
Person = Callable[..., Ask]


@pytest.fixture
def chain(db: Database) -> dict[str, int]:
    """Two stations in the north and one in the south, by code."""
    with db.writing() as conn:
        return {
            code: stations.add(conn, make_station(code, region=region))
            for code, region in (("N1", "north"), ("N2", "north"), ("S1", "south"))
        }


@pytest.fixture
def person(db: Database) -> Person:
    """Return a function that makes an account with roles and returns its question."""

    def made(name: str, *grants: Grant, person: str = "") -> Ask:
        scope = scope_for(db, name, *grants, person=person)
        return Ask(db, Settings(), scope, date(2026, 11, 1))

    return made


def again(ask: Ask) -> Ask:
    """Return the question as the next run of a page would ask it."""
    name = ask.scope.account
    return replace(ask, scope=access.scope_of(ask.db, enter(ask.db, name), RULES))


def operator(db: Database) -> Ask:
    return Ask(db, Settings(), access.local_operator(db), date(2026, 11, 1))


def where(scope: Scope, right: str) -> set[int]:
    return set(scope.rights.get(right, ()))


@pytest.mark.usefixtures("chain")
def test_a_new_account_may_do_nothing(db: Database) -> None:
    accounts.add(operator(db), name="zhao")

    scope = access.scope_of(db, enter(db, "zhao"), RULES)

    assert (scope.rights, scope.station_ids) == ({}, frozenset())


def test_a_role_reaches_as_far_as_it_was_given(chain: dict[str, int], person: Person) -> None:
    staff = person("staff", Grant(Role.STAFF, chain["N1"])).scope
    regional = person("regional", Grant(Role.REGIONAL, region="north")).scope
    administrator = person("administrator", Grant(Role.ADMINISTRATOR)).scope

    assert where(staff, "cards.read") == {chain["N1"]}
    assert where(regional, "board.read") == {chain["N1"], chain["N2"]}
    assert where(administrator, "users.keep") == set(chain.values())
    assert "rows.export" not in staff.rights


def test_a_right_holds_only_where_its_role_does(chain: dict[str, int], person: Person) -> None:
    both = person("both", Grant(Role.MANAGER, chain["N1"]), Grant(Role.STAFF, chain["S1"])).scope

    assert where(both, "rows.export") == {chain["N1"]}
    assert where(both, "cards.read") == {chain["N1"], chain["S1"]}
    assert both.role is Role.MANAGER


def test_a_service_sees_only_where_its_own_right_holds(
    chain: dict[str, int], person: Person
) -> None:
    both = person("both", Grant(Role.MANAGER, chain["N1"]), Grant(Role.AUDITOR))

    assert board.stations_known(both)["code"].tolist() == ["N1"]


def test_a_role_holds_from_its_first_day_to_the_day_before_its_end(
    db: Database, chain: dict[str, int]
) -> None:
    make_account(db, "zhao", Grant(Role.STAFF, chain["N1"], from_day=100, to_day=200))

    with db.reading() as conn:
        account = book.find(conn, name="zhao")
        assert account is not None
        held = [len(book.grants_of(conn, account.id, day)) for day in (99, 100, 199, 200)]

    assert held == [0, 1, 1, 0]


def test_a_role_needs_a_second_person(db: Database, chain: dict[str, int], person: Person) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    checker = person("checker", Grant(Role.ADMINISTRATOR))
    make_account(db, "zhao")
    given = Grant(Role.MANAGER, chain["N1"])

    request = accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)
    assert access.scope_of(db, enter(db, "zhao"), RULES).rights == {}
    with pytest.raises(NotAllowedError) as refused:
        approvals.decide(again(maker), request_id=request, approve=True)
    assert refused.value.key == "approvals.same_person"
    approvals.decide(again(checker), request_id=request, approve=True)

    assert access.scope_of(db, enter(db, "zhao"), RULES).role is Role.MANAGER
    with pytest.raises(NotFoundError):
        approvals.decide(again(checker), request_id=request, approve=True)


def test_a_second_account_is_no_second_person(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR), person="4711")
    double = person("double", Grant(Role.ADMINISTRATOR), person="4711")
    make_account(db, "zhao")
    given = Grant(Role.STAFF, chain["N1"])

    request = accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)

    with pytest.raises(NotAllowedError):
        approvals.decide(again(double), request_id=request, approve=True)


@pytest.mark.parametrize(
    "typed", ["a-47 11", "A-4711 ", "A\u200b-4711", "\uff21\uff0d\uff14\uff17\uff11\uff11"]
)
def test_another_way_of_typing_a_staff_number_makes_no_second_person(
    db: Database, chain: dict[str, int], typed: str
) -> None:
    accounts.add(operator(db), name="maker", person="A-4711")
    accounts.add(operator(db), name="double", person=typed)
    accounts.add(operator(db), name="zhao")
    for name in ("maker", "double"):
        accounts.ask_grant(operator(db), name=name, given=Grant(Role.ADMINISTRATOR), reason=WHY)
    maker, double = (
        replace(operator(db), scope=access.scope_of(db, enter(db, name), RULES))
        for name in ("maker", "double")
    )
    given = Grant(Role.STAFF, chain["N1"])

    request = accounts.ask_grant(maker, name="zhao", given=given, reason=WHY)

    with pytest.raises(NotAllowedError):
        approvals.decide(double, request_id=request, approve=True)


def test_nobody_gives_himself_a_role_or_approves_one_for_himself(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    one = person("one", Grant(Role.ADMINISTRATOR), person="4711")
    two = person("two", Grant(Role.ADMINISTRATOR))
    make_account(db, "double", person="4711")
    given = Grant(Role.MANAGER, chain["N1"])

    for name in ("one", "double"):
        with pytest.raises(NotAllowedError):
            accounts.ask_grant(again(one), name=name, given=given, reason=WHY)
    request = accounts.ask_grant(again(two), name="double", given=given, reason=WHY)
    with pytest.raises(NotAllowedError):
        approvals.decide(again(one), request_id=request, approve=True)


@pytest.mark.parametrize("how", ["disabled", "without a role"])
def test_what_somebody_asked_for_is_not_approved_after_he_left(
    db: Database, chain: dict[str, int], person: Person, how: str
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    checker = person("checker", Grant(Role.ADMINISTRATOR))
    make_account(db, "zhao")
    given = Grant(Role.STAFF, chain["N1"])
    request = accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)
    if how == "disabled":
        accounts.disable(operator(db), name="maker", reason=WHY)
    else:
        accounts.end_grant(operator(db), grant_id=1, reason=WHY)

    with pytest.raises(NotAllowedError) as refused:
        approvals.decide(again(checker), request_id=request, approve=True)

    assert refused.value.key == "approvals.maker_gone"
    approvals.decide(again(checker), request_id=request, approve=False)


def test_what_is_declined_has_no_effect(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    make_account(db, "zhao")
    given = Grant(Role.STAFF, chain["N1"])
    request = accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)

    approvals.decide(again(maker), request_id=request, approve=False)

    assert access.scope_of(db, enter(db, "zhao"), RULES).rights == {}


def test_a_regional_manager_decides_only_for_his_region(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    regional = person("regional", Grant(Role.REGIONAL, region="north"))
    make_account(db, "zhao")

    def asked(given: Grant) -> int:
        return accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)

    outside = [Grant(Role.STAFF, chain["S1"]), Grant(Role.REGIONAL), Grant(Role.AUDITOR)]
    for given in outside:
        with pytest.raises(NotAllowedError):
            approvals.decide(again(regional), request_id=asked(given), approve=True)
    inside = asked(Grant(Role.STAFF, chain["N2"]))
    approvals.decide(again(regional), request_id=inside, approve=True)

    assert where(access.scope_of(db, enter(db, "zhao"), RULES), "cards.read") == {chain["N2"]}


@pytest.mark.parametrize(
    "given",
    [
        Grant(Role.OPERATOR),
        Grant(Role.ADMINISTRATOR, region="north"),
        Grant(Role.AUDITOR, station_id=1),
        Grant(Role.MANAGER),
        Grant(Role.STAFF, region="north"),
        Grant(Role.STAFF, station_id=1, from_day=20_000, to_day=20_000),
    ],
)
@pytest.mark.usefixtures("chain")
def test_a_role_that_cannot_be_is_refused(db: Database, given: Grant) -> None:
    make_account(db, "zhao")

    with pytest.raises(BadValueError):
        accounts.ask_grant(operator(db), name="zhao", given=given, reason=WHY)


@pytest.mark.usefixtures("chain")
def test_nobody_of_another_region_decides_for_one_without_stations(
    db: Database, person: Person
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    northern = person("northern", Grant(Role.REGIONAL, region="north"))
    make_account(db, "zhao")
    given = Grant(Role.REGIONAL, region="south")
    request = accounts.ask_grant(again(maker), name="zhao", given=given, reason=WHY)
    with db.writing() as conn:
        south = update(tables.stations).where(tables.stations.c.region == "south")
        conn.execute(south.values(region="east"))

    with pytest.raises(NotAllowedError) as refused:
        approvals.decide(again(northern), request_id=request, approve=True)

    assert refused.value.key == "approvals.out_of_reach"


def test_a_role_ends_at_once_even_for_a_page_that_is_open(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    manager = person("manager", Grant(Role.MANAGER, chain["N1"]))
    assert board.is_empty(manager)

    accounts.end_grant(operator(db), grant_id=1, reason="left")

    with pytest.raises(RightsChangedError):
        board.is_empty(manager)
    with pytest.raises(NotAllowedError):
        board.is_empty(again(manager))


def test_a_locked_account_is_out_of_every_tab(
    db: Database, chain: dict[str, int], person: Person
) -> None:
    manager = person("manager", Grant(Role.MANAGER, chain["N1"]))
    tabs = [again(manager) for _ in range(3)]

    accounts.disable(operator(db), name="manager", reason="left")

    for tab in tabs:
        with pytest.raises(SignInError):
            board.is_empty(tab)
    with pytest.raises(SignInError):
        access.scope_of(db, enter(db, "manager"), RULES)


def test_signing_out_in_one_tab_ends_what_another_tab_still_shows(
    db: Database, chain: dict[str, int]
) -> None:
    make_account(db, "manager", Grant(Role.MANAGER, chain["N1"]))
    token = enter(db, "manager")
    shown = Ask(db, Settings(), access.scope_of(db, token, RULES), date(2026, 11, 1))

    sign_in.sign_out(db, token)

    with pytest.raises(SignInError):
        board.is_empty(shown)


def test_of_two_who_lock_each_other_at_once_one_stays(db: Database, person: Person) -> None:
    first = person("first", Grant(Role.ADMINISTRATOR))
    second = person("second", Grant(Role.ADMINISTRATOR))
    first = again(first)
    waiting = ThreadPoolExecutor(1)

    with db.writing(changes_figures=False) as conn:
        asked = waiting.submit(accounts.disable, first, name="second", reason=WHY)
        with suppress(TimeoutError):
            asked.result(timeout=1)  # it waits for its turn
        book.change(conn, first.scope.account_id, disabled_at=1)
        sessions.end_all(conn, first.scope.account_id, 1)

    with pytest.raises(SignInError):
        asked.result()
    assert access.scope_of(db, enter(db, "second"), RULES).account == second.scope.account


def test_nobody_locks_himself(person: Person) -> None:
    one = person("one", Grant(Role.ADMINISTRATOR))

    with pytest.raises(NotAllowedError):
        accounts.disable(one, name="one", reason="a mistake")


def test_a_reset_needs_two_people_and_ends_password_and_sessions(
    db: Database, person: Person
) -> None:
    maker = person("maker", Grant(Role.ADMINISTRATOR))
    checker = person("checker", Grant(Role.ADMINISTRATOR))
    link = accounts.add(again(maker), name="zhao")
    session = sign_in.choose_password(db, RULES, token=link, password=GOOD, address="192.0.2.1")

    request, nothing = accounts.ask_reset(again(maker), name="zhao", reason="forgot it")
    assert nothing == ""
    assert access.scope_of(db, session, RULES)
    newer = approvals.decide(again(checker), request_id=request, approve=True)

    with pytest.raises(SignInError):
        access.scope_of(db, session, RULES)
    with pytest.raises(SignInError):
        sign_in.sign_in(db, RULES, name="zhao", password=GOOD, address="192.0.2.1")
    assert sign_in.invited(db, newer) == "zhao"


def test_whoever_owns_an_account_sees_what_others_did_to_it(db: Database, person: Person) -> None:
    owner = person("zhao", Grant(Role.AUDITOR))
    person("zhao.two", Grant(Role.AUDITOR))

    accounts.ask_reset(operator(db), name="zhao", reason="forgot it")
    accounts.ask_reset(operator(db), name="zhao.two", reason="forgot it")

    told = accounts.own_changes(again(owner))
    assert told[["account", "object"]].to_numpy().tolist() == [["local", "account:1:reset"]]


def test_a_new_password_ends_every_other_session(db: Database, chain: dict[str, int]) -> None:
    link = accounts.add(operator(db), name="zhao")
    make = Grant(Role.STAFF, chain["N1"])
    accounts.ask_grant(operator(db), name="zhao", given=make, reason=WHY)
    token = sign_in.choose_password(db, RULES, token=link, password=GOOD, address="192.0.2.1")
    other = enter(db, "zhao")
    ask = Ask(db, Settings(), access.scope_of(db, token, RULES), date(2026, 11, 1))

    with pytest.raises(BadValueError):
        accounts.change_password(ask, old=OTHER, new=OTHER)
    accounts.change_password(ask, old=GOOD, new=OTHER)

    assert access.scope_of(db, token, RULES)
    with pytest.raises(SignInError):
        access.scope_of(db, other, RULES)
    with pytest.raises(SignInError):
        sign_in.sign_in(db, RULES, name="zhao", password=GOOD, address="192.0.2.1")
    assert sign_in.sign_in(db, RULES, name="zhao", password=OTHER, address="192.0.2.1")


def test_only_the_keeper_of_the_files_makes_tokens(db: Database, person: Person) -> None:
    one = person("one", Grant(Role.ADMINISTRATOR))

    with pytest.raises(NotAllowedError):
        accounts.make_token(one, name="one")
    token = accounts.make_token(operator(db), name="one")

    assert access.scope_of(db, token, RULES).account == "one"


@pytest.mark.parametrize("name", ["", "local", "a b", "王", "x" * 70, "a\nb", "<i>", "-a"])
def test_an_account_needs_a_name_that_is_one(db: Database, name: str) -> None:
    with pytest.raises(BadValueError):
        accounts.add(operator(db), name=name)


def test_two_accounts_have_two_names(db: Database) -> None:
    accounts.add(operator(db), name="zhao")

    with pytest.raises(BadValueError):
        accounts.add(operator(db), name=" ZHAO ")


def test_whoever_keeps_an_archive_may_do_more_there_but_only_with_a_role(
    db: Database, chain: dict[str, int]
) -> None:
    staff = make_account(db, "staff", Grant(Role.STAFF, chain["N1"]))
    stranger = make_account(db, "stranger", Grant(Role.STAFF, chain["S1"]))
    with db.writing() as conn:
        for code, keeper in (("N1", staff), ("N2", stranger)):
            change = update(tables.stations).where(tables.stations.c.id == chain[code])
            conn.execute(change.values(archivist_id=keeper))

    kept = access.scope_of(db, enter(db, "staff"), RULES)
    not_kept = access.scope_of(db, enter(db, "stranger"), RULES)

    assert where(kept, "rows.export") == {chain["N1"]}
    assert where(not_kept, "rows.export") == set()


def test_what_waits_is_known_in_a_process_that_never_opened_another_room() -> None:
    """The page Today asks for what waits before anybody has opened Users."""
    told = "from station.services.people import approvals; print(*approvals.EFFECTS)"

    found = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert {"grant", "points", "reset", "site"} <= set(found.stdout.split())


def test_one_administrator_is_always_left(db: Database, person: Person) -> None:
    one = person("one", Grant(Role.ADMINISTRATOR))
    person("two", Grant(Role.ADMINISTRATOR))

    accounts.end_grant(again(one), grant_id=2, reason="left")
    with pytest.raises(NotAllowedError):
        accounts.end_grant(again(one), grant_id=1, reason="left too")

    assert access.scope_of(db, enter(db, "one"), RULES).role is Role.ADMINISTRATOR


def test_a_refusal_keeps_no_word_that_was_typed(db: Database, person: Person) -> None:
    one = person("one", Grant(Role.ADMINISTRATOR))

    with pytest.raises(NotFoundError):
        accounts.disable(one, name="欧阳某某", reason="left")

    with db.reading() as conn:
        told = audit.events(conn, station_ids=None, from_s=0, to_s=2**40, limit=9)
    assert "accounts.unknown" in told["reason"].tolist()
    assert "欧阳某某" not in told.to_csv()
