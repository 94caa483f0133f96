"""Both languages say everything, with the same facts."""

import ast
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from station import text
from station.contact.fields import FIELDS
from station.ingest.mapping import SALE_FIELDS
from station.ingest.records_file import KINDS, fields_of


def fields(sentence: str) -> set[str]:
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_exists_in_both_languages_with_the_same_facts() -> None:
    zh, en = text.catalogue("zh"), text.catalogue("en")

    assert set(zh) == set(en)
    assert {key: fields(zh[key]) for key in zh} == {key: fields(en[key]) for key in en}


def _refusals() -> Iterator[str]:
    """Yield the key of every sentence that an error is raised with."""
    for path in Path(text.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and "." in str(first.value):
                    yield str(first.value)


def test_every_refusal_has_its_sentence() -> None:
    assert sorted(key for key in set(_refusals()) if not text.has("zh", key)) == []


@pytest.mark.parametrize("lang", text.LANGUAGES)
def test_every_field_of_a_file_has_its_word(lang: str) -> None:
    every = SALE_FIELDS.union(*map(fields_of, KINDS))

    assert [name for name in every if not text.has(lang, f"field.{name}")] == []


def test_a_date_is_written_in_the_readers_form() -> None:
    formatter = text._FORMATTERS  # the public door needs a catalogue line

    assert formatter["zh"].vformat("{d}", (), {"d": date(2026, 3, 1)}) == "2026年3月1日"
    assert formatter["en"].vformat("{d}", (), {"d": date(2026, 3, 1)}) == "1 Mar 2026"


@pytest.mark.parametrize("lang", text.LANGUAGES)
@pytest.mark.parametrize("topic", ["relationship", "credit_class"])
def test_a_list_calls_a_choice_as_the_card_does(lang: str, topic: str) -> None:
    known = next(field.choices for field in FIELDS if field.name == topic)

    for value in known:
        said = text.say(lang, f"fields.choice.{topic}.{value}")
        assert text.say(lang, f"word.{topic}.{value}") == said


@pytest.mark.parametrize(
    ("value", "said"), [(2.0, "2"), (2.04, "2"), (6.5, "6.5"), (1234.0, "1,234")]
)
def test_a_short_number_has_a_decimal_only_where_it_says_something(value: float, said: str) -> None:
    assert text._FORMATTERS["en"].vformat("{n:short}", (), {"n": value}) == said


def test_a_sentence_of_a_row_names_its_unit() -> None:
    row = {"told": "warning.smaller_fills", "unit": "m3", "quantity_late": 9, "quantity_before": 14}

    assert text.say_row("en", row, "told") == "Smaller fills: about 9 m³ of late, 14 m³ before."
