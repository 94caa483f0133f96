"""People come in by their own password, stay for a while, and go; nobody has an initial one."""

import re
import secrets
from ipaddress import IPv4Address, ip_address, ip_network
from time import time

from station.archive.database import Connection, Database
from station.archive.people import accounts, sessions
from station.archive.people.accounts import Account
from station.errors import BadValueError, NotFoundError, SignInError
from station.guard import passwords
from station.guard.rules import SignInRules
from station.model import Act, Grant, Role, Scope
from station.services import trail
from station.services.access import HOUR_S, LOCAL_ACCOUNT, MINUTE_S, token_hash
from station.services.personal import sealing

COOKIE = "station"
SECURE_COOKIE = "__Host-station"
"""Behind TLS the browser itself sees to it that no other host and no other path sets the cookie."""
FIRST_ACCOUNT = "first-administrator"
"""What the first account is called until its person says his name."""
HOME_BITS = 64
"""Of an address of IPv6: what follows is one home."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?|[\u4e00-\u9fff]{2,16}")


def cookie_name(rules: SignInRules) -> str:
    """Return the name of the cookie that holds a session's token."""
    return SECURE_COOKIE if rules.secure_cookie else COOKIE


def nobody(address: str) -> Scope:
    """Return the scope of whoever has not signed in: nothing."""
    return Scope("", Role.STAFF, frozenset(), {}, address=address)


def welcome_link(token: str, server: str = "") -> str:
    """Return the link by which a password is chosen; behind the # no server and no log sees it."""
    return f"{server}/welcome#{token}"


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(32)


def account_name(words: str) -> str:
    """Return the name of an account as it is kept.

    Raises:
        BadValueError: it is none.
    """
    name = words.strip().casefold()
    if not NAME.fullmatch(name) or name == LOCAL_ACCOUNT:
        raise BadValueError("sign_in.bad_name")
    return name


def sign_in(db: Database, rules: SignInRules, *, name: str, password: str, address: str) -> str:
    """Return the token of a new session.

    Only so many passwords are looked at for an account from one address, and from one address at
    all; from another the owner still comes in. What was wrong is never said.

    Raises:
        SignInError: name or password is wrong, or too many were tried.
    """
    name = name.strip().casefold()
    count_attempt(db, rules, name=name, address=address)
    with db.reading() as conn:
        account = accounts.find(conn, name=name) if name else None
    is_right = passwords.matches(account.password_hash if account else None, password)
    if account is None or not is_right or account.disabled_at is not None:
        whose = f"account:{account.id}" if account else "account:unknown"
        trail.noted(db, nobody(address), Act.SIGN_IN_FAILED, whose)
        raise SignInError("sign_in.wrong")
    stronger = passwords.hashed(password) if passwords.is_outdated(account.password_hash) else ""
    with db.writing(changes_figures=False) as conn:
        if stronger:
            accounts.change(conn, account.id, password_hash=stronger)
        forgive(db, conn, name=name, address=address)
        return begin(conn, account, rules, address=address)


def count_attempt(db: Database, rules: SignInRules, *, name: str, address: str) -> None:
    """Note an attempt before it is looked at, so that none slips through beside another.

    Raises:
        SignInError: too many were made lately.
    """
    now_s, whose, address = int(time()), _index(db, name), network(address)
    since = now_s - rules.attempts_min * MINUTE_S
    with db.writing(changes_figures=False) as conn:
        on_account, on_all = sessions.tries(conn, account_hash=whose, address=address, from_s=since)
        if on_account < rules.attempts and on_all < rules.attempts_per_address:
            sessions.note_attempt(conn, account_hash=whose, address=address, now_s=now_s)
            return
    raise SignInError("sign_in.too_many", minutes=rules.attempts_min)


def forgive(db: Database, conn: Connection, *, name: str, address: str) -> None:
    """Forget the attempts of whoever has come in."""
    sessions.forgive(conn, account_hash=_index(db, name), address=network(address))


def network(address: str) -> str:
    """Return whence an attempt came: whoever has one address of IPv6 has the rest of its /64."""
    try:
        host = ip_address(address)
    except ValueError:  # none, as from a program that drives the pages
        return address
    if isinstance(host, IPv4Address):
        return address
    if host.ipv4_mapped:
        return str(host.ipv4_mapped)
    return str(ip_network((int(host), HOME_BITS), strict=False))


def _index(db: Database, name: str) -> str:
    """Return a keyed hash of what was typed as a name: sometimes it is a password."""
    return sealing.code_index(db, f"account/{name}")


def begin(
    conn: Connection, account: Account, rules: SignInRules, *, address: str, started_s: int = 0
) -> str:
    """Return the token of a new browser session, which ends by itself after its hours."""
    now_s, token = int(time()), new_token()
    session_id = sessions.start(
        conn,
        account_id=account.id,
        token_hash=token_hash(token),
        kind=sessions.BROWSER,
        address=address,
        now_s=now_s,
        expires_at=(started_s or now_s) + rules.session_hours * HOUR_S,
    )
    who = _who(account, address)
    trail.note(conn, who, Act.SIGN_IN, f"session:{session_id}")
    return token


