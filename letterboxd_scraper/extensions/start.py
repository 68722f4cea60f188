"""How a crawl starts: for each spider a function that opens its run and returns what the spider is given.

It is registered for the class of the spider's arguments.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial, singledispatch
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from letterboxd_scraper.arguments import (
    Arguments,
    Definition,
    FilmArguments,
    FollowGraphArguments,
    ProfileArguments,
    RssArguments,
    Shard,
    WhenRatedArguments,
)
from letterboxd_scraper.config import STOP_WITH_PARENT, Config
from letterboxd_scraper.crawl.delta_choice import DeltaRules
from letterboxd_scraper.crawl.member_queue import MemberQueue, Start, Unavailable
from letterboxd_scraper.downloader.database import LOST, in_thread
from letterboxd_scraper.downloader.stops import CrawlEnding
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.extensions.summary import (
    FilmSummary,
    FollowGraphSummary,
    ProfileSummary,
    RssSummary,
    Summary,
    WhenRatedSummary,
)
from letterboxd_scraper.items.members import Listing, Profile
from letterboxd_scraper.items.tasks import FollowToNewName
from letterboxd_scraper.spiders.film import FilmTask
from letterboxd_scraper.spiders.follow_graph import FollowGraphTask
from letterboxd_scraper.spiders.profile import ProfileTask
from letterboxd_scraper.spiders.rss import RssTask
from letterboxd_scraper.spiders.when_rated import WhenRatedTask
from letterboxd_scraper.store.crawl_state import leases, runs
from letterboxd_scraper.store.crawl_state.runs import Work
from letterboxd_scraper.store.due import delta_crawl, full_crawl
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.films import directors, enrichment
from letterboxd_scraper.store.members import cohorts, feeds, opt_outs, renaming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.open import is_missing, nothing_stored, open_store
from letterboxd_scraper.store.patience import Patience, ask, transact
from letterboxd_scraper.store.targets import find_target

logger = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")
# Finds how a member's crawl starts now; None: another crawl has done it.
FindStart = Callable[[sa.Connection, str], Start | None]

# Scrapyd's name for a crawl that it runs stands in this environment variable.
JOB = "SCRAPY_JOB"
# Refreshes are not exactly a day apart: a listing that is due once in a week is read by the seventh.
TIMES_DIFFER = timedelta(hours=12)
NO_KEY = (
    "TMDB_API_KEY is not set: films get what their pages say, without release dates, countries and "
    "directors' numbers. A key is free for personal use: themoviedb.org/settings/api"
)


@dataclass(frozen=True, slots=True)
class Target:
    """The database, opened, and the stored cohort that a spider's arguments name, if they name one."""

    engine: sa.Engine
    cohort: Cohort | None

    @classmethod
    def find(cls, settings: Config, args: Arguments) -> Self:
        """Return what the arguments name. Raises InputError where they do not fit what is stored."""
        if is_missing(settings.DATABASE_URL):  # who is refused makes none
            with read_transaction(nothing_stored()) as connection:
                find_target(connection, args)
        # A person has mistyped the address of a database that does not answer; a job has not.
        by_a_program = JOB in os.environ or STOP_WITH_PARENT in os.environ
        engine = open_store(settings.DATABASE_URL, Patience.of(settings), wait=by_a_program)
        return cls(engine, ask(engine, find_target, args))


