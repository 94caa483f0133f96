"""The comparison of stations: no flag inside the funnel, and a way down to one station."""

import pandas as pd
from opened import desk_of, open_page

from station.pages.stations import verdicts
from station.services.ask import Ask


def test_only_a_share_outside_the_funnel_is_flagged() -> None:
    table = pd.DataFrame(
        {
            "lapsed_share": [0.10, 0.20, 0.35, float("nan")],
            "funnel_low": [0.12, 0.12, 0.12, float("nan")],
            "funnel_high": [0.30, 0.30, 0.30, float("nan")],
        }
    )

    assert verdicts(table).tolist() == ["below", "within", "above", "none"]


def test_every_station_has_its_row(demo_ask: Ask) -> None:
    page = open_page("stations", desk_of(demo_ask))

    assert len(page.dataframe[0].value) == 2


def test_choosing_a_station_offers_its_other_pages(demo_ask: Ask) -> None:
    page = open_page("stations", desk_of(demo_ask))

    page.selectbox(key="stations_one").set_value("A0001").run()

    assert {"stations_to_stability", "stations_to_lapsed"} <= {button.key for button in page.button}
