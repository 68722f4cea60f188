"""What each film is: its page, TMDB, its rating histogram, and who on TMDB its directors are."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.downloader.stops import CrawlEnding, SiteStop
from letterboxd_scraper.errors import (
    PageError,
    TmdbDown,
    TmdbError,
    TmdbNotFound,
    TmdbRefused,
    TmdbUnavailable,
    TmdbUnreadable,
    WrongPage,
)
from letterboxd_scraper.items.films import (
    DIRECTOR,
    FILM,
    HISTOGRAM,
    TMDB,
    Director,
    DirectorPage,
    Film,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    FilmPage,
    FilmUnmatched,
    TmdbDetails,
    TmdbLink,
    credited,
)
from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.items.tasks import Details, FilmStart, KnownDirectors, Search
from letterboxd_scraper.pages import film as film_page
from letterboxd_scraper.pages import person
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.histogram import parse_blank, parse_histogram, refuse_truncated
from letterboxd_scraper.pages.person import parse_person_page
from letterboxd_scraper.spiders.site import (
    SiteSpider,
    answer_of,
    described,
    parsed,
    prove,
    prove_text,
    showing,
)

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class FilmTask:
    """The films about which something is to be found out.

    ``details`` and ``search`` ask TMDB, where it is to be asked; ``pages`` of the site are read if they may.
    """

    films: tuple[FilmStart, ...]
    known_directors: KnownDirectors
    details: Details | None = None
    search: Search | None = None
    pages: bool = True


class FilmSpider(SiteSpider):
    """Reads one film after the other."""

    name = "film"
    arguments = FilmArguments
    task: FilmTask

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._directors_asked: set[str] = set()
        self._not_found: set[TmdbLink | None] = set()
        self._said: set[str] = set()
        self._refused = False

    async def start(self) -> AsyncIterator[Any]:
        """Yield what each film needs: its page, TMDB's answer alone, or what remains after them."""
        for film in self.task.films:
            if film.page:
                yield self._film_request(film)
            elif film.search:
                async for output in self._search(film):
                    yield output
            elif film.refresh:
                async for output in self._look_up(film, None):
                    yield output
            else:
                async for output in self._rest(film, film.film, film.directors if film.resolve else ()):
                    yield output

    async def parse_film(self, response: Response, start: FilmStart) -> AsyncIterator[Any]:
        """Take a film's page: what it and TMDB tell, and what is to be asked after that."""
        try:
            page = parse_film_page(prove(response, "film"))
            _check_address(response, "film", page.film.slug)
        except PageError as error:
            if again := self.ask_again(response):
                yield again
                return
            yield self._failure(FILM, _path(start), error, start.film)
            async for output in self._without_page(start):
                yield output
            return
        if not _is_proved(start, page):
            refuted = start.guessed and page.film.lid is not None
            async for output in self._without_page(start, there_is_none=True, refuted=refuted):
                yield output
            return
        if _leads_to_another(start.film, page.film):
            # The site has made two films one, or has given the address to another: the number knows.
            slug = f"film:{start.film.film_id}"
            yield self._film_request(replace(start, film=replace(start.film, slug=slug)))
            return
        async for output in self._look_up(replace(start, unrated=page.ratings == 0), page):
            yield output

    async def parse_histogram(self, response: Response, film: Film, unrated: bool) -> AsyncIterator[Any]:
        """Take how all of the site has rated a film; a blank answer is ten zeros if its page has said so."""
        try:
            text, slug = prove_text(response), _slug_in(response, "csi/film")
            histogram = parse_blank(text, unrated=unrated)
            if histogram is None:
                refuse_truncated(text)
                histogram = parse_histogram(parsed(response), slug)
            yield FilmHistogram(film, histogram)
        except PageError as error:
            yield self.ask_again(response) or self._failure(HISTOGRAM, urls.histogram(film.slug), error, film)

    async def parse_director(self, response: Response, slug: str, film: Film) -> AsyncIterator[Any]:
        """Take a director's page, which tells their number on TMDB."""
        try:
            director = parse_person_page(prove(response, "filmography-page"))
            _check_address(response, "director", str(director.slug))
            yield DirectorPage(slug, self.url(urls.director(slug)), director)
        except PageError as error:
            yield self.ask_again(response) or self._failure(DIRECTOR, urls.director(slug), error, film)

    async def failed(self, failure: TwistedFailure) -> AsyncIterator[Any]:
        """Take what never became a page: a film that has gone, a director without a page, or a failure."""
        if isinstance(failure.value, CrawlEnding):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        stage = STAGES[request.callback.__name__]  # type: ignore[union-attr]
        about = request.cb_kwargs
        start: FilmStart | None = about.get("start")
        film = start.film if start else about["film"]
        response = answer_of(failure)
        missing = response is not None and response.status == 404
        if start and missing and not start.path:
            yield FilmGone(film, not_found=start.link in self._not_found)
        elif stage == DIRECTOR and missing:
            yield DirectorPage(about["slug"], self.url(urls.director(about["slug"])), None)
        elif not (start and missing):
            yield self._failure(stage, request.meta["path"], described(failure), film)
        if start and not isinstance(failure.value, SiteStop):
            async for output in self._without_page(start, there_is_none=missing):
                yield output
        if isinstance(failure.value, SiteStop):
            raise CloseSpider(failure.value.reason)

    async def _search(self, start: FilmStart) -> AsyncIterator[Any]:
        """Yield what comes of looking for a film at TMDB: if its page may be read, that proves what it is."""
        try:
            link = await self._asked(self.task.search(start))  # type: ignore[misc]
        except (TmdbDown, CrawlEnding) as error:
            self._say_once(str(error))
            return
        except TmdbError as error:
            yield self._failure(TMDB, _path(start), error, start.film)
            return
        if link is None:
            yield FilmUnmatched(start.film, start.stored)
            return
        looked_up = replace(start, link=link, guessed=start.imdb_id is None, search=False, refresh=True)
        if self.task.pages and link.kind == "movie" and not start.path:
            yield self._film_request(replace(looked_up, path=urls.film_elsewhere("tmdb", link.id)))
            return
        async for output in self._look_up(looked_up, None):
            yield output

    async def _without_page(
        self, start: FilmStart, *, there_is_none: bool = False, refuted: bool = False
    ) -> AsyncIterator[Any]:
        """Yield what TMDB alone knows, where what leads to a film's page did not; none for other films.

        ``refuted``: the page that came is another film's, as TMDB's number that was guessed is.
        """
        if not start.path:
            return
        is_settled = refuted or not (start.search or start.refresh)
        if not is_settled:
            async for output in self._search(start) if start.search else self._look_up(start, None):
                is_settled = is_settled or isinstance(output, FilmFacts)
                yield output
        if is_settled and there_is_none:
            yield FilmUnmatched(start.film, start.stored, refuted)

    async def _look_up(self, start: FilmStart, page: FilmPage | None) -> AsyncIterator[Any]:
        """Yield what TMDB and the page (None: it was not read) tell of a film, then the requests after it."""
        link = start.link
        # Where TMDB's number has led to the page, it is the film's.
        guessed = start.guessed and not (page and start.path)
        if page and page.link and (page.link_is_sure or link is None):
            link, guessed = page.link, False
        answer: TmdbDetails | None = None
        not_found = False
        if link and self.task.details:
            try:
                answer = await self._ask_tmdb(link, self.task.details)
            except TmdbNotFound:
                not_found = True
            except (TmdbDown, CrawlEnding) as error:
                self._say_once(str(error))  # the next run finds who was not asked
            except (TmdbUnavailable, TmdbUnreadable) as error:
                yield self._failure(TMDB, _path(start), error, start.film)
        if page is None and not_found and start.stored is None and self.task.pages:
            yield self._film_request(start)  # what TMDB told before is replaced by what the page says
            return
        directors = credited(answer.directors if answer else (), page.directors if page else start.directors)
        if page or answer or not_found:
            yield FilmFacts(start.film, link, page, answer, not_found, directors, guessed, start.stored)
        # Where TMDB is to be asked and did not answer, the next run asks it before the directors' pages.
        resolvable = directors if self.task.details and (answer or not_found or not link) else ()
        async for request in self._rest(start, page.film if page else start.film, resolvable):
            yield request

    async def _rest(
        self, start: FilmStart, film: Film, directors: tuple[Director, ...]
    ) -> AsyncIterator[Request]:
        """Yield the requests that remain: for directors' pages, and for the histogram."""
        if not self.task.pages:
            return
        async for request in self._director_requests(directors, film):
            yield request
        if start.histogram:
            yield self._histogram_request(film, start.unrated)

    def _say_once(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self.logger.warning(message)

    async def _ask_tmdb(self, link: TmdbLink, details: Details) -> TmdbDetails:
        if link in self._not_found:  # and so the film's page was read
            raise TmdbNotFound
        try:
            return await self._asked(details(link))
        except TmdbNotFound:
            self._not_found.add(link)
            raise

    async def _asked(self, answer: Awaitable[_Answer]) -> _Answer:
        """Return TMDB's answer; a refused key ends the crawl."""
        try:
            return await answer
        except TmdbRefused as error:
            if self._refused:  # others were under way: it is said once
                raise CloseSpider("bad_input") from None
            self._refused = True
            self.stop_for_bad_input(str(error))
            raise

    async def _director_requests(self, directors: tuple[Director, ...], film: Film) -> AsyncIterator[Request]:
        """Yield a request for the page of each director of whom nobody knows yet who they are on TMDB."""
        unknown = tuple(
            director.slug
            for director in directors
            if director.slug and not director.tmdb_id and director.slug not in self._directors_asked
        )
        if not unknown:
            return
        self._directors_asked.update(unknown)
        with_number = await self.task.known_directors(unknown)
        for slug in unknown:
            if slug not in with_number:
                shows = showing("filmography-page", person.CONTAINER)
                yield self.ask(urls.director(slug), self.parse_director, shows=shows, slug=slug, film=film)

    def _film_request(self, start: FilmStart) -> Request:
        shows = showing("film", film_page.CONTAINER)
        return self.ask(_path(start), self.parse_film, shows=shows, start=start)

    def _histogram_request(self, film: Film, unrated: bool) -> Request:
        # A film is finished before the next is begun.
        path = urls.histogram(film.slug)
        return self.ask(path, self.parse_histogram, priority=1, film=film, unrated=unrated)

    def _failure(self, stage: str, path: str, error: PageError | TmdbError | str, film: Film) -> Failure:
        return Failure(stage, self.url(path) if path else film.slug, str(error), film=film.slug)


STAGES = {
    FilmSpider.parse_film.__name__: FILM,
    FilmSpider.parse_histogram.__name__: HISTOGRAM,
    FilmSpider.parse_director.__name__: DIRECTOR,
}


def _path(start: FilmStart) -> str:
    """Return the path of a film's page, or what leads there; "" where nothing does."""
    return start.path or (urls.film(start.film.slug) if start.stored is None else "")


def _is_proved(start: FilmStart, page: FilmPage) -> bool:
    """Say whether a page is that of the film, where its address was not the film's own."""
    if not start.path:
        return True
    if start.film.lid:
        return page.film.lid == start.film.lid
    by_imdb = start.imdb_id is not None and page.imdb_id == start.imdb_id
    return by_imdb or (start.link is not None and page.link == start.link and not start.guessed)


def _leads_to_another(asked: Film, answered: Film) -> bool:
    """Say whether an address led to a film with another number, and was not that of the number itself."""
    moved = asked.slug != answered.slug and not asked.slug.startswith("film:")
    return bool(moved and asked.film_id and answered.film_id and asked.film_id != answered.film_id)


def _slug_in(response: Response, place: str) -> str:
    """Return the slug in the address that an answer came from. Raises WrongPage where that is elsewhere."""
    path = unquote(urlsplit(response.url).path)
    if not path.startswith(f"/{place}/"):
        raise WrongPage(f"expected an address below /{place}/, was led to {path}")
    return path.removeprefix(f"/{place}/").split("/")[0]


def _check_address(response: Response, place: str, slug: str) -> None:
    """Raise WrongPage if a page says that it is another than its address does."""
    asked = _slug_in(response, place)
    if asked.lower() != slug.lower():
        raise WrongPage(f"expected the page of {asked!r}, found that of {slug!r}")
