"""Whatever a forged message says, it does no more than its sender may."""

import itertools
from collections.abc import Iterator

import pytest
from people import token_for
from security.wire import Wire, wire
from security.world import World
from serving import serving
from sqlalchemy import create_engine
from streamlit.proto.WidgetStates_pb2 import WidgetState

from station.archive.tables import metadata
from station.model import Use
from station.pages.front import PAGES
from station.pages.parts import look
from station.text import say

pytestmark = pytest.mark.slow
NOT_AN_EFFECT = {"audit", "sessions", "attempts"}
"""What may be written of a forger: that he was there, and what he tried."""
LENGTH_OF_LOG = ("audit_last",)
FORGED = 200
NAMES = [name for entries in PAGES.values() for name, *_ in entries]


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world.copied(tmp_path_factory.mktemp("forged") / "own") as copy:
        yield copy


@pytest.fixture(scope="module")
def url(own: World) -> Iterator[str]:
    with serving(own.url) as address:
        yield address


@pytest.fixture(scope="module")
def seen(own: World, url: str) -> Wire:
    """What a manager was shown, on every page that he is offered."""
    with wire(url, token_for(own.url, "manager")) as manager:
        survey(manager, vehicle=1)
    return manager


def contents(world: World) -> dict[str, list[tuple[object, ...]]]:
    engine = create_engine(world.url)
    with engine.connect() as conn:
        found = {
            table.name: [
                tuple(row) for row in conn.execute(table.select()) if row[:1] != LENGTH_OF_LOG
            ]
            for table in metadata.sorted_tables
            if table.name not in NOT_AN_EFFECT
        }
    engine.dispose()
    return found


def forgeries(widgets: dict[str, str]) -> Iterator[WidgetState]:
    """Yield presses and values that no page offers, for each widget that a manager sees."""
    for widget_id in itertools.cycle(widgets):
        yield WidgetState(id=widget_id, trigger_value=True)
        yield WidgetState(id=widget_id, bool_value=True)
        yield WidgetState(id=widget_id, string_value="S1'; DROP TABLE sales; --")
        yield WidgetState(id=widget_id, int_value=-5000)
        yield WidgetState(id=widget_id, double_value=float("nan"))
        yield WidgetState(id=widget_id, int_array_value={"data": [10**12]})
        yield WidgetState(id=widget_id, string_array_value={"data": ["B0001"]})
        yield WidgetState(id=widget_id, json_value='{"edited_rows": {"0": {"x": 999999}}}')


def survey(session: Wire, *, vehicle: int) -> None:
    """Let a session see the widgets of every page that it is offered."""
    for name in list(session.pages):
        session.run(name, query=f"vehicle={vehicle}" if name == "card" else "")


@pytest.mark.parametrize("forger", ["regional", "auditor", "nobody"])
def test_two_hundred_forged_messages_change_nothing(
    own: World, url: str, seen: Wire, forger: str
) -> None:
    with wire(url, token_for(own.url, forger)) as session:
        before = contents(own)
        states = forgeries(seen.widgets)
        hashes = list(seen.pages.values())
        for number in range(FORGED):
            session.run(hashes[number % len(hashes)], next(states), query="vehicle=1")

    assert len(seen.widgets) > 30
    assert contents(own) == before


def test_a_message_of_a_manager_does_something(own: World, url: str, seen: Wire) -> None:
    before = contents(own)
    uses = next(widget for widget in seen.widgets if "-card_use_1_" in widget)
    taxi = f"{look.USE[Use.TAXI].icon} {say('en', 'word.use.taxi')}"
    state = WidgetState(id=uses, string_array_value={"data": [taxi]})
    with wire(url, token_for(own.url, "manager")) as manager:
        manager.run("card", query="lang=en&vehicle=1")
        manager.run("card", state, query="lang=en&vehicle=1")

    assert contents(own) != before


def test_a_page_that_is_not_offered_is_not_drawn(own: World, url: str, seen: Wire) -> None:
    with wire(url, token_for(own.url, "staff")) as staff:
        told = b"".join(staff.run(seen.pages["intake"]))

    assert "intake" not in staff.pages
    assert b"file_uploader" not in told
    assert not any(kind == "file_uploader" for kind in staff.widgets.values())
