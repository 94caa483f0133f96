"""Who tries plates, cards, telephones and codes that are nobody's? He is stopped for the day."""

from enum import StrEnum
from functools import partial
from time import time

from station.archive.database import Connection
from station.archive.people import sessions
from station.errors import LimitReachedError
from station.services.access import LOCAL_ACCOUNT, afterwards, start_of_today
from station.services.ask import Ask
from station.services.personal import sealing


class Tried(StrEnum):
    """What is tried: a plate, many of which pass a counter, or a number that only its owner has."""

    PLATE = "plate"
    NUMBER = "phone"


def refuse(conn: Connection, ask: Ask, tried: Tried = Tried.NUMBER) -> None:
    """Refuse every look-up once too many were in vain; a right one would tell as well.

    Raises:
        LimitReachedError: too many were nobody's today.
    """
    most = _most(ask, tried)
    missed = sessions.guesses(conn, address=_guesser(ask, tried), from_s=start_of_today())
    if ask.scope.account != LOCAL_ACCOUNT and missed >= most:
        many = "plates" if tried is Tried.PLATE else "misses"
        raise LimitReachedError(f"contacts.too_many_{many}", most=most)


def _most(ask: Ask, tried: Tried) -> int:
    looks, till = ask.settings.looks, ask.settings.till
    if tried is Tried.PLATE:
        return till.plate_misses_per_day if ask.scope.terminal_id else looks.plate_misses_per_day
    return till.misses_per_day if ask.scope.terminal_id else looks.phone_misses_per_day


def missed(ask: Ask, words: str, tried: Tried = Tried.NUMBER) -> None:
    """Have it written down that somebody looked up what is nobody's, told by a hash only."""
    afterwards(f"miss/{words}", partial(_note, ask, words, tried))


def _note(ask: Ask, words: str, tried: Tried) -> None:
    with ask.db.writing(changes_figures=False) as conn:
        sessions.note_attempt(
            conn,
            account_hash=sealing.code_index(ask.db, words),
            address=_guesser(ask, tried),
            now_s=int(time()),
        )


def _guesser(ask: Ask, tried: Tried) -> str:
    if ask.scope.terminal_id:
        return f"till/{tried}/{ask.scope.terminal_id}"
    return f"{tried}/{ask.scope.account_id}"
