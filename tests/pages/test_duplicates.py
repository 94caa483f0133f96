"""Likely pairs stand side by side; a merge is made, taken back, or refused where it stands."""

from collections.abc import Callable

import pytest
from nights import each_lang
from pages.office import errors, fresh, press, said
from streamlit.testing.v1 import AppTest

from station.archive.customers import sealed
from station.services import board
from station.services.ask import Ask
from station.services.customers import duplicates, merging
from station.services.personal import sealing

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.slow
WHY = "one telephone"


@pytest.fixture
def pair(own_ask: Ask) -> tuple[int, int]:
    """Return two persons of one station, who are given one telephone."""
    with own_ask.db.reading() as conn:
        table = sealed.customers
        rows = conn.execute(
            table.select().where(table.c.is_organisation == 0, table.c.phone_sealed.is_not(None))
        ).all()
    first = rows[0]
    second = next(row for row in rows[1:] if row.station_id == first.station_id)
    with own_ask.db.writing() as conn:
        known = sealed.contacts(conn, [second.code])[second.code]
        phone = "+8610099990001"
        changed = [
            sealing.seal_contact(own_ask.db, one, name="", phone=phone)
            for one in (sealed.contacts(conn, [first.code])[first.code], known)
        ]
        sealed.put_contacts(conn, changed)
    return first.id, second.id


def opened(open_page: OpenPage, archive: str, lang: str = "en") -> AppTest:
    page = open_page(archive, "duplicates", lang)
    assert not page.exception
    return page


@each_lang
def test_a_pair_is_shown_masked_with_its_evidence(
    open_page: OpenPage, own_archive: str, pair: tuple[int, int], lang: str
) -> None:
    page = opened(open_page, own_archive, lang)

    assert f"duplicates_{pair[0]}_{pair[1]}_apart" in [button.key for button in page.button]
    told = said(page)
    assert "100****0001" in told
    assert "10099990001" not in told


def test_a_pair_is_merged_and_taken_back(
    open_page: OpenPage, own_archive: str, own_ask: Ask, pair: tuple[int, int]
) -> None:
    page, key = opened(open_page, own_archive), f"duplicates_{pair[0]}_{pair[1]}"
    page.radio(key=fresh(page, f"{key}_keep")).set_value(pair[1])
    page.text_input(key=fresh(page, f"{key}_reason")).set_value(WHY)
    page = press(page, f"{key}_do")

    assert not page.exception
    (entry,) = merging.recent(own_ask)
    assert (entry.kept.customer_id, entry.gone.customer_id) == (pair[1], pair[0])
    assert "30 more days" in said(page)

    page = press(page, f"duplicates_undo_{entry.id}")

    assert not page.exception
    assert merging.recent(own_ask) == []
    assert "two customers again" in said(page)


def test_a_merge_without_a_reason_is_refused(
    open_page: OpenPage, own_archive: str, own_ask: Ask, pair: tuple[int, int]
) -> None:
    page = opened(open_page, own_archive)

    page = press(page, f"duplicates_{pair[0]}_{pair[1]}_do")

    assert errors(page)
    assert merging.recent(own_ask) == []


def test_a_pair_that_was_told_apart_is_gone(
    open_page: OpenPage, own_archive: str, own_ask: Ask, pair: tuple[int, int]
) -> None:
    before = len(duplicates.pairs(own_ask))

    page = press(opened(open_page, own_archive), f"duplicates_{pair[0]}_{pair[1]}_apart")

    assert not page.exception
    assert "Noted" in said(page)
    assert len(duplicates.pairs(own_ask)) == before - 1


def test_an_archive_without_customers_has_no_pairs(open_page: OpenPage, empty_archive: str) -> None:
    assert "No records look like" in said(opened(open_page, empty_archive))


def test_the_demo_board_is_not_changed_by_looking(own_ask: Ask) -> None:
    before = board.vehicles(own_ask).copy()

    duplicates.pairs(own_ask)

    assert board.vehicles(own_ask).equals(before)
