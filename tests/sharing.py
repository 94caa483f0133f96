"""What is dear to make is made once a run, by whichever worker needs it first, and copied."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

DONE = "made"


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that one worker fills and that nobody opens or changes afterwards."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / DONE).exists():
            folder.mkdir()
            make(folder)
            (folder / DONE).touch()
    return folder
