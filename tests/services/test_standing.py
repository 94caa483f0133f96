"""How many regulars stay away, as the whole board counted it, is found again for one card."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from town import ask_of

from station.archive import derived
from station.archive.database import Database
from station.services import standing
from station.services.ask import Ask


@pytest.fixture
def ask(db: Database) -> Ask:
    """Return a question of somebody who sees the stations 1 and 2."""
    return seeing(ask_of(db), 1, 2)


def seeing(ask: Ask, *stations: int) -> Ask:
    return replace(ask, scope=replace(ask.scope, station_ids=frozenset(stations)))


def counts(**of: tuple[int, int]) -> pd.DataFrame:
    """Return (regulars, away) by station, named s1, s2, ..."""
    index = pd.Index([int(name[1:]) for name in of], name="station_id")
    return pd.DataFrame(list(of.values()), index=index, columns=["regulars", "away"])


def found(ask: Ask) -> list[list[int]] | None:
    kept = standing.found(ask)
    return None if kept is None else kept.to_numpy().tolist()


def test_what_was_counted_is_found_again(ask: Ask) -> None:
    standing.keep(ask, counts(s1=(10, 2), s2=(30, 1)))

    assert found(ask) == [[10, 2], [30, 1]]


def test_nothing_counted_is_nothing_found(ask: Ask) -> None:
    assert found(ask) is None


def test_a_station_without_regulars_counts_as_none(ask: Ask) -> None:
    standing.keep(ask, counts(s2=(30, 1)))

    assert found(ask) == [[0, 0], [30, 1]]


def test_a_narrower_sight_finds_its_own_stations_only(ask: Ask) -> None:
    standing.keep(ask, counts(s1=(10, 2), s2=(30, 1)))

    assert found(seeing(ask, 2)) == [[30, 1]]


def test_a_wider_sight_finds_nothing_until_all_of_it_was_counted(ask: Ask) -> None:
    standing.keep(seeing(ask, 1), counts(s1=(10, 2)))
    assert found(ask) is None

    standing.keep(seeing(ask, 2), counts(s2=(30, 1)))

    assert found(ask) == [[10, 2], [30, 1]]


def test_another_day_has_not_been_counted(ask: Ask) -> None:
    standing.keep(ask, counts(s1=(10, 2), s2=(30, 1)))

    assert found(replace(ask, as_of=ask.as_of - timedelta(days=1))) is None
    assert found(replace(ask, as_of=ask.as_of + timedelta(days=1))) is None


def test_what_changes_a_figure_has_not_been_counted(ask: Ask) -> None:
    standing.keep(ask, counts(s1=(10, 2), s2=(30, 1)))

    with ask.db.writing():
        pass

    assert found(ask) is None


@pytest.mark.parametrize("damage", [{"1": 5, "2": [3, 1]}, {"1": ["x", 1], "2": [3, 1]}, {}])
def test_a_damaged_count_is_none(ask: Ask, damage: dict[str, object]) -> None:
    derived.keep(ask.db, standing.SORT, standing._mark(ask), damage)

    assert found(ask) is None
