"""Accounts and their roles: made by one person, given rights by two, taken away at once."""

import unicodedata
from collections.abc import Mapping
from time import time
from typing import Any

import pandas as pd

from station.archive import stations
from station.archive.database import Connection
from station.archive.people import accounts as book
from station.archive.people import audit as log
from station.archive.people import sessions
from station.archive.people.accounts import Account
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.guard import passwords
from station.model import CHAIN_ONLY, DAY_S, NOBODYS, Act, Grant, Role, day_number
from station.services import trail
from station.services.access import (
    LOCAL_ACCOUNT,
    MINUTE_S,
    acting,
    right,
    stations_in_sight,
    today,
    token_hash,
)
from station.services.ask import Ask
from station.services.people import asking, sign_in
from station.services.people.asking import Effect, Payload

GRANT, RESET = "grant", "reset"
SHOWN_CHANGES = 10
LONGEST_PERSON = 40


@right("users.read")
def listing(ask: Ask) -> pd.DataFrame:
    """Return id, name, person, is_demo, made_at, disabled_at, has_password, by_company of all."""
    with ask.db.reading() as conn:
        return book.listing(conn)


@right("users.read")
def grants(ask: Ask) -> pd.DataFrame:
    """Return every role ever given: account, role, station or region, days, by whom."""
    with ask.db.reading() as conn:
        return book.grants_frame(conn)


@right("users.read")
def signed_in(ask: Ask) -> pd.DataFrame:
    """Return account, kind, address, started_at and seen_at of the sessions that hold."""
    with ask.db.reading() as conn:
        idle_s = ask.settings.sign_in.idle_min * MINUTE_S
        return sessions.standing(conn, now_s=int(time()), idle_s=idle_s)


@right("users.keep")
def add(ask: Ask, *, name: str, person: str = "", subject: str = "") -> str:
    """Return the token of the link by which the person of a new account comes in.

    The account can do nothing until a role is given to it. `person` is the staff number, by
    default the name; `subject` is who he is to the company's own sign-in.

    Raises:
        BadValueError: the name is none, or taken.
    """
    name = sign_in.account_name(name)
    person = _staff_number(person) or name
    if len(person) > LONGEST_PERSON:
        raise BadValueError("accounts.person_long", limit=LONGEST_PERSON)
    with acting(ask) as conn:
        if book.find(conn, name=name) or (subject and book.find(conn, subject=subject)):
            raise BadValueError("sign_in.name_taken")
        account_id = book.add(
            conn, name=name, person=person, now_s=int(time()), subject=subject or None
        )
        trail.note(conn, ask.scope, Act.CHANGE, f"account:{account_id}:made")
        return sign_in.invite(conn, account_id, ask.settings.sign_in)


