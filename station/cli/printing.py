"""How does the command line say what it found?"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from rich.console import Console
from rich.progress import Progress as Bar

SHOWN_ROWS = 40
err = Console(stderr=True)


def tell(sentence: str) -> None:
    """Write a sentence to standard error."""
    err.print(sentence, soft_wrap=True, markup=False, highlight=False)


def print_json(document: object) -> None:
    """Write a document to standard output, on one line."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is, whatever the terminal's own
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a progress callback that draws on standard error."""
    with Bar(console=err, transient=True, disable=not err.is_terminal) as drawn:
        task = drawn.add_task(words, total=None)
        yield lambda done, total: drawn.update(task, completed=done, total=total or None)
