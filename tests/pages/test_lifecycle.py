"""Without customers the pages of stages and of call quality say what there is to do first."""

import pytest
from pages.office import WHY, Office, fresh, press, said
from town import TODAY, Person, sell, settle, visit


@pytest.mark.parametrize(
    ("page", "lang", "words"),
    [
        ("lifecycle", "en", "No customers are known yet"),
        ("lifecycle", "zh", "还没有客户档案"),
        ("scorecards", "en", "Nobody called in the last 90 days"),
        ("scorecards", "zh", "没有回访记录"),
    ],
)
def test_an_empty_page_says_so(office: Office, page: str, lang: str, words: str) -> None:
    shown = office.open("mona", page, lang)

    assert not shown.exception
    assert words in said(shown)


@pytest.mark.slow
def test_who_is_silent_is_put_to_rest_and_back_with_one_press(office: Office) -> None:
    people = [Person(n, "N1") for n in (1, 2)]
    ids = settle(office.db, people, since_day=TODAY - 500)
    sell(office.db, [visit(people[0], 300), visit(people[1])])
    page = office.open("mona", "lifecycle")
    page.query_params["lifecycle_part"] = "rests"
    page.run()
    assert "182 days: 1" in said(page)

    page.multiselect(key=fresh(page, "rests_which")).set_value([ids[people[0].code]])
    page.text_input(key=fresh(page, "rests_why")).set_value(WHY)
    page = press(page, "rests_put")
    assert "At rest: 1" in said(page)

    page = press(page, "rests_undo")
    assert not page.exception
    assert "182 days: 1" in said(page)
    assert "At rest" not in said(page)
