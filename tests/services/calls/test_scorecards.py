"""A scorecard tells what came of calls, whether they were as planned, and what was checked."""

from dataclasses import replace

import pytest
from services.calls import ward as wards
from services.calls.ward import LI, TEN, TODAY, WANG, Ward
from sqlalchemy import insert

from station.archive.calls.tables import hold_outs
from station.archive.database import Database
from station.errors import BadValueError, NotAllowedError, NotFoundError
from station.model import DAY_S, CallCode, CallMeasure, CallPurpose, LapseReason, day_date
from station.services.calls import clock, recording, scorecards
from station.services.calls.scorecards import Outcome


@pytest.fixture
def ward(db: Database, monkeypatch: pytest.MonkeyPatch) -> Ward:
    made = wards.opened(db)
    for person in (LI, WANG):
        made.keep(person, made.clerk)
    for module in (clock, recording, scorecards):
        monkeypatch.setattr(module, "time", lambda: made.now, raising=False)
    monkeypatch.setattr(scorecards, "today", lambda: day_date(made.now // DAY_S))
    return made


def lot(ward: Ward, chance: float) -> None:
    """Let Li and Wang have fallen due, each with a chance to come back without a call."""
    same = {"quarter": "2026-Q3", "due_day": TODAY, "arm": "call", "p_return": chance, "share": 0.1}
    told = {"grade": "B", "gap_days": 9.0, "worth": 1.0, "is_capped": 0, "made_at": 0}
    rows = [same | told | {"customer_id": ward.who(p), "station_id": ward.station()}
            for p in (LI, WANG)]  # fmt: skip
    with ward.ask.db.writing() as conn:
        conn.execute(insert(hold_outs), rows)


def test_what_came_of_calls_counts_those_that_were_not_made(ward: Ward) -> None:
    lot(ward, 0.25)
    call_id = ward.plan(LI, ward.clerk)
    ward.plan(WANG, ward.clerk)
    told = {"reason": LapseReason.PRICE, "measure": CallMeasure.OFFER, "satisfaction": 4}
    told |= {"purpose": CallPurpose.WIN_BACK, "call_id": call_id}
    ward.save(ward.clerk, LI, CallCode.OK, **told)
    ward.fills(LI, TODAY + 5)
    ward.now = TEN + 45 * DAY_S

    early = scorecards.of_staff(replace(ward.manager, as_of=day_date(TODAY + 29)))
    later = {"as_of": day_date(TODAY + 45)}
    (row,) = scorecards.of_staff(replace(ward.manager, **later)).to_dict("records")

    assert early["due"].tolist() == [0]
    assert (row["account"], row["due"], row["returned"]) == ("clerk", 2, 1)
    assert row["expected"] == pytest.approx(0.5)
    assert row["verdict"] == "too_few"
    assert (row["planned"], row["on_day"], row["undone"]) == (2, 1, 1)
    assert scorecards.own(ward.clerk)["account"].tolist() == ["clerk"]
    assert scorecards.own(ward.colleague).empty
    with pytest.raises(NotAllowedError):
        scorecards.of_staff(ward.clerk)
    assert scorecards.of_staff(ward.manager, stations=["S1"])["account"].tolist() == ["clerk"]


def test_results_that_nobody_could_have_heard_so_fast_are_listed(ward: Ward) -> None:
    ward.save(ward.clerk, LI, CallCode.OK, opened_at=TEN - 3)
    ward.now += 100
    ward.save(ward.clerk, WANG, CallCode.OK, opened_at=ward.now - 40)

    rows = scorecards.fast(ward.manager)

    assert rows["took_s"].tolist() == [3]
    assert rows["who"].tolist() != [LI.name]
    (card,) = scorecards.of_staff(ward.manager).to_dict("records")
    assert (card["results"], card["fast"], card["bursts"]) == (2, 1, 0)


def test_some_results_of_a_week_are_drawn_once_and_checked_by_another(ward: Ward) -> None:
    ward.save(ward.clerk, LI, CallCode.OK)
    ward.save(ward.clerk, WANG, CallCode.NO_ANSWER)
    ward.now += 7 * DAY_S

    assert scorecards.draw(ward.ask, ward.now) == 1
    assert scorecards.draw(ward.ask, ward.now) == 0
    (drawn,) = scorecards.waiting(ward.manager)
    assert (drawn.account, drawn.customer_id, drawn.may_check) == ("clerk", ward.who(LI), True)
    with pytest.raises(BadValueError):
        scorecards.check(ward.manager, check_id=drawn.id, outcome=Outcome.DIFFERS)

    reason = "nobody called him"
    scorecards.check(ward.manager, check_id=drawn.id, outcome=Outcome.DIFFERS, reason=reason)

    assert scorecards.waiting(ward.manager) == []
    (row,) = scorecards.of_staff(ward.manager).to_dict("records")
    assert (row["checked"], row["confirmed"], row["differs"]) == (1, 0, 1)
    with pytest.raises(NotFoundError):
        scorecards.check(ward.manager, check_id=drawn.id, outcome=Outcome.CONFIRMED)


def test_nobody_checks_his_own_calls(ward: Ward) -> None:
    ward.save(ward.manager, LI, CallCode.OK)
    ward.now += 7 * DAY_S
    scorecards.draw(ward.ask, ward.now)
    (drawn,) = scorecards.waiting(ward.manager)

    assert not drawn.may_check
    with pytest.raises(NotAllowedError):
        scorecards.check(ward.manager, check_id=drawn.id, outcome=Outcome.CONFIRMED)
