"""How do customers stand to being addressed? What the contact rules ask of many at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from station.archive.calls import addressed
from station.archive.calls.addressed import Tried, Word
from station.archive.database import Connection
from station.contact.rules import (
    MIDNIGHT_MIN,
    WEEK,
    Hours,
    Outcome,
    Person,
    Refusal,
    Touch,
    When,
    Wish,
    refusals,
)
from station.guard import consent
from station.model import (
    DAY_S,
    NOT_REACHED,
    CallCode,
    CallPurpose,
    Channel,
    Consent,
)
from station.services.access import MINUTE_S
from station.services.ask import Ask

REFUSED = frozenset({CallCode.REFUSED.value, CallCode.DNC_REQUEST.value})
FAILED = frozenset(code.value for code in NOT_REACHED)
LONGEST_DAYS = 400
"""No rest and no cap looks further back."""


def persons(
    conn: Connection, customer_ids: Collection[int], day: int, *, but_list: int = -1
) -> dict[int, Person]:
    """Return each of these, who stand for themselves, as the contact rules see him on a day.

    That he is in the list `but_list` does not count.
    """
    ways = addressed.ways(conn, customer_ids)
    unhappy = addressed.complaining(conn, customer_ids)
    found = {
        one: _by_words(one, words, day) for one, words in addressed.said(conn, customer_ids).items()
    }
    wishes: dict[int, list[Word]] = defaultdict(list)
    for word in addressed.wishes(conn, customer_ids):
        wishes[word.customer_id].append(word)
    touches: dict[int, list[Touch]] = defaultdict(list)
    from_s = (day - LONGEST_DAYS) * DAY_S
    for one in addressed.tried(conn, customer_ids, from_s=from_s, day=day, but_list=but_list):
        touches[one.customer_id].append(_touch(one))
    return {
        who: replace(
            person,
            do_not_call=_barred(wishes[who]),
            reached_by=frozenset(ways[who]),
            wishes=tuple(_wish(word) for word in wishes[who] if not word.is_barred),
            touches=tuple(touches[who]),
            has_open_complaint=who in unhappy,
        )
        for who, person in found.items()
    }


def against(
    ask: Ask, person: Person, purpose: CallPurpose, channel: Channel, when: When
) -> tuple[Refusal, ...]:
    """Return all that speaks against addressing somebody, the gravest first."""
    return refusals(person, when, purpose, channel, rules=ask.settings.contact)


def _by_words(customer_id: int, words: Iterable[Consent], day: int) -> Person:
    """Return somebody by what he said."""
    standing = consent.standing(words, day)
    return Person(
        customer_id,
        agreed=frozenset(asked for asked, word in standing.items() if word.given),
        denied=frozenset(asked for asked, word in standing.items() if not word.given),
    )


def _barred(words: Iterable[Word]) -> frozenset[Channel]:
    barred = [word.channel for word in words if word.is_barred]
    return frozenset(Channel) if "" in barred else frozenset(map(Channel, barred))


def _wish(word: Word) -> Wish:
    hours: tuple[Hours, ...] = ()
    if word.weekdays or word.from_min is not None or word.to_min is not None:
        days = tuple(map(int, word.weekdays)) or WEEK
        last = MIDNIGHT_MIN if word.to_min is None else word.to_min
        hours = (Hours(days, word.from_min or 0, last),)
    channel = Channel(word.channel) if word.channel else None
    return Wish(channel, hours, word.most, word.is_unwanted)


def _touch(one: Tried) -> Touch:
    outcome = Outcome.MADE
    if one.code == addressed.PLANNED:
        outcome = Outcome.PLANNED
    elif one.code in REFUSED:
        outcome = Outcome.REFUSED
    elif one.code in FAILED:
        outcome = Outcome.UNREACHED
    if one.day is not None:
        return Touch(one.day, Channel(one.channel), outcome, one.at_min)
    day, second = divmod(one.at or 0, DAY_S)
    return Touch(day, Channel(one.channel), outcome, second // MINUTE_S)
