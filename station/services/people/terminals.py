"""Which tills may ask: each has a key that two people make; shown once, taken away at once."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from time import time

import pandas as pd

from station.archive import stations
from station.archive.database import Connection
from station.archive.people import accounts
from station.archive.people import terminals as book
from station.archive.people.terminals import Plan, Terminal
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.ingest import sale_keys
from station.model import Act, day_number
from station.services import trail
from station.services.access import (
    LOCAL_ACCOUNT,
    acting,
    right,
    stations_in_sight,
    today,
    token_hash,
)
from station.services.ask import Ask
from station.services.people import asking, sign_in
from station.services.people.asking import Effect, Payload

KEY_BEGINS = "till_"
"""By this whoever finds a key, in a log or a repository, knows what it is."""
LONGEST_NUMBER = 40
NEW, RENEWED = "terminal", "terminal_key"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Keyed:
    """A terminal and its new key, which is kept nowhere; else the request that waits for it."""

    name: str
    key: str = ""
    request: int = 0


def new_key() -> str:
    """Return a key that nobody guesses: 256 random bits."""
    return KEY_BEGINS + sign_in.new_token()


@right("users.read")
def listing(ask: Ask) -> pd.DataFrame:
    """Return name, station, number, made_at, made_by, keyed_at, seen_at, revoked_at and waits.

    `waits` says of which a new key waits to be shown to the asker.
    """
    with ask.db.reading() as conn:
        known = book.listing(conn)
        here = {code for code, i in stations.ids(conn).items() if i in ask.scope.station_ids}
    waits = (known["key_for"] == ask.scope.account) & known["revoked_at"].isna()
    return known[known["station"].isin(here)].assign(waits=waits).reset_index(drop=True)


@right("users.keep")
def add(ask: Ask, *, name: str, station: str, number: str, reason: str = "") -> Keyed:
    """Return the request for a new terminal, which may sell and redeem at its station, no more.

    When a second person agrees, whoever asked is shown its key (`collect`); an operator who is the
    only person is at once. `number` is what the station's export files call it, empty where they
    name no terminal: by it a receipt that comes both ways is one sale. It is settled for good.

    Raises:
        BadValueError: name or number are none, or are or were another terminal's; or no reason.
        NotFoundError: there is no such station in sight.
    """
    (station_id,) = stations_in_sight(ask, [station])
    plan = Plan(_name(name), station_id, _number(number))
    with acting(ask) as conn:
        _refuse_taken(conn, plan)
        if _is_only_person(conn, ask):
            _added(conn, ask, asdict(plan) | {"maker": ask.scope.account})
            return _keyed(conn, ask, plan.name)
        why, payload = trail.needed(reason), asdict(plan)
        return Keyed(
            plan.name, request=asking.put(conn, ask, kind=NEW, payload=payload, reason=why)
        )


def _is_only_person(conn: Connection, ask: Ask) -> bool:
    """Return whether an operator asks and there is nobody yet who could agree with him."""
    is_local = ask.scope.account == LOCAL_ACCOUNT
    return is_local and not accounts.administrators(conn, day_number(today()))


def _added(conn: Connection, ask: Ask, payload: Payload) -> str:
    """Make a terminal, with a key that nobody has: whoever asked is shown another, once."""
    plan = Plan(payload["name"], payload["station_id"], payload["number"])
    _refuse_taken(conn, plan)
    maker, nobodys = payload["maker"], token_hash(new_key())
    terminal_id = book.add(conn, plan, key_hash=nobodys, account=maker, now_s=int(time()))
    book.change(conn, terminal_id, key_for=maker)
    _note(conn, ask, terminal_id, plan.station_id, "made")
    return ""


def _refuse_taken(conn: Connection, plan: Plan) -> None:
    if book.by_name(conn, plan.name):
        raise BadValueError("terminals.name_taken", terminal=plan.name)
    if plan.number and (other := book.by_number(conn, plan.station_id, plan.number)):
        raise BadValueError("terminals.number_taken", number=plan.number, terminal=other.name)


def _number(words: str) -> str:
    plain = words.strip()
    if len(plain) > LONGEST_NUMBER or not plain.isprintable() or "|" in plain:
        raise BadValueError("terminals.bad_number", limit=LONGEST_NUMBER)
    return sale_keys.terminal_name(plain)


def _name(words: str) -> str:
    name = words.strip().casefold()
    if not NAME.fullmatch(name):
        raise BadValueError("terminals.bad_name")
    return name


@right("users.keep")
def rotate(ask: Ask, *, name: str, reason: str) -> Keyed:
    """Return the request for a new key of a terminal; the old one serves until it is shown.

    When a second person agrees, whoever asked is shown it (`collect`). What the terminal sends
    again of its queue is known as before, for it is the same. A stolen key is revoked instead.

    Raises:
        NotFoundError: there is no such terminal in sight.
        BadValueError: no reason is given, or its key was taken away for good.
    """
    reason = trail.needed(reason)
    with acting(ask) as conn:
        terminal = _standing(conn, ask, _name(name))
        payload = {"terminal_id": terminal.id, "station_id": terminal.station_id}
        if _is_only_person(conn, ask):
            _renewed(conn, ask, payload | {"maker": ask.scope.account, "reason": reason})
            return _keyed(conn, ask, terminal.name)
        number = asking.put(conn, ask, kind=RENEWED, payload=payload, reason=reason)
    return Keyed(terminal.name, request=number)


def _renewed(conn: Connection, ask: Ask, payload: Payload) -> str:
    """Let whoever asked for a new key be shown it, once."""
    terminal = book.by_id(conn, payload["terminal_id"])
    if terminal is None or terminal.revoked_at is not None:
        raise BadValueError("terminals.revoked", terminal=terminal.name if terminal else "")
    book.change(conn, terminal.id, key_for=payload["maker"])
    _note(conn, ask, terminal.id, terminal.station_id, "rotated", payload["reason"])
    return ""


@right("users.keep")
def collect(ask: Ask, *, name: str) -> Keyed:
    """Return a terminal with the key that the asker asked for and another agreed to; once.

    The key that it had before is good for nothing from now on.

    Raises:
        NotFoundError: there is no such terminal in sight, or no key of it waits for the asker.
        BadValueError: its key was taken away for good.
    """
    with acting(ask) as conn:
        return _keyed(conn, ask, _name(name))


def _keyed(conn: Connection, ask: Ask, name: str) -> Keyed:
    terminal, made = _standing(conn, ask, name), Keyed(name, new_key())
    if terminal.key_for != ask.scope.account:
        raise NotFoundError("terminals.no_key_waits", terminal=name)
    told = {"key_hash": token_hash(made.key), "keyed_at": int(time()), "key_for": None}
    book.change(conn, terminal.id, **told)
    _note(conn, ask, terminal.id, terminal.station_id, "keyed")
    return made


@right("users.keep")
def revoke(ask: Ask, *, name: str, reason: str) -> None:
    """Take a terminal's key away for good; its next request is refused.

    Raises:
        NotFoundError: there is no such terminal in sight.
        BadValueError: no reason is given, or it was taken away before.
    """
    reason = trail.needed(reason)
    with acting(ask) as conn:
        terminal = _standing(conn, ask, _name(name))
        book.change(conn, terminal.id, revoked_at=int(time()))
        _note(conn, ask, terminal.id, terminal.station_id, "revoked", reason)


def _standing(conn: Connection, ask: Ask, name: str) -> Terminal:
    terminal = book.by_name(conn, name)
    if terminal is None or terminal.station_id not in ask.scope.station_ids:
        raise NotFoundError("terminals.unknown", terminal=name)
    if terminal.revoked_at is not None:
        raise BadValueError("terminals.revoked", terminal=name)
    return terminal


def _note(
    conn: Connection, ask: Ask, terminal_id: int, station_id: int, what: str, reason: str = ""
) -> None:
    object_name = f"terminal:{terminal_id}:{what}"
    trail.note(conn, ask.scope, Act.CHANGE, object_name, station_id=station_id, reason=reason)


def _reach(_conn: Connection, ask: Ask, payload: Payload) -> None:
    if payload["station_id"] not in ask.scope.station_ids:
        raise NotAllowedError("approvals.out_of_reach")


def _tell(conn: Connection, payload: Payload) -> Payload:
    """Return terminal, station (its name) and number."""
    site = stations.everything(conn)[payload["station_id"]]
    terminal = book.by_id(conn, payload.get("terminal_id", 0))
    name, number = (terminal.name, terminal.number) if terminal else _planned(payload)
    return {"terminal": name, "station": site.name or site.code, "number": number or "–"}


def _planned(payload: Payload) -> tuple[str, str]:
    return payload["name"], payload["number"]


EFFECTS: Mapping[str, Effect] = {
    NEW: Effect(_added, lambda _conn, _payload: "", _reach, _tell),
    RENEWED: Effect(_renewed, lambda _conn, _payload: "", _reach, _tell),
}
"""What happens when a request of this room is approved."""
