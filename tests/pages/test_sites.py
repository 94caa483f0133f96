"""Station settings: one is changed from a day on, what waits is told, what was is listed."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from nights import each_lang
from pages.office import WHY, Office, errors, fresh, press, said
from streamlit.testing.v1 import AppTest

from station.services import access, sites
from station.services.people import approvals

pytestmark = pytest.mark.slow


def choose(app: AppTest, station: str, field: str) -> AppTest:
    app.selectbox(key="sites_station").set_value(station).run()
    app.selectbox(key=fresh(app, "sites_field")).set_value(field)
    return app.run()


def save(app: AppTest, *, days: int = 0, reason: str = WHY) -> AppTest:
    day = access.today() + timedelta(days=days)
    app.date_input(key=fresh(app, "sites_from")).set_value(day)
    app.text_input(key=fresh(app, "sites_reason")).set_value(reason)
    return press(app, "sites_save")


def widget(app: AppTest, field: str, station: str = "N1") -> str:
    return fresh(app, f"sites_{field}_{station}")


@each_lang
def test_the_first_sentence_says_where_nobody_keeps_the_archive(office: Office, lang: str) -> None:
    ask = office.ask("anna")
    sites.change(
        replace(ask, scope=access.local_operator(ask.db)),
        station="N1",
        field="archivist",
        new="mona",
        from_on=access.today(),
        reason=WHY,
    )

    page = office.open("anna", "sites", lang)

    assert not page.exception
    first = str(page.main.markdown[0].value).replace("\\", "")
    assert "Station N2" in first
    assert "Station N1" not in first


def test_a_name_changes_today(office: Office) -> None:
    page = choose(office.open("anna", "sites"), "N1", "name")
    page.text_input(key=widget(page, "name")).set_value("Harbour")

    page = save(page)

    assert not errors(page)
    assert "Harbour" in page.main.dataframe[0].value["name"].tolist()
    told = page.main.dataframe[1].value.iloc[0]
    assert (told["old"], told["new"], told["reason"]) == ("Station N1", "Harbour", WHY)


def test_a_time_ahead_waits_and_says_so(office: Office) -> None:
    page = choose(office.open("anna", "sites"), "N1", "night_ends_at_min")
    page.time_input(key=widget(page, "night_ends_at_min")).set_value(time(7))

    page = save(page, days=9)

    assert "Changes that wait: 1" in said(page)
    assert "from 08:00 to 07:00" in said(page)
    assert page.main.dataframe[0].value.set_index("code").loc["N1", "night_ends"] == "08:00"


def test_what_is_refused_stays_typed(office: Office) -> None:
    page = choose(office.open("anna", "sites"), "N1", "name")
    page.text_input(key=widget(page, "name")).set_value("Harbour")

    page = save(page, reason=" ")

    assert "Say why" in errors(page)
    assert page.text_input(key=widget(page, "name")).value == "Harbour"
    assert sites.history(office.ask("anna")).empty


def test_only_whoever_has_a_role_there_is_offered_as_archive_administrator(
    office: Office,
) -> None:
    page = choose(office.open("anna", "sites"), "S1", "archivist")

    offered = page.selectbox(key=widget(page, "archivist", "S1")).options
    assert set(offered) == {"none", "anna", "anna.two", "bert", "otto"}


def test_nobody_makes_himself_archive_administrator(office: Office) -> None:
    page = choose(office.open("anna", "sites"), "N1", "archivist")
    page.selectbox(key=widget(page, "archivist")).set_value("anna.two")

    page = save(page)

    assert "himself" in errors(page)


def test_a_change_of_region_waits_for_a_second_person(office: Office) -> None:
    page = choose(office.open("anna", "sites"), "N1", "region")
    page.text_input(key=widget(page, "region")).set_value("south")

    page = save(page)

    assert not page.exception
    assert not errors(page)
    assert "second person" in said(page)
    assert office.ids["N1"] in office.ask("rita").scope.station_ids
    approvals.decide(office.ask("bert"), request_id=1, approve=True)
    assert office.ids["N1"] not in office.ask("rita").scope.station_ids
