"""Ctrl-C, or a polite kill, during a crawl: the pages in flight are finished; told again, it ends at once.

Scrapy's own handlers come too late: until the spider is open its process would end with a traceback, and a
run that was opened would never be closed.
"""

import asyncio
import logging
import os
import signal
import sys
from threading import Thread
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess, Crawler, CrawlerProcess

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.extensions.run import Run

logger = logging.getLogger(__name__)
# In seconds: how often it is looked whether a crawl that is still opening can be stopped.
_NAP = 0.05
# In seconds: how long the end of a run may take to be noted where the crawl is to end at once.
_LAST_WORD = 3.0


class Interruptible:
    """One crawl in this process; ``interrupted`` says whether it was told to end."""

    def __init__(self, process: AsyncCrawlerProcess | CrawlerProcess, crawler: Crawler) -> None:
        self.interrupted = False
        self._process, self._crawler = process, crawler
        self._stopping: asyncio.Task[None] | None = None

    def run(self, **arguments: str) -> None:
        """Crawl to the end, with these arguments. The handlers stay: nothing is to be ended after it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)
        self._process.crawl(self._crawler, **arguments)
        self._process.start(install_signal_handlers=False)

    def _hear(self, number: int, frame: Any) -> None:
        from twisted.internet import reactor  # which Scrapy has chosen by now

        # Nothing is logged in here: the signal may have come amid another line.
        answer = self._end_at_once if self.interrupted else self._begin_to_end
        self.interrupted = True
        reactor.callFromThread(answer)

    def _begin_to_end(self) -> None:
        logger.info("Told to end: the pages in flight are finished; told again, it ends at once")
        self._end_when_open()

    def _end_when_open(self) -> None:
        """Stop the crawl, once its spider is open: one that is stopped before that would go on."""
        if self._crawler not in self._process.crawlers:
            return
        if _is_open(self._crawler):
            self._stopping = asyncio.ensure_future(self._crawler.stop_async())
        else:
            asyncio.get_running_loop().call_later(_NAP, self._end_when_open)

    def _end_at_once(self) -> None:
        if run := self._crawler.get_extension(Run):
            # Beside this thread: the database may be what the crawl waits for.
            last_word = Thread(target=run.end_at_once, daemon=True)
            last_word.start()
            last_word.join(_LAST_WORD)
        sys.stdout.flush()
        os._exit(ExitCode.INTERRUPTED)


def _is_open(crawler: Crawler) -> bool:
    try:
        return crawler.engine.running
    except RuntimeError:  # there is none yet
        return False
