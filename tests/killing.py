"""Work that is killed in its midst, in a process forked from one that has imported everything.

A process of its own spends two seconds on its imports, in which nothing worth killing happens.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
NURSERY = """
import json, os, signal, sys, time, traceback
prepare, work = sys.argv[1:]
known = {}
exec(prepare, known)
print(flush=True)
for line in sys.stdin:
    words, after_s = json.loads(line)
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            exec(work, known | {"words": words})
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() - begin < after_s:
        time.sleep(0.001)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(json.dumps([not ended, time.monotonic() - begin, status]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Nursery:
    """A process that has done its imports; each child does the work anew."""

    process: subprocess.Popen[str]

    def killed(self, *words: str, after_s: float) -> bool:
        """Let a child do the work, and return whether it had to be killed."""
        return bool(self._told(words, after_s)[0])

    def seconds(self, *words: str) -> float:
        """Return how long a child takes that is left alone."""
        return self._told(words, 600)[1]

    def _told(self, words: tuple[str, ...], after_s: float) -> tuple[float, float]:
        given, taken = self.process.stdin, self.process.stdout
        assert given is not None
        assert taken is not None
        given.write(json.dumps([words, after_s]) + "\n")
        given.flush()
        was_killed, took_s, status = json.loads(taken.readline())
        assert status == 0
        return was_killed, took_s


@contextmanager
def nursery(prepare: str, work: str) -> Iterator[Nursery]:
    """Yield a process that ran `prepare`; its children run `work`, given `words`."""
    command = [sys.executable, "-c", NURSERY, prepare, work]
    paths = os.pathsep.join((str(TESTS.parent), str(TESTS)))
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield Nursery(process)
