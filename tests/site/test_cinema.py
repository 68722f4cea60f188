"""The truth about films: every oddity occurs, and what to expect of one film each is told by hand."""

import zlib
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from typing import Any, get_args

import pytest

from tests.site import Film, own_world
from tests.site.cinema import Details, Oddity, details, directors_of, expected, oddity
from tests.site.directors import NAMESAKES, PEOPLE, UNNUMBERED

WORLD = own_world()
FILMS = list(WORLD.films.values())
BY_ODDITY: dict[str, list[Film]] = defaultdict(list)
for film in FILMS:
    BY_ODDITY[oddity(film)].append(film)


def first(kind: Oddity) -> tuple[Film, Details]:
    film = BY_ODDITY[kind][0]
    return film, details(film)


def said_of(film: Film) -> dict[str, Any]:
    said = details(film).tmdb
    assert said
    return said


def test_every_oddity_occurs() -> None:
    few = {kind: len(BY_ODDITY[kind]) for kind in get_args(Oddity) if len(BY_ODDITY[kind]) < 2}
    assert few == {"no year": 1}  # of the world's films only one has none, and it is rated
    assert len(BY_ODDITY["ordinary"]) > len(FILMS) / 2


def test_pages_come_in_every_form() -> None:
    looks = [details(film).look for film in BY_ODDITY["ordinary"]]
    for name in ("label", "genres_tab", "lists_genres"):
        times = Counter(getattr(look, name) for look in looks)
        assert len(times) == 2
        assert min(times.values()) > 5
    assert Counter(details(film).histogram.older for film in FILMS).keys() == {True, False}


def test_the_world_is_what_it_was_before_films_had_details() -> None:
    truth = sorted(WORLD.truth(), key=lambda row: row[:2])
    identities = [(film.id, film.lid, film.slug, film.title, film.year) for film in FILMS]
    assert zlib.crc32(repr(truth).encode()) == 1728816452
    assert zlib.crc32(repr(identities).encode()) == 2635225450


def test_details_follow_from_the_film_alone() -> None:
    film = FILMS[0]
    same = details(Film(film.id, film.lid, film.slug, film.title, film.year))
    assert same == details(film)
    assert replace(details(replace(film, slug="renamed")), tmdb=None) == replace(same, tmdb=None)


def test_movies_are_numbered_once_and_series_like_some_of_them() -> None:
    links = [details(film).at_tmdb for film in FILMS]
    assert max(Counter(link for link in links if link).values()) == 1
    movies = {link.id for link in links if link and link.kind == "movie"}
    series = {link.id for link in links if link and link.kind == "tv" and link.season is None}
    assert len(movies & series) >= 2
    assert len(series - movies) >= 2


def test_namesakes_are_two_people() -> None:
    for one, other in NAMESAKES:
        assert one.name == other.name
        assert other.slug == f"{one.slug}-1"
        assert one.tmdb_id != other.tmdb_id
    numbers = [person.tmdb_id for person in PEOPLE.values()]
    assert len(set(numbers)) == len(numbers) >= 140


def test_who_has_no_number_directs_what_tmdb_names_no_director_of() -> None:
    kinds = {oddity(film) for film in FILMS if UNNUMBERED in directors_of(film)}
    assert kinds == {"series", "no tmdb"}


def test_histograms_add_up() -> None:
    for film in FILMS:
        about = details(film)
        assert len(about.histogram.counts) == 10
        assert about.count in (None, about.histogram.ratings)
        assert (about.count is None) == (about.average is None) == (oddity(film) == "few ratings")
        assert about.histogram.ratings > 0


def test_ordinary() -> None:
    film = next(one for one in BY_ODDITY["ordinary"] if len(directors_of(one)) == 1)
    about, said, due = details(film), said_of(film), expected(film)
    (person,) = about.directors
    assert (due.tmdb_id, due.tmdb_media_type, due.tmdb_show_id) == (said["id"], "movie", None)
    assert due.poster_url == "https://image.tmdb.org/t/p/w500" + said["poster_path"]
    assert (due.overview, due.runtime_minutes) == (said["overview"], said["runtime"])
    assert due.release_date == date.fromisoformat(said["release_date"])
    assert due.release_year == film.year
    assert due.directors == ((person.name, person.slug, person.tmdb_id),)
    assert due.genres == {genre["name"] for genre in said["genres"]}
    assert due.ratings == about.count == sum(due.histogram)


