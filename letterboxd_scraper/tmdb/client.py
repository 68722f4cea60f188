"""Asking TMDB beside a crawl: in threads of its own, at a limited rate, with retries."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from letterboxd_scraper.config import Config, user_agent
from letterboxd_scraper.errors import (
    TmdbDown,
    TmdbNotFound,
    TmdbRateLimited,
    TmdbUnavailable,
    TmdbUnreadable,
)
from letterboxd_scraper.items.films import TmdbDetails, TmdbHit, TmdbHits, TmdbLink
from letterboxd_scraper.tmdb.api import TmdbApi
from letterboxd_scraper.words import counted

_Answer = TypeVar("_Answer")
# Requests under way at once: at ten a second, enough for answers that take up to 0.4 s.
_THREADS = 4
# In seconds: if TMDB asks for a longer wait, it is not asked again.
LONGEST_WAIT = 120.0
# After so many films in a row without an answer TMDB counts as down, and is not asked for the rest.
DOWN_AFTER = 3


class _Silenced(TmdbUnavailable):
    """TMDB asks for a longer wait than LONGEST_WAIT."""


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, TmdbUnavailable) and not isinstance(error, _Silenced)


class TmdbClient:
    """What TMDB knows of films, for one run.

    ``requests`` is how many were sent. Once TMDB is down, it is not asked again. ``sleep`` waits for so many
    seconds; what it raises ends what is waiting.
    """

    def __init__(self, settings: Config, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.settings = settings
        self._sleep = sleep
        self.requests = 0
        # The requests are spread evenly.
        self._turn, self._next_turn = asyncio.Lock(), 0.0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tmdb")
        self._idle: SimpleQueue[TmdbApi] = SimpleQueue()
        self._silent_until = 0.0
        self._failed = 0

    async def details(self, link: TmdbLink) -> TmdbDetails:
        """Return TMDB's details of a film.

        Raises TmdbNotFound, TmdbRefused, TmdbUnreadable and, after all retries, TmdbUnavailable, as do
        `search` and `find`.
        """
        return await self._asked(lambda api: api.details(link))

    async def search(self, title: str, year: int | None, page: int = 1) -> TmdbHits:
        """Return a page of the movies that TMDB names in answer to a title and year."""
        return await self._asked(lambda api: api.search(title, year, page))

    async def find(self, imdb_id: str) -> tuple[TmdbHit, ...]:
        """Return the movies and series of a number on IMDb."""
        return await self._asked(lambda api: api.find(imdb_id))

    async def close(self) -> None:
        """Wait for the requests under way, and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    async def _asked(self, ask: Callable[[TmdbApi], _Answer]) -> _Answer:
        """Return what comes of asking, in the end."""
        if self._failed >= DOWN_AFTER:
            raise TmdbDown(f"TMDB failed {DOWN_AFTER} films in a row and is not asked again in this run")
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(self.settings.RETRY_TIMES + 1),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer: _Answer = await retrying(self._once, ask)
        except TmdbUnavailable:
            self._failed += 1
            raise
        except (TmdbNotFound, TmdbUnreadable):
            self._failed = 0
            raise
        self._failed = 0
        return answer

    async def _once(self, ask: Callable[[TmdbApi], _Answer]) -> _Answer:
        loop = asyncio.get_running_loop()
        while (wait := self._silent_until - loop.time()) > 0:
            if wait > LONGEST_WAIT:
                raise _Silenced(f"TMDB asks for silence for {counted(round(wait / 60), 'minute')}")
            await self._sleep(wait)
        async with self._turn:
            if (wait := self._next_turn - loop.time()) > 0:
                await self._sleep(wait)
            self._next_turn = loop.time() + 1 / self.settings.TMDB_REQUESTS_PER_SECOND
        self.requests += 1
        try:
            return await loop.run_in_executor(self._threads, self._ask, ask)
        except TmdbRateLimited as error:
            # For all requests: it is not about this film.
            self._silent_until = max(self._silent_until, loop.time() + (error.retry_after or 0))
            raise

    def _ask(self, ask: Callable[[TmdbApi], _Answer]) -> _Answer:
        try:
            api = self._idle.get_nowait()
        except Empty:
            settings = self.settings
            key, agent = settings.TMDB_API_KEY.get_secret_value(), user_agent(settings.LETTERBOXD_CONTACT)
            api = TmdbApi(settings.TMDB_BASE_URL, key, settings.TMDB_TIMEOUT, agent)
        try:
            return ask(api)
        finally:
            self._idle.put(api)

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TmdbRateLimited) and error.retry_after is not None:
            return 0  # the silence is kept by all
        return wait_random_exponential(multiplier=self.settings.RETRY_BACKOFF_BASE)(state)
