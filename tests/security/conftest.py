"""The two stations, made once."""

import pytest
from security import world as worlds
from security.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two stations that must know nothing of each other; nobody changes them."""
    return worlds.build(tmp_path_factory.mktemp("world"))
