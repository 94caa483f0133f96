"""Who may write now: one fair queue for all threads and processes of an archive."""

import errno
import fcntl
import os
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import monotonic, sleep

from station.errors import ArchiveBusyError

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""What a file system answers that has no locks."""
LOOK_AGAIN_S = 0.005
"""How often somebody in a hurry looks whether another process has left."""
_until: ContextVar[float | None] = ContextVar("_until", default=None)


@contextmanager
def hurried(wait_s: float) -> Iterator[None]:
    """Wait for the turn to write no longer than so many seconds, all turns of a block together.

    Of two such blocks, one within the other, the more impatient counts.
    """
    before, until = _until.get(), monotonic() + wait_s
    mark = _until.set(until if before is None else min(before, until))
    try:
        yield
    finally:
        _until.reset(mark)


def left_s() -> float | None:
    """Return how many seconds may still be waited, none if for ever."""
    until = _until.get()
    return None if until is None else max(until - monotonic(), 0)


class FairLock:
    """Lets threads through one by one, in the order in which they came."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._owner = 0

    def acquire(self) -> None:
        """Return once every earlier thread has left.

        Raises:
            ArchiveBusyError: they took longer than whoever waits may wait.
        """
        if self._owner == threading.get_ident():
            raise RuntimeError("a thread that writes already asks to write again")
        turn = threading.Lock()
        turn.acquire()
        with self._guard:
            self._queue.append(turn)
            is_first = self._queue[0] is turn
        try:
            if not is_first:
                _await(turn)
        except BaseException:  # interrupted while waiting: give up the place in the queue
            self._leave(turn)
            raise
        self._owner = threading.get_ident()

    def release(self) -> None:
        """Let the next thread in."""
        self._owner = 0
        self._leave(self._queue[0])

    def _leave(self, turn: threading.Lock) -> None:
        with self._guard:
            was_first = self._queue[0] is turn
            self._queue.remove(turn)
            if was_first and self._queue:
                self._queue[0].release()


def _await(turn: threading.Lock) -> None:
    """Return once it is one's turn.

    Raises:
        ArchiveBusyError: it did not come while there was time.
    """
    wait_s = left_s()
    if not turn.acquire(timeout=-1 if wait_s is None else wait_s):
        raise ArchiveBusyError("archive.busy")


class WriteLock:
    """The archive's only way to a write or a checkpoint: a queue of threads before a file lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = FairLock()
        self.has_locks = self._probe()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for the length of a `with` block."""
        self._threads.acquire()
        try:
            file = self._open()  # anew each time: a forked process must not share our lock
            try:
                if self.has_locks:
                    _lock(file)
                yield
            finally:
                os.close(file)
        finally:
            self._threads.release()

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)

    def _probe(self) -> bool:
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno in NO_LOCKS:
                return False
            raise
        finally:
            os.close(file)
        return True


def _lock(file: int) -> None:
    """Lock a file once every other process has left it.

    Raises:
        ArchiveBusyError: they took longer than whoever waits may wait.
    """
    if left_s() is None:
        fcntl.flock(file, fcntl.LOCK_EX)
        return
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left_s():
                raise ArchiveBusyError("archive.busy") from None
            sleep(LOOK_AGAIN_S)
        else:
            return


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Be the only process that holds `path` for the length of a `with` block.

    Raises:
        ArchiveBusyError: another process holds it; the facts name its host and number.
    """
    with path.open("a+", encoding="utf-8") as file:
        path.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            host, _, pid = file.read().partition(" ")
            raise ArchiveBusyError("archive.served", host=host, pid=pid) from None
        file.truncate(0)
        file.write(f"{socket.gethostname()} {os.getpid()}")
        file.flush()
        yield
        file.truncate(0)