def _staff_number(words: str) -> str:
    """Return one form of a staff number: a person must not become two by another way of typing."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())


@right("users.read")
def station_named(ask: Ask, *, code: str) -> int | None:
    """Return the id of a station in sight, none without a code.

    Raises:
        NotFoundError: there is no such station in sight.
    """
    return next(iter(stations_in_sight(ask, [code]))) if code else None


@right("users.keep")
def ask_grant(ask: Ask, *, name: str, given: Grant, reason: str) -> int:
    """Return the number of the request that a role be given; a second person decides it.

    Whoever keeps the archive's files needs no second person, and gets 0.

    Raises:
        NotFoundError: there is no such account or station.
        NotAllowedError: it is for oneself.
        BadValueError: the role cannot be held there, or no reason is given.
    """
    with acting(ask) as conn:
        account = _known(conn, name)
        _check(conn, given)
        payload = {"account_id": account.id, **_as_payload(given)}
        if ask.scope.account == LOCAL_ACCOUNT:
            _give(conn, ask, payload | {"maker": LOCAL_ACCOUNT})
            return 0
        if account.person == ask.scope.person:
            raise NotAllowedError("accounts.own_role")
        return asking.put(conn, ask, kind=GRANT, payload=payload, reason=trail.needed(reason))


def _known(conn: Connection, name: str) -> Account:
    account = book.find(conn, name=name.strip().casefold() or "?")
    if account is None:
        raise NotFoundError("accounts.unknown", account=name)
    return account


def _check(conn: Connection, given: Grant) -> None:
    is_whole = given.station_id is None and not given.region
    if given.role in NOBODYS or (given.role in CHAIN_ONLY and not is_whole):
        raise BadValueError("accounts.chain_only")
    if given.role in {Role.STAFF, Role.MANAGER} and given.station_id is None:
        raise BadValueError("accounts.needs_station")
    known = stations.everything(conn)
    if given.station_id is not None and given.station_id not in known:
        raise NotFoundError("error.station_not_found", station=given.station_id)
    if given.region and given.region not in {station.region for station in known.values()}:
        raise NotFoundError("error.region_not_found", region=given.region)
    if given.to_day is not None and given.to_day <= given.from_day:
        raise BadValueError("accounts.bad_days")


def _as_payload(given: Grant) -> dict[str, Any]:
    return {
        "role": given.role.value,
        "station_id": given.station_id,
        "region": given.region,
        "from_day": given.from_day or day_number(today()),
        "to_day": given.to_day,
    }


def _give(conn: Connection, ask: Ask, payload: Payload) -> str:
    fields = ("station_id", "region", "from_day", "to_day")
    given = Grant(Role(payload["role"]), **{name: payload[name] for name in fields})
    grant_id = book.grant(
        conn,
        payload["account_id"],
        given,
        made_by=payload["maker"],
        approved_by=ask.scope.account,
    )
    object_name = f"account:{payload['account_id']}:grant:{grant_id}"
    trail.note(conn, ask.scope, Act.CHANGE, object_name, station_id=given.station_id)
    return ""


def _person(conn: Connection, payload: Payload) -> str:
    account = book.find(conn, account_id=payload["account_id"])
    return account.person if account else ""


def _in_reach(conn: Connection, ask: Ask, payload: Payload) -> None:
    """Refuse a checker who does not see every station that a role would reach."""
    known = stations.everything(conn)
    if payload["station_id"] is not None:
        wanted = {payload["station_id"]}
    elif payload["region"]:
        wanted = {i for i, site in known.items() if site.region == payload["region"]}
    else:
        wanted = set(known)
    is_for_the_chain = Role(payload["role"]) in CHAIN_ONLY
    is_out_of_sight = not wanted or not wanted <= ask.scope.station_ids  # a region may have emptied
    if is_out_of_sight or (is_for_the_chain and "users.keep" not in ask.scope.rights):
        raise NotAllowedError("approvals.out_of_reach")


def _keeps_users(_conn: Connection, ask: Ask, _payload: Payload) -> None:
    if "users.keep" not in ask.scope.rights:
        raise NotAllowedError("approvals.out_of_reach")


def _reset(conn: Connection, ask: Ask, payload: Payload) -> str:
    """Return the token of a new link; the old password and every session end with it."""
    account_id = payload["account_id"]
    book.change(conn, account_id, password_hash=None)
    sessions.end_all(conn, account_id, int(time()))
    trail.note(conn, ask.scope, Act.CHANGE, f"account:{account_id}:reset")
    return sign_in.invite(conn, account_id, ask.settings.sign_in)


def _tell_grant(conn: Connection, payload: Payload) -> Payload:
    """Return account, role, station (its name), region, from_day and to_day."""
    site = stations.everything(conn).get(payload["station_id"] or 0)
    named: dict[str, Any] = {
        name: payload[name] for name in ("role", "region", "from_day", "to_day")
    }
    named["station"] = (site.name or site.code) if site else ""
    return {**named, **_tell_reset(conn, payload)}


def _tell_reset(conn: Connection, payload: Payload) -> Payload:
    account = book.find(conn, account_id=payload["account_id"])
    return {"account": account.name if account else "", "person": account.person if account else ""}


EFFECTS: Mapping[str, Effect] = {
    GRANT: Effect(_give, _person, _in_reach, _tell_grant),
    RESET: Effect(_reset, lambda _conn, _payload: "", _keeps_users, _tell_reset),
}
"""What happens when a request of this room is approved."""


@right("users.keep")
def end_grant(ask: Ask, *, grant_id: int, reason: str) -> None:
    """Take a role away from today on; it needs no second person.

    Raises:
        NotFoundError: there is no such role, or it has ended.
        NotAllowedError: nobody would be left to administrate.
    """
    reason = trail.needed(reason)
    with acting(ask) as conn:
        account_id = book.end_grant(conn, grant_id, day_number(today()))
        if account_id is None:
            raise NotFoundError("accounts.no_grant", grant=grant_id)
        _leave_one(conn, ask)
        object_name = f"account:{account_id}:grant:{grant_id}:ended"
        trail.note(conn, ask.scope, Act.CHANGE, object_name, reason=reason)


@right("users.keep")
def ask_reset(ask: Ask, *, name: str, reason: str) -> tuple[int, str]:
    """Return the number of the request that somebody may choose a new password, and no link yet.

    Whoever keeps the archive's files needs no second person: he gets 0 and the link's token.
    """
    with acting(ask) as conn:
        account = _known(conn, name)
        payload = {"account_id": account.id}
        if ask.scope.account == LOCAL_ACCOUNT:
            return 0, _reset(conn, ask, payload)
        reason = trail.needed(reason)
        return asking.put(conn, ask, kind=RESET, payload=payload, reason=reason), ""


def _leave_one(conn: Connection, ask: Ask) -> None:
    """Refuse what leaves a chain without anybody to administrate it."""
    if ask.scope.account != LOCAL_ACCOUNT and not book.administrators(conn, day_number(today())):
        raise NotAllowedError("accounts.last_administrator")


@right("users.keep")
def disable(ask: Ask, *, name: str, reason: str, enable: bool = False) -> None:
    """Let an account in no more, or again; its sessions end at once.

    Raises:
        NotAllowedError: it is one's own, or nobody would be left to administrate.
    """
    reason = trail.needed(reason)
    with acting(ask) as conn:
        account = _known(conn, name)
        if account.person == ask.scope.person:
            raise NotAllowedError("accounts.own_account")
        book.change(conn, account.id, disabled_at=None if enable else int(time()))
        _leave_one(conn, ask)
        sessions.end_all(conn, account.id, int(time()))
        what = "enabled" if enable else "disabled"
        trail.note(conn, ask.scope, Act.CHANGE, f"account:{account.id}:{what}", reason=reason)


@right("users.keep")
def make_token(ask: Ask, *, name: str) -> str:
    """Return a token by which an account uses the command line; it is shown once.

    Only whoever keeps the archive's files makes one: it acts as the account without a password.

    Raises:
        NotAllowedError: the asker does not keep the files.
    """
    if ask.scope.account != LOCAL_ACCOUNT:
        raise NotAllowedError("accounts.only_operator")
    token, now_s = sign_in.new_token(), int(time())
    with acting(ask) as conn:
        account = _known(conn, name)
        session_id = sessions.start(
            conn,
            account_id=account.id,
            token_hash=token_hash(token),
            kind=sessions.TOKEN,
            address="",
            now_s=now_s,
            expires_at=now_s + ask.settings.sign_in.token_days * DAY_S,
        )
        trail.note(conn, ask.scope, Act.CHANGE, f"account:{account.id}:token:{session_id}")
    return token


@right("account.own")
def own_changes(ask: Ask) -> pd.DataFrame:
    """Return at, account and object of what was last changed on one's own account, by whomever.

    A reset, a role, a lock: whoever owns the account sees that it happened and who did it.
    """
    with ask.db.reading() as conn:
        return log.of_object(conn, f"account:{ask.scope.account_id}", limit=SHOWN_CHANGES)


@right("account.own")
def change_password(ask: Ask, *, old: str, new: str) -> None:
    """Choose a new password, knowing the old one; every other session of the account ends.

    Raises:
        BadValueError: the old one is wrong, or the new one too easy.
        SignInError: too many were tried.
    """
    rules, who = ask.settings.sign_in, ask.scope
    sign_in.count_attempt(ask.db, rules, name=who.account, address=who.address)
    with ask.db.reading() as conn:
        account = book.find(conn, account_id=who.account_id)
    if account is None or not passwords.matches(account.password_hash, old):
        raise BadValueError("sign_in.old_wrong")
    passwords.check_strength(new, least=rules.min_password, words=(account.name,))
    stored = passwords.hashed(new)
    with acting(ask) as conn:
        book.change(conn, account.id, password_hash=stored)
        sessions.end_all(conn, account.id, int(time()), but=ask.scope.session_id)
        trail.note(conn, ask.scope, Act.CHANGE, f"account:{account.id}:password")
