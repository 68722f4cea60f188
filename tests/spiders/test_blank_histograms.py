"""An answer without a word in place of a histogram: ten zeros where the film's page says so."""

import asyncio
import json
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from letterboxd_scraper.items.films import HISTOGRAM, Film, FilmHistogram, Histogram
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.spiders.film import FilmSpider, FilmTask

ORDET = Film("ordet", "Ordet", 1955)


class Settings(dict[str, Any]):
    def getint(self, name: str) -> int:
        return 0


async def nobody(slugs: tuple[str, ...]) -> frozenset[str]:
    return frozenset()


def spider(**start: Any) -> FilmSpider:
    spider = FilmSpider(slug="ordet")
    spider.settings = Settings(LETTERBOXD_BASE_URL="http://127.0.0.1")  # type: ignore[assignment]
    spider.task = FilmTask((FilmStart(ORDET, histogram=True, **start),), nobody)
    return spider


def first(spider: FilmSpider) -> Request:
    async def ask() -> list[Any]:
        return [request async for request in spider.start()]

    (request,) = asyncio.run(ask())
    assert isinstance(request, Request)
    return request


def answered(request: Request, body: str) -> list[Any]:
    response = HtmlResponse(request.url, body=body, encoding="utf-8", request=request)

    async def read() -> list[Any]:
        return [output async for output in request.callback(response, **request.cb_kwargs)]  # type: ignore[misc]

    return asyncio.run(read())


def page(**rating: Any) -> str:
    script = json.dumps({"@type": "Movie", "aggregateRating": rating} if rating else {"@type": "Movie"})
    head = '<meta property="og:url" content="/film/ordet/"><meta property="og:title" content="Ordet">'
    body = f'<body class="film"><script type="application/ld+json">{script}</script></body>'
    return f"<html><head>{head}</head>{body}</html>"


@pytest.mark.parametrize(
    ("rating", "zeros"), [({"ratingCount": 0}, True), ({"ratingCount": 7}, False), ({}, False)]
)
def test_a_blank_histogram_is_believed_where_the_page_says_that_there_is_no_rating(
    rating: dict[str, int], zeros: bool
) -> None:
    request = answered(first(spider()), page(**rating))[-1]
    (output,) = answered(request, "")
    if zeros:
        assert output == FilmHistogram(Film("ordet", "Ordet"), Histogram((0,) * 10))
    else:
        assert isinstance(output, Failure)
        assert (output.stage, output.film) == (HISTOGRAM, "ordet")


@pytest.mark.parametrize("unrated", [True, False])
def test_the_page_may_have_said_so_before(unrated: bool) -> None:
    (output,) = answered(first(spider(page=False, unrated=unrated)), "")
    assert isinstance(output, FilmHistogram if unrated else Failure)
