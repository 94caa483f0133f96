"""The two stations, made once."""

import json
from pathlib import Path

import pytest
from copying import copy_archive
from security import world as worlds
from security.world import World
from sharing import made_once

IDS = "ids.json"


def build(folder: Path) -> None:
    """Make the two stations, and note their ids."""
    made = worlds.build(folder)
    (folder / IDS).write_text(json.dumps(made.ids), encoding="utf-8")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two stations that must know nothing of each other; nobody changes them."""
    made = made_once(tmp_path_factory, "two-stations", build)
    own = tmp_path_factory.mktemp("world") / "own"
    copy_archive(made, own)
    return World(own, json.loads((made / IDS).read_text(encoding="utf-8")))
