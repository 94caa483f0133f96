"""Who asks, and may he? Every service function passes through the door made here."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from functools import wraps
from time import time
from typing import Concatenate, ParamSpec, TypeVar

from station.archive import stations
from station.archive.database import Connection, Database
from station.archive.people import accounts, sessions, terminals
from station.archive.people.accounts import Account
from station.archive.people.sessions import Session
from station.archive.people.terminals import Terminal
from station.errors import (
    ArchiveBusyError,
    NotAllowedError,
    NotFoundError,
    RightsChangedError,
    SignInError,
)
from station.guard.rules import SignInRules
from station.model import ARCHIVIST, RIGHTS, Grant, Role, Scope, Station, day_number
from station.services import trail
from station.services.ask import Ask

LOCAL_ACCOUNT = "local"
TILL_ACCOUNT = "till:"
"""How the account of a terminal begins in the ledger and the log; no person's has a colon."""
TOUCH_S = 60
"""How exactly the archive knows when a session was last used; each note is a write."""
MINUTE_S, HOUR_S = 60, 3600

SERVICES: dict[str, str] = {}
"""Every service function by its dotted name, with the right it needs; docs and tests read it."""

P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[Concatenate[Ask, P], R]
_after: ContextVar[dict[str, Callable[[], None]] | None] = ContextVar("_after", default=None)
"""What the service under way, and those it calls as part of it, have written down at its end."""


