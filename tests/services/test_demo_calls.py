"""A demo's stations have called for months, as the rules and the lot let them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from station.analysis.holdout import quarter_of
from station.archive import stations
from station.archive.calls import facts, results
from station.contact import rules
from station.contact.rules import Touch, When
from station.model import Arm, Channel, day_date, day_number
from station.services import demo, demo_calls, keeping
from station.services.ask import Ask
from station.services.calls import allowed, clock, judging, months, scorecards
from station.services.customers import stages

LAST_DAY = day_number(date(2026, 10, 31))


@pytest.fixture(scope="module")
def called(own_demo: Ask, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    truth: Path = tmp_path_factory.mktemp("truth") / "truth.csv"
    truth.write_text("customer,reason\nC000052,price\n", encoding="utf-8")
    demo.agree(own_demo, demo_calls.first_day(LAST_DAY))
    demo_calls.bring(own_demo, truth=truth, seed=7, last_day=LAST_DAY)
    return own_demo


def test_a_demo_has_plans_results_effect_and_scorecards(called: Ask) -> None:
    effect, month = judging.effect(called), months.month(called, station="A0001", first=OCTOBER)

    assert effect.whole.called > effect.whole.held > 0
    assert effect.whole.leaked == 0
    assert not effect.whole.is_odd
    assert judging.sentence(effect, called.settings)[0] == "effect.cannot_tell"
    assert {"done", "cancelled", "planned"} == set(month.calls["status"])
    assert (month.loads["minutes"] <= month.loads["available"]).all()
    assert set(month.held["customer_id"])
    assert stages.counts(called)["mature"]
    assert [one.name for one in keeping.verify(called).checks if one.first_bad] == []


OCTOBER = date(2026, 10, 1)


def test_no_call_of_a_demo_broke_a_rule(called: Ask) -> None:
    law = called.settings.contact.law_of("")
    with called.db.reading() as conn:
        here = stations.everything(conn)
        heard = results.at_stations(conn, here, since=0)
        ids = {one.customer_id for one in heard}
        people = allowed.people(conn, ids, clock.moment("UTC"))
        lots = {who: facts.lots(conn, [who]) for who in ids}
    broken = []
    for one in heard:
        at = clock.moment(here[one.station_id].zone, one.at)
        touches = list(people[one.customer_id].touches)
        touches.remove(Touch(at.day, Channel.PHONE, allowed.outcome(one), at.at_min))
        person = replace(
            people[one.customer_id],
            touches=tuple(touches),
            reached_by=frozenset({Channel.PHONE}),
            has_open_complaint=False,
            is_held_out=any(
                day <= at.day and quarter == quarter_of(day_date(at.day)) and arm == Arm.HOLD
                for quarter, day, arm in lots[one.customer_id]
            ),
            is_our_fault=False,
        )
        when, how = When(at.day, at.at_min), {"rules": called.settings.contact, "law": law}
        broken += rules.refusals(person, when, one.purpose, Channel.PHONE, **how)

    assert len(heard) > 200
    assert broken == []


def test_a_demo_judges_who_called_of_late(called: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scorecards, "today", lambda: date(2026, 11, 20))

    cards = scorecards.of_staff(called)

    assert {"demo.staff", "huang"} <= set(cards["account"])
    assert (cards["done"] > 0).all()
    assert cards["checked"].sum() > 0
