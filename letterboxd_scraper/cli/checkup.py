"""The requests of `letterboxd doctor`: a profile, a feed and a film, each once, at the site's pace."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import typer
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import Arguments, MemberName, Slug
from letterboxd_scraper.config import Config
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.downloader.database import is_lost
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.extensions.interruption import Interruptible
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.machine import certificates
from letterboxd_scraper.pages.examination import Examination, examine
from letterboxd_scraper.spiders.site import SiteSpider, described


@dataclass(frozen=True)
class Answer:
    """The answer to one request: a page that was examined, or why none came."""

    source: str
    url: str
    page: Examination | None = None
    refused: str | None = None
    blocked: bool = False


class CheckupArguments(Arguments):
    """Whose profile and feed to ask for, and which film's page."""

    user: MemberName | None = None
    film: Slug | None = None


class CheckupSpider(SiteSpider):
    """Asks for one page of each kind; no page is asked for twice."""

    name = "checkup"
    arguments = CheckupArguments
    args: CheckupArguments

    async def start(self) -> AsyncIterator[Any]:
        """Yield the requests."""
        paths = {}
        if self.args.user:
            paths["profile"] = urls.listing(self.args.user, Listing.PROFILE)
            paths["feed"] = urls.listing(self.args.user, Listing.FEED)
        if self.args.film:
            paths["film"] = urls.film(self.args.film)
        for source, path in paths.items():
            yield self.ask(path, self.answered, source=source)

    def answered(self, response: Response, source: str) -> Iterator[Answer]:
        """Yield what can be read from a page."""
        yield Answer(source, response.url, page=examine(response.body, response.url))

    def failed(self, failure: TwistedFailure) -> Iterator[Answer]:
        """Yield why no page came; after a refusal by the site, ask for no more."""
        if isinstance(failure.value, CrawlEnding):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        blocked = isinstance(failure.value, SiteStop)
        yield Answer(request.cb_kwargs["source"], request.url, refused=described(failure), blocked=blocked)
        if isinstance(failure.value, SiteStop):
            raise CloseSpider(failure.value.reason)


def ask(config: Config, user: str | None, film: str | None) -> list[Answer]:
    """Send the requests, and return the answers in the order in which they came. Raises InputError."""
    certificates.trust_authorities()
    settings = Settings()
    settings.setmodule("letterboxd_scraper.settings", priority="project")
    chosen = config.model_dump() | {"ITEM_PIPELINES": {}, "RETRY_TIMES": 0, "LOG_LEVEL": "ERROR"}
    # It is no run and stores nothing but what every crawl does: its pace, and robots.txt.
    chosen["EXTENSIONS"] = settings.getdict("EXTENSIONS") | {"letterboxd_scraper.extensions.run.Run": None}
    if config.LETTERBOXD_BROWSER:
        chosen |= chromium.scrapy_settings(config)
    settings.setdict(chosen, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(CheckupSpider)
    answers: list[Answer] = []

    def keep(item: Any) -> None:
        answers.append(item)

    crawler.signals.connect(keep, signals.item_scraped)
    checkup = Interruptible(process, crawler)
    checkup.run(**{name: value for name, value in (("user", user), ("film", film)) if value})
    if checkup.interrupted:
        raise KeyboardInterrupt
    if is_lost(crawler):  # which has been said
        raise typer.Exit(ExitCode.BAD_INPUT)
    return answers
