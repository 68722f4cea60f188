"""Ordet, as its page and TMDB tell of it; keeping what they tell, and looking at what is stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Director, Film, FilmFacts, FilmPage, TmdbDetails, TmdbLink
from letterboxd_scraper.items.tasks import FilmStart, Provenance
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import film_people, films, people

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WANTED = EnrichmentOptions(
    NOW, tmdb_before=NOW - timedelta(days=179), histograms_before=NOW - timedelta(days=90)
)

ORDET = Film("ordet", "Ordet", 1955, 1001, "oRd")
LINK = TmdbLink("movie", 48035)
PAGE = FilmPage(
    ORDET,
    LINK,
    imdb_id="tt0048452",
    runtime_minutes=126,
    poster_url="https://a.ltrbxd.com/ordet.jpg",
    overview="By the page.",
    genres=("Drama", "Romance"),
    directors=(Director("Carl Theodor Dreyer", "carl-theodor-dreyer"),),
    average=4.28,
    ratings=40_000,
)
DREYER = Director(
    "Carl Theodor Dreyer", None, 9318, "https://image.tmdb.org/t/p/w185/dreyer.jpg", "Directing"
)
DETAILS = TmdbDetails(
    title="The Word",
    release_date=date(1955, 1, 10),
    runtime_minutes=125,
    poster_url="https://image.tmdb.org/t/p/w500/ordet.jpg",
    overview="By TMDB.",
    countries=("DK", "SU"),
    country_names=(("DK", "Danmark"), ("FR", "France")),
    genres=((18, "Drama"),),
    directors=(DREYER,),
)


def facts(
    page: FilmPage | None = PAGE,
    details: TmdbDetails | None = DETAILS,
    directors: tuple[Director, ...] | None = None,
    *,
    asked: Film = ORDET,
    link: TmdbLink | None = LINK,
    not_found: bool = False,
) -> FilmFacts:
    if directors is None:
        both = replace(DREYER, slug="carl-theodor-dreyer")
        directors = (both,) if details else page.directors if page else ()
    return FilmFacts(asked, link, page, details, not_found, directors)


def keep(engine: sa.Engine, *items: object, at: datetime = NOW) -> None:
    for item in items:
        with engine.begin() as connection:
            save(item, connection, Provenance(at))


def row(engine: sa.Engine, slug: str = "ordet") -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(films).where(films.c.slug == slug)).one()


def change(engine: sa.Engine, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(films.update().where(films.c.slug == "ordet").values(values))


def due(engine: sa.Engine, choices: EnrichmentOptions = WANTED, slug: str = "ordet") -> FilmStart | None:
    """What a crawl of its cohort would do about the film: the condition is the same, without who rated it."""
    with engine.connect() as connection:
        query = sa.select(films).where(films.c.slug == slug)
        starts = enrichment._starts(connection, query, choices, [films.c.id], waits=True)
    return next(iter(starts), None)


def needs(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        query = sa.select(films.c.id).where(films.c.slug == "ordet", enrichment.needs_enrichment())
        return connection.scalar(query) is not None


def names_of(engine: sa.Engine, slug: str = "ordet") -> list[tuple[Any, ...]]:
    """Return a film's directors: name, slug, number on TMDB."""
    query = (
        sa.select(people.c.name, people.c.letterboxd_slug, people.c.tmdb_id)
        .join(film_people, film_people.c.person_id == people.c.id)
        .join(films, films.c.id == film_people.c.film_id)
        .where(films.c.slug == slug, film_people.c.role == "director")
        .order_by(film_people.c.credit_order)
    )
    with engine.connect() as connection:
        return [tuple(one) for one in connection.execute(query)]
