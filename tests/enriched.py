"""What is stored of films beside the truth of the imitation site and its TMDB, and what finding out took."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import (
    countries,
    film_countries,
    film_genres,
    film_histograms,
    film_people,
    films,
    genres,
    people,
    scrape_failures,
)
from tests.site import Site
from tests.site.cinema import Expected, expected

FIELDS = (
    "tmdb_id",
    "tmdb_media_type",
    "tmdb_show_id",
    "tmdb_season_number",
    "tmdb_episode_number",
    "tmdb_not_found",
    "imdb_id",
    "runtime_minutes",
    "original_language",
    "language_by",
    "poster_url",
    "overview",
    "release_date",
    "release_year",
)


def stored_films(engine: sa.Engine) -> dict[str, Expected]:
    """Return what is stored of each film, in the form of the truth."""
    credits = (
        sa.select(film_people.c.film_id, people.c.name, people.c.letterboxd_slug, people.c.tmdb_id)
        .join(people, people.c.id == film_people.c.person_id)
        .where(film_people.c.role == "director")
        .order_by(film_people.c.film_id, film_people.c.credit_order)
    )
    levels = (
        sa.select(film_histograms.c.film_id, film_histograms.c.count)
        .where(film_histograms.c.cohort_id.is_(None))
        .order_by(film_histograms.c.film_id, film_histograms.c.bucket_label)
    )
    with engine.connect() as connection:
        rows = connection.execute(sa.select(films)).all()
        directors = _by_film(connection, credits)
        of_genres = _by_film(connection, sa.select(film_genres.c.film_id, genres.c.name).join(genres))
        of_countries = _by_film(
            connection,
            sa.select(film_countries.c.film_id, countries.c.code, countries.c.name).join(countries),
        )
        histograms = _by_film(connection, levels)
    return {
        row.slug: Expected(
            **{name: row._mapping[name] for name in FIELDS},
            genres=frozenset(name for (name,) in of_genres[row.id]),
            countries=dict(of_countries[row.id]),
            directors=tuple(directors[row.id]),
            average=row.letterboxd_weighted_average,
            ratings=row.letterboxd_rating_count,
            fans=row.letterboxd_fan_count,
            histogram=tuple(count for (count,) in histograms[row.id]),
        )
        for row in rows
    }


def _by_film(connection: sa.Connection, query: sa.Select[Any]) -> defaultdict[int, list[Any]]:
    """Return the rows of a query by their first column, the film's id, without it."""
    rows: defaultdict[int, list[Any]] = defaultdict(list)
    for film, *row in connection.execute(query):
        rows[film].append(tuple(row))
    return rows


def assert_true(site: Site, stored: dict[str, Expected]) -> None:
    """Demand that what is stored of films is the truth; a country that a film does not name has some name."""
    assert stored
    for slug, film in stored.items():
        truth = expected(site.world.films[slug])
        unnamed = [code for code, name in truth.countries.items() if name is None]
        assert all(len(film.countries.get(code) or "") > 2 for code in unnamed), slug
        assert replace(film, countries=film.countries | dict.fromkeys(unnamed)) == truth, slug


def looked_at(engine: sa.Engine) -> dict[str, Expected]:
    """Return what is stored of those films whose histogram has been read."""
    return {slug: film for slug, film in stored_films(engine).items() if film.histogram}


def asked(site: Site) -> Counter[str]:
    """Count the requests by what they ask for; the number of requests for one address is under `most`."""
    kinds = {"/film/": "films", "/csi/": "histograms", "/director/": "directors", "/3/": "tmdb"}
    paths = Counter(hit.path.split("?")[0] for hit in site.log)
    counts: Counter[str] = Counter()
    for path, number in paths.items():
        counts[next((kind for start, kind in kinds.items() if path.startswith(start)), "robots")] += number
    del counts["robots"]
    return counts + Counter(most=max(paths.values(), default=0))


def open_failures(engine: sa.Engine) -> list[sa.Row[tuple[object, ...]]]:
    with engine.connect() as connection:
        query = sa.select(scrape_failures).where(scrape_failures.c.resolved_at.is_(None))
        return list(connection.execute(query).all())
