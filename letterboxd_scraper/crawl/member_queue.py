"""Which member to read next: so many at once, and none whom another crawl is reading."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from enum import Enum, auto

from letterboxd_scraper.items.tasks import DeltaStart, MemberStart

logger = logging.getLogger(__name__)
Start = MemberStart | DeltaStart


class Unavailable(Enum):
    """Why a member is not to be read now."""

    HELD = auto()  # another crawl reads them
    DONE = auto()  # another crawl has read them


# Asks for a member: leased to this crawl from then on, with how they start, or refused.
Take = Callable[[str], Awaitable[Start | Unavailable]]
# Ends all leases of this crawl.
GiveBack = Callable[[], Awaitable[None]]


class MemberQueue:
    """Hands out members in their order, ``at_once`` at a time; those whom others read come last.

    They are asked for again and again, ``pause`` seconds apart, until they are free or have been read. A
    crawl that reads nobody meanwhile gives back what an error of ours has left it with: else two crawls
    could wait for each other for ever.
    """

    def __init__(
        self, members: Iterable[str], take: Take, give_back: GiveBack, at_once: int, pause: float
    ) -> None:
        self._waiting = deque(members)
        self._put_off: deque[str] = deque()
        self._under_way: set[str] = set()
        self._lost: set[str] = set()
        self._take, self._give_back = take, give_back
        self._at_once, self._pause = at_once, pause
        self._changed = asyncio.Event()
        self._warned = False

    async def __aiter__(self) -> AsyncIterator[Start]:
        while self._waiting or self._put_off or self._under_way:
            if not self._waiting or len(self._under_way) >= self._at_once:
                await self._change()
                continue
            name = self._waiting.popleft()
            self._under_way.add(name)
            start = await self._take(name)
            if not isinstance(start, Unavailable):
                yield start
                continue
            self._under_way.discard(name)
            if start is Unavailable.HELD:
                self._put_off.append(name)

    async def _change(self) -> None:
        """Wait until a member was finished, or until those who were put off are to be asked for again."""
        self._changed.clear()
        nobody_else = self._put_off and not self._waiting
        if nobody_else and not self._under_way and not self._warned:
            self._warned = True
            logger.warning("Waiting until another crawl has read %s", ", ".join(sorted(self._put_off)))
        try:
            async with asyncio.timeout(self._pause if nobody_else else None):
                await self._changed.wait()
        except TimeoutError:
            if not self._under_way:
                await self._give_back()
            self._waiting.extend(self._put_off)
            self._put_off.clear()

    def end(self, member: str) -> None:
        """Take note that a member was read to their end, or given up; one that was lost is put off."""
        self._under_way.discard(member)
        if member in self._lost:
            self._lost.discard(member)
            self._put_off.append(member)
        self._changed.set()

    def rename(self, member: str, name: str) -> None:
        """Have done with a member under one name, and hand them out next under another."""
        if name not in self._under_way and name not in self._waiting:
            self._waiting.appendleft(name)
        self.end(member)

    def lose(self, member: str) -> None:
        """Take note that another crawl took over a member, who is then put off."""
        logger.info("%s is read by another crawl now: they come later here", member)
        if member in self._under_way:
            self._lost.add(member)
        elif member not in self._waiting and member not in self._put_off:
            self._put_off.append(member)
            self._changed.set()

    def has_lost(self, member: str) -> bool:
        """Say whether a member is to be left alone for now."""
        return member in self._lost
