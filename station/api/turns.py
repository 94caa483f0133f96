"""Every request is answered in time: work waits in threads, and nobody waits for it for ever."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from station.api.limits import Buckets
from station.config import Settings
from station.errors import ArchiveBusyError, LimitReachedError, SignInError
from station.model import Scope
from station.services import access
from station.services.access import MINUTE_S
from station.services.ask import Ask, Database
from station.services.people import sign_in

T = TypeVar("T")
THREADS, MOST_WAITING = 12, 64
"""Requests that are worked at, and that may be under way at all; one more is told to come again."""


@dataclass(slots=True)
class Turns:
    """The work of tills on an archive."""

    db: Database
    settings: Settings
    tills: Buckets = field(init=False)
    strangers: Buckets = field(init=False)
    _under_way: int = 0
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="till")
    )

    def __post_init__(self) -> None:
        rules = self.settings.till
        self.tills = Buckets(burst=rules.burst, per_s=rules.per_minute / MINUTE_S)
        per_s = rules.failed_keys / (rules.failed_min * MINUTE_S)
        self.strangers = Buckets(burst=rules.failed_keys, per_s=per_s)

    async def done(self, work: Callable[[], T]) -> T:
        """Return what a piece of work returns.

        Raises:
            ArchiveBusyError: too much is under way, a turn to write did not come in time, or it
                takes too long; only then it may still be done afterwards.
        """
        if self._under_way >= MOST_WAITING:
            raise ArchiveBusyError("archive.busy")
        self._under_way += 1
        loop = asyncio.get_running_loop()
        task = self._threads.submit(self._hurried, work)
        task.add_done_callback(lambda _: self._leave(loop))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(task), self.settings.till.answer_s)
        except TimeoutError as error:
            raise ArchiveBusyError("till.no_answer") from error

    def _hurried(self, work: Callable[[], T]) -> T:
        with self.db.hurried(self.settings.till.wait_s):
            return work()

    def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._left)

    def _left(self) -> None:
        self._under_way -= 1

    async def ask_of(self, key: str, address: str) -> Ask:
        """Return the question of the till with a key.

        The key is looked up first: whoever has a right one is let in, however many wrong ones the
        other machines behind his address have tried.

        Raises:
            SignInError: no terminal has this key, or not any more.
            LimitReachedError: it asks too often, or too many wrong keys came from its address.
        """
        try:
            scope = await self.done(lambda: access.scope_of_till(self.db, key, address=address))
        except SignInError:
            _refuse_if(self.strangers.take(sign_in.network(address)), "till.too_many_keys")
            raise
        self.charge(scope)
        return Ask(self.db, self.settings, scope, date.max)

    def charge(self, scope: Scope, number: int = 1) -> None:
        """Count requests of a till.

        Raises:
            LimitReachedError: it asked too often before.
        """
        _refuse_if(self.tills.take(str(scope.terminal_id), number), "till.too_often")


def _refuse_if(wait_s: int, key: str) -> None:
    if wait_s:
        raise LimitReachedError(key, wait_s=wait_s)
