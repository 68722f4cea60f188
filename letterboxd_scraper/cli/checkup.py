"""Which doors to the site work from here: a profile, a film, a feed; one request each, and mannerly."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

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
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.pages.examination import Examination, examine
from letterboxd_scraper.spiders.site import SiteSpider, described


@dataclass(frozen=True)
class Answer:
    """What came of one request: a page that was examined, or why none came."""

    door: str
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

    async def start(self) -> AsyncIterator[Any]:
        doors = {}
        if self.args.user:
            doors["profile"] = urls.listing(self.args.user, Listing.PROFILE)
            doors["feed"] = urls.listing(self.args.user, Listing.FEED)
        if self.args.film:
            doors["film"] = urls.film(self.args.film)
        for door, path in doors.items():
            yield self.ask(path, self.answered, door=door)

    def answered(self, response: Response, door: str) -> Iterator[Answer]:
        yield Answer(door, response.url, page=examine(response.body, response.url))

    def failed(self, failure: TwistedFailure) -> Iterator[Answer]:
        if isinstance(failure.value, CrawlEnding):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        blocked = isinstance(failure.value, SiteStop)
        door = request.cb_kwargs["door"]
        yield Answer(door, request.url, refused=described(failure), blocked=blocked)
        if isinstance(failure.value, SiteStop):
            raise CloseSpider(failure.value.reason)


def ask(config: Config, user: str | None, film: str | None) -> list[Answer]:
    """Ask for the pages; return what came of it, in the order of the answers."""
    settings = Settings()
    settings.setmodule("letterboxd_scraper.settings", priority="project")
    chosen = config.model_dump() | {"ITEM_PIPELINES": {}, "RETRY_TIMES": 0, "LOG_LEVEL": "ERROR"}
    # Nothing of it is stored, nor is it a run; the pace and robots.txt are in the database, as always.
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
    process.crawl(crawler, **{name: value for name, value in (("user", user), ("film", film)) if value})
    process.start()
    return answers