@dataclass(frozen=True, slots=True)
class CrawlRun:
    """A crawl under way: its number in the log of runs, what its spider is given, and what is counted of it.

    ``members`` is the queue where members are leased to the crawl; ``close`` is to be called at its end.
    """

    number: int
    task: object
    summary: Summary
    members: MemberQueue | None = None
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The transaction in which the crawl of ``spider`` starts, and what it starts from.

    ``sleep`` ends by an exception as soon as the crawl is to end.
    """

    crawler: Crawler
    spider: str
    target: Target
    settings: Config
    connection: sa.Connection
    at: datetime
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def cohort(self) -> Cohort | None:
        """The stored cohort that is crawled; None for one member, one film, or a new cohort."""
        return self.target.cohort

    def open_run(
        self,
        member: str | None = None,
        shard: Shard | None = None,
        options: str = "",
        label: str | None = None,
    ) -> tuple[int, int | None]:
        """Open the run; return its number and, if it carries on earlier ones' work, that of their first."""
        if self.cohort is not None:
            label = self.cohort.label
        return runs.begin(
            self.connection,
            Work(self.spider, label, member, str(shard) if shard else None, options),
            self.at,
            anew=self.settings.CRAWL_ANEW,
            job=os.environ.get(JOB),
            node=self.settings.LETTERBOXD_NODE or socket.gethostname(),
            silence=self.settings.silence,
        )

    def ask(self, query: Callable[..., _Answer], *first: Any) -> Callable[..., Awaitable[_Answer]]:
        """Return a function that puts a query to the database, beside the event loop."""
        return self._beside(partial(ask, self.target.engine, query, *first))

    def find_full_start(self, run: int) -> FindStart:
        """Return what finds how a member's full crawl starts, if no run since ``run`` has done it."""
        seed = self.cohort.seed if self.cohort else None

        def find(connection: sa.Connection, name: str) -> Start | None:
            starts = full_crawl.member_start(connection, name, run, self.settings.now(), seed)
            return starts[0] if starts else None

        return find

    def follow_to_new_name(self, then: Callable[[str, str], None] = lambda old, new: None) -> FollowToNewName:
        """Return what lets a member go by a new name; ``then`` is told of it."""

        def follow(member: str, profile: Profile) -> bool:
            at = self.settings.now()
            is_theirs = transact(self.target.engine, renaming.follow_to_new_name, member, profile, at)
            if is_theirs:
                then(member, profile.member)
            return is_theirs

        return self._beside(follow)

    def queue(self, run: int, names: Iterable[str], find: FindStart) -> MemberQueue:
        """Return the queue of these members, each leased to the run while it reads them."""
        engine, lease_seconds = self.target.engine, self.settings.LEASE_SECONDS

        def take(connection: sa.Connection, name: str) -> Start | Unavailable:
            if not leases.take(connection, run, name, lease_seconds):
                return Unavailable.HELD
            if start := find(connection, name):
                return start
            leases.release(connection, run, name)
            return Unavailable.DONE

        # One more than are read at once, so that the next is at hand when one is finished.
        at_once = self.settings.CONCURRENT_REQUESTS + 1
        return MemberQueue(
            names,
            self._beside(lambda name: transact(engine, take, name)),
            self._beside(lambda: transact(engine, leases.release, run)),
            at_once,
            min(1.0, lease_seconds / 4),
        )

    def _beside(self, question: Callable[..., _Answer]) -> Callable[..., Awaitable[_Answer]]:
        """Return a function for the spider that asks the database beside the event loop."""

        async def answer(*arguments: Any) -> _Answer:
            try:
                return await in_thread(self.crawler, question, *arguments)
            except CrawlEnding:
                raise CloseSpider(LOST) from None

        return answer


@singledispatch
def start(args: Arguments, opening: Opening) -> CrawlRun:
    """Open the run of a crawl with these arguments; return it. Raises InputError where they do not fit."""
    raise NotImplementedError(
        f"no start is registered for {type(args).__name__}: see letterboxd_scraper/extensions/start.py"
    )


@start.register
def _follow_graph(args: FollowGraphArguments, opening: Opening) -> CrawlRun:
    connection, cohort = opening.connection, opening.cohort
    label, seed = (cohort.label, cohort.seed) if cohort else (args.label, args.seed)
    if label is None or seed is None:
        raise InputError("give seed=NAME label=LABEL to build a cohort, or cohort=LABEL to refresh one")
    # Built again, a cohort keeps what its definition says beyond the arguments: filters, parameters.
    definition = Definition.read((cohort.definition if cohort else {}) | args.chosen())
    run, first_run = opening.open_run(label=label)
    via = Listing(definition.via)
    bookmarks = {}
    if args.cohort is not None and opening.settings.FAR_CIRCLE_DAYS:
        interval = timedelta(days=opening.settings.FAR_CIRCLE_DAYS)
        since = opening.at - max(interval - TIMES_DIFFER, interval / 2)
        bookmarks = full_crawl.people_read_since(connection, via, seed, since)
    if first_run is not None:
        bookmarks |= full_crawl.people_bookmarks(connection, via, first_run, opening.at)
    members = cohorts.members(connection, cohort) if cohort else ()
    task = FollowGraphTask(
        label,
        seed,
        definition,
        stored_members=frozenset(row.member for row in members),
        opted_out=opt_outs.load(connection),
        bookmarks=bookmarks,
        read_last=full_crawl.people_read_last(connection, via),
        follow_to_new_name=opening.follow_to_new_name(),
    )
    return CrawlRun(run, task, FollowGraphSummary())


