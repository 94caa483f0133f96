"""A report is a plain table: its own columns, its own rows, and null for what is not known."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from station.config import Settings
from station.errors import NotFoundError
from station.services import access, board, keeping, reports
from station.services.ask import Ask
from station.services.customers import completeness
from station.services.reports import Question, Report

PER_OTHER = {"backtest", "compare", "completeness", "fleets", "gaps", "lifecycle", "value"}
PER_VEHICLE = {"use", "ownership"}


def asked(ask: Ask, name: str, **question: object) -> Report:
    return reports.report(ask, name=name, question=replace(Question(lang="en"), **question))


@pytest.mark.parametrize("name", reports.REPORTS)
def test_a_report_is_strict_json(demo_ask: Ask, name: str) -> None:
    report = asked(demo_ask, name)

    document = json.loads(json.dumps(report.document(), allow_nan=False))

    assert len(document["rows"]) == document["totals"]["rows"] > 0
    assert document["as_of"] == demo_ask.as_of.isoformat()


@pytest.mark.parametrize("name", reports.REPORTS)
@pytest.mark.parametrize("days", [0, 30])
def test_an_empty_archive_gives_an_empty_report(tmp_path: Path, name: str, days: int) -> None:
    db = keeping.create(Settings(), f"sqlite:///{tmp_path}/station.db")
    ask = Ask(db, Settings(), access.local_operator(db), date(2026, 1, 1))

    document = asked(ask, name, days=days).document()

    assert document["rows"] == []
    assert document["totals"]["rows"] == 0


@pytest.mark.parametrize("name", sorted(reports.REPORTS.keys() - PER_VEHICLE - PER_OTHER))
def test_a_vehicle_has_one_row_a_station(demo_ask: Ask, name: str) -> None:
    rows = asked(demo_ask, name).rows

    assert not rows.duplicated(["vehicle", "station"]).any()
    assert rows[["vehicle", "station"]].equals(
        rows[["vehicle", "station"]].sort_values(["vehicle", "station"])
    )


@pytest.mark.parametrize("name", sorted(PER_VEHICLE))
def test_use_and_owner_are_told_once_a_vehicle(demo_ask: Ask, name: str) -> None:
    rows = asked(demo_ask, name).rows

    assert rows["vehicle"].is_unique
    assert len(rows) == board.vehicles(demo_ask)["vehicle_id"].nunique()


def test_the_totals_are_those_of_the_board(demo_ask: Ask) -> None:
    totals = asked(demo_ask, "profiles").totals
    frame = board.vehicles(demo_ask)

    assert totals["visits"] == frame["visits"].sum()
    assert totals["amount"] == round(frame["amount"].sum(), 2)
    assert set(totals["litres_by_unit"]) == set(frame["unit"])


def test_a_single_unit_has_a_single_sum(demo_ask: Ask) -> None:
    report = asked(demo_ask, "profiles")
    litres = replace(report, rows=report.rows[report.rows["unit"] == "l"])

    totals = reports._totals(litres.rows)

    assert totals["litres"] == totals["litres_by_unit"]["l"] > 0


def test_a_period_covers_its_last_days_only(demo_ask: Ask) -> None:
    rows = asked(demo_ask, "profiles", days=14).rows

    assert (rows["days_silent"] < 14).all()
    assert {(demo_ask.as_of - day).days < 14 for day in rows["first_on"]} == {True}


def test_a_single_station_is_what_the_whole_says_of_it(demo_ask: Ask) -> None:
    whole = asked(demo_ask, "profiles").rows

    alone = asked(demo_ask, "profiles", stations=("A0002",)).rows

    assert alone.equals(whole[whole["station"] == "A0002"].reset_index(drop=True))


def test_an_unknown_report_is_answered_with_those_there_are(demo_ask: Ask) -> None:
    with pytest.raises(NotFoundError) as refused:
        asked(demo_ask, "horoscope")

    assert "profiles" in str(refused.value.facts["known"])


def test_cards_are_told_the_least_complete_first(demo_ask: Ask) -> None:
    rows = asked(demo_ask, "completeness").rows

    assert len(rows) == len(completeness.cards(demo_ask))
    assert rows["score"].is_monotonic_increasing
    assert rows.loc[rows["score"] == 100, "missing"].eq("").all()
    assert rows.loc[rows["score"] < 100, "missing"].ne("").all()
