"""What can be known of a customer: one table of fields, to which a chain adds its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class FieldKind(StrEnum):
    """What a field holds, and so how it is asked for and checked."""

    TEXT = "text"
    NOTE = "note"
    CHOICE = "choice"
    NUMBER = "number"
    DAY = "day"
    YES_NO = "yes_no"
    NAME = "name"
    PHONE = "phone"
    WAY = "way"


SEALED = frozenset({FieldKind.NOTE, FieldKind.NAME, FieldKind.PHONE, FieldKind.WAY})
"""Kinds that name or reach a person, or were told in confidence."""
REACHING = frozenset({FieldKind.NAME, FieldKind.PHONE, FieldKind.WAY})
"""Kinds that go stale and are checked from time to time."""


class Whose(StrEnum):
    """Of which customers a field is asked."""

    BOTH = "both"
    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be known of a customer.

    `weight` is what it counts for when a card is judged complete, `most` the largest number it
    can be. A field of the chain's own carries its `labels` by language; those of the house stand
    in the catalogues.
    """

    name: str
    group: str
    kind: FieldKind
    whose: Whose = Whose.BOTH
    choices: tuple[str, ...] = ()
    weight: int = 0
    labels: dict[str, str] = field(default_factory=dict, hash=False)
    most: int | None = None

    @property
    def is_sealed(self) -> bool:
        """Whether its value is sealed in the archive, and masked or withheld on a page."""
        return self.kind in SEALED

    @property
    def is_way(self) -> bool:
        """Whether it names or reaches somebody, and so is checked from time to time."""
        return self.kind in REACHING

    @property
    def is_core(self) -> bool:
        """Whether it stands in the customer's own row."""
        return self.name in CORE

    def concerns(self, *, is_organisation: bool) -> bool:
        """Return whether it is asked of such a customer."""
        return self.whose in {Whose.BOTH, Whose.ORGANISATION if is_organisation else Whose.PERSON}


NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset({"code", "contact", "customer_name", "customer_kind", "keeper", "score"})
"""What the columns of a file and of a list are called already."""
LONGEST_LABEL, MOST_WEIGHT = 40, 100

CORE = ("name", "phone", "organisation_name", "owner_kind", "station", "since")
"""Fields that stand in the customer's own row; all others in a table of theirs."""

_TEXT, _NOTE, _CHOICE = FieldKind.TEXT, FieldKind.NOTE, FieldKind.CHOICE
_NUMBER, _DAY = FieldKind.NUMBER, FieldKind.DAY
_ORGANISATION = Whose.ORGANISATION

CHANNELS = (
    *("counter", "referral", "self_registered", "event", "campaign", "call", "own_data"),
    *("import", "other"),
)
INFLUENCES = ("referrer", "name", "institution", "fleet_boss")
"""Why others follow a customer."""
FORMS = ("state_owned", "private", "foreign", "sole_trader", "institution", "government")

