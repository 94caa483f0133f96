"""The docs name everything that is there, in both languages, and nothing leads nowhere."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
from doc_tables import DOCS, FILES, registry, renewed

from station.cli import app
from station.config import Settings, read_yaml
from station.ingest.mapping import SALE_FIELDS, mapping_of
from station.ingest.records_file import fields_of
from station.model import (
    KeyKind,
    LapseReason,
    OwnerKind,
    Source,
    Stability,
    State,
    StationKind,
    Unit,
    Use,
)
from station.pages.front import PAGES
from station.services import reports
from station.services.ask import Ask
from station.services.incoming import records
from station.text import say

LANGUAGES = ("en", "zh")
ROOT = DOCS.parent
PAGES_OF_DOCS = sorted([ROOT / "README.md", *DOCS.glob("*/*.md")])
TWINS = sorted({p.name for p in DOCS.glob("zh/*.md")})
WORDS = {
    "stability": Stability,
    "use": Use,
    "owner_kind": OwnerKind,
    "source": Source,
    "state": State,
    "lapse_reason": LapseReason,
    "key_kind": KeyKind,
    "station_kind": StationKind,
}
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def read(lang: str, name: str) -> str:
    return (DOCS / lang / name).read_text("utf-8")


def headings(text: str) -> list[tuple[str, str]]:
    return HEADING.findall(CODE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the names by which headings are linked, as GitHub makes them."""
    return {
        "".join(c for c in title.lower().replace(" ", "-") if c in "-_" or _is_word(c))
        for _, title in headings(text)
    }


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def settings_keys() -> Iterator[str]:
    for section in fields(Settings):
        rules = getattr(Settings(), section.name)
        if is_dataclass(rules):
            yield from (f"{section.name}.{number.name}" for number in fields(rules))


def commands(command: Any, path: str = "station") -> Iterator[tuple[str, Any]]:
    """Yield every command with its path, groups included."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_setting_is_explained(lang: str) -> None:
    text = read(lang, "commands.md")

    assert [key for key in settings_keys() if f"`{key}`" not in text] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_has_its_section_and_every_option_its_line(lang: str) -> None:
    text = read(lang, "commands.md")
    known = dict(commands(typer.main.get_command(app)))

    sections = {title for _, title in headings(text) if title.startswith("station ")}
    assert sections == {path for path, it in known.items() if not hasattr(it, "commands")}
    named = set(re.findall(r"`(--[a-z-]+)", text))
    assert named == {o for c in known.values() for p in c.params for o in p.opts if o[:2] == "--"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_has_its_section_under_its_own_title(lang: str) -> None:
    text = read(lang, "guide.md")

    for name in (name for entries in PAGES.values() for name, *_ in entries):
        assert say(lang, f"page_{name}.title") in text
        assert f"`/{name}`" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_report_is_listed(lang: str) -> None:
    text = read(lang, "commands.md")

    assert [name for name in reports.REPORTS if f"| `{name}` |" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(reports.REPORTS) - {"compare"}))
def test_every_column_of_a_report_is_listed(demo_ask: Ask, name: str) -> None:
    report = reports.report(demo_ask, name=name, question=reports.Question())

    for lang in LANGUAGES:
        listed = next(
            line
            for line in read(lang, "commands.md").splitlines()
            if line.startswith(f"| `{name}`")
        )
        assert listed.split("|")[3].strip() == ", ".join(report.rows.columns)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_class_is_listed_by_code_and_word(lang: str) -> None:
    text = read(lang, "terms.md")

    for topic, kinds in WORDS.items():
        assert [kind for kind in kinds if f"`{kind.value}`" not in text] == []
        said = [say(lang, f"word.{topic}.{kind.value}").casefold() for kind in kinds]
        assert [word for word in said if topic != "key_kind" and word not in text.casefold()] == []
    assert all(unit.value in text for unit in Unit if unit is not Unit.PIECE)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_example_of_a_mapping_is_one_and_every_field_is_named(lang: str) -> None:
    text = read(lang, "import.md")
    example = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)

    assert example is not None
    assert mapping_of(read_yaml(example[1], name="example"), name="example").volume == "kwh"
    known = SALE_FIELDS.union(*map(fields_of, records.KINDS))
    assert [name for name in known if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("name", TWINS)
def test_both_languages_have_the_same_sections(name: str) -> None:
    levels = [[level for level, _ in headings(read(lang, name))] for lang in LANGUAGES]

    assert levels[0] == levels[1]


@pytest.mark.parametrize("page", PAGES_OF_DOCS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [link for link in LINK.findall(CODE.sub("", text)) if "://" not in link]

    for link in map(unquote, links):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


@pytest.mark.parametrize("name", FILES)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")

    assert text == renewed(name, text), "renew it: python tests/doc_tables.py"


def test_every_service_and_its_right_are_listed() -> None:
    text = read("en", "rights.md")

    assert [s for s, right in registry().items() if f"| `{s}` | `{right}` |" not in text] == []
