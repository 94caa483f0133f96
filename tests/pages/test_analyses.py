"""Every page of the analyses says the same in both languages, and something on an empty day."""

from dataclasses import replace
from datetime import date

import pytest
from opened import desk_of, open_page, words_of

from station.services.ask import Ask

NAMES = ["stability", "use", "frequency", "ownership", "stations"]
LANGUAGES = ["zh", "en"]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_and_answers_its_question(demo_ask: Ask, name: str, lang: str) -> None:
    page = open_page(name, desk_of(demo_ask, lang))

    assert not page.exception
    assert not page.error
    assert page.title[0].value
    assert page.markdown[0].value.startswith("##### ")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_on_a_day_before_the_first_sale_says_what_to_do(demo_ask: Ask, name: str) -> None:
    before = replace(demo_ask, as_of=date(2001, 1, 1))

    page = open_page(name, desk_of(before))

    assert not page.exception
    assert "请在左侧换个时段或油站" in words_of(page)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_for_one_station_alone(demo_ask: Ask, name: str) -> None:
    page = open_page(name, desk_of(demo_ask, stations=("A0001",)))

    assert not page.exception


@pytest.mark.parametrize(
    ("name", "column", "pills", "words"),
    [
        ("stability", "stability", "stability_class", {"regular": "常客", "occasional": "散客"}),
        ("use", "use", "use_class", {"private": "私家车", "unknown": "未知"}),
        ("ownership", "owner_kind", "ownership_class", {"company": "公司", "private": "私人"}),
    ],
)
def test_a_pill_opens_exactly_the_names_it_counts(
    demo_ask: Ask, name: str, column: str, pills: str, words: dict[str, str]
) -> None:
    desk = desk_of(demo_ask)
    frame = desk.vehicles()
    counts = frame.loc[frame["period_visits"] > 0, column].value_counts()
    page = open_page(name, desk)

    for key, word in words.items():
        page.pills(key=pills).set_value(key).run()

        assert f"{word} {counts[key]:,}" in page.pills(key=pills).options
        assert f"{word}：{counts[key]:,} 辆" in words_of(page)
        assert page.query_params[pills] == key


def test_a_link_with_a_class_opens_its_list(demo_ask: Ask) -> None:
    page = open_page("stability", desk_of(demo_ask))
    page.query_params["stability_class"] = "occasional"

    page.run()

    assert page.pills(key="stability_class").value == "occasional"
    assert "散客：" in words_of(page)
