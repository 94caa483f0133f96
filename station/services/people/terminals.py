"""Which tills may ask: each has a key of its own, shown once, renewed or taken away at once."""

import re
from dataclasses import dataclass
from time import time

import pandas as pd

from station.archive import stations
from station.archive.database import Connection
from station.archive.people import terminals as book
from station.archive.people.terminals import Plan, Terminal
from station.errors import BadValueError, NotFoundError
from station.ingest import sale_keys
from station.model import Act
from station.services import trail
from station.services.access import acting, right, stations_in_sight, token_hash
from station.services.ask import Ask
from station.services.people import sign_in

KEY_BEGINS = "till_"
"""By this whoever finds a key, in a log or a repository, knows what it is."""
LONGEST_NUMBER = 40
NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Keyed:
    """A terminal and its new key, which is kept nowhere."""

    name: str
    key: str


def new_key() -> str:
    """Return a key that nobody guesses: 256 random bits."""
    return KEY_BEGINS + sign_in.new_token()


@right("users.read")
def listing(ask: Ask) -> pd.DataFrame:
    """Return name, station, number, made_at, made_by, keyed_at, seen_at and revoked_at of all."""
    with ask.db.reading() as conn:
        known = book.listing(conn)
        here = {code for code, i in stations.ids(conn).items() if i in ask.scope.station_ids}
    return known[known["station"].isin(here)].reset_index(drop=True)


@right("users.keep")
def add(ask: Ask, *, name: str, station: str, number: str) -> Keyed:
    """Return a new terminal with its key; it may sell and redeem at its station, and no more.

    `number` is what the station's export files call it, empty where they name no terminal: by it
    a receipt that comes both ways is one sale. It is settled for good.

    Raises:
        BadValueError: name or number are none, or are or were another terminal's.
        NotFoundError: there is no such station in sight.
    """
    (station_id,) = stations_in_sight(ask, [station])
    plan = Plan(_name(name), station_id, _number(number))
    made = Keyed(plan.name, new_key())
    with acting(ask) as conn:
        _refuse_taken(conn, plan)
        terminal_id = book.add(
            conn,
            plan,
            key_hash=token_hash(made.key),
            account=ask.scope.account,
            now_s=int(time()),
        )
        _note(conn, ask, terminal_id, station_id, "made")
    return made


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
    """Return a terminal with a new key; the old one is good for nothing from now on.

    What it sends again of its queue is known as before, for the terminal is the same.

    Raises:
        NotFoundError: there is no such terminal in sight.
        BadValueError: no reason is given, or its key was taken away for good.
    """
    reason, made = trail.needed(reason), Keyed(_name(name), new_key())
    with acting(ask) as conn:
        terminal = _standing(conn, ask, made.name)
        book.change(conn, terminal.id, key_hash=token_hash(made.key), keyed_at=int(time()))
        _note(conn, ask, terminal.id, terminal.station_id, "rotated", reason)
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
