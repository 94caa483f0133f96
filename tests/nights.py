"""How much is tried: a part in CI, the whole in the night (`make nightly`)."""

import os


def by_night(whole: int, *, by_day: int) -> int:
    """Return the whole number if this is the night's run, else the day's."""
    return whole if os.environ.get("STATION_TEST_LONG") == "1" else by_day
