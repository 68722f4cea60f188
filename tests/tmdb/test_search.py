"""Which film of TMDB's is meant by title and year, or by IMDb's number: the one that fits, or none."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from letterboxd_scraper import config
from letterboxd_scraper.errors import TmdbUnreadable
from letterboxd_scraper.items.films import TmdbHit, TmdbHits, TmdbLink
from letterboxd_scraper.tmdb.answers import read_find, read_search
from letterboxd_scraper.tmdb.client import TmdbClient
from letterboxd_scraper.tmdb.search import TmdbSearch, best_hit
from tests.site import Film, Site, own_world
from tests.site.cinema import details, oddity

ALIEN = {"id": 348, "title": "Alien", "original_title": "Alien", "release_date": "1979-05-25", "video": False}


def hit(number: int, *titles: str, year: int | None = 1955) -> TmdbHit:
    return TmdbHit(TmdbLink("movie", number), titles, year)


@pytest.mark.parametrize(
    ("title", "year", "hits", "number"),
    [
        ("Ordet", 1955, [hit(1, "Ordet")], 1),
        ("ordet!", 1955, [hit(1, "The Word", "Ordet")], 1),
        ("Amelie & Co", 1955, [hit(1, "Amélie and Co.")], 1),
        ("Ordet", 1955, [hit(1, "Ordet"), hit(2, "Ordet", year=1943)], 1),
        ("Ordet", 1955, [hit(1, "Ordet"), hit(1, "Ordet")], 1),
        ("Ordet", 1955, [hit(1, "Ordet"), hit(2, "The Word", "ordet")], None),
        ("Ordet", 1955, [hit(1, "Ordet II")], None),
        ("Ordet", 1956, [hit(1, "Ordet")], None),
        ("Ordet", None, [hit(1, "Ordet")], None),
        ("Ordet", None, [hit(1, "Ordet", year=None)], 1),
        ("Ordet", 1955, [hit(1, "Ordet", year=None)], None),
        ("ハス", 1955, [hit(1, "バス")], None),
        ("¿?", 1955, [hit(1, "!")], None),
        ("Ordet", 1955, [], None),
    ],
)
def test_a_hit_is_taken_where_it_alone_fits(
    title: str, year: int | None, hits: list[TmdbHit], number: int | None
) -> None:
    link = best_hit(title, year, hits)
    assert (link and link.id) == number


class Pages:
    """A client that has these pages of hits, of so many, and counts those that are asked for."""

    def __init__(self, pages: Sequence[Sequence[TmdbHit]], total: int) -> None:
        self.pages, self.total, self.asked = pages, total, 0

    async def search(self, title: str, year: int | None, page: int) -> TmdbHits:
        self.asked += 1
        return TmdbHits(tuple(self.pages[page - 1]), self.total)


@pytest.mark.parametrize(
    ("pages", "total", "number", "asked"),
    [
        ([[hit(1, "Ordet")]], 1, 1, 1),
        ([[]], 0, None, 1),
        ([[hit(1, "Ordet")], [hit(2, "Ordet")]], 9, None, 2),  # several: no more need be read
        ([[hit(1, "Ordet")], [hit(2, "Ordet II")]], 2, 1, 2),
        ([[hit(1, "Ordet")], [], []], 4, None, 3),  # nobody can say that it is the only one
    ],
)
def test_a_list_is_read_until_it_is_clear(
    pages: list[list[TmdbHit]], total: int, number: int | None, asked: int
) -> None:
    client: Any = Pages(pages, total)
    link = asyncio.run(TmdbSearch(client).film("Ordet", 1955))
    assert (link and link.id, client.asked) == (number, asked)


def test_answers_are_read() -> None:
    odd = {"id": 9, "title": "", "original_title": None, "release_date": ""}
    hits = read_search("/search", {"results": [ALIEN, odd], "total_pages": 1, "total_results": 2})
    assert hits == TmdbHits((hit(348, "Alien", year=1979), hit(9, year=None)))
    series = {"id": 7, "name": "Das Boot", "original_name": "Das Boot", "first_air_date": "1985-02-24"}
    results = read_find("/find", {"movie_results": [], "tv_results": [series], "person_results": []})
    assert results == (TmdbHit(TmdbLink("tv", 7), ("Das Boot",), 1985),)


@pytest.mark.parametrize(
    "answer", [{}, [], {"results": [{"id": 0}], "total_pages": 1}, {"results": [ALIEN]}, {"results": None}]
)
def test_a_list_that_cannot_be_read_whole_is_none(answer: Any) -> None:
    with pytest.raises(TmdbUnreadable, match="/search"):
        read_search("/search", answer)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(own_world(follows=())) as site:
        yield site


def film_of(site: Site, *kinds: str) -> Film:
    return next(film for film in site.world.films.values() if oddity(film) in kinds and details(film).imdb_id)


def test_tmdb_is_asked(site: Site) -> None:
    movie, series = film_of(site, "ordinary"), film_of(site, "series")
    about = details(movie)
    assert about.tmdb
    assert about.at_tmdb
    year = int(about.tmdb["release_date"][:4])

    async def ask() -> list[TmdbLink | None]:
        settings = {"TMDB_BASE_URL": f"{site.url}/3", "TMDB_API_KEY": Site.tmdb_key}
        client = TmdbClient(config.load(**settings, TMDB_REQUESTS_PER_SECOND=1000))
        search = TmdbSearch(client)
        try:
            return [
                await search.film(movie.title.upper(), year),
                await search.film(movie.title, year - 1),
                await search.film("Nobody's Film & so on/?", None),
                await search.imdb(str(about.imdb_id)),
                await search.imdb(str(details(series).imdb_id)),
                await search.imdb("tt9999999"),
            ]
        finally:
            await client.close()

    link = TmdbLink("movie", about.at_tmdb.id)
    at_series = details(series).at_tmdb
    assert at_series
    assert asyncio.run(ask()) == [link, None, None, link, TmdbLink("tv", at_series.id), None]
    paths = [hit.path for hit in site.log]
    assert f"primary_release_year={year}" in paths[0]
    assert "external_source=imdb_id" in paths[-1]
