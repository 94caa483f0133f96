"""What the points did and cost is what the entries of the ledger say, to the point and the fen."""

from collections import Counter
from dataclasses import replace

import pytest
from services.points.counter import ANNA, BERT, CARL, TODAY, by_card
from services.points.counter import Counter as Desk
from sqlalchemy import text
from town import Person

from station.config import Settings, build
from station.errors import NotAllowedError
from station.loyalty.ledger import Earning
from station.model import DAY_S, Role, day_date
from station.services.ask import Ask
from station.services.points import correcting, crediting, lapsing, reporting

STARTS = day_date(TODAY - 400)
RULES = {
    "name": "usual",
    "starts": STARTS,
    "earning": {"rules": [{"name": "money", "points": 1, "per": 1, "of": "money"}]},
    "redeeming": {"worth": {"points": 100, "minor": 37}},
}


def with_rules(ask: Ask) -> Ask:
    programme = build(Settings, {"programme": {"versions": [RULES]}}, at="").programme
    return replace(ask, settings=replace(ask.settings, programme=programme))


def give(desk: Desk, person: Person, points: int, sale: str, days: int | None, at: str) -> None:
    """Let a member earn at a station."""
    with desk.ask.db.writing(changes_figures=False) as conn:
        ids = {row.code: row.id for row in conn.execute(text("SELECT code, id FROM stations"))}
        expires_day = None if days is None else TODAY + days
        credit = crediting.Credit(
            desk.ids[person.code], ids[at], Earning(points, expires_day, sale)
        )
        crediting.credit(conn, desk.ask, [credit])


def a_year(desk: Desk) -> None:
    """Let three members earn, redeem, be given back and lose points over some months."""
    desk.ask = with_rules(desk.ask)
    end = desk.now
    for month in range(8):
        desk.now = end - (8 - month) * 31 * DAY_S
        for number, person in enumerate((ANNA, BERT, CARL)):
            at = "S2" if person is CARL else "S1"
            give(desk, person, 200 + 10 * number, f"{month}/{number}", -200 + month * 60, at)
        desk.redeem(ANNA, 50)
        if month % 2:
            told = desk.redeem(BERT, 70)
            correcting.reverse(desk.ask, key=desk.key(), number=told.number, reason="wrong pump")
        lapsing.expire(desk.ask, now_s=desk.now)
    with desk.ask.db.writing(changes_figures=False) as conn:
        crediting.take_back(conn, desk.ask, [crediting.Taking("r1", of="7/1", points=205)])
    desk.now = end
    desk.hold(CARL, 30)
    given = {"key": desk.key(), "customer_id": desk.ids[ANNA.code], "points": 11}
    with desk.ask.db.writing(changes_figures=False) as conn:  # as a second person approves it
        correcting._adjusted(conn, desk.ask, given | {"expires_day": None}, "thanks")
    correcting.transfer(
        desk.ask,
        key=desk.key(),
        member=by_card(ANNA),
        to=by_card(CARL),
        points=9,
        station="S1",
        reason="a gift",
    )


def entries(ask: Ask) -> list[tuple[str, int, int | None, int]]:
    """Return account, points, the lot's last day and the day of each entry, as they stand there."""
    words = (
        "SELECT e.account, e.points, l.expires_day, t.day FROM point_entries e"
        " JOIN point_lots l ON l.id = e.lot_id JOIN point_transactions t ON t.id = e.transaction_id"
    )
    with ask.db.reading() as conn:
        return [tuple(row) for row in conn.execute(text(words))]


def open_by_hand(ask: Ask, day: int) -> int:
    """Return what is open on a day: nothing but a loop over the entries."""
    total = 0
    for account, points, expires_day, booked in entries(ask):
        if booked > day:
            continue
        if account == "held" or (
            account == "member" and (expires_day is None or expires_day >= day)
        ):
            total += points
    return total


def test_open_points_are_the_ledgers_to_the_fen(anywhere: Desk) -> None:
    a_year(anywhere)

    told = reporting.liability(anywhere.ask)

    by_hand = open_by_hand(anywhere.ask, TODAY)
    assert told.open == by_hand
    assert told.money is not None
    assert told.money.open_minor == (2 * by_hand * 37 + 100) // 200
    purses = [anywhere.balance(person) for person in (ANNA, BERT, CARL)]
    assert told.open - told.owed == sum(one.balance + one.held for one in purses)


@pytest.mark.parametrize("days_ago", [1, 40, 100, 170, 300])
def test_a_past_day_is_told_as_it_was_then(counter: Desk, days_ago: int) -> None:
    a_year(counter)
    day = TODAY - days_ago

    told = reporting.liability(counter.ask, day=day_date(day))

    assert told.open == open_by_hand(counter.ask, day)


