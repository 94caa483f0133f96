"""How much is tried: a part in CI, the whole in the night (`make nightly`)."""

import os
from typing import TypeVar

import pytest

T = TypeVar("T")


def by_night(whole: T, *, by_day: T) -> T:
    """Return the whole if this is the night's run, else the day's."""
    return whole if os.environ.get("STATION_TEST_LONG") == "1" else by_day


each_lang = pytest.mark.parametrize("lang", by_night(["zh", "en"], by_day=["zh"]))
"""A page in both languages; by day in Chinese, as tests/test_text.py holds the two side by side."""