def right(name: str) -> Callable[[Service[P, R]], Service[P, R]]:
    """Return the decorator that lets a service see the stations where the asker has a right.

    Whoever has it nowhere is refused, and so is whoever asks on the strength of rights that have
    changed since. A refusal, and asking for what is not in sight, is written down once.
    """

    def guard(service: Service[P, R]) -> Service[P, R]:
        full_name = f"{service.__module__.rpartition('.')[2]}.{service.__name__}"
        SERVICES[full_name] = name

        @wraps(service)
        def guarded(ask: Ask, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if _after.get() is not None:
                return service(_narrowed(ask, name), *args, **kwargs)
            after: dict[str, Callable[[], None]] = {}
            mark = _after.set(after)
            try:
                _refuse_outdated(ask)
                return service(_narrowed(ask, name), *args, **kwargs)
            except (NotAllowedError, NotFoundError) as error:
                trail.refused(ask.db, ask.scope, full_name, error)
                raise
            finally:
                _after.reset(mark)
                for write in after.values():
                    write()

        return guarded

    return guard


def afterwards(what: str, write: Callable[[], None]) -> None:
    """Have something written down once the service under way is over, whatever becomes of it.

    So what is refused or only looked at leaves its trace: neither has a write of its own that
    stays. What is named twice is written once.

    Raises:
        LookupError: no service is under way.
    """
    after = _after.get()
    if after is None:
        raise LookupError(what)
    after.setdefault(what, write)


def _narrowed(ask: Ask, name: str) -> Ask:
    """Return the question as of the stations where the asker has the right `name`."""
    held = ask.scope.rights.get(name)
    if held is None:
        raise NotAllowedError("error.not_allowed", right=name)
    if ask.scope.station_ids <= held:
        return ask
    return replace(ask, scope=replace(ask.scope, station_ids=ask.scope.station_ids & held))


def _refuse_outdated(ask: Ask) -> None:
    """Refuse whoever asks on the strength of a session or of rights that are no more."""
    if ask.scope.version is None:  # spares the local operator a look into the archive
        return
    with ask.db.reading() as conn:
        _refuse_if_outdated(conn, ask)


@contextmanager
def acting(ask: Ask, *, changes_figures: bool = False) -> Iterator[Connection]:
    """Yield the only connection that writes now to whoever still has the rights he asks with.

    He may have lost them while he waited for his turn: use it for what cannot be taken back.
    """
    with ask.db.writing(changes_figures=changes_figures) as conn:
        _refuse_if_outdated(conn, ask)
        yield conn


def _refuse_if_outdated(conn: Connection, ask: Ask) -> None:
    if ask.scope.version is None:
        return
    if ask.scope.terminal_id:
        _refuse_revoked(conn, ask.scope)
        return
    session = sessions.by_id(conn, ask.scope.session_id)
    version = accounts.rights_version(conn)
    if session is None or not _holds(session, ask.settings.sign_in, int(time())):
        raise SignInError("sign_in.needed")
    if version != ask.scope.version:
        raise RightsChangedError("error.rights_changed")


def _refuse_revoked(conn: Connection, scope: Scope) -> None:
    """Refuse a till whose key is no more that of its terminal."""
    terminal = terminals.by_id(conn, scope.terminal_id)
    if terminal is None or terminal.revoked_at or terminal.key_hash != scope.key_hash:
        raise SignInError("till.bad_key")


def local_operator(db: Database) -> Scope:
    """Return the scope of whoever can read the archive's files: every station, every right."""
    with db.reading() as conn:
        ids = frozenset(stations.ids(conn).values())
    rights = dict.fromkeys(RIGHTS[Role.OPERATOR], ids)
    return Scope(LOCAL_ACCOUNT, Role.OPERATOR, ids, rights, person=LOCAL_ACCOUNT)


def scope_of(db: Database, token: str, rules: SignInRules) -> Scope:
    """Return what the holder of a token may do and see now; looked up anew at every action.

    Raises:
        SignInError: nobody is signed in by this token any more.
    """
    now_s = int(time())
    with db.reading() as conn:
        session = sessions.find(conn, token_hash(token))
        account = accounts.find(conn, account_id=session.account_id) if session else None
        if session is None or account is None or account.disabled_at is not None:
            raise SignInError("sign_in.needed")
        if not _holds(session, rules, now_s):
            raise SignInError("sign_in.needed")
        scope = _scope(conn, session, account)
    if now_s - session.seen_at >= TOUCH_S:
        with db.writing(changes_figures=False) as conn:
            sessions.touch(conn, session.id, now_s)
    return scope


def scope_of_till(db: Database, key: str, *, address: str) -> Scope:
    """Return what the terminal with a key may do and see: the till's rights, at its own station.

    Raises:
        SignInError: no terminal has this key, or not any more.
    """
    with db.reading() as conn:
        terminal = terminals.by_hash(conn, token_hash(key))
    if terminal is None or terminal.revoked_at is not None:
        raise SignInError("till.bad_key")
    _note_seen(db, terminal)
    account, here = TILL_ACCOUNT + terminal.name, frozenset({terminal.station_id})
    return Scope(
        account=account,
        role=Role.TILL,
        station_ids=here,
        rights=dict.fromkeys(RIGHTS[Role.TILL], here),
        person=account,
        version=0,
        address=address,
        terminal_id=terminal.id,
        key_hash=terminal.key_hash,
    )


def _note_seen(db: Database, terminal: Terminal) -> None:
    """Note that a terminal asked, unless somebody else is writing for long."""
    now_s = int(time())
    if now_s - (terminal.seen_at or 0) < TOUCH_S:
        return
    with suppress(ArchiveBusyError), db.hurried(0), db.writing(changes_figures=False) as conn:
        terminals.change(conn, terminal.id, seen_at=now_s)


def token_hash(token: str) -> str:
    """Return what the archive keeps of a token: random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _holds(session: Session, rules: SignInRules, now_s: int) -> bool:
    is_idle = now_s - session.seen_at > rules.idle_min * MINUTE_S
    return (
        session.kind != sessions.TICKET
        and session.ended_at is None
        and session.expires_at > now_s
        and not (is_idle and session.kind == sessions.BROWSER)
    )


def _scope(conn: Connection, session: Session, account: Account) -> Scope:
    held = accounts.grants_of(conn, account.id, day_number(today()))
    kept = stations.kept_by(conn, account.id)
    rights = rights_of(held, stations.everything(conn), kept)
    return Scope(
        account=account.name,
        role=max((grant.role for grant in held), key=list(Role).index, default=Role.STAFF),
        station_ids=frozenset().union(*rights.values()),
        rights=rights,
        account_id=account.id,
        person=account.person,
        version=accounts.rights_version(conn),
        session_id=session.id,
        address=session.address,
    )


def scope_of_account(db: Database, account_id: int, name: str) -> Scope:
    """Return what an account may look at by one right today, without a session.

    Nothing where it is locked, or has the right nowhere any more.
    """
    with db.reading() as conn:
        account = accounts.find(conn, account_id=account_id)
        if account is None or account.disabled_at is not None:
            return Scope("", Role.STAFF, frozenset(), {})
        held = accounts.grants_of(conn, account_id, day_number(today()))
        rights = rights_of(held, stations.everything(conn), stations.kept_by(conn, account_id))
    here = rights.get(name, frozenset())
    return Scope(
        account=account.name,
        role=Role.STAFF,
        station_ids=here,
        rights={name: here},
        account_id=account.id,
        person=account.person,
    )


def today() -> date:
    """Return the calendar day where the server stands: roles begin and end with it."""
    return datetime.now(UTC).astimezone().date()


def start_of_today() -> int:
    """Return the instant at which this day began where the server stands."""
    return start_of(today())


def start_of(day: date) -> int:
    """Return the instant at which a day begins where the server stands."""
    return int(datetime.combine(day, time_of_day()).astimezone().timestamp())


def rights_of(
    held: Sequence[Grant], known: Mapping[int, Station], kept: frozenset[int] = frozenset()
) -> dict[str, frozenset[int]]:
    """Return the stations of each right that roles give; `kept` are those whose archive he keeps.

    Whoever keeps a station's archive but has no role there keeps nothing.
    """
    rights: dict[str, frozenset[int]] = defaultdict(frozenset)
    for grant in held:
        reach = _reach(grant, known)
        for name in RIGHTS[grant.role]:
            rights[name] |= reach
    kept &= frozenset().union(*rights.values())
    for name in ARCHIVIST if kept else ():
        rights[name] |= kept
    return dict(rights)


def _reach(grant: Grant, known: Mapping[int, Station]) -> frozenset[int]:
    if grant.station_id is not None:
        return frozenset({grant.station_id} & known.keys())
    if grant.region:
        return frozenset(i for i, station in known.items() if station.region == grant.region)
    return frozenset(known)


def stations_in_sight(ask: Ask, codes: Iterable[str] = ()) -> frozenset[int]:
    """Return the ids of the named stations, of all in sight when none is named.

    Raises:
        NotFoundError: a code that does not exist or is not in sight; both answer alike.
    """
    wanted = list(codes)
    if not wanted:
        return ask.scope.station_ids
    with ask.db.reading() as conn:
        known = stations.ids(conn)
    ids = {code: known[code] for code in wanted if code in known}
    for code in wanted:
        if ids.get(code) not in ask.scope.station_ids:
            raise NotFoundError("error.station_not_found", station=code)
    return frozenset(ids.values())
