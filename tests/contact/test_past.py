"""What stood at an instant is what a replay of all changes up to it gives."""

from hypothesis import given
from hypothesis import strategies as st

from station.contact import past

STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), max_size=20)


@given(STEPS, st.sampled_from("abc"), st.integers(-1, 110))
def test_stood_is_a_replay(steps: list[tuple[int, str]], first: str, at_s: int) -> None:
    now, second, changes, replayed = first, 0, [], first
    for passed, new in steps:
        second += passed
        changes.append((second, now))
        now = new
        replayed = new if second <= at_s else replayed

    assert past.stood(now, changes, at_s) == replayed
