"""A terminal, or a new key for one, takes two people; its key is shown once to who asked for it."""

from dataclasses import replace

import pytest
from archive.shop import Shop
from people import scope_for
from town import ask_of, at, one

from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError, SignInError
from station.model import Grant, Role
from station.services import access
from station.services.ask import Ask
from station.services.people import approvals, terminals

LAST = "SELECT max(id) FROM requests"


@pytest.fixture
def office(db: Database) -> dict[str, Ask]:
    """Two administrators, one of them twice, a regional manager elsewhere, and the operator."""
    with db.writing() as conn:
        Shop(conn)
        conn.exec_driver_sql("UPDATE stations SET region = 'south' WHERE code = 'S2'")
    operator, chain = ask_of(db), Grant(Role.ADMINISTRATOR)
    scopes = {
        "anna": scope_for(db, "anna", chain, person="A1"),
        "anna.two": scope_for(db, "anna.two", chain, person="A1"),
        "bert": scope_for(db, "bert", chain, person="B1"),
        "rita": scope_for(db, "rita", Grant(Role.REGIONAL, region="south"), person="R1"),
        "mona": scope_for(db, "mona", at(db, "S1", Role.MANAGER), person="M1"),
    }
    version = scopes["mona"].version
    told = {name: replace(scope, version=version) for name, scope in scopes.items()}
    return {
        "local": operator,
        **{name: replace(operator, scope=scope) for name, scope in told.items()},
    }


def asked(ask: Ask) -> int:
    made = terminals.add(ask, name="a1", station="S1", number="7", reason="a new lane")
    assert made.key == ""
    return made.request


@pytest.mark.parametrize(("maker", "checker"), [("anna", "bert"), ("local", "anna")])
def test_one_asks_another_agrees_and_who_asked_is_shown_the_key_once(
    office: dict[str, Ask], maker: str, checker: str
) -> None:
    request, mine = asked(office[maker]), office[maker]
    assert one(mine, "SELECT count(*) FROM terminals") == 0
    waiting = approvals.waiting(office[checker]).to_dict("records")
    assert waiting[-1]["facts"] == {"terminal": "a1", "station": "Station S1", "number": "7"}

    assert approvals.decide(office[checker], request_id=request, approve=True) == ""
    for other in {"anna.two", "bert", "anna", "local"} - {maker}:
        with pytest.raises(NotFoundError):
            terminals.collect(office[other], name="a1")
    made = terminals.collect(mine, name="a1")

    scope = access.scope_of_till(mine.db, made.key, address="")
    assert scope.account == "till:a1"
    with pytest.raises(NotFoundError):
        terminals.collect(mine, name="a1")
    assert one(mine, "SELECT count(*) FROM audit WHERE object LIKE 'terminal:1:%'") == 2


@pytest.mark.parametrize("checker", ["anna", "anna.two", "rita"])
def test_nobody_agrees_with_himself_or_for_a_station_out_of_sight(
    office: dict[str, Ask], checker: str
) -> None:
    request = asked(office["anna"])

    with pytest.raises(NotAllowedError):
        approvals.decide(office[checker], request_id=request, approve=True)

    assert one(office["anna"], "SELECT count(*) FROM terminals") == 0


def test_the_old_key_serves_until_the_new_one_is_shown(office: dict[str, Ask]) -> None:
    anna, bert = office["anna"], office["bert"]
    approvals.decide(bert, request_id=asked(anna), approve=True)
    old = terminals.collect(anna, name="a1").key

    renewed = terminals.rotate(bert, name="a1", reason="left lying")
    assert renewed.key == ""
    approvals.decide(anna, request_id=renewed.request, approve=True)
    access.scope_of_till(anna.db, old, address="")
    with pytest.raises(NotFoundError):
        terminals.collect(anna, name="a1")
    new = terminals.collect(bert, name="a1").key

    with pytest.raises(SignInError):
        access.scope_of_till(anna.db, old, address="")
    access.scope_of_till(anna.db, new, address="")


def test_a_key_agreed_to_is_not_shown_once_it_was_taken_away(office: dict[str, Ask]) -> None:
    anna, bert = office["anna"], office["bert"]
    approvals.decide(bert, request_id=asked(anna), approve=True)
    renewed = terminals.rotate(anna, name="a1", reason="again")
    terminals.revoke(bert, name="a1", reason="stolen")

    with pytest.raises(BadValueError):
        terminals.collect(anna, name="a1")
    with pytest.raises(BadValueError):
        approvals.decide(bert, request_id=renewed.request, approve=True)


def test_a_name_that_was_taken_meanwhile_is_refused_when_it_is_agreed_to(
    office: dict[str, Ask],
) -> None:
    first, second = asked(office["anna"]), asked(office["anna"])
    approvals.decide(office["bert"], request_id=first, approve=True)

    with pytest.raises(BadValueError):
        approvals.decide(office["bert"], request_id=second, approve=True)
    with pytest.raises(BadValueError):
        terminals.add(office["anna"], name="a2", station="S1", number="8", reason=" ")


def test_who_is_the_only_person_adds_a_till_himself(db: Database) -> None:
    with db.writing() as conn:
        Shop(conn)
    alone = ask_of(db)

    made = terminals.add(alone, name="a1", station="S1", number="")
    renewed = terminals.rotate(alone, name="a1", reason="lost")

    assert made.key != renewed.key
    access.scope_of_till(db, renewed.key, address="")
