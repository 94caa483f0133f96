"""Without customers the pages of stages and of call quality say what there is to do first."""

import pytest
from pages.office import Office, said


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