def test_flows_are_the_sums_of_the_entries(anywhere: Desk) -> None:
    a_year(anywhere)

    months = reporting.movements(anywhere.ask).months

    by_hand = Counter[str]()
    for account, points, _, _ in entries(anywhere.ask):
        by_hand[f"{account}{'+' if points > 0 else '-'}"] += points
    sums = months.drop(columns="month").sum()
    assert sums["issued"] == -by_hand["issued-"]
    assert sums["refunded"] == by_hand["issued+"] == 205
    assert sums["redeemed"] == by_hand["redeemed+"] == 8 * 50 + 4 * 70
    assert sums["reversed"] == -by_hand["redeemed-"] == 4 * 70
    assert sums["expired"] == by_hand["expired+"] + by_hand["expired-"] > 0
    assert sums["adjusted"] == -by_hand["adjusted-"] == 11


def test_what_came_in_less_what_left_is_what_is_there(counter: Desk) -> None:
    a_year(counter)

    sums = reporting.movements(counter.ask).months[list(reporting.flows.FLOWS)].sum()
    told = reporting.liability(counter.ask)

    late = sum(
        points
        for account, points, expires_day, _ in entries(counter.ask)
        if account == "member" and expires_day is not None and expires_day < TODAY
    )
    net = sums["issued"] - sums["refunded"] - sums["redeemed"] + sums["reversed"]
    assert net - sums["expired"] + sums["adjusted"] == told.open + late - told.owed


def test_stations_make_up_the_chain(counter: Desk) -> None:
    a_year(counter)

    whole = reporting.liability(counter.ask)
    parts = [reporting.liability(counter.ask, stations=(code,)) for code in ("S1", "S2")]
    flows = reporting.movements(counter.ask)

    assert sum(one.open for one in parts) == whole.open - 11  # what was given by hand is of none
    issued = flows.stations.set_index("station")["issued"]
    assert issued["S2"] == 8 * 220
    assert issued.sum() == flows.months["issued"].sum()


def test_cohorts_make_up_what_is_open(counter: Desk) -> None:
    a_year(counter)

    told = reporting.liability(counter.ask)

    assert told.cohorts["open"].sum() == told.open
    assert (told.cohorts["low"] <= told.cohorts["expected"]).all()
    assert told.use.low <= told.use.expected <= told.use.high <= told.open


def test_a_ledger_without_an_entry_costs_nothing(counter: Desk) -> None:
    told = reporting.liability(counter.ask)

    assert (told.open, told.use.high, told.money) == (0, 0, None)
    assert reporting.movements(counter.ask).months.empty
    assert reporting.expiring(counter.ask).names.empty


def test_points_cost_all_they_are_worth_while_nothing_is_known_of_their_use(counter: Desk) -> None:
    counter.ask = with_rules(counter.ask)
    counter.earn(ANNA, 1_000)

    told = reporting.liability(counter.ask)

    assert not told.is_known
    assert told.money is not None
    assert (told.money.low_minor, told.money.expected_minor, told.money.high_minor) == (0, 370, 370)


def test_what_was_booked_a_moment_ago_is_told(counter: Desk) -> None:
    counter.earn(ANNA, 500)
    before = reporting.liability(counter.ask).open

    counter.redeem(ANNA, 120)

    assert (before, reporting.liability(counter.ask).open) == (500, 380)
    assert reporting.movements(counter.ask).months["redeemed"].sum() == 120


def test_soon_runs_out_what_ends_within_the_notice(counter: Desk) -> None:
    counter.earn(ANNA, 100, days=3)
    counter.earn(ANNA, 10, days=3)
    counter.earn(BERT, 70, days=30)
    counter.earn(CARL, 50, days=31)
    counter.earn(CARL, 50)

    told = reporting.expiring(counter.ask)

    assert (told.points, told.soon, told.members) == (180, 110, 2)
    assert told.names["points"].tolist() == [110, 70]
    assert told.names["expires_day"].tolist() == [TODAY + 3, TODAY + 30]
    assert told.names["who"].str.contains(r"\*").all()


def test_a_manager_sees_what_his_station_gave(counter: Desk) -> None:
    a_year(counter)
    (mona,) = counter.staff(mona=Role.MANAGER)
    mona = replace(mona, settings=counter.ask.settings)

    told = reporting.movements(mona)

    assert told.stations["station"].tolist() == ["S1"]
    assert told.months["issued"].sum() == 8 * (200 + 210)
    assert told.months["adjusted"].sum() == 0
    whole = reporting.liability(counter.ask, stations=("S1",))
    assert reporting.liability(mona).open == whole.open


def test_whoever_may_not_see_people_is_told_no_sum_of_four(counter: Desk) -> None:
    a_year(counter)
    scope = counter.ask.scope
    rights = {name: ids for name, ids in scope.rights.items() if name != reporting.SEES_PEOPLE}
    regional = replace(counter.ask, scope=replace(scope, rights=rights))

    flows, cost = reporting.movements(regional), reporting.liability(regional)

    assert flows.months["is_hidden"].all()
    assert flows.months["issued"].isna().all()
    assert flows.cells["redeemed"].isna().all()
    assert cost.cohorts.empty
    assert reporting.expiring(regional).points == 0


def test_staff_are_not_told(counter: Desk) -> None:
    (sven,) = counter.staff(sven=Role.STAFF)

    for service in (reporting.movements, reporting.liability, reporting.expiring):
        with pytest.raises(NotAllowedError):
            service(sven)
