"""A row that names a person is recognised however it was typed, and one that does not is left."""

import pytest

from station.guard import traces

PERSON = traces.of(
    names=["甲示川", "A. Nobody"],
    phones=["+8610012345678", "+447700900123"],
    marks=["C-7", "粤B12345", "9000123400001"],
)


@pytest.mark.parametrize(
    "text",
    [
        "1,甲示川,x",
        "note: call a.nobody again",
        "100 1234-5678",
        "+86 100 1234 5678",
        "１００１２３４５６７８",
        "tel 07700 900123",
        "x;C7;y",
        "粤B·12345",
        "1\t粤b12345黄\t2",
        "card 9000-1234-00001",
    ],
)
def test_a_trace_is_found(text: str) -> None:
    assert PERSON.found_in(text)


@pytest.mark.parametrize("text", ["", "1,乙例澜,x", "C70", "100 1234 567", "粤B12346", "C,7"])
def test_what_is_not_his_is_left(text: str) -> None:
    assert not PERSON.found_in(text)


def test_nobody_leaves_no_trace() -> None:
    assert not traces.of(names=[""], phones=[""], marks=[]).found_in("anything, at all")
