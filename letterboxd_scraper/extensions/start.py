"""How a crawl begins: each spider is told what is stored, and its run is opened."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from scrapy.exceptions import CloseSpider

from letterboxd_scraper.arguments import (
    Definition,
    FilmArguments,
    FollowGraphArguments,
    ProfileArguments,
    RssArguments,
    WhenRatedArguments,
)
from letterboxd_scraper.config import Config
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.extensions.member_queue import Leases, Refusal, Start
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.store.crawl_state import leases, runs
from letterboxd_scraper.store.due import delta_crawl, full_crawl
from letterboxd_scraper.store.engine import first_line, read_transaction, write_transaction
from letterboxd_scraper.store.films import enrichment, people
from letterboxd_scraper.store.members import cohorts, feeds, opt_outs
from letterboxd_scraper.store.targets import find_target

logger = logging.getLogger(__name__)
_Found = TypeVar("_Found")

# Scrapyd's name for a crawl that it runs stands in this environment variable.
JOB = "SCRAPY_JOB"
NO_KEY = (
    "TMDB_API_KEY is not set: films get what their pages say, without release dates, countries and "
    "directors' numbers. A key is free for personal use: themoviedb.org/settings/api"
)


class Beginning:
    """The beginning of one crawl, in one transaction. Raises InputError where its arguments do not fit."""

    def __init__(self, engine: sa.Engine, settings: Config, connection: sa.Connection, at: datetime) -> None:
        self.engine, self.settings, self.connection, self.at = engine, settings, connection, at

    def of(self, spider: Any) -> None:
        match spider.args:
            case FollowGraphArguments():
                self._follow_graph(spider)
            case ProfileArguments():
                self._profile(spider)
            case WhenRatedArguments():
                self._when_rated(spider)
            case RssArguments():
                self._rss(spider)
            case FilmArguments():
                self._film(spider)

    def _follow_graph(self, spider: Any) -> None:
        args, connection = spider.args, self.connection
        cohort = find_target(connection, args)
        spider.label, spider.seed = (cohort.label, cohort.seed) if cohort else (args.label, args.seed)
        spider.opted_out = opt_outs.load(connection)
        stored = cohort.definition if cohort else {}
        if cohort is not None:
            present = cohorts.members(connection, cohort)
            spider.stored_members = frozenset(row.member for row in present)
        # Built again, a cohort keeps what its definition says beyond the arguments: filters, parameters.
        spider.definition = Definition.read(stored | args.chosen())
        work = self._open_run(spider, spider.label, None)
        via = Listing(spider.definition.via)
        if args.cohort is not None and self.settings.FAR_CIRCLE_DAYS:
            since = self.at - timedelta(days=self.settings.FAR_CIRCLE_DAYS)
            spider.bookmarks = full_crawl.people_read_since(connection, via, spider.seed, since)
        if work is not None:
            spider.bookmarks |= full_crawl.people_bookmarks(connection, via, work, self.at)

    def _profile(self, spider: Any) -> None:
        args = spider.args
        cohort = find_target(self.connection, args)
        work = self._open_run(spider, cohort.label if cohort else None, args.user, args.options())
        if cohort is None:
            members = full_crawl.member_start(self.connection, args.user, work, self.at)
        else:
            members = full_crawl.cohort_starts(
                self.connection, cohort, work, self.at, args.resume_from, args.shard
            )
        spider.members = tuple(members)
        seed = cohort.seed if cohort else None
        spider.leases = self._handing_out(spider, self._finding(spider, work, seed))
        spider.stored_films = self._asking(full_crawl.stored_films)

    def _when_rated(self, spider: Any) -> None:
        args, connection = spider.args, self.connection
        cohort = find_target(connection, args)
        work = self._open_run(spider, cohort.label if cohort else None, args.user)
        if cohort is None:
            due = delta_crawl.of_member(connection, args.user, self.at, work, args.audit)
        else:
            days = self.settings.DELTA_AUDIT_DAYS
            due = delta_crawl.of_cohort(
                connection, cohort, self.at, work, audit=args.audit, audit_days=days, shard=args.shard
            )
        spider.members, spider.starts, spider.skipped = due.full, due.delta, due.skipped
        in_full = self._finding(spider, work, cohort.seed if cohort else None)
        deltas = {start.name: start for start in due.delta}

        def find(connection: sa.Connection, name: str) -> Start | None:
            start = deltas.get(name)
            if start is None:
                return in_full(connection, name)
            return None if delta_crawl.was_read_since(connection, name, start.read_at or self.at) else start

        spider.leases = self._handing_out(spider, find)
        spider.rules = DeltaRules(
            by_date=not self.settings.ROBOTSTXT_OBEY,
            known_run=self.settings.DELTA_KNOWN_RUN,
            most_pages=args.pages or self.settings.DELTA_MAX_PAGES or None,
        )
        spider.stored_films = self._asking(full_crawl.stored_films)
        spider.stored_rows = self._asking(delta_crawl.stored_rows)

    def _rss(self, spider: Any) -> None:
        args = spider.args
        cohort = find_target(self.connection, args)
        self._open_run(spider, cohort.label if cohort else None, args.user)
        where = cohort.id if cohort else None
        spider.feeds = tuple(feeds.due(self.connection, where, args.user, args.shard))

    def _film(self, spider: Any) -> None:
        args = spider.args
        cohort = find_target(self.connection, args)
        self._open_run(spider, cohort.label if cohort else None, None, args.options())
        has_key = bool(self.settings.TMDB_API_KEY.get_secret_value())
        wanted = enrichment.Wanted.of(args, self.settings, self.at, tmdb=args.tmdb and has_key)
        films = enrichment.due(self.connection, cohort.id if cohort else None, args.slug, wanted)
        spider.films = tuple(films)
        spider.known_directors = self._asking(people.need_no_page, self.at - enrichment.LONGEST_WAIT)
        if wanted.tmdb:
            from letterboxd_scraper.tmdb.client import (
                TmdbClient,
            )  # tmdbv3api and requests, for this spider alone

            spider.tmdb = TmdbClient(self.settings)
            spider.details = spider.tmdb.details
        elif args.tmdb and films:
            logger.warning(NO_KEY)

    def _open_run(self, spider: Any, cohort: str | None, member: str | None, options: str = "") -> int | None:
        anew = self.settings.CRAWL_ANEW
        node = self.settings.LETTERBOXD_NODE or socket.gethostname()
        shard = getattr(spider.args, "shard", None)
        spider.run, work = runs.begin(
            self.connection,
            spider.name,
            cohort,
            member,
            self.at,
            options,
            anew=anew,
            job=os.environ.get(JOB),
            node=node,
            shard=str(shard) if shard else None,
        )
        return work

    def _finding(self, spider: Any, work: int | None, seed: str | None) -> Callable[..., Start | None]:
        """Return a function that finds how a member's full crawl starts now; None: another has done it."""

        def find(connection: sa.Connection, name: str) -> Start | None:
            at = self.settings.now()
            starts = full_crawl.member_start(connection, name, work or spider.run, at, seed)
            return starts[0] if starts else None

        return find

    def _handing_out(self, spider: Any, find: Callable[..., Start | None]) -> Leases:
        """Return the crawl's members, each leased to it while it reads them."""

        def take(name: str) -> Start | Refusal:
            with write_transaction(self.engine) as connection:
                if not leases.take(connection, spider.run, name, self.settings.LEASE_SECONDS):
                    return Refusal.HELD
                if start := find(connection, name):
                    return start
                leases.release(connection, spider.run, name)
                return Refusal.DONE

        def give_back() -> None:
            with write_transaction(self.engine) as connection:
                leases.release(connection, spider.run)

        names = [member.name for member in (*spider.members, *getattr(spider, "starts", ()))]
        # One more than are read at once, so that the next is at hand when one is finished.
        at_once = self.settings.CONCURRENT_REQUESTS + 1
        pause = min(1.0, self.settings.LEASE_SECONDS / 4)
        return Leases(names, _in_thread(take), _in_thread(give_back), at_once, pause)

    def _asking(self, query: Callable[..., _Found], *given: Any) -> Callable[..., Any]:
        """Return a function that puts a question to the database, beside the event loop."""

        def ask(*what: Any) -> _Found:
            with read_transaction(self.engine) as connection:
                return query(connection, *given, *what)

        async def ask_in_thread(*what: Any) -> _Found:
            return await asyncio.to_thread(ask, *what)

        return ask_in_thread


def _in_thread(write: Callable[..., _Found]) -> Callable[..., Awaitable[_Found]]:
    """Return a function that writes beside the event loop; the crawl ends where the database is lost."""

    async def write_in_thread(*what: Any) -> _Found:
        try:
            return await asyncio.to_thread(write, *what)
        except sa.exc.DBAPIError as error:
            logger.error("Stopped: the database cannot be written to: %s", first_line(error))
            raise CloseSpider("store_lost") from None

    return write_in_thread
