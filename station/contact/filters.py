"""Which vehicles and customers are meant? Conditions as plain values; nothing is ever evaluated."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from station.contact.fields import CORE, FIELDS, Field, FieldKind
from station.errors import BadValueError
from station.model import Fuel, Grade, KeyKind, OwnerKind, Stability, Stage, State, Use

MOST_CONDITIONS, MOST_VALUES, LONGEST_VALUE = 12, 50, 80
LONGEST_TEXT = 20_000
"""Characters of saved conditions; the most that the other limits allow is less."""


class Op(StrEnum):
    """How a value is compared."""

    ANY_OF = "any_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    HOLDS = "holds"  # a part of a text
    KNOWN = "known"
    UNKNOWN = "unknown"


class Shape(StrEnum):
    """What a key holds, and so how it is asked for."""

    CHOICE = "choice"
    NUMBER = "number"
    TEXT = "text"


class Source(StrEnum):
    """Where the values of a key stand."""

    BOARD = "board"
    FIELD = "field"
    TAG = "tag"
    KEEPER = "keeper"
    GRADE = "grade"
    STAGE = "stage"


OPS: Mapping[Shape, tuple[Op, ...]] = {
    Shape.CHOICE: (Op.ANY_OF, Op.NONE_OF),
    Shape.NUMBER: (Op.AT_LEAST, Op.AT_MOST),
    Shape.TEXT: (Op.HOLDS, Op.KNOWN, Op.UNKNOWN),
}
WITHOUT_VALUES = frozenset({Op.KNOWN, Op.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the sort: its name, what it holds, where, and which words stand for its choices.

    `words` is a table of word.toml; a key whose choices depend on the archive has none. A field of
    the chain's own carries its `labels` by language.
    """

    name: str
    shape: Shape
    source: Source = Source.BOARD
    choices: tuple[str, ...] = ()
    words: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """One hole in the card: a key, how it is compared, and with what."""

    field: str
    op: Op
    given: tuple[str | float, ...] = ()


def _choice(name: str, choices: Sequence[str] = (), words: str = "") -> Key:
    return Key(name, Shape.CHOICE, choices=tuple(choices), words=words or name)


def _without(kinds: type[StrEnum], *left_out: StrEnum) -> tuple[str, ...]:
    return tuple(kind.value for kind in kinds if kind not in left_out)


NUMBERS = (
    *("days_silent", "known_days", "visits", "quantity", "quantity_per_visit", "amount"),
    *("monthly_amount", "value_at_risk", "usual_gap_days"),
)
BOARD_KEYS: tuple[Key, ...] = (
    _choice("station"),
    _choice("stability", _without(Stability)),
    _choice("state", _without(State)),
    _choice("trend", ("steady", "slowing", "speeding")),
    _choice("use", _without(Use)),
    _choice("owner_kind", _without(OwnerKind)),
    _choice("product", _without(Fuel, Fuel.NONE), words="fuel"),
    _choice("usual_weekday", [str(day) for day in range(7)], words="weekday"),
    _choice("usual_slot", [str(slot) for slot in range(8)], words="slot"),
    _choice("moved_to"),
    _choice("key_kind", _without(KeyKind)),
    *(Key(name, Shape.NUMBER) for name in NUMBERS),
    Key("organisation_name", Shape.TEXT),
)
"""What the board knows of a vehicle at a station."""
OTHER_KEYS: tuple[Key, ...] = (
    Key("tag", Shape.CHOICE, Source.TAG),
    Key("keeper", Shape.CHOICE, Source.KEEPER),
    Key("grade", Shape.CHOICE, Source.GRADE, _without(Grade), words="grade"),
    Key("stage", Shape.CHOICE, Source.STAGE, _without(Stage), words="stage"),
)
SHAPES: Mapping[FieldKind, Shape] = {
    FieldKind.CHOICE: Shape.CHOICE,
    FieldKind.YES_NO: Shape.CHOICE,
    FieldKind.NUMBER: Shape.NUMBER,
    FieldKind.TEXT: Shape.TEXT,
}
"""Fields that can be filtered by; what is sealed cannot."""


