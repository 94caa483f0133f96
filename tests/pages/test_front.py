"""The front door: what the address names is what the page shows."""

import pytest
from opened import PAGES, words_of
from people import token_for
from streamlit.testing.v1 import AppTest

from station.model import Grant, Role

pytestmark = pytest.mark.slow


@pytest.fixture
def front(demo_archive: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("STATION_ARCHIVE", demo_archive)
    app = AppTest.from_file(PAGES / "front.py", default_timeout=60)
    app.session_state["token"] = token_for(demo_archive)
    return app


def test_a_link_sets_language_station_and_period(front: AppTest) -> None:
    front.query_params.update({"lang": "en", "station": "A0001", "days": "30"})

    front.run().switch_page("stability.py").run()

    assert not front.exception
    assert "Last 30 days" in words_of(front)
    assert front.session_state["station"] == ["A0001"]


def test_an_address_that_names_nothing_known_changes_nothing(front: AppTest) -> None:
    front.query_params.update({"lang": "xx", "station": "nowhere", "days": "17"})

    front.run()

    assert not front.exception
    assert front.session_state["station"] == []


def test_a_change_of_language_keeps_station_and_period(front: AppTest) -> None:
    front.query_params.update({"lang": "en", "station": "A0001", "days": "30"})
    front.run()

    front.segmented_control(key="lang").set_value("zh").run()

    assert front.session_state["days"] == 30
    assert front.query_params["station"] == "A0001"


def test_a_station_chosen_in_the_comparison_stays_chosen_on_the_next_page(front: AppTest) -> None:
    front.query_params["lang"] = "zh"
    front.run().switch_page("stations.py").run()
    front.selectbox(key="stations_one").set_value("A0001").run()

    front.button(key="stations_to_stability").click().run()

    assert front.title[0].value == "稳定性"
    assert front.session_state["station"] == ["A0001"]


def test_whoever_has_no_today_is_led_to_his_first_page(front: AppTest, demo_archive: str) -> None:
    front.session_state["token"] = token_for(demo_archive, "watcher", Grant(Role.AUDITOR))
    front.query_params["lang"] = "en"

    front.run()

    assert not front.exception
    assert front.title[0].value == "Worth a look"
