"""The page says first how often such lists are wrong, and takes down what was found out."""

import pytest
from pages.office import Office, errors, fresh, press, said

from station.archive import oddities as kept
from station.archive.oddities import Case
from station.model import OdditySort, OddityState
from station.services import oddities


@pytest.fixture
def noticed(office: Office) -> Office:
    """Return an office with one case: an account of the first station's sign-ups."""
    sign = {"sign": "burst", "found": 12, "of": 14, "usual": 0.02, "hand": "", "ids": [],
            "around": []}  # fmt: skip
    case = Case(0, office.ids["N1"], OdditySort.ACCOUNT, "6", "account", 20_700, 1, 1e-5, 120, 0,
                [sign], OddityState.OPEN, frozenset({6}))  # fmt: skip
    with office.db.writing() as conn:
        kept.put_week(conn, 20_700, [case])
    return office


def test_without_a_list_the_page_says_when_it_comes(office: Office) -> None:
    page = office.open("mona", "oddities")

    assert not page.exception
    assert "no list yet" in said(page)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ("17 张", "14 位会员中，有 12 位")), ("en", ("17 were", "12 of 14"))]
)
def test_the_page_tells_the_base_rate_and_the_numbers(
    noticed: Office, lang: str, words: tuple[str, str]
) -> None:
    page = noticed.open("mona", "oddities", lang)

    assert not page.exception
    told = said(page)
    assert all(word in told for word in words)


def test_what_was_found_out_is_written_down_and_counted(noticed: Office) -> None:
    page = press(noticed.open("mona", "oddities"), "oddities_open_1")
    page.button_group(key=fresh(page, "oddities_1_state")).set_value(OddityState.EXPLAINED).run()
    page = press(page, "oddities_1_save")
    assert errors(page)

    page.text_area(key=fresh(page, "oddities_1_words")).set_value("a company signed up").run()
    page = press(page, "oddities_1_save")

    assert not page.exception
    told = said(page)
    assert "of 1 looked into so far, 1 had a good reason" in told
    assert "a company signed up" in told
    assert oddities.week(noticed.operator()).cases[0].state is OddityState.EXPLAINED


def test_staff_have_no_such_page_and_an_auditor_no_form(noticed: Office) -> None:
    staff = noticed.open("sven", "today")
    assert "oddities" not in str(staff.sidebar)

    page = press(noticed.open("otto", "oddities"), "oddities_open_1")

    assert not page.exception
    assert "sven" in said(page)
    assert "What did you find out?" not in said(page)
