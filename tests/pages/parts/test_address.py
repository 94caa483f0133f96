"""What is chosen stands in the address, and the address says what is chosen."""

from opened import desk_of, open_page

from station.pages.stability import REGULAR
from station.services.ask import Ask


def test_another_link_to_the_open_page_replaces_the_choice(demo_ask: Ask) -> None:
    page = open_page("stability", desk_of(demo_ask))
    page.pills(key="stability_class").set_value(REGULAR).run()

    page.query_params["stability_class"] = "occasional"
    page.run()

    assert page.session_state["stability_class"] == "occasional"


def test_a_bare_link_to_the_open_page_shows_everything(demo_ask: Ask) -> None:
    page = open_page("stability", desk_of(demo_ask))
    page.pills(key="stability_class").set_value(REGULAR).run()

    del page.query_params["stability_class"]
    page.run()

    assert page.session_state["stability_class"] is None


def test_a_link_that_names_no_class_opens_the_usual_list(demo_ask: Ask) -> None:
    page = open_page("frequency", desk_of(demo_ask))

    assert page.session_state["frequency_list"] == "slowing"
    assert "frequency_list" not in page.query_params
