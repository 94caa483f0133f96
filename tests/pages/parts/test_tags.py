"""Tags are put from those in use or typed, and taken away with a tap."""

from collections.abc import Callable

import pytest
from nights import each_lang
from opened import desk_of
from streamlit.testing.v1 import AppTest

from station.services import board
from station.services.ask import Ask
from station.services.customers import tagging

OpenPage = Callable[..., AppTest]


def drawn() -> None:
    import streamlit as st  # noqa: PLC0415 - the script that AppTest runs

    from station.pages.parts import acts, tags  # noqa: PLC0415 - the script stands alone

    acts.told()
    tags.draw(st.session_state["desk"], vehicle_id=st.session_state["vehicle"])


@pytest.mark.slow
@each_lang
def test_a_tag_is_typed_and_taken_away(own_ask: Ask, lang: str) -> None:
    vehicle_id = int(board.vehicles(own_ask)["vehicle_id"].iloc[0])
    app = AppTest.from_function(drawn, default_timeout=60)
    app.session_state["desk"] = desk_of(own_ask, lang)
    app.session_state["vehicle"] = vehicle_id
    app.run()
    key = f"tags_vehicle_{vehicle_id}"

    app.text_input(key=f"{key}_typed_0").set_value("*night* shift")
    app.button(key=f"{key}_put_0").click().run()

    assert not app.exception
    assert tagging.tags_of(own_ask, vehicle_id=vehicle_id) == ["*night* shift"]
    app.button(key=f"{key}_take_*night* shift").click().run()
    assert not app.exception
    assert tagging.tags_of(own_ask, vehicle_id=vehicle_id) == []