@start.register
def _profile(args: ProfileArguments, opening: Opening) -> CrawlRun:
    connection, at = opening.connection, opening.at
    run, first_run = opening.open_run(args.user, args.shard, args.options())
    if opening.cohort is None:
        starts = full_crawl.member_start(connection, str(args.user), first_run, at)
    else:
        starts = full_crawl.cohort_starts(
            connection, opening.cohort, first_run, at, args.resume_from, args.shard
        )
    names = [member.name for member in starts]
    queue = opening.queue(run, names, opening.find_full_start(first_run or run))
    follow = opening.follow_to_new_name()
    task = ProfileTask(queue, opening.ask(full_crawl.stored_films), follow_to_new_name=follow)
    return CrawlRun(run, task, ProfileSummary(len(names)), members=queue)


@start.register
def _when_rated(args: WhenRatedArguments, opening: Opening) -> CrawlRun:
    connection, settings = opening.connection, opening.settings
    run, first_run = opening.open_run(args.user, args.shard)
    if opening.cohort is None:
        due = delta_crawl.of_member(connection, str(args.user), opening.at, first_run, args.audit)
    else:
        due = delta_crawl.of_cohort(
            connection,
            opening.cohort,
            opening.at,
            first_run,
            audit=args.audit,
            audit_days=settings.DELTA_AUDIT_DAYS,
            shard=args.shard,
        )
    deltas = {delta.name: delta for delta in due.delta}
    find_full_start = opening.find_full_start(first_run or run)

    def find(connection: sa.Connection, name: str) -> Start | None:
        delta = deltas.get(name)
        if delta is None:
            return find_full_start(connection, name)
        was_read = delta_crawl.was_read_since(connection, name, delta.read_at or opening.at)
        return None if was_read else delta

    names = [*(member.name for member in due.full), *deltas]
    queue = opening.queue(run, names, find)

    def rename(old: str, new: str) -> None:
        if old in deltas:
            deltas[new] = replace(deltas.pop(old), name=new)

    rules = DeltaRules(
        by_date=not settings.ROBOTSTXT_OBEY,
        known_run=settings.DELTA_KNOWN_RUN,
        most_pages=args.pages or settings.DELTA_MAX_PAGES or None,
    )
    stored_films, stored_rows = opening.ask(full_crawl.stored_films), opening.ask(delta_crawl.stored_rows)
    follow = opening.follow_to_new_name(rename)
    task = WhenRatedTask(queue, stored_films, stored_rows, rules, follow_to_new_name=follow)
    return CrawlRun(run, task, WhenRatedSummary(len(names), due.skipped), members=queue)


@start.register
def _rss(args: RssArguments, opening: Opening) -> CrawlRun:
    connection, cohort = opening.connection, opening.cohort.id if opening.cohort else None
    run, first_run = opening.open_run(args.user, args.shard)
    done = frozenset() if first_run is None else feeds.read_by(connection, first_run, opening.at)
    due = feeds.due(connection, cohort, args.user, args.shard)
    members = tuple(start for start in due if start.name not in done)
    task = RssTask(members, follow_to_new_name=opening.follow_to_new_name())
    return CrawlRun(run, task, RssSummary(len(members)))


@start.register
def _film(args: FilmArguments, opening: Opening) -> CrawlRun:
    settings, at = opening.settings, opening.at
    connection, cohort = opening.connection, opening.cohort
    is_crawled = cohort is None or cohorts.is_crawled(connection, cohort)
    options = enrichment.EnrichmentOptions.of(settings, at, args, is_crawled=is_crawled)
    films = tuple(enrichment.due(connection, cohort.id if cohort else None, args.slug, options))
    if options.pages or not (films or options.tmdb):
        refuse_without_terms(settings)
    run, _ = opening.open_run(shard=args.shard, options=args.options())
    need_no_page = opening.ask(directors.need_no_page, at - enrichment.LONGEST_WAIT)
    task, tmdb = FilmTask(films, need_no_page, pages=options.pages), None
    if options.tmdb:
        # Loads requests and tmdbv3api, a tenth of a second, for this spider alone.
        from letterboxd_scraper.tmdb.client import TmdbClient
        from letterboxd_scraper.tmdb.search import TmdbSearch

        tmdb = TmdbClient(settings, opening.sleep)
        task = replace(task, details=tmdb.details, search=TmdbSearch(tmdb).of)
    elif args.tmdb and films:
        logger.warning(NO_KEY)
    summary = FilmSummary(films, lambda: tmdb.requests if tmdb else 0)
    return CrawlRun(run, task, summary, close=tmdb.close if tmdb else None)