FIELDS: tuple[Field, ...] = (
    Field("organisation_name", "who", _TEXT, _ORGANISATION, weight=20),
    Field("name", "who", FieldKind.NAME, weight=20),
    Field("phone", "who", FieldKind.PHONE, weight=20),
    Field("owner_kind", "who", _CHOICE, choices=("private", "company", "government", "rental")),
    Field("station", "who", _CHOICE, weight=5),
    Field("since", "who", _DAY),
    Field("channel", "who", _CHOICE, choices=CHANNELS, weight=10),
    Field("email", "reach", FieldKind.WAY),
    Field("wechat", "reach", FieldKind.WAY, weight=5),
    Field("address", "reach", FieldKind.WAY),
    Field("industry", "business", _TEXT, _ORGANISATION, weight=10),
    Field("form", "business", _CHOICE, _ORGANISATION, choices=FORMS),
    Field("area_served", "business", _TEXT, _ORGANISATION),
    Field("fleet_size", "business", _NUMBER, _ORGANISATION, weight=10),
    Field("litres_month", "business", _NUMBER, weight=5),
    Field(
        "character",
        "business",
        _CHOICE,
        _ORGANISATION,
        choices=("steady", "seasonal", "project", "tender"),
    ),
    Field("relationship", "trade", _CHOICE, _ORGANISATION, choices=("1", "2", "3", "4"), weight=5),
    Field("influence", "trade", _CHOICE, choices=INFLUENCES),
    Field("credit_class", "trade", _CHOICE, _ORGANISATION, choices=("A", "B", "C", "D")),
    Field("credit_limit", "trade", _NUMBER, _ORGANISATION),
    Field("settle_day", "trade", _NUMBER, _ORGANISATION, most=31),
    Field("term_days", "trade", _NUMBER, _ORGANISATION, most=366),
    Field("trade_terms", "trade", _NOTE, _ORGANISATION),
    Field("invoice_title", "trade", _NOTE),
    Field("tax_number", "trade", _NOTE, _ORGANISATION),
    Field(
        "pay_method",
        "trade",
        _CHOICE,
        choices=("cash", "card", "fuel_card", "app", "monthly"),
        weight=5,
    ),
    Field("rival_stations", "rivals", _TEXT, weight=5),
    Field(
        "rival_reason",
        "rivals",
        _CHOICE,
        choices=("price", "nearer", "card", "service", "habit", "other"),
    ),
    Field("attitude", "rivals", _CHOICE, choices=("loyal", "neutral", "critical", "hostile")),
    Field("open_problems", "work", _NOTE),
    Field("our_advantages", "work", _NOTE),
    Field("next_step", "work", _NOTE),
    Field("paper_holder", "work", _TEXT),
    Field("style", "manner", _CHOICE, choices=("warm", "brief", "formal", "no_calls")),
    Field("forbidden_topics", "manner", _NOTE),
    Field("preferences", "manner", _NOTE),
    Field("inspection_until", "service", _DAY),
    Field("oil_on", "service", _DAY),
    Field("wash_on", "service", _DAY),
    Field("need", "prospect", _NOTE),
    Field("scene", "prospect", _NOTE),
    Field("pain_point", "prospect", _NOTE),
)
"""Every field of the house, in the order in which a card shows them."""

OWN_GROUP = "own"
OWN_KINDS = frozenset(FieldKind) - REACHING
"""Kinds of a chain's own fields: whatever names or reaches a person has its place already."""
MOST_OWN = 40


def known(own: Sequence[Field] = ()) -> tuple[Field, ...]:
    """Return every field, the chain's own last."""
    return (*FIELDS, *own)


def faults(own: Sequence[Field]) -> Iterator[tuple[int, str]]:
    """Yield at which place of a chain's own fields what is wrong: a part of it, or all of them."""
    if len(own) > MOST_OWN:
        yield MOST_OWN, "name"
    names = {one.name for one in FIELDS} | RESERVED
    labels: set[str] = set()
    for place, one in enumerate(own):
        if not NAME.fullmatch(one.name) or one.name in names:
            yield place, "name"
        for lang, label in one.labels.items():
            if not 0 < len(label.strip()) <= LONGEST_LABEL or label.strip().casefold() in labels:
                yield place, lang
        if one.kind not in OWN_KINDS:
            yield place, "kind"
        if not _fit(one):
            yield place, "choices"
        if not 0 <= one.weight <= MOST_WEIGHT:
            yield place, "weight"
        names.add(one.name)
        labels |= {label.strip().casefold() for label in one.labels.values()}


def _fit(one: Field) -> bool:
    """Return whether a field has choices if it needs them, each of them once and not too long."""
    if (one.kind is FieldKind.CHOICE) != bool(one.choices):
        return False
    words = [choice.strip() for choice in one.choices]
    are_fit = all(0 < len(word) <= LONGEST_LABEL for word in words)
    return are_fit and len(set(words)) == len(words)