def _who(account: Account, address: str) -> Scope:
    """Return an account as the audit log names it."""
    return Scope(account.name, Role.STAFF, frozenset(), {}, person=account.person, address=address)


def sign_in_demo(db: Database, rules: SignInRules, *, name: str, address: str) -> str:
    """Return the token of a session of a demo account; only a demo archive has any.

    Raises:
        SignInError: there is no such demo account here.
    """
    with db.writing(changes_figures=False) as conn:
        account = accounts.find(conn, name=name) if name else None
        if account is None or not account.is_demo or not accounts.is_demo(conn):
            raise SignInError("sign_in.wrong")
        return begin(conn, account, rules, address=address)


def is_demo(db: Database) -> bool:
    """Return whether the archive holds a demo network, and accounts that need no password."""
    with db.reading() as conn:
        return accounts.is_demo(conn)


def demo_accounts(db: Database) -> list[str]:
    """Return the names of the demo accounts, none where the archive is no demo."""
    with db.reading() as conn:
        if not accounts.is_demo(conn):
            return []
        known = accounts.listing(conn)
    return known.loc[known["is_demo"] == 1].sort_values("id")["name"].tolist()


def sign_out(db: Database, token: str) -> None:
    """End the session of a token; one that has ended stays ended."""
    with db.writing(changes_figures=False) as conn:
        session = sessions.find(conn, token_hash(token))
        if session is None or session.ended_at is not None:
            return
        sessions.end(conn, session.id, int(time()))
        account = accounts.find(conn, account_id=session.account_id)
        if account:
            who = _who(account, session.address)
            trail.note(conn, who, Act.SIGN_OUT, f"session:{session.id}")


def first_link(db: Database, rules: SignInRules) -> str | None:
    """Return the token by which the first administrator comes in, none once somebody did."""
    with db.writing(changes_figures=False) as conn:
        first = accounts.find(conn, name=FIRST_ACCOUNT)
        if accounts.count(conn) and first is None:
            return None
        account_id = first.id if first else _make_first(conn)
        return invite(conn, account_id, rules)


def awaits_first(db: Database) -> bool:
    """Return whether the first administrator has not come in yet."""
    with db.reading() as conn:
        return accounts.find(conn, name=FIRST_ACCOUNT) is not None


def _make_first(conn: Connection) -> int:
    account_id = accounts.add(conn, name=FIRST_ACCOUNT, person=FIRST_ACCOUNT, now_s=int(time()))
    given, made = (
        Grant(Role.ADMINISTRATOR),
        {"made_by": LOCAL_ACCOUNT, "approved_by": LOCAL_ACCOUNT},
    )
    grant_id = accounts.grant(conn, account_id, given, **made)
    who = Scope(LOCAL_ACCOUNT, Role.OPERATOR, frozenset(), {}, person=LOCAL_ACCOUNT)
    for what in ("made", f"grant:{grant_id}"):
        trail.note(conn, who, Act.CHANGE, f"account:{account_id}:{what}")
    return account_id


def invite(conn: Connection, account_id: int, rules: SignInRules) -> str:
    """Return the token of a link by which an account's password is chosen, once."""
    token = new_token()
    expires_at = int(time()) + rules.link_hours * HOUR_S
    accounts.invite(conn, account_id, token_hash(token), expires_at)
    return token


def invited(db: Database, token: str) -> str:
    """Return the name of the account that a link opens.

    Raises:
        NotFoundError: the link was used, replaced or is too old.
    """
    with db.reading() as conn:
        account = _invited(conn, token)
    return account.name


def _invited(conn: Connection, token: str) -> Account:
    account_id = accounts.invited(conn, token_hash(token), int(time()))
    account = accounts.find(conn, account_id=account_id) if account_id else None
    if account is None or account.disabled_at is not None:
        raise NotFoundError("sign_in.link_used")
    return account


def choose_password(
    db: Database, rules: SignInRules, *, token: str, password: str, name: str = "", address: str
) -> str:
    """Return the token of a session, the person behind a link having chosen his password.

    The first administrator says his own name with it.

    Raises:
        NotFoundError: the link was used, replaced or is too old.
        BadValueError: the password is too easy, or the name is none or taken.
    """
    was = invited(db, token)
    called = account_name(name) if was == FIRST_ACCOUNT else was
    passwords.check_strength(password, least=rules.min_password, words=(called,))
    stored = passwords.hashed(password)
    with db.writing(changes_figures=False) as conn:
        account = _invited(conn, token)
        if called != account.name and accounts.find(conn, name=called):
            raise BadValueError("sign_in.name_taken")
        person = called if account.name == FIRST_ACCOUNT else account.person
        accounts.change(conn, account.id, password_hash=stored, name=called, person=person)
        accounts.uninvite(conn, account.id)
        sessions.end_all(conn, account.id, int(time()))
        opened = accounts.find(conn, account_id=account.id) or account
        trail.note(conn, _who(opened, address), Act.CHANGE, f"account:{account.id}:password")
        return begin(conn, opened, rules, address=address)
