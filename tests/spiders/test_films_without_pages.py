"""Films that have no address on the site: TMDB says what they are, and a page that may be read proves it."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper.errors import TmdbDown, TmdbError, TmdbNotFound, TmdbUnavailable
from letterboxd_scraper.items.films import Film, FilmFacts, FilmUnmatched, TmdbDetails, TmdbLink
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.spiders.film import FilmSpider, FilmTask

NAME = "https://boxd.it/oRd"
ORDET = Film(NAME, "Ordet", 1955, None, "oRd")
LINK = TmdbLink("movie", 48035)
SOUGHT = FilmStart(ORDET, page=False, search=True, stored=7)
GUESSED = FilmStart(ORDET, page=True, link=LINK, guessed=True, path="/tmdb/48035/", stored=7)
BY_IMDB = FilmStart(ORDET, page=True, search=True, imdb_id="tt0048452", path="/imdb/tt0048452/", stored=7)


class Settings(dict[str, Any]):
    def getint(self, name: str) -> int:
        return 0


def spider(
    answer: TmdbLink | TmdbError | None = LINK, *, pages: bool = False, lost: bool = False
) -> FilmSpider:
    """Return a spider to whose searches TMDB says that; it has ``lost`` what it names, or knows it."""

    async def search(start: FilmStart) -> TmdbLink | None:
        if isinstance(answer, TmdbError):
            raise answer
        return answer

    async def details(link: TmdbLink) -> TmdbDetails:
        if lost:
            raise TmdbNotFound("nothing")
        return TmdbDetails("Ordet")

    async def nobody(slugs: tuple[str, ...]) -> frozenset[str]:
        return frozenset()

    made = FilmSpider(slug="ordet")
    made.settings = Settings(LETTERBOXD_BASE_URL="http://127.0.0.1")  # type: ignore[assignment]
    made.task = FilmTask((), nobody, details, search, pages=pages)
    return made


def outputs(made: FilmSpider, start: FilmStart) -> list[Any]:
    made.task = replace(made.task, films=(start,))

    async def all_of_them() -> list[Any]:
        return [output async for output in made.start()]

    return asyncio.run(all_of_them())


def answered(request: Request, lid: str | None = "oRd", status: int = 200) -> list[Any]:
    """Return what comes of the film's page at the end of where the request leads, or of an error status."""
    identity = json.dumps({"uid": "film:9", "lid": lid})
    page = f"""<html><head><meta property="og:url" content="/film/ordet/">
        <meta property="og:title" content="Ordet (1955)"></head><body class="film">
        <div id="backdrop" data-production-uid="film:9"></div>
        <div data-postered-identifier='{identity if lid else ""}'></div>
        <p class="text-footer"><a href="http://www.imdb.com/title/tt0048452/">IMDb</a></p></body></html>"""

    async def read() -> list[Any]:
        if status != 200:
            error = HttpError(Response(request.url, status=status), "refused")
            failure = TwistedFailure(error)  # type: ignore[no-untyped-call]
            failure.request = request  # type: ignore[attr-defined]
            return [output async for output in request.errback(failure)]  # type: ignore[misc]
        response = HtmlResponse("http://127.0.0.1/film/ordet/", body=page, encoding="utf-8", request=request)
        return [output async for output in request.callback(response, **request.cb_kwargs)]  # type: ignore[misc]

    return asyncio.run(read())


FACTS = FilmFacts(ORDET, LINK, None, TmdbDetails("Ordet"), False, (), guessed=True, stored=7)
NOT_FOUND = FilmUnmatched(ORDET, 7)


@pytest.mark.parametrize(
    ("start", "answer", "expected"),
    [
        (SOUGHT, LINK, [FACTS]),
        (replace(SOUGHT, imdb_id="tt0048452"), LINK, [replace(FACTS, guessed=False)]),
        (SOUGHT, None, [NOT_FOUND]),
        (SOUGHT, TmdbDown("down"), []),
        (SOUGHT, TmdbUnavailable("no"), [Failure("tmdb", NAME, "no", film=NAME)]),
        (replace(SOUGHT, search=False, refresh=True, link=LINK, guessed=True), None, [FACTS]),
    ],
    ids=["guessed", "by its number", "not found", "down", "failed", "asked anew"],
)
def test_tmdb_says_what_a_film_is(start: FilmStart, answer: Any, expected: list[Any]) -> None:
    assert outputs(spider(answer), start) == expected


def test_what_tmdb_has_lost_is_noted_where_no_page_can_tell() -> None:
    assert outputs(spider(lost=True), SOUGHT) == [replace(FACTS, details=None, not_found=True)]


@pytest.mark.parametrize("start", [SOUGHT, GUESSED, BY_IMDB])
def test_a_page_proves_what_was_guessed(start: FilmStart) -> None:
    made = spider(pages=True)
    (request,) = outputs(made, start)
    assert request.url.removeprefix("http://127.0.0.1") == (start.path or "/tmdb/48035/")
    (facts,) = answered(request)
    assert (facts.film, facts.stored, facts.guessed) == (ORDET, 7, False)
    assert facts.page.film == Film("ordet", "Ordet", 1955, 9, "oRd")
    assert facts.link == (None if start is BY_IMDB else LINK)


@pytest.mark.parametrize(
    ("start", "lid", "expected"),
    [
        (SOUGHT, "other", [FilmUnmatched(ORDET, 7, refuted=True)]),
        (GUESSED, "other", [FilmUnmatched(ORDET, 7, refuted=True)]),
        (GUESSED, None, [NOT_FOUND]),
        (SOUGHT, None, [FACTS, NOT_FOUND]),
        (BY_IMDB, "other", [replace(FACTS, guessed=False), NOT_FOUND]),
    ],
)
def test_a_page_that_does_not_prove_it_is_not_the_films(
    start: FilmStart, lid: str | None, expected: list[Any]
) -> None:
    made = spider(pages=True)
    (request,) = outputs(made, start)
    assert answered(request, lid) == expected


def test_without_a_code_the_number_proves_it() -> None:
    film = replace(ORDET, lid=None)
    for start, proved in ((BY_IMDB, True), (replace(BY_IMDB, imdb_id="tt1", path="/imdb/tt1/"), False)):
        made = spider(None, pages=True)
        (request,) = outputs(made, replace(start, film=film))
        assert isinstance(answered(request)[0], FilmFacts) is proved


@pytest.mark.parametrize(
    ("status", "kinds"), [(404, [FilmFacts, FilmUnmatched]), (500, [Failure, FilmFacts])]
)
def test_without_the_page_tmdb_is_believed(status: int, kinds: list[type]) -> None:
    made = spider(pages=True)
    (request,) = outputs(made, SOUGHT)
    items = answered(request, status=status)
    assert [type(output) for output in items] == kinds
    assert FACTS in items


def test_without_the_page_of_what_is_known_nothing_is_asked() -> None:
    made = spider(pages=True)
    (request,) = outputs(made, GUESSED)
    assert answered(request, status=404) == [NOT_FOUND]
