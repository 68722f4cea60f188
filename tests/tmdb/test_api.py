"""The adapter over recorded answers. They were recorded against the imitation of TMDB, not the real one."""

import json
from datetime import date
from typing import Any

import pytest

from letterboxd_scraper.errors import TmdbNotFound, TmdbUnreadable
from letterboxd_scraper.items.films import Director, TmdbDetails, TmdbLink
from letterboxd_scraper.tmdb.answers import read_details
from letterboxd_scraper.tmdb.api import TmdbApi
from tests.site import own_world
from tests.site.cinema import details, expected
from tests.tmdb.recording import FOLDER, KINDS, PLACEHOLDER, film_of, link_of, recorder

KEY = "another-key"


def played(kind: str) -> TmdbDetails:
    """Return what the adapter makes of the recorded answer about a film of a kind; nothing is sent."""
    api = TmdbApi("http://tmdb.invalid/3", KEY, 1, "tests")
    with recorder(api, KEY).use_cassette(kind.replace(" ", "-"), record="none"):
        return api.details(link_of(film_of(own_world(), kind)))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "not found"])
def test_what_tmdb_tells_is_read(kind: str) -> None:
    film = film_of(own_world(), kind)
    truth, page, details_read = expected(film), details(film), played(kind)
    assert details_read.release_date == truth.release_date
    assert details_read.overview or page.overview == truth.overview
    assert (details_read.poster_url or page.poster) == truth.poster_url
    assert {name for _, name in details_read.genres} or set(page.genres) == truth.genres
    assert set(details_read.countries) == set(truth.countries)
    assert {
        code: dict(details_read.country_names).get(code) for code in details_read.countries
    } == truth.countries
    by_tmdb = [(one.name, one.tmdb_id) for one in details_read.directors]
    assert by_tmdb == [(name, number) for name, _, number in truth.directors][: len(by_tmdb)]
    assert all(one.department for one in details_read.directors)
    if page.at_tmdb and page.at_tmdb.kind == "tv":
        assert details_read.runtime_minutes is None


def test_each_takes_one_request_with_credits() -> None:
    for kind in KINDS:
        recording = json.loads((FOLDER / f"{kind.replace(' ', '-')}.json").read_text("utf-8"))
        (exchange,) = recording["http_interactions"]
        assert "append_to_response=credits" in exchange["request"]["uri"]
        assert f"api_key={PLACEHOLDER}" in exchange["request"]["uri"]


def test_what_tmdb_does_not_have_is_not_found() -> None:
    with pytest.raises(TmdbNotFound, match="/3/movie/"):
        played("not found")


MOVIE = {"id": 5, "title": "Ordet", "release_date": "1955-01-10", "runtime": 126, "overview": " The word. "}


def test_empty_texts_and_zeros_are_omissions() -> None:
    empty = {"id": 5, "release_date": "", "runtime": 0, "overview": " ", "poster_path": None, "genres": None}
    assert read_details(TmdbLink("movie", 5), empty) == TmdbDetails()


def test_a_director_named_twice_is_one() -> None:
    crew = [
        {"id": 1, "name": "Ann", "job": "Director"},
        {"id": 2, "name": "Bo", "job": "Second Unit Director"},
        {
            "id": 3,
            "name": "Cy",
            "job": "Director",
            "profile_path": "/cy.jpg",
            "known_for_department": "Acting",
        },
        {"id": 1, "name": "Ann", "job": "Director"},
    ]
    details_read = read_details(TmdbLink("movie", 5), MOVIE | {"credits": {"crew": crew}})
    assert [(one.name, one.tmdb_id) for one in details_read.directors] == [("Ann", 1), ("Cy", 3)]
    assert details_read.directors[1].profile_url == "https://image.tmdb.org/t/p/w185/cy.jpg"
    assert (details_read.release_date, details_read.overview) == (date(1955, 1, 10), "The word.")


def test_without_countries_of_origin_those_of_production_count() -> None:
    made_in = [{"iso_3166_1": "DK", "name": "Denmark"}, {"iso_3166_1": "SE", "name": None}]
    details_read = read_details(TmdbLink("movie", 5), MOVIE | {"production_countries": made_in})
    assert (details_read.countries, details_read.country_names) == (("DK", "SE"), (("DK", "Denmark"),))


def test_the_runtime_of_a_series_is_not_the_films() -> None:
    assert read_details(TmdbLink("tv", 5), MOVIE).runtime_minutes is None


@pytest.mark.parametrize(
    ("told", "language"), [("da", "da"), ("cn", "cn"), ("xx", "xx"), ("zxx", None), ("", None), (None, None)]
)
def test_languages_are_of_two_letters(told: str | None, language: str | None) -> None:
    details_read = read_details(TmdbLink("movie", 5), MOVIE | {"original_language": told})
    assert details_read.original_language == language


def test_a_part_of_a_series_has_a_number_of_its_own() -> None:
    assert read_details(TmdbLink("tv", 1, 2), MOVIE).title == "Ordet"


def test_one_bad_entry_is_not_the_whole_films() -> None:
    answer = MOVIE | {
        "genres": [{"name": "Drama"}, {"id": 18, "name": "Drama"}, None, {"id": 2**40, "name": "Far"}],
        "origin_country": ["DK", None, 7],
        "production_countries": [{"name": "Denmark"}, {"iso_3166_1": "DK", "name": "Den\x00mark"}],
        "credits": {
            "crew": [
                {"id": 3, "name": None, "job": "Director"},
                {"name": "Nobody", "job": "Director"},
                {"id": 4, "name": "Ann\ud800", "job": "Director"},
            ]
        },
    }
    details_read = read_details(TmdbLink("movie", 5), answer)
    assert (details_read.genres, details_read.countries) == (((18, "Drama"),), ("DK",))
    assert details_read.country_names == (("DK", "Denmark"),)
    assert details_read.directors == (Director("Ann", None, 4),)
    assert read_details(TmdbLink("movie", 5), MOVIE | {"credits": None, "genres": None}).directors == ()


UNREADABLE: list[Any] = [
    [],
    None,
    "film",
    {},
    {"id": 6},
    {"id": "five"},
    MOVIE | {"runtime": "long"},
    MOVIE | {"runtime": 10**11},
    MOVIE | {"credits": "none"},
]


@pytest.mark.parametrize("answer", UNREADABLE, ids=str)
def test_what_is_not_about_the_film_is_refused(answer: Any) -> None:
    with pytest.raises(TmdbUnreadable, match=r"/movie/5"):
        read_details(TmdbLink("movie", 5), answer)
