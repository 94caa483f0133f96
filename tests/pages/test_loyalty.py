"""The page of points answers first; it makes sense without rules, points or many members."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from archive.shop import Shop
from pages.office import Office, said
from town import Person, settle

from station.config import load_settings
from station.loyalty.expiry import day_at
from station.loyalty.ledger import Earning
from station.model import DAY_S
from station.pages import front
from station.services.points import booking, crediting, ledgers, offering, spending
from station.services.points.members import By, Named
from station.services.points.offering import Purchase

MONTH_S = 31 * 86_400
RULES = """
programme:
  versions:
    - name: usual
      starts: 2020-01-01
      earning: {rules: [{name: money, en: one a yuan, zh: 每元一分, points: 1, per: 1}]}
      expiry: {life: rolling, months: 12}
      redeeming: {worth: {points: 100, minor: 100}}
    - name: better
      starts: 2099-01-01
      earning:
        rules: [{name: money, points: 2, per: 1}]
        multipliers: [{name: gold, en: gold twice, percent: 200}]
        exclude: [{words: [tobacco]}]
        caps: {line: 900, day: 1000, month: 5000}
      tiers: {levels: [{name: plain}, {name: gold, least: 3}]}
      offers: [{name: wash, points: 100}]
"""
LATER = RULES.replace("2020-01-01", "2098-01-01")
Configured = Callable[[str], None]


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Return a function that lets the front door read these settings."""

    def write(words: str) -> None:
        path = tmp_path / "config.yaml"
        path.write_text(words, encoding="utf-8")
        monkeypatch.setenv("STATION_CONFIG", str(path))

    return write


def filled(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let six members of N1 earn for five months, redeem, and have points that run out soon."""
    people = [Person(number, station="N1") for number in range(1, 7)]
    with office.db.writing() as conn:
        Shop(conn)
    ids = settle(office.db, people)
    ask, now = office.operator(), booking.time()
    clock = [now]
    monkeypatch.setattr(booking, "time", lambda: clock[0])
    for month in range(5):
        clock[0] = now - (5 - month) * MONTH_S
        with office.db.writing(changes_figures=False) as conn:
            ends = day_at(int(now), ask.settings.programme.zone) + month * 5
            given = [
                crediting.Credit(
                    ids[one.code], office.ids["N1"], Earning(500, ends, f"{one.number}/{month}")
                )
                for one in people
            ]
            crediting.credit(conn, ask, given)
        for one in people[: month + 1]:
            member = Named(By.CARD, one.card)
            key = f"form-{one.number}-{month}"
            spending.redeem(ask, key=key, member=member, points=100, station="N1")
    clock[0] = now


def test_without_rules_it_says_how_to_begin(office: Office) -> None:
    page = office.open("mona", "loyalty")

    assert not page.exception
    assert "no rules of points yet" in said(page)


@pytest.mark.parametrize(
    ("rules", "words"),
    [(RULES, "hold since 1 Jan 2020, but nobody has earned"), (LATER, "begin on 1 Jan 2098")],
)
def test_without_points_it_says_when_they_come(
    office: Office, configured: Configured, rules: str, words: str
) -> None:
    configured(rules)

    page = office.open("mona", "loyalty")

    assert not page.exception
    assert words in said(page)
    assert "Try it before" in said(page)


@pytest.mark.slow
@pytest.mark.parametrize(("who", "lang"), [("mona", "en"), ("rita", "zh")])
def test_it_answers_what_points_did_and_cost(
    office: Office,
    configured: Configured,
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    lang: str,
) -> None:
    configured(RULES)
    filled(office, monkeypatch)

    page = office.open(who, "loyalty", lang)

    assert not page.exception
    words = said(page)
    first = str(page.main.markdown[0].value).replace("\\", "")
    assert "15,000" in first
    assert "1,500" in first
    assert "13,500" in first
    assert "135" in first
    listed = page.main.dataframe[0].value
    assert listed["points"].sum() > 0
    assert not listed["who"].str.contains("甲示").any()
    assert ("每元一分" if lang == "zh" else "one a yuan") in words
    assert ("下一版规则" if lang == "zh" else "Next rules: better") in words


@pytest.mark.slow
def test_it_lists_the_coupons_that_no_purchase_bears_out(
    office: Office, configured: Configured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    configured(
        RULES.replace("redeeming", "offers: [{name: ten, off_minor: 1000}]\n      redeeming")
    )
    filled(office, monkeypatch)
    chosen = load_settings(tmp_path / "config.yaml")
    ask, now = replace(office.operator(), settings=chosen), booking.time()
    monkeypatch.setattr(booking, "time", lambda: now - 8 * DAY_S)
    monkeypatch.setattr(ledgers, "day_now", lambda *_: day_at(int(now), "Asia/Shanghai"))
    member = Named(By.CARD, Person(1, station="N1").card)
    slip = offering.take(ask, key="form-take", member=member, offer="ten", station="N1")
    bought = Purchase(20_000, receipt="0815")
    offering.use(ask, key="form-used", code=slip.code, station="N1", purchase=bought)
    monkeypatch.setattr(booking, "time", lambda: now)

    page = office.open("mona", "loyalty")

    assert not page.exception
    assert "Coupons that no purchase bears out: 1" in said(page)
    (listed,) = [one.value for one in page.main.dataframe if "receipt" in one.value]
    assert listed[["receipt", "said"]].to_numpy().tolist() == [["0815", "no such receipt came in"]]


@pytest.mark.parametrize(("who", "may"), [("sven", False), ("mona", True), ("rita", True)])
def test_staff_are_not_shown_it(office: Office, who: str, may: bool) -> None:
    assert front.may_open(office.ask(who).scope, "loyalty") is may


@pytest.mark.slow
def test_of_too_few_members_it_tells_no_sums_to_a_region(office: Office) -> None:
    people = [Person(number, station="N1") for number in range(1, 3)]
    with office.db.writing() as conn:
        Shop(conn)
    ids = settle(office.db, people)
    with office.db.writing(changes_figures=False) as conn:
        given = [
            crediting.Credit(ids[one.code], office.ids["N1"], Earning(777, None, one.code))
            for one in people
        ]
        crediting.credit(conn, office.operator(), given)

    page = office.open("rita", "loyalty")

    assert not page.exception
    assert "fewer than 5 members" in said(page)
    assert "1,554 points were given" not in said(page)
