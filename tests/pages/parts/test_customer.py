"""A customer's card: who he is, what he drives, and what happened with him."""

from collections.abc import Callable

import pytest
from nights import each_lang
from opened import words_of
from streamlit.testing.v1 import AppTest

from station.services import board
from station.services.ask import Ask

OpenPage = Callable[..., AppTest]
pytestmark = pytest.mark.slow


@pytest.fixture
def fleet(demo_ask: Ask) -> tuple[str, int]:
    """Return the organisation with the most vehicles that came, and how many those are."""
    rows = board.vehicles(demo_ask).dropna(subset=["customer_id"])
    counts = rows[rows["organisation_name"] != ""].groupby("customer_id")["vehicle_id"].nunique()
    return f"{counts.idxmax():.0f}", int(counts.max())


@each_lang
def test_an_organisation_shows_its_vehicles(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, lang: str, fleet: tuple[str, int]
) -> None:
    customer_id, vehicles = fleet

    page = open_page(demo_archive, "card", lang, customer=customer_id)

    assert not page.exception
    assert str(vehicles) in page.markdown[-1].value or str(vehicles) in words_of(page)
    name = board.vehicles(demo_ask).set_index("customer_id").loc[float(customer_id)]
    assert name["organisation_name"].iloc[0] in page.header[0].value


@each_lang
def test_the_timeline_tells_visits_in_words(
    open_page: OpenPage, demo_archive: str, lang: str, fleet: tuple[str, int]
) -> None:
    page = open_page(demo_archive, "card", lang, customer=fleet[0], card_part="timeline")

    assert not page.exception
    assert ":material/local_gas_station:" in words_of(page)


def test_a_vehicle_leads_to_its_owner(
    open_page: OpenPage, demo_archive: str, demo_ask: Ask, fleet: tuple[str, int]
) -> None:
    rows = board.vehicles(demo_ask)
    vehicle_id = rows.loc[rows["customer_id"] == float(fleet[0]), "vehicle_id"].iloc[0]
    page = open_page(demo_archive, "card", "en", vehicle=str(vehicle_id))

    page.button(key=f"contact_open_{fleet[0]}").click().run()

    assert not page.exception
    assert page.query_params["customer"] == fleet[0]
    assert "vehicle" not in page.query_params


@pytest.mark.parametrize("number", ["999999999", "x"])
def test_a_customer_who_is_not_there_is_told_or_ignored(
    open_page: OpenPage, demo_archive: str, number: str
) -> None:
    page = open_page(demo_archive, "card", "en", customer=number)

    assert not page.exception
