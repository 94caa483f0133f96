"""Who may write now: one fair queue for all threads and processes of an archive."""

import errno
import fcntl
import os
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.errors import ArchiveBusyError

NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""What a file system answers that has no locks."""


class FairLock:
    """Lets threads through one by one, in the order in which they came."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Lock] = deque()
        self._owner = 0

    def acquire(self) -> None:
        """Return once every earlier thread has left."""
        if self._owner == threading.get_ident():
            raise RuntimeError("a thread that writes already asks to write again")
        turn = threading.Lock()
        turn.acquire()
        with self._guard:
            self._queue.append(turn)
            is_first = self._queue[0] is turn
        try:
            if not is_first:
                turn.acquire()
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
                    fcntl.flock(file, fcntl.LOCK_EX)
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
