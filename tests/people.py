"""People who are signed in, for tests: an account with its roles and the token of its session."""

from time import time

from station.archive.database import Database
from station.archive.people import accounts
from station.config import Settings
from station.guard.rules import SignInRules
from station.model import Grant, Role
from station.services import access, keeping
from station.services.people import sign_in

EVERYTHING = (Grant(Role.MANAGER), Grant(Role.ADMINISTRATOR))
"""More than a person holds: a manager of every station who administrates too."""


def make_account(db: Database, name: str, *grants: Grant, person: str = "") -> int:
    """Return the id of a new account with these roles and no password."""
    with db.writing(changes_figures=False) as conn:
        account_id = accounts.add(conn, name=name, person=person or name, now_s=int(time()))
        for given in grants:
            accounts.grant(conn, account_id, given, made_by="local", approved_by="local")
    return account_id


def enter(db: Database, name: str, rules: SignInRules | None = None) -> str:
    """Return the token of a new session of an account, as its password would give."""
    with db.writing(changes_figures=False) as conn:
        account = accounts.find(conn, name=name)
        assert account is not None
        return sign_in.begin(conn, account, rules or SignInRules(), address="127.0.0.1")


def token_for(archive: str, name: str = "tester", *grants: Grant) -> str:
    """Return the token of an account of an archive, made with these roles if it is not there."""
    db = keeping.open_archive(Settings(), archive)
    try:
        with db.reading() as conn:
            is_known = accounts.find(conn, name=name) is not None
        if not is_known:
            make_account(db, name, *(grants or EVERYTHING))
        return enter(db, name)
    finally:
        db.close()


def scope_for(db: Database, name: str, *grants: Grant, person: str = "") -> access.Scope:
    """Return the scope of a new account with these roles, as a page would have it."""
    make_account(db, name, *grants, person=person)
    return access.scope_of(db, enter(db, name), SignInRules())
