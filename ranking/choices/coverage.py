"""For how many films, or ratings, something is known on which a choice of films or a column rests."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.films.credits import DIRECTS
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_countries,
    film_genres,
    film_people,
    film_rankings,
    films,
    ratings,
)
from letterboxd_scraper.words import counted
from ranking.choices.filters import Choices
from ranking.facts import WATCHLISTS_COME_IN, with_watchlist

AVERAGES, LANGUAGES, LENGTHS = "Letterboxd's averages", "languages", "lengths"
# Where less than this share is known, somebody who chooses by it should know that.
_ENOUGH = 0.95


def _listed(film: sa.Column[Any], *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return films.c.id.in_(sa.select(film).where(*conditions))


# By the name of what is known: when it is known of a film.
_KNOWN: Mapping[str, sa.ColumnElement[bool]] = MappingProxyType(
    {
        "years": films.c.release_year.is_not(None),
        "genres": _listed(film_genres.c.film_id),
        "directors": _listed(film_people.c.film_id, DIRECTS),
        "countries": _listed(film_countries.c.film_id),
        LANGUAGES: films.c.original_language.is_not(None),
        "media types": films.c.tmdb_media_type.is_not(None),
        LENGTHS: films.c.runtime_minutes.is_not(None),
        AVERAGES: films.c.letterboxd_weighted_average.is_not(None),
    }
)
# Enriched by a version that read no languages: nothing seems to be missing.
_READ_BEFORE_LANGUAGES = films.c.poster_url.is_not(None) & films.c.original_language.is_(None)


def asked_for(choices: Choices) -> list[str]:
    """Return the names of what these choices of films rest on."""
    made: dict[str, Any] = {
        "years": choices.years or choices.decades,
        "genres": choices.genres,
        "directors": choices.directors,
        "countries": choices.countries,
        LANGUAGES: choices.languages,
        "media types": choices.media_type,
        LENGTHS: choices.max_runtime is not None,
    }
    return [name for name, values in made.items() if values]


def of_choices(
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str | None,
    choices: Choices,
    columns: Collection[str] = (),
) -> list[str]:
    """Say what little is known of on which the choices, and the columns of these names, rest.

    Of the films of a stored ranking, or, where the strategy is None, of all that the cohort has rated.
    """
    lines = [of_films(connection, cohort, strategy, [*asked_for(choices), *columns])]
    if choices.wanted_by:
        lines.append(of_watchlists(connection, cohort))
    return list(filter(None, lines))


def of_films(
    connection: sa.Connection, cohort: Cohort, strategy: str | None, names: Collection[str]
) -> str | None:
    """Say for how many of the films these are known, as `of_choices`; None where they are for nearly all."""
    if not names:
        return None
    r, m = film_rankings.c, cohort_members.c
    chosen = sa.select(r.film_id).where(r.cohort_id == cohort.id, r.strategy == strategy)
    if strategy is None:
        members = sa.select(m.user_id).where(m.cohort_id == cohort.id)
        chosen = sa.select(ratings.c.film_id).where(
            ratings.c.user_id.in_(members), ratings.c.rating.is_not(None)
        )
    sums = [sa.func.count(sa.case((_KNOWN[name], 1))) for name in names]
    before = sa.func.count(sa.case((_READ_BEFORE_LANGUAGES, 1)))
    query = sa.select(sa.func.count(), before, *sums).select_from(films).where(films.c.id.in_(chosen))
    total, before_languages, *counts = connection.execute(query).one()
    lacking = [
        (name, n)
        for name, n in zip(names, counts, strict=True)
        if n < (_ENOUGH if name != LENGTHS else 1) * total
    ]
    if not lacking:
        return None
    (first, so_many), *others = lacking
    words = [f"{first} are known for {so_many:,} of {counted(total, 'film')}"]
    words += [f"{name} for {n:,}" for name, n in others]
    anew = " --force" if before_languages and LANGUAGES in dict(lacking) else ""
    return f"{', '.join(words)}: letterboxd enrich --cohort {cohort.label}{anew}"


def count_watchlists(connection: sa.Connection, cohort: Cohort) -> tuple[int, int]:
    """Return how many members a cohort has, and of how many the watchlist is known."""
    m = cohort_members.c
    told = sa.func.count(sa.case((m.user_id.in_(with_watchlist()), 1)))
    row = connection.execute(sa.select(sa.func.count(), told).where(m.cohort_id == cohort.id)).one()
    return row[0], row[1]


def of_watchlists(connection: sa.Connection, cohort: Cohort) -> str | None:
    """Say of how many members the watchlist is known; None where it is of all."""
    members, watchlists = count_watchlists(connection, cohort)
    if watchlists == members:
        return None
    return f"watchlists are known of {watchlists:,} of {counted(members, 'member')}: {WATCHLISTS_COME_IN}"


def of_dates(connection: sa.Connection, cohort: Cohort) -> str | None:
    """Say of how many ratings it is known when they were made; None where it is of nearly all."""
    c = ratings.c
    members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == cohort.id)
    dated = sa.case((c.rated_at.is_not(None) | c.seen_after.is_not(None), 1))
    query = sa.select(sa.func.count(), sa.func.count(dated))
    query = query.where(c.user_id.in_(members), c.rating.is_not(None))
    total, with_moment = connection.execute(query).one()
    if with_moment >= _ENOUGH * total:
        return None
    how = f"letterboxd scrape --cohort {cohort.label} --diary"
    return f"when it was made is known of {with_moment:,} of {counted(total, 'rating')}: {how}"
