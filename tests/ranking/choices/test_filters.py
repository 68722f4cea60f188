"""The choices of films, each against a plain filter of the rows, on both databases."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import (
    cohort_members,
    countries,
    film_countries,
    film_genres,
    film_people,
    film_rankings,
    films,
    genres,
    people,
    ratings,
    users,
    watched,
    watchlist,
)
from ranking.choices.filters import EVERY_FILM, Choices, Years, read_decade, read_years
from ranking.compute import compute
from ranking.recommend.films import Wish, find_members, order_films, read_model
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES
from tests.conftest import on_sqlite

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GENRES = ("Horror", "Comédie", "Science Fiction")
# Two people of one name; one who has a slug.
DIRECTORS = (("Céline Sciamma", None), ("Jane Smith", None), ("Jane Smith", None), ("Ed Wood", "ed-wood"))
COUNTRIES = {"FR": "France", "GB": "United Kingdom", "CI": "Côte d'Ivoire"}
MEDIA_TYPES = ("movie", "tv", None)
LANGUAGES = ("fr", "cn", None, "el")
MINUTES = (90, 91, 400, None, 7)
# Every so manieth film is on their watchlists; one of them is not of the circle.
WANTED = {"kip": 4, "otto_reels": 6, "marla": 10, "stranger": 1}


@dataclass(frozen=True)
class Row:
    """A film as Python sees it."""

    film: RankedFilm
    id: int
    rated: frozenset[str]
    watched: frozenset[str]
    wanted: frozenset[str]

    @property
    def genre(self) -> str:
        return GENRES[self.id % 3]

    @property
    def director(self) -> str:
        return DIRECTORS[self.id % 4][0]

    @property
    def country(self) -> str:
        return list(COUNTRIES.values())[self.id % 3]

    @property
    def media_type(self) -> str | None:
        return MEDIA_TYPES[self.id % 3]

    @property
    def language(self) -> str | None:
        return LANGUAGES[self.id % 4]

    @property
    def minutes(self) -> int | None:
        return MINUTES[self.id % 5]


@pytest.fixture
def engine(crawled_engine: sa.Engine) -> sa.Engine:
    """The crawled circle, ranked, and films that have all that a film can have."""
    describe(crawled_engine)
    return crawled_engine


def describe(engine: sa.Engine) -> None:
    """Give the films all that a film can have, and rank them."""
    with engine.begin() as connection:
        _describe(connection, sorted(connection.scalars(sa.select(films.c.id))))
    rank(engine)


def rank(engine: sa.Engine) -> None:
    statistics.refresh(engine, NOW)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, STRATEGIES["bayesian"], {}, NOW)


def _describe(connection: sa.Connection, ids: list[int]) -> None:
    times = {"created_at": NOW, "updated_at": NOW}
    rows: list[tuple[sa.Table, list[dict[str, Any]]]] = [
        (genres, [{"id": i, "name": name} for i, name in enumerate(GENRES)]),
        (countries, [{"code": code, "name": name} for code, name in COUNTRIES.items()]),
        (
            people,
            [
                {"id": i, "name": name, "letterboxd_slug": slug} | times
                for i, (name, slug) in enumerate(DIRECTORS)
            ],
        ),
        (film_genres, [{"film_id": film, "genre_id": film % 3} for film in ids]),
        (film_countries, [{"film_id": film, "country_code": list(COUNTRIES)[film % 3]} for film in ids]),
        # Somebody who directs one film acts in another.
        (film_people, [{"film_id": film, "person_id": film % 4, "role": "Director"} for film in ids]),
        (film_people, [{"film_id": film, "person_id": (film + 1) % 4, "role": "Actor"} for film in ids]),
    ]
    for table, values in rows:
        connection.execute(table.insert(), values)
    for film in ids:
        described = {"tmdb_media_type": MEDIA_TYPES[film % 3], "runtime_minutes": MINUTES[film % 5]}
        described |= {"original_language": LANGUAGES[film % 4]}
        if film % 10 == 0:
            described |= {"release_year": None}
        connection.execute(films.update().where(films.c.id == film).values(described))
    connection.execute(users.insert().values(letterboxd_username="stranger", created_at=NOW))
    for name, step in WANTED.items():
        user = sa.select(users.c.id).where(users.c.letterboxd_username == name).scalar_subquery()
        watchlisted = sa.select(user, films.c.id).where(films.c.id % step == 0)
        connection.execute(watchlist.insert().from_select(["user_id", "film_id"], watchlisted))


def films_ranked(engine: sa.Engine, choices: Choices = EVERY_FILM, **more: Any) -> list[RankedFilm]:
    with engine.connect().execution_options(reading=True) as connection:
        cohort = cohorts.find(connection, "friends")
        return ranking(connection, cohort, "bayesian", choices=choices, **more)


def every(engine: sa.Engine) -> list[Row]:
    ranked = {film.slug: film for film in films_ranked(engine)}
    with engine.connect() as connection:
        ids = connection.execute(sa.select(films.c.slug, films.c.id)).all()
        rated = _by_film(connection, ratings, ratings.c.rating.is_not(None))
        seen = _by_film(connection, watched, sa.true())
        watchlisted = _by_film(connection, watchlist, sa.true())
    return sorted(
        (
            Row(ranked[slug], film, *(names.get(film, frozenset()) for names in (rated, seen, watchlisted)))
            for slug, film in ids
            if slug in ranked
        ),
        key=lambda row: row.film.rank,
    )


def _by_film(connection: sa.Connection, table: sa.Table, condition: Any) -> dict[int, frozenset[str]]:
    query = (
        sa.select(table.c.film_id, users.c.letterboxd_username)
        .join(users, users.c.id == table.c.user_id)
        .where(condition)
    )
    by_film: dict[int, set[str]] = {}
    for film, member in connection.execute(query):
        by_film.setdefault(film, set()).add(member)
    return {film: frozenset(members) for film, members in by_film.items()}


def year_in(row: Row, first: int, last: int) -> bool:
    return row.film.year is not None and first <= row.film.year <= last


CASES: dict[str, tuple[Choices, Callable[[Row], bool]]] = {
    "every film": (EVERY_FILM, lambda row: True),
    "a year": (Choices(years=(read_years("1999"),)), lambda row: row.film.year == 1999),
    "years": (Choices(years=(read_years("1990-1999"),)), lambda row: year_in(row, 1990, 1999)),
    "years from": (Choices(years=(read_years("2010-"),)), lambda row: year_in(row, 2010, 9999)),
    "years to": (Choices(years=(read_years("-1959"),)), lambda row: year_in(row, 0, 1959)),
    "any of two years": (
        Choices(years=(Years(1975, 1980), Years(2001, 2001))),
        lambda row: year_in(row, 1975, 1980) or row.film.year == 2001,
    ),
    "a decade": (Choices(decades=(read_decade("1990s"),)), lambda row: year_in(row, 1990, 1999)),
    "a genre": (Choices(genres=("horror",)), lambda row: row.genre == "Horror"),
    "any of two genres": (
        Choices(genres=("COMÉDIE", "science fiction")),
        lambda row: row.genre in ("Comédie", "Science Fiction"),
    ),
    "a director": (Choices(directors=("CÉLINE SCIAMMA",)), lambda row: row.director == "Céline Sciamma"),
    "directors of one name": (Choices(directors=("jane smith",)), lambda row: row.director == "Jane Smith"),
    "a director by slug": (Choices(directors=("ed-wood",)), lambda row: row.director == "Ed Wood"),
    "a country by code": (Choices(countries=("fr",)), lambda row: row.country == "France"),
    "a country by name": (Choices(countries=("CÔTE D'IVOIRE",)), lambda row: row.country == "Côte d'Ivoire"),
    "any of two countries": (
        Choices(countries=("GB", "france")),
        lambda row: row.country in ("France", "United Kingdom"),
    ),
    "a media type": (Choices(media_type="tv"), lambda row: row.media_type == "tv"),
    "many watchers": (Choices(min_watchers=5), lambda row: row.film.watchers >= 5),
    "few watchers": (Choices(min_watchers=2, max_watchers=3), lambda row: 2 <= row.film.watchers <= 3),
    "rated by": (Choices(rated_by=("KIP",)), lambda row: "kip" in row.rated),
    "rated by any of two": (
        Choices(rated_by=("kip", "otto_reels")),
        lambda row: bool(row.rated & {"kip", "otto_reels"}),
    ),
    "unseen by": (Choices(unseen_by=("marla",)), lambda row: "marla" not in row.rated | row.watched),
    "unseen by both": (
        Choices(unseen_by=("marla", "kip")),
        lambda row: not {"marla", "kip"} & (row.rated | row.watched),
    ),
    "a language": (Choices(languages=("FRENCH",)), lambda row: row.language == "fr"),
    "languages by other names": (
        Choices(languages=("el", "cantonese")),
        lambda row: row.language in ("el", "cn"),
    ),
    "not too long": (Choices(max_runtime=90), lambda row: row.minutes in (7, 90)),
    "wanted by one": (Choices(wanted_by=1), lambda row: bool(row.wanted - {"stranger"})),
    "wanted by two": (Choices(wanted_by=2), lambda row: len(row.wanted - {"stranger"}) >= 2),
    "on a watchlist": (Choices(on_watchlist_of=("KIP",)), lambda row: "kip" in row.wanted),
    "on one of two watchlists": (
        Choices(on_watchlist_of=("kip", "otto_reels")),
        lambda row: bool(row.wanted & {"kip", "otto_reels"}),
    ),
    "on neither of two watchlists": (
        Choices(not_on_watchlist_of=("kip", "otto_reels")),
        lambda row: not row.wanted & {"kip", "otto_reels"},
    ),
    "all choices hold": (
        Choices(genres=("Horror",), years=(Years(1980, 2020),), rated_by=("otto_reels",), min_watchers=2),
        lambda row: (
            row.genre == "Horror"
            and year_in(row, 1980, 2020)
            and "otto_reels" in row.rated
            and row.film.watchers >= 2
        ),
    ),
}


def test_each_choice_equals_a_plain_filter_and_leaves_the_ranks_alone(engine: sa.Engine) -> None:
    rows = every(engine)
    assert [row.film.rank for row in rows] == list(range(1, len(rows) + 1))
    for name, (choices, fits) in CASES.items():
        expected = [row.film for row in rows if fits(row)]
        assert films_ranked(engine, choices) == expected, name
        assert expected, name
        assert name == "every film" or len(expected) < len(rows), name


def test_recommendations_are_chosen_alike(engine: sa.Engine) -> None:
    choices = Choices(max_runtime=91, wanted_by=1, languages=("French", "el"))
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        members = find_members(connection, cohort, ["kip"])
        model = read_model(connection, cohort, NOW)
        ordered = order_films(connection, cohort, model, members, Wish(choices=choices), NOW)
    fitting = {
        row.id
        for row in every(engine)
        if row.minutes in (7, 90, 91) and row.wanted - {"stranger"} and row.language in ("fr", "el")
        if "kip" not in row.rated | row.watched
    }
    assert set(ordered.film_ids.tolist()) == fitting
    assert len(fitting) > 3


@on_sqlite
def test_the_limit_counts_what_fits(engine: sa.Engine) -> None:
    chosen = Choices(genres=("Horror",))
    assert films_ranked(engine, chosen, limit=3) == films_ranked(engine, chosen)[:3]
    assert films_ranked(engine, chosen, min_score=3.6) == [
        f for f in films_ranked(engine, chosen) if f.score >= 3.6
    ]


def test_a_film_seen_but_not_rated_is_seen(engine: sa.Engine) -> None:
    unseen = films_ranked(engine, Choices(unseen_by=("marla",)))
    with engine.begin() as connection:
        marla = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "marla"))
        film = connection.scalar(sa.select(films.c.id).where(films.c.slug == unseen[0].slug))
        connection.execute(watched.insert().values(user_id=marla, film_id=film))
    assert films_ranked(engine, Choices(unseen_by=("marla",))) == unseen[1:]


def test_where_watched_films_were_never_read_this_is_said(engine: sa.Engine) -> None:
    told: list[str] = []
    films_ranked(engine, Choices(unseen_by=("marla",)), tell=told.append)
    assert told == []  # the seed's are always read
    films_ranked(engine, Choices(unseen_by=("marla", "kip")), tell=told.append)
    (line,) = told
    assert "kip's watched films were never read, only their ratings" in line
    assert "`letterboxd scrape --member kip --watched`" in line
    told.clear()
    films_ranked(engine, Choices(unseen_by=("noor", "kip")), tell=told.append)
    (line,) = told
    assert "kip's, noor's watched films were never read, only their ratings: what kip, noor have seen" in line


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            Choices(genres=("horor",)),
            "no genre 'horor': did you mean Horror\\? \\(there are Comédie, Horror, Science Fiction",
        ),
        (
            Choices(directors=("Celine",)),
            "no director 'Celine': there are Céline Sciamma, Ed Wood, Jane Smith",
        ),
        (Choices(countries=("DE",)), "no country 'DE': there are Côte d'Ivoire, France, United Kingdom"),
        (Choices(rated_by=("otto_reel",)), "no member 'otto_reel': did you mean otto_reels"),
        (Choices(unseen_by=("zzzzzzzzzz",)), "no member 'zzzzzzzzzz': there are ebb, hermit, "),
        (Choices(without="otto_reel"), "no member 'otto_reel' of cohort 'friends': did you mean otto_reels"),
        (Choices(lists=(Path("nowhere.txt"),)), "cannot read the list nowhere.txt"),
    ],
)
@on_sqlite
def test_what_is_not_there_is_told_with_what_is(engine: sa.Engine, choices: Choices, message: str) -> None:
    with pytest.raises(InputError, match=message):
        films_ranked(engine, choices)


@pytest.mark.parametrize("text", ["199", "1990s", "1999-1990", "-", "", "19991", "1990-2000-", "١٩٩٩"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^year "):
        read_years(text)


@pytest.mark.parametrize("text", ["1990", "90s", "1995s", ""])
def test_what_is_no_decade_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^decade "):
        read_decade(text)


def test_the_ranking_without_a_member_is_the_one_that_a_circle_without_them_has(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        before = connection.execute(sa.select(film_rankings)).all()
    ranked = films_ranked(engine, Choices(without="otto_reels"))
    fitting = films_ranked(engine, Choices(without="otto_reels", min_watchers=5, genres=("Horror",)))
    with engine.begin() as connection:
        assert connection.execute(sa.select(film_rankings)).all() == before
        otto = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "otto_reels"))
        connection.execute(cohort_members.delete().where(cohort_members.c.user_id == otto))
        cohort = cohorts.find(connection, "friends")
    statistics.refresh(engine, NOW)
    compute(engine, cohort, STRATEGIES["bayesian"], {}, NOW)
    expected = films_ranked(engine)
    assert [_without_floats(film) for film in ranked] == [_without_floats(film) for film in expected]
    for number in ("score", "mean"):
        numbers = [getattr(film, number) for film in ranked]
        assert numbers == pytest.approx([getattr(film, number) for film in expected], abs=1e-9)
    genre = {row.film.slug: row.genre for row in every(engine)}
    assert [film.rank for film in fitting] == [
        film.rank for film in expected if film.watchers >= 5 and genre[film.slug] == "Horror"
    ]


def _without_floats(film: RankedFilm) -> tuple[Any, ...]:
    return film.rank, film.title, film.year, film.slug, film.watchers, film.parameters, film.computed_at
