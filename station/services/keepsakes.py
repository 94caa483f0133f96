"""What took long to work out is found again beside the archive, under a mark of all it rests on."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from station.archive import derived
from station.services.ask import Ask

MARK_LETTERS = 24
Found = TypeVar("Found")


def mark(*rests_on: object) -> str:
    """Return what names these facts: other facts, another mark."""
    return hashlib.sha256(repr(rests_on).encode()).hexdigest()[:MARK_LETTERS]


def found(
    ask: Ask, sort: str, under: str, read: Callable[[Mapping[str, Any]], Found]
) -> Found | None:
    """Return what `read` makes of what is kept; None where that is nothing, or damaged."""
    words = derived.find(ask.db, sort, under)
    if words is None:
        return None
    try:
        return read(words)
    except (LookupError, TypeError, ValueError):
        return None