def keys_of(fields: Sequence[Field] = FIELDS) -> dict[str, Key]:
    """Return every key by its name: the board's, tag, keeper, and those of `fields` left open."""
    told = [
        Key(
            f"field.{one.name}",
            SHAPES[one.kind],
            Source.FIELD,
            ("yes", "no") if one.kind is FieldKind.YES_NO else one.choices,
            labels=one.labels,
        )
        for one in fields
        if one.kind in SHAPES and not one.is_sealed and one.name not in CORE
    ]
    return {key.name: key for key in (*BOARD_KEYS, *OTHER_KEYS, *told)}


def checked(conditions: Sequence[Condition], keys: Mapping[str, Key]) -> tuple[Condition, ...]:
    """Return the conditions if every one can be asked.

    Raises:
        BadValueError: an unknown key, an operator that is not its, too much or too little of it.
    """
    if len(conditions) > MOST_CONDITIONS:
        raise BadValueError("filters.too_many", limit=MOST_CONDITIONS)
    return tuple(_checked(condition, keys) for condition in conditions)


def _checked(condition: Condition, keys: Mapping[str, Key]) -> Condition:
    key = keys.get(condition.field)
    if key is None or condition.op not in OPS[key.shape]:
        raise BadValueError("filters.unknown", field=condition.field[:LONGEST_VALUE])
    if condition.op in WITHOUT_VALUES:
        return Condition(condition.field, condition.op)
    kind = (int, float) if key.shape is Shape.NUMBER else str
    if not 1 <= len(condition.given) <= MOST_VALUES or not all(
        isinstance(value, kind) and _is_sane(value) for value in condition.given
    ):
        raise BadValueError("filters.bad_values", field=condition.field)
    if key.choices and not set(condition.given) <= set(key.choices):
        raise BadValueError("filters.bad_values", field=condition.field)
    return condition


def _is_sane(value: str | float) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and len(value) <= LONGEST_VALUE
    return not isinstance(value, bool) and math.isfinite(value)


def dump(conditions: Sequence[Condition]) -> str:
    """Return conditions as JSON."""
    raw = [{"field": c.field, "op": c.op.value, "values": list(c.given)} for c in conditions]
    return json.dumps(raw, ensure_ascii=False)


def read(text: str, keys: Mapping[str, Key]) -> tuple[Condition, ...]:
    """Return the conditions that a text holds.

    Raises:
        BadValueError: it holds anything else.
    """
    if len(text) > LONGEST_TEXT:
        raise BadValueError("filters.unreadable")
    try:
        raw = json.loads(text)
        told = [Condition(str(c["field"]), Op(c["op"]), tuple(c["values"])) for c in raw]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise BadValueError("filters.unreadable") from error
    return checked(told, keys)


def holds(column: pd.Series, condition: Condition) -> np.ndarray:
    """Return in which rows of a column a condition holds; what is missing holds only UNKNOWN."""
    op, given = condition.op, condition.given
    if op is Op.ANY_OF or op is Op.NONE_OF:
        return _either(column.isin(list(given)).to_numpy(dtype=bool), op)
    if op is Op.AT_LEAST:
        return np.asarray(column.to_numpy(dtype="float64") >= float(max(given)))
    if op is Op.AT_MOST:
        return np.asarray(column.to_numpy(dtype="float64") <= float(min(given)))
    return _text_holds(column, condition)


def _text_holds(column: pd.Series, condition: Condition) -> np.ndarray:
    """Return it of texts, each different one of which is looked at once."""
    texts = column.astype("category")
    known = texts.cat.categories.astype(str)
    if condition.op is Op.HOLDS:
        wanted = [str(value).casefold() for value in condition.given]
        right = [any(one in text.casefold() for one in wanted) for text in known]
    else:
        right = [(text != "") is (condition.op is Op.KNOWN) for text in known]
    codes = texts.cat.codes.to_numpy()
    missing = condition.op is Op.UNKNOWN
    return np.array([*right, missing], dtype=bool)[codes]


def among(members: np.ndarray, condition: Condition) -> np.ndarray:
    """Return in which rows a condition holds of which it is known who has one of its values."""
    return _either(members, condition.op)


def _either(has: np.ndarray, op: Op) -> np.ndarray:
    return ~has if op in {Op.NONE_OF, Op.UNKNOWN} else has
