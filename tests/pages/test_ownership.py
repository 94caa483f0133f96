"""The ownership page: fleets rolled up by organisation, down to their vehicles."""

from opened import desk_of, open_page, words_of

from station.pages.ownership import fleet_vehicles, fleets
from station.services.ask import Ask


def test_a_fleet_counts_each_vehicle_once(demo_ask: Ask) -> None:
    frame = desk_of(demo_ask).vehicles()
    owned = frame[frame["organisation_name"].fillna("") != ""]

    rolled = fleets(fleet_vehicles(frame))

    assert rolled["vehicles"].sum() == owned["vehicle_id"].nunique()
    assert rolled["visits"].sum() == owned["period_visits"].sum()


def test_choosing_a_fleet_lists_its_vehicles(demo_ask: Ask) -> None:
    desk = desk_of(demo_ask)
    fleet = fleets(fleet_vehicles(desk.vehicles())).iloc[0]
    page = open_page("ownership", desk)

    page.selectbox(key="ownership_fleet").set_value(f"{fleet.customer_id:.0f}").run()

    assert f"{fleet.organisation_name}：{fleet.vehicles:,} 辆" in words_of(page)


def test_the_address_never_names_the_organisation(demo_ask: Ask) -> None:
    desk = desk_of(demo_ask)
    fleet = fleets(fleet_vehicles(desk.vehicles())).iloc[0]
    page = open_page("ownership", desk)

    page.selectbox(key="ownership_fleet").set_value(f"{fleet.customer_id:.0f}").run()

    assert page.query_params["ownership_fleet"] == f"{fleet.customer_id:.0f}"
