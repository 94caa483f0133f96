"""On the card a complaint is closed and a wish is written down; what was before is told."""

from dataclasses import replace

import pytest
from nights import each_lang
from opened import desk_of, words_of
from streamlit.testing.v1 import AppTest

from station.archive import stations
from station.archive.calls import wishes
from station.archive.calls.wishes import Complaint
from station.archive.people import accounts as book
from station.model import Channel
from station.services import board
from station.services.ask import Ask
from station.services.calls import complaining, wishing
from station.services.customers import contacts
from station.services.people import accounts

LONG_AGO = 1_700_000_000


def drawn() -> None:
    import streamlit as st  # noqa: PLC0415 - the script that AppTest runs

    from station.pages.parts import acts, revisits  # noqa: PLC0415 - the script stands alone

    acts.told()
    revisits.draw(st.session_state["desk"], customer_id=st.session_state["customer"])


@pytest.mark.slow
@each_lang
def test_a_complaint_is_closed_and_a_wish_written_on_the_card(own_ask: Ask, lang: str) -> None:
    customer_id = int(board.vehicles(own_ask)["customer_id"].dropna().iloc[0])
    accounts.add(own_ask, name="clerk1")
    with own_ask.db.writing(changes_figures=False) as conn:
        station_id = min(stations.ids(conn).values())
        wishes.complain(conn, Complaint(customer_id, station_id, None, "somebody", LONG_AGO))
        keeper = book.find(conn, name="clerk1")
        assert keeper is not None
        contacts.put_keeper(
            conn, customer_id, keeper.id, how="claimed", account="clerk1", at=LONG_AGO
        )
    app = AppTest.from_function(drawn, default_timeout=60)
    app.session_state["desk"] = desk_of(own_ask, lang)
    app.session_state["customer"] = customer_id
    app.run()
    assert not app.exception
    (told,) = complaining.listing(own_ask, customer_id=customer_id)
    assert len(app.warning) == 1

    app.text_input(key=f"complaint_close_{told.id}_reason_0").set_value("退还差价")
    app.button(key=f"complaint_close_{told.id}_do_0").click().run()

    assert not app.exception
    assert complaining.listing(own_ask, customer_id=customer_id) == []
    key = f"wish_{customer_id}_1"
    app.number_input(key=f"{key}_most").set_value(2)
    app.date_input(key=f"{key}_on").set_value("2026-01-05")
    app.button(key=f"{key}_do").click().run()
    assert not app.exception
    (wish,) = wishing.counting(own_ask, customer_id=customer_id)
    assert wish.most == 2
    assert "2026" in words_of(app)
    (folded,) = app.expander
    assert "clerk1" in folded.markdown[0].value

    with own_ask.db.writing(changes_figures=False) as conn:
        wishes.add(conn, replace(wish, channel=Channel.PHONE, is_barred=True))
    key = f"bar_{customer_id}_phone_2"
    app.run()
    app.text_input(key=f"bar_{customer_id}_phone_why_2").set_value("在柜台签了字")
    app.button(key=f"{key}_do").click().run()
    assert not app.exception
    assert not any(one.is_barred for one in wishing.counting(own_ask, customer_id=customer_id))
    assert [one.is_lift for one in wishing.history(own_ask, customer_id=customer_id)] == [
        *(True, False, False)
    ]
    assert len(app.expander) == 2
