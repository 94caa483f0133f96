"""A version of the rules is tried on the archive's own sales before it starts."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from archive.shop import Shop
from makers import make_key, make_sale
from services.points.counter import ANNA, BERT, CARL, Counter

from station.config import Settings, build, load_version
from station.errors import BadValueError, ConfigError
from station.model import DAY_S, Role
from station.services.ask import Ask
from station.services.points import reporting, trying

MONEY = {"name": "money", "points": 1, "per": 1, "of": "money"}


def version(name: str, starts: date, points: int = 1, **more: object) -> dict[str, object]:
    earning = {"rules": [MONEY | {"points": points}]}
    return {"name": name, "starts": starts, "earning": earning, **more}


def with_versions(ask: Ask, *versions: dict[str, object]) -> Ask:
    programme = build(Settings, {"programme": {"versions": list(versions)}}, at="").programme
    return replace(ask, settings=replace(ask.settings, programme=programme))


def shopped(counter: Counter) -> Ask:
    """Return the question after Anna and Bert bought at the first station, Carl at the second."""
    with counter.ask.db.writing() as conn:
        shop = Shop(conn)
        shop.add(
            [
                make_sale(
                    station=person.station,
                    vehicle=make_key(person.plate),
                    receipt_no=f"{person.number}/{day}",
                    sold_at=counter.now - day * DAY_S,
                    amount_minor=10_000 * person.number,
                )
                for person in (ANNA, BERT, CARL)
                for day in range(4)
            ]
        )
    today = date(2026, 9, 1)
    usual = version("usual", today - timedelta(days=300))
    return with_versions(counter.ask, usual, version("double", today + timedelta(days=30), 2))


def test_the_next_version_is_tried_on_the_last_sales(anywhere: Counter) -> None:
    told = trying.trial(shopped(anywhere), days=30)

    assert (told.name, told.old) == ("double", "usual")
    assert (told.lines, told.members, told.gaining, told.losing) == (12, 3, 3, 0)
    assert told.points_before == 4 * (100 + 200 + 300)
    assert told.points_after == 2 * told.points_before
    assert told.stations.set_index("station")["after"].to_dict() == {"S1": 2_400, "S2": 2_400}
    assert told.months["before"].sum() == told.points_before


def test_only_the_last_days_count(counter: Counter) -> None:
    told = trying.trial(shopped(counter), days=2)

    assert told.lines == 6


def test_a_file_is_tried_without_being_in_the_settings(counter: Counter, tmp_path: Path) -> None:
    ask = shopped(counter)
    path = tmp_path / "half.yaml"
    path.write_text(
        "name: half\nstarts: 2026-12-01\nearning:\n  rules:\n"
        "    - {name: money, points: 1, per: 2, of: money}\n",
        encoding="utf-8",
    )

    told = trying.trial(ask, version=load_version(path, ask.settings.programme), days=30)

    assert (told.old, told.losing) == ("double", 3)
    assert told.points_before == 4 * told.points_after


@pytest.mark.parametrize(
    "words", ["name: half", "names: half", "name: usual\nstarts: 2027-01-01", "- 1"]
)
def test_a_file_that_could_not_follow_is_refused(
    counter: Counter, tmp_path: Path, words: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(words, encoding="utf-8")

    with pytest.raises(ConfigError):
        load_version(path, shopped(counter).settings.programme)


def test_levels_are_told_before_and_after(counter: Counter) -> None:
    today = date(2026, 9, 1)
    levels = [{"name": "plain", "least": 0}, {"name": "gold", "least": 3}]
    ask = with_versions(
        shopped(counter), version("tiers", today + timedelta(days=9), tiers={"levels": levels})
    )

    told = trying.trial(ask, days=30)

    assert told.old == ""
    assert told.points_before == 0
    assert told.levels["name"].tolist()[-2:] == ["plain", "gold"]
    assert told.levels["after"].sum() == 3


def test_a_manager_tries_it_on_his_own_station(counter: Counter) -> None:
    ask = shopped(counter)
    (mona,) = counter.staff(mona=Role.MANAGER)

    told = trying.trial(replace(mona, settings=ask.settings), days=30)

    assert (told.lines, told.members) == (8, 2)
    assert told.stations["station"].tolist() == ["S1"]


def test_sums_of_few_are_kept_from_whoever_may_not_see_them(counter: Counter) -> None:
    ask = shopped(counter)
    rights = {one: ids for one, ids in ask.scope.rights.items() if one != reporting.SEES_PEOPLE}

    told = trying.trial(replace(ask, scope=replace(ask.scope, rights=rights)), days=30)

    assert (told.points_after, told.gaining, len(told.stations), len(told.months)) == (0, 0, 0, 0)


def test_without_a_next_version_it_is_said_so(counter: Counter) -> None:
    with pytest.raises(BadValueError):
        trying.trial(counter.ask)
    with pytest.raises(BadValueError):
        trying.trial(shopped(counter), days=0)
