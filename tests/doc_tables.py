"""The tables of the docs that follow from the code: `python tests/doc_tables.py` prints them."""

import importlib
import pkgutil
from collections.abc import Iterable, Sequence

from station import services
from station.analysis import ownership, usage
from station.analysis.evidence import Clue
from station.model import RIGHTS
from station.services.access import SERVICES
from station.text import say

RIGHTS_HEADINGS = ("service", "right", "what it gives")
CLUE_HEADINGS = {
    "en": ("clue", "in words", "visits", "speaks for", "speaks against"),
    "zh": ("线索", "说明", "次数", "支持", "反对"),
}
LISTS = {"en": "; ", "zh": "；"}


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def registry() -> dict[str, str]:
    """Return every service with its right, all rooms of services having been imported."""
    for room in pkgutil.iter_modules(services.__path__):
        importlib.import_module(f"station.services.{room.name}")
    return dict(sorted(SERVICES.items()))


def services_table() -> str:
    """Return every service with the right it needs and what it gives."""
    rows = []
    for name, right in registry().items():
        room, _, function = name.partition(".")
        service = getattr(importlib.import_module(f"station.services.{room}"), function)
        rows.append((f"`{name}`", f"`{right}`", service.__doc__.partition("\n")[0]))
    return table(RIGHTS_HEADINGS, rows)


def roles_table() -> str:
    """Return which role has which right."""
    every = sorted({right for rights in RIGHTS.values() for right in rights})
    rows = [
        (f"`{right}`", *("x" if right in rights else "" for rights in RIGHTS.values()))
        for right in every
    ]
    return table(("right", *(role.value for role in RIGHTS)), rows)


def clues_table(lang: str, topic: str) -> str:
    """Return the clues by which use (topic usage) or owner (topic ownership) is inferred."""
    clues = usage.CLUES if topic == "usage" else ownership.CLUES
    return table(CLUE_HEADINGS[lang], [_clue_row(lang, topic, clue) for clue in clues])


def _clue_row(lang: str, topic: str, clue: Clue) -> tuple[str, ...]:
    return (
        f"`{clue.key}`",
        say(lang, f"{topic}.clue.{clue.key}"),
        str(clue.visits),
        _weights(lang, topic, clue, sign=1),
        _weights(lang, topic, clue, sign=-1),
    )


def _weights(lang: str, topic: str, clue: Clue, *, sign: int) -> str:
    classes = "use" if topic == "usage" else "owner_kind"
    told = sorted(clue.weights.items(), key=lambda item: -sign * item[1])
    return LISTS[lang].join(
        f"{say(lang, f'word.{classes}.{name}')} {weight:+g}"
        for name, weight in told
        if weight * sign > 0
    )


if __name__ == "__main__":
    print(services_table(), roles_table(), sep="\n\n")
    for language in CLUE_HEADINGS:
        print("", clues_table(language, "usage"), clues_table(language, "ownership"), sep="\n\n")
