"""A shop on a connection that writes."""

from collections.abc import Iterator

import pytest
from archive.shop import Shop

from station.archive.database import Database


@pytest.fixture
def shop(db: Database) -> Iterator[Shop]:
    """Yield a shop whose every act is in one transaction."""
    with db.writing() as conn:
        yield Shop(conn)
