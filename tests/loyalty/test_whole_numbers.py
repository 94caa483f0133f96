"""Nothing in the room of points is ever a fraction of what it counts."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import station.loyalty

ROOM = sorted(Path(str(station.loyalty.__file__)).parent.glob("*.py"))
REAL = {
    *("float", "float32", "float64", "round", "Decimal", "sqrt", "exp", "log", "mean", "median"),
    *("std", "var", "quantile", "total_seconds", "timestamp", "true_divide", "divide"),
}
"""Names whose use would bring numbers that are not whole, or round them unasked."""


def real_numbers(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        is_real = isinstance(node, ast.Constant) and isinstance(node.value, float | complex)
        divides = isinstance(node, ast.Div)
        name = getattr(node, "id", getattr(node, "attr", None))
        if is_real or divides or name in REAL:
            yield ast.dump(node)


@pytest.mark.parametrize("path", ROOM, ids=lambda path: path.name)
def test_a_module_of_points_knows_whole_numbers_only(path: Path) -> None:
    assert list(real_numbers(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("words", ["a = 0.5", "a = b / c", "a /= b", "float(a)", "a.mean()"])
def test_a_number_that_is_not_whole_would_be_found(words: str) -> None:
    assert list(real_numbers(words)) != []
