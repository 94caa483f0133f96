"""A printed form shows every word it is given and runs none of them."""

from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.model import PaperForm
from station.output import forms
from station.text import LANGUAGES, say

ON = date(2026, 9, 1)
LINES = sorted(
    {line.name for layout in forms.LAYOUTS.values() for lines in layout.sections.values()
     for line in lines}
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "</td></tr></table><iframe src=//a.example>",
    "{{7*7}} ${7*7} &lt;b&gt;",
    "=HYPERLINK(1)",
)


class Tags(HTMLParser):
    """Gathers what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def page(kind: PaperForm, facts: dict[str, str], lang: str = "zh", station: str = "甲站") -> str:
    return forms.page(kind, facts, lang=lang, station=station, on=ON)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", list(PaperForm))
def test_a_form_is_one_page_of_its_own_in_the_readers_language(kind: PaperForm, lang: str) -> None:
    told = Tags(page(kind, {}, lang))

    assert say(lang, f"forms.title_{kind}") in told.words
    assert not {"script", "img", "link", "iframe", "form", "input"} & set(told.names)
    assert not [name for name, _ in told.attributes if name in {"src", "href"} or name[:2] == "on"]
    assert ("lang", lang) in told.attributes


@pytest.mark.parametrize("kind", list(PaperForm))
@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_shown_as_they_are(kind: PaperForm, words: str) -> None:
    told = Tags(page(kind, dict.fromkeys(LINES, words), station=words))

    assert told.names == Tags(page(kind, {})).names
    assert words in told.words


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_word_changes_what_the_page_is_made_of(words: str) -> None:
    plain, told = (
        Tags(page(PaperForm.COMPLAINT, facts)) for facts in ({}, dict.fromkeys(LINES, words))
    )

    assert told.names == plain.names
    assert told.attributes == plain.attributes


def test_signs_that_turn_the_text_around_fall_out() -> None:
    told = page(PaperForm.COMPLAINT, {"name": "甲\u202e示\u2066\u200b\x07"})

    assert "<td>甲示</td>" in told


def test_what_is_known_stands_in_its_line_and_the_rest_is_left_to_write() -> None:
    told = page(PaperForm.INVOICE_TITLE, {"invoice_title": "甲公司", "unasked": "乙"})

    assert "<td>甲公司</td>" in told
    assert "<td></td>" in told
    assert "乙" not in told
