"""The tables of the docs that follow from the code: `python tests/doc_tables.py` renews them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from registry import rooms, service

from station.analysis import ownership, usage
from station.analysis.evidence import Clue
from station.model import RIGHTS
from station.services.access import SERVICES
from station.text import say

DOCS = Path(__file__).parents[1] / "docs"
FILES = ("en/rights.md", "en/method.md", "zh/method.md")
PLACE = re.compile(r"(<!-- table: (\w+) -->\n\n)[^\n].*?(?=\n\n|\Z)", re.DOTALL)
CLUE_HEADINGS = {
    "en": ("clue", "in words", "visits", "speaks for", "speaks against"),
    "zh": ("线索", "说明", "次数", "支持", "反对"),
}
COMMA = {"en": "; ", "zh": "；"}


def renewed(file: str, text: str) -> str:
    """Return the text of a file of the docs with each of its tables as the code has it."""
    lang = file[:2]
    return PLACE.sub(lambda place: place[1] + TABLES[place[2]](lang), text)


def registry() -> Mapping[str, str]:
    """Return every service with its right, all rooms of services having been imported."""
    rooms()
    return dict(sorted(SERVICES.items()))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _services(_lang: str) -> str:
    rows = []
    for name, right in registry().items():
        told = (service(name).__doc__ or "").partition("\n")[0]
        rows.append((f"`{name}`", f"`{right}`", told))
    return _table(("service", "right", "what it does"), rows)


def _roles(_lang: str) -> str:
    every = sorted({right for rights in RIGHTS.values() for right in rights})
    rows = [
        (f"`{right}`", *("x" if right in rights else "" for rights in RIGHTS.values()))
        for right in every
    ]
    return _table(("right", *(role.value for role in RIGHTS)), rows)


def _uses(lang: str) -> str:
    return _table(CLUE_HEADINGS[lang], (_clue(lang, "usage", "use", c) for c in usage.CLUES))


def _owners(lang: str) -> str:
    rows = (_clue(lang, "ownership", "owner_kind", c) for c in ownership.CLUES)
    return _table(CLUE_HEADINGS[lang], rows)


def _clue(lang: str, topic: str, classes: str, clue: Clue) -> Sequence[str]:
    told = {say(lang, f"word.{classes}.{name}"): weight for name, weight in clue.weights.items()}
    return (
        f"`{clue.key}`",
        say(lang, f"{topic}.clue.{clue.key}"),
        str(clue.visits),
        _weights(lang, {word: weight for word, weight in told.items() if weight > 0}),
        _weights(lang, {word: weight for word, weight in told.items() if weight < 0}),
    )


def _weights(lang: str, told: Mapping[str, float]) -> str:
    strongest = sorted(told.items(), key=lambda item: -abs(item[1]))
    return COMMA[lang].join(f"{word} {weight:+g}" for word, weight in strongest)


TABLES: Mapping[str, Callable[[str], str]] = {
    "services": _services,
    "roles": _roles,
    "uses": _uses,
    "owners": _owners,
}


if __name__ == "__main__":
    for name in FILES:
        path = DOCS / name
        path.write_text(renewed(name, path.read_text("utf-8")), encoding="utf-8")