def test_series() -> None:
    film, about = first("series")
    due, said = expected(film), said_of(film)
    assert about.link
    assert (about.link.kind, about.body_tmdb_type, about.body_tmdb_id) == ("tv", "movie", None)
    assert (due.tmdb_media_type, due.tmdb_show_id) == ("tv", None)
    assert [one for one in said["credits"]["crew"] if one["job"] == "Director"] == []
    assert due.directors == tuple((one.name, one.slug, one.page_tmdb_id) for one in about.directors)
    assert len(due.directors) == 3
    assert due.runtime_minutes == about.runtime
    assert due.release_date == date.fromisoformat(said["first_air_date"])


def test_season_and_episode() -> None:
    film, about = first("season")
    due, said = expected(film), said_of(film)
    assert about.link
    assert (due.tmdb_id, due.tmdb_show_id) == (about.link.id, about.link.id)
    assert said["id"] != about.link.id
    assert (due.tmdb_season_number, due.tmdb_episode_number) == (said["season_number"], None)
    assert (due.genres, due.countries) == (frozenset(about.genres), {})
    film, about = first("episode")
    due, said = expected(film), said_of(film)
    assert (due.tmdb_season_number, due.tmdb_episode_number) == (
        said["season_number"],
        said["episode_number"],
    )
    assert due.poster_url
    assert due.poster_url.endswith(said["still_path"])
    assert {name for name, _, _ in due.directors} == {person.name for person in about.directors}
    assert any(
        expected(one).tmdb_season_number == 0 for kind in ("season", "episode") for one in BY_ODDITY[kind]
    )


def test_no_link_but_a_body() -> None:
    film, about = first("no link")
    assert about.link is None
    assert expected(film).tmdb_id == about.body_tmdb_id == said_of(film)["id"]


@pytest.mark.parametrize("kind", ["no tmdb", "not found"])
def test_only_the_page(kind: Oddity) -> None:
    film, about = first(kind)
    due = expected(film)
    assert (due.tmdb_not_found, due.tmdb_id is None) == (kind == "not found", kind == "no tmdb")
    assert (due.runtime_minutes, due.poster_url, due.overview) == (
        about.runtime,
        about.poster,
        about.overview,
    )
    assert (due.release_date, due.release_year) == (None, film.year)
    assert (due.genres, due.countries) == (frozenset(about.genres), {})
    assert due.directors == tuple((one.name, one.slug, one.page_tmdb_id) for one in about.directors)


def test_empty_at_tmdb_and_bare_page() -> None:
    film, about = first("empty at tmdb")
    due, said = expected(film), said_of(film)
    assert (said["overview"], said["poster_path"], said["runtime"]) == ("", None, 0)
    assert (due.overview, due.poster_url, due.runtime_minutes) == (
        about.overview,
        about.poster,
        about.runtime,
    )
    assert due.overview
    film, about = first("bare page")
    assert (about.poster, about.overview) == (None, None)
    assert expected(film).overview == said_of(film)["overview"]


def test_other_spelling() -> None:
    film, about = first("other spelling")
    (odd,) = [person for person in about.directors if person.tmdb_name]
    assert (odd.tmdb_name, odd.slug, odd.tmdb_id) in expected(film).directors
    assert len(expected(film).directors) == len(about.directors)


def test_one_omitted() -> None:
    film, about = first("one omitted")
    named = [one["name"] for one in said_of(film)["credits"]["crew"] if one["job"] == "Director"]
    (left_out,) = [person for person in about.directors if person.name not in named]
    assert len(expected(film).directors) == 2
    assert expected(film).directors[1] == (left_out.name, left_out.slug, left_out.tmdb_id)


def test_namesakes() -> None:
    film, about = first("namesakes")
    one, other = about.directors
    assert set(expected(film).directors) == {
        (person.name, person.slug, person.tmdb_id) for person in (one, other)
    }


def test_unnamed_country() -> None:
    film, _ = first("unnamed country")
    *_, last = expected(film).countries.items()
    assert last == (said_of(film)["origin_country"][-1], None)


def test_no_year() -> None:
    film, _ = first("no year")
    assert film.year is None
    assert expected(film).release_year == int(said_of(film)["release_date"][:4])


def test_few_ratings() -> None:
    film, _ = first("few ratings")
    assert (expected(film).average, 0 in expected(film).histogram) == (None, True)
    assert 0 < expected(film).ratings < 25


def test_fans_are_whole_numbers_where_the_older_form_tells_them() -> None:
    for film in FILMS:
        assert expected(film).fans is None or details(film).histogram.older
    assert any((expected(film).fans or 0) >= 1000 for film in FILMS)
