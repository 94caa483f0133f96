"""Terminals: a key shown once, renewed, taken away, and never more than a till's rights."""

from dataclasses import replace

import pytest
from archive.shop import Shop
from people import scope_for
from town import ask_of, at, one

from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError, SignInError
from station.model import RIGHTS, Role
from station.services import access
from station.services.ask import Ask
from station.services.customers import contacts
from station.services.people import accounts, terminals
from station.services.points import balances, tills
from station.services.points.members import By, Named


@pytest.fixture
def ask(db: Database) -> Ask:
    with db.writing() as conn:
        Shop(conn)
    return ask_of(db)


def test_a_key_is_nowhere_in_the_archive_and_opens_its_station_only(ask: Ask) -> None:
    made = terminals.add(ask, name=" A-1 ", station="S1", number="")

    scope = access.scope_of_till(ask.db, made.key, address="192.0.2.1")

    assert made.name == "a-1"
    assert len(made.key) > 40
    stored = one(ask, "SELECT key_hash FROM terminals")
    assert made.key not in stored
    assert stored == access.token_hash(made.key)
    assert scope.account == "till:a-1"
    assert scope.rights.keys() == RIGHTS[Role.TILL]
    assert scope.rights.keys() == {
        *("points.read", "points.redeem", "points.reverse", "sales.import")
    }
    assert len(scope.station_ids) == 1
    assert set(scope.rights.values()) == {scope.station_ids}


def test_a_renewed_key_ends_the_old_one_and_a_revoked_one_is_gone_for_good(ask: Ask) -> None:
    old = terminals.add(ask, name="a1", station="S1", number="")
    new = terminals.rotate(ask, name="a1", reason="left lying")

    with pytest.raises(SignInError):
        access.scope_of_till(ask.db, old.key, address="")
    first = access.scope_of_till(ask.db, new.key, address="")
    terminals.revoke(ask, name="a1", reason="sold")
    with pytest.raises(SignInError):
        access.scope_of_till(ask.db, new.key, address="")
    with pytest.raises(SignInError):  # a question that was under way
        tills.member(replace(ask, scope=first), member=Named(By.PLATE, "粤B00001"))
    with pytest.raises(BadValueError):
        terminals.rotate(ask, name="a1", reason="again")
    with pytest.raises(BadValueError):
        terminals.add(ask, name="a1", station="S1", number="")
    listed = terminals.listing(ask).to_dict("records")
    assert [(row["name"], row["station"]) for row in listed] == [("a1", "S1")]
    assert listed[0]["seen_at"] is not None
    assert one(ask, "SELECT count(*) FROM audit WHERE object LIKE 'terminal:%'") == 5


def test_every_change_says_why_and_names_a_terminal_that_is_there(ask: Ask) -> None:
    terminals.add(ask, name="a1", station="S1", number="")

    for bad in (" ", "A B", "-x", "x" * 41, "收银机"):
        with pytest.raises(BadValueError):
            terminals.add(ask, name=bad, station="S1", number="")
    with pytest.raises(NotFoundError):
        terminals.add(ask, name="a2", station="S9", number="")
    for act in (terminals.rotate, terminals.revoke):
        with pytest.raises(BadValueError):
            act(ask, name="a1", reason=" ")
        with pytest.raises(NotFoundError):
            act(ask, name="a9", reason="lost")


def test_a_till_does_nothing_but_what_a_till_does(ask: Ask) -> None:
    made = terminals.add(ask, name="a1", station="S1", number="")
    till = replace(ask, scope=access.scope_of_till(ask.db, made.key, address=""))

    with pytest.raises(NotAllowedError):
        accounts.listing(till)
    with pytest.raises(NotAllowedError):
        contacts.of_customer(till, customer_id=1)
    with pytest.raises(NotAllowedError):
        terminals.add(till, name="a2", station="S1", number="")
    with pytest.raises(NotFoundError):
        balances.balance(till, member=Named(By.PLATE, "粤B00001"))


def test_people_are_not_made_tills_and_do_not_ask_as_one(ask: Ask) -> None:
    scope_for(ask.db, "staff", at(ask.db, "S1", Role.STAFF))
    person = replace(ask, scope=scope_for(ask.db, "manager", at(ask.db, "S1", Role.MANAGER)))

    given = at(ask.db, "S1", Role.TILL)

    with pytest.raises(BadValueError):
        accounts.ask_grant(ask, name="staff", given=given, reason="no")
    with pytest.raises(NotAllowedError):
        tills.release(person, key="a1-000001", of=1)
