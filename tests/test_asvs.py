"""Every requirement of level 1 is answered, by tests that exist."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = (HERE.parent / "docs" / "en" / "asvs.md").read_text("utf-8")
LINE = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
LINK = re.compile(r"\]\([\w.#-]+\)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the table says of a requirement."""

    status: str
    shown_by: str

    def is_enough(self) -> bool:
        """Return whether the status has what it needs: tests, a place in the docs, a reason."""
        has_test = TEST.search(self.shown_by) is not None
        if self.status == "by the proxy":
            return has_test or LINK.search(self.shown_by) is not None
        return has_test if self.status == "met" else self.status == "not applicable"


def answers() -> dict[str, Answer]:
    return {number: Answer(status, shown) for number, _, status, shown in LINE.findall(TABLE)}


def required() -> list[str]:
    return (HERE / "asvs_level_1.txt").read_text("utf-8").split()


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in a file, without running it."""
    tree = ast.parse((HERE.parent / file).read_text("utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def missing() -> Iterator[str]:
    for file, name in TEST.findall(TABLE):
        if not (HERE.parent / file).exists() or name not in names_in(file):
            yield f"{file}::{name}"


def test_every_requirement_of_level_1_is_in_the_table() -> None:
    assert list(answers()) == required()


def test_every_test_that_is_named_exists() -> None:
    assert list(missing()) == []


@pytest.mark.parametrize("number", required())
def test_no_requirement_is_open(number: str) -> None:
    answer = answers()[number]

    assert "OPEN" not in answer.shown_by
    assert answer.is_enough()
