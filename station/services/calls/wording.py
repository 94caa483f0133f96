"""In which words does a station write on an occasion? Those of the house until it has its own."""

from collections.abc import Collection
from dataclasses import dataclass
from time import time
from typing import NamedTuple

from station import text
from station.archive.calls import caring as store
from station.archive.calls.caring import Words
from station.archive.customers import book
from station.archive.database import Connection
from station.contact import care
from station.contact import fields as every
from station.contact.care import Glad, Kind, Template, Written
from station.contact.fields import Field, FieldKind
from station.errors import BadValueError
from station.guard import mask
from station.model import Act
from station.services import trail
from station.services.access import acting, right, stations_in_sight
from station.services.ask import Ask
from station.services.customers import kept

LONGEST = care.LONGEST_WORDS
KINDS: tuple[Kind, ...] = (*Glad, *care.Grief)
"""All occasions for which there are words."""
OWN = ("name", "organisation", "station", "day")
"""What words may name beside the open fields of a card."""
OF_HIS_CAR = frozenset({"inspection_until", "oil_on", "wash_on"})
PLAIN = frozenset({FieldKind.TEXT, FieldKind.NUMBER, FieldKind.DAY, FieldKind.CHOICE})
"""Kinds of fields that stand in words as they are kept."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a station writes on an occasion now, and how it did before, the newest first."""

    template: Template
    is_own: bool
    history: tuple[Words, ...]

    @property
    def offer(self) -> str:
        """What is offered with the words; never in grief."""
        return self.template.offer if isinstance(self.template, care.Greeting) else ""


Card = dict[str, str]
"""What stands in the fields of a customer, by name."""


class For(NamedTuple):
    """What words say beside his card: the station's name, and the day of his occasion."""

    station: str
    day: str


@right("calls.read")
def words(ask: Ask, *, station: str, kind: Kind, lang: str) -> Wording:
    """Return how a station writes on an occasion in a language.

    Raises:
        NotFoundError: there is no such station, or none in sight; both answer alike.
    """
    (station_id,) = stations_in_sight(ask, [station])
    with ask.db.reading() as conn:
        return wording(conn, station_id, kind, lang)


def wording(conn: Connection, station_id: int, kind: Kind, lang: str) -> Wording:
    """Return how a station writes on an occasion in a language."""
    known = tuple(store.history(conn, station_id, kind.value, lang))
    if known:
        return Wording(care.template(kind, known[0].words, known[0].offer), True, known)
    return Wording(care.template(kind, text.say(lang, f"care_words.{kind}")), False, ())


@right("calls.plan")
def change(
    ask: Ask, *, station: str, kind: Kind, lang: str, words: str, offer: str = "", reason: str
) -> None:
    """Let a station write in other words from now on; those before stay in the history.

    Raises:
        NotFoundError: there is no such station, or none in sight; both answer alike.
        BadValueError: an offer is made in grief, the words name what is not, or somebody, or no
            reason is given.
    """
    (station_id,) = stations_in_sight(ask, [station])
    made = care.template(kind, words.strip(), offer.strip())
    for name in sorted(care.placeholders(made.words) | care.placeholders(_offer(made))):
        if name not in names(ask, kind):
            raise BadValueError("caring.unknown_name", name=name)
    if mask.redact(made.words + _offer(made)) != made.words + _offer(made):
        raise BadValueError("caring.words_reach_somebody")
    with acting(ask) as conn:
        new = Words(
            station_id=station_id,
            occasion=kind.value,
            lang=lang,
            words=made.words,
            offer=_offer(made),
            account=ask.scope.account,
            written_at=int(time()),
            reason=trail.needed(reason),
        )
        store.put_words(conn, new)
        why = f"{kind} {lang}: {new.reason}"
        trail.note(conn, ask.scope, Act.CHANGE, "care_words", station_id=station_id, reason=why)


def _offer(template: Template) -> str:
    return template.offer if isinstance(template, care.Greeting) else ""


def names(ask: Ask, kind: Kind) -> tuple[str, ...]:
    """Return all that the words of an occasion may name in braces."""
    if isinstance(kind, care.Grief):
        return tuple(sorted(care.MOURNING))
    return (*OWN, *(field.name for field in open_fields(ask)))


def open_fields(ask: Ask) -> list[Field]:
    """Return the fields of a card that may be said to the customer himself.

    The days of services to his car, and what the chain asks for itself; not what it thinks of him.
    """
    own = [field for field in ask.settings.fields if field.kind in PLAIN]
    return [*(field for field in every.FIELDS if field.name in OF_HIS_CAR), *own]


def cards(conn: Connection, ask: Ask, customer_ids: Collection[int]) -> dict[int, Card]:
    """Return what stands in the fields of each of these, who stand for themselves."""
    whole = book.same_of_many(conn, sorted(customer_ids))
    rows = kept.standing(conn, ask.db, [row for same in whole.values() for row in same])
    told: dict[int, Card] = {}
    for who, same in whole.items():
        told[who] = {}
        for row in reversed(same):
            told[who] |= {name: words for name, words in rows[row].items() if words}
    return told


def written_for(ask: Ask, template: Template, card: Card, one: For, *, is_masked: bool) -> Written:
    """Return the words for one customer; masked, his name is as everybody may see it."""
    name = card.get("name", "")
    values = {field.name: card.get(field.name, "") for field in open_fields(ask)}
    own = {
        "name": mask.name(name) if is_masked else name,
        "organisation": card.get("organisation_name", ""),
        "station": one.station,
        "day": one.day,
    }
    return care.written(template, values | own)
