"""What does a file hold of a pace, and which pace did it hold?"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from station.analysis.landmark import Landmark
from station.analysis.pace import Pace
from station.analysis.pauses import Onset, Pauses, Rhythm
from station.analysis.rhythm import Fit, Model


def as_words(found: Pace) -> dict[str, Any]:
    """Return what JSON can hold of a pace."""
    return asdict(found)


def from_words(words: Mapping[str, Any]) -> Pace:
    """Return the pace that `as_words` described.

    Raises:
        LookupError, TypeError, ValueError: it describes none.
    """
    by_kind = {name: _rhythm(own) for name, own in words["by_kind"].items()}
    return Pace(_rhythm(words["pooled"]), by_kind, _landmark(words["landmark"]))


def _rhythm(words: Mapping[str, Any]) -> Rhythm:
    told = words["pauses"]
    found = Pauses(
        _onset(told["plain"]), _onset(told["quiet"]), told["share_of_time"], told["seen"]
    )
    fitted, memoryless = _fit(words["fitted"]), _fit(words["memoryless"])
    return Rhythm(fitted, memoryless, found, tuple(words["quiet_days"]))


def _fit(words: Mapping[str, Any]) -> Fit:
    return Fit(**{**words, "model": Model(words["model"])})


def _onset(words: Mapping[str, Any]) -> Onset:
    return Onset(words["rate"], tuple(words["curve"]), words["ending"])


def _landmark(words: Mapping[str, Any] | None) -> Landmark | None:
    if words is None:
        return None
    lists = {name: tuple(words[name]) for name in ("weights", "centres", "scales")}
    return Landmark(horizon=words["horizon"], rows=words["rows"], **lists)
