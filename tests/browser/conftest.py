"""A started server on a demo archive, and Chromium to look at it."""

from collections.abc import Iterator

import pytest
from people import token_for
from serving import serving


@pytest.fixture(scope="session")
def server_url(demo_archive: str) -> Iterator[str]:
    """The address of a dashboard on the small demo network; it stops with the tests."""
    with serving(demo_archive) as url:
        yield url


@pytest.fixture
def token(demo_archive: str) -> str:
    """The token of somebody who may open every page of the small demo network."""
    return token_for(demo_archive)
