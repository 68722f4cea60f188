"""About which films something is still to be found out, and how long the others may wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.config import Config
from letterboxd_scraper.film_items import DIRECTOR, FILM, TMDB, Director, TmdbLink
from letterboxd_scraper.items import Film
from letterboxd_scraper.starts import FilmStart
from letterboxd_scraper.store.films import placeholder
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_people,
    films,
    people,
    ratings,
    scrape_failures,
)
from letterboxd_scraper.store.upsert import as_list, listed

ROLE = "director"
_LONGEST_WAIT_DAYS = 30
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: with ``tmdb``, with ``histograms``, of all films (``force``), of at most ``limit``.

    What TMDB and histograms told is asked for anew where it is older than these moments.
    """

    at: datetime
    tmdb_before: datetime
    histograms_before: datetime
    tmdb: bool = True
    histograms: bool = False
    force: bool = False
    limit: int | None = None

    @classmethod
    def of(cls, args: FilmArguments, settings: Config, at: datetime, *, tmdb: bool) -> Self:
        """Return what the arguments of `film` ask for."""
        return cls(
            at,
            tmdb_before=at - timedelta(days=settings.TMDB_REFRESH_DAYS),
            histograms_before=at - timedelta(days=settings.HISTOGRAM_REFRESH_DAYS),
            tmdb=tmdb,
            histograms=args.histograms,
            force=args.force,
            limit=args.limit,
        )


def needs_enrichment() -> Condition:
    """The condition that something is missing of a film: the contract's five."""
    return sa.or_(_lacks_page_facts(), ~_has_director(people.c.tmdb_id.is_not(None)))


def due(connection: sa.Connection, cohort: int | None, slug: str | None, wanted: Wanted) -> list[FilmStart]:
    """Return what is to be found out about a cohort's films, the most rated first, or about one film.

    Who names a single film does not want it to wait.
    """
    if slug is not None:
        one = sa.select(films).where(films.c.slug == slug)
        return _starts(connection, one, wanted, [films.c.id], waits=False)
    rated = (
        sa.select(ratings.c.film_id, sa.func.count().label("members"))
        .join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
        .where(cohort_members.c.cohort_id == cohort)
        .group_by(ratings.c.film_id)
        .subquery()
    )
    of_cohort = sa.select(films).join(rated, rated.c.film_id == films.c.id)
    return _starts(connection, of_cohort, wanted, [rated.c.members.desc(), films.c.id], waits=True)


def settle(connection: sa.Connection, film_ids: Iterable[int], at: datetime, *, looked: bool = True) -> None:
    """Let complete films need nothing more, and the others wait: 1, 2, 4 … days after each look at them."""
    ids = list(film_ids)
    incomplete = set(connection.scalars(sa.select(films.c.id).where(films.c.id.in_(ids), needs_enrichment())))
    done = (
        films.c.id.in_(set(ids) - incomplete),
        sa.or_(films.c.enrich_attempts > 0, films.c.enrich_after.is_not(None)),
    )
    connection.execute(films.update().where(*done).values(enrich_attempts=0, enrich_after=None))
    if looked:
        for film in sorted(incomplete):
            wait(connection, film, at)


def wait(connection: sa.Connection, film: int, at: datetime) -> None:
    """Let a film wait, after one more look at it that did not complete it."""
    attempts = connection.scalar(sa.select(films.c.enrich_attempts).where(films.c.id == film)) or 0
    days = min(2**attempts, _LONGEST_WAIT_DAYS)
    values = {"enrich_attempts": attempts + 1, "enrich_after": at + timedelta(days=days)}
    connection.execute(films.update().where(films.c.id == film).values(values))


def _lacks_page_facts() -> Condition:
    facts = (films.c.tmdb_id, films.c.poster_url, films.c.overview, films.c.release_year)
    return sa.or_(*(fact.is_(None) for fact in facts))


def _has_director(*conditions: Condition) -> Condition:
    return (
        sa.exists()
        .where(film_people.c.film_id == films.c.id, film_people.c.role == ROLE)
        .where(film_people.c.person_id == people.c.id, *conditions)
        .correlate(films)
    )


def _due(wanted: Wanted, *, waits: bool) -> tuple[Condition, Condition]:
    """Return the conditions that a film's page is to be read, and that TMDB is to be asked again."""
    if wanted.force:
        return sa.true(), sa.false()
    waited = sa.or_(films.c.enrich_after.is_(None), films.c.enrich_after <= wanted.at) if waits else sa.true()
    if not wanted.tmdb:
        # Nobody says who the directors are on TMDB then: to read the page again would not help.
        lacking = sa.or_(_lacks_page_facts(), ~_has_director())
        return sa.or_(sa.and_(lacking, waited), _failed(FILM)), sa.false()
    lacking = needs_enrichment()
    unasked = sa.and_(
        films.c.tmdb_id.is_not(None), films.c.tmdb_synced_at.is_(None), films.c.gone_at.is_(None)
    )
    page = sa.or_(sa.and_(lacking, waited), unasked, _failed(FILM, TMDB, DIRECTOR))
    return page, films.c.tmdb_synced_at < wanted.tmdb_before


def _failed(*stages: str) -> Condition:
    failure = scrape_failures.c
    still_open = failure.film == films.c.slug, failure.stage.in_(stages), failure.resolved_at.is_(None)
    return sa.exists().where(*still_open).correlate(films)


def _starts(
    connection: sa.Connection, query: Any, wanted: Wanted, order: list[Any], *, waits: bool
) -> list[FilmStart]:
    page, refresh = _due(wanted, waits=waits)
    histogram: Condition = sa.false()
    if wanted.histograms:
        old = sa.or_(
            films.c.histogram_synced_at.is_(None), films.c.histogram_synced_at < wanted.histograms_before
        )
        histogram = sa.true() if wanted.force else sa.and_(old, films.c.gone_at.is_(None))
    query = query.add_columns(
        page.label("page"), refresh.label("refresh"), histogram.label("histogram")
    ).where(
        sa.or_(films.c.slug.is_not(None), films.c.letterboxd_film_id.is_not(None)),
        sa.or_(page, refresh, histogram),
    )
    rows = connection.execute(query.order_by(*order).limit(wanted.limit)).all()
    directors = _site_directors(connection, [row.id for row in rows if row.refresh and not row.page])
    return [
        FilmStart(
            _film(row),
            bool(row.page),
            bool(row.refresh),
            bool(row.histogram),
            link_of(row),
            directors.get(row.id, ()),
        )
        for row in rows
    ]


def _film(row: Any) -> Film:
    slug = row.slug or placeholder(row.letterboxd_film_id)
    return Film(slug, row.title, row.release_year, row.letterboxd_film_id, row.letterboxd_lid)


def link_of(row: Any) -> TmdbLink | None:
    """Return where TMDB has the film of a stored row; None where that is not known."""
    if row.tmdb_id is None or row.tmdb_media_type not in ("movie", "tv"):
        return None
    return TmdbLink(row.tmdb_media_type, row.tmdb_id, row.tmdb_season_number, row.tmdb_episode_number)


def _site_directors(connection: sa.Connection, ids: list[int]) -> dict[int, tuple[Director, ...]]:
    """Return of each film the stored directors whom the site knows."""
    query = (
        sa.select(film_people.c.film_id, people)
        .join(people, people.c.id == film_people.c.person_id)
        .where(
            film_people.c.film_id.in_(listed(connection.dialect.name, sa.Integer())),
            film_people.c.role == ROLE,
            people.c.letterboxd_slug.is_not(None),
        )
        .order_by(film_people.c.film_id, film_people.c.credit_order)
    )
    found: dict[int, tuple[Director, ...]] = {}
    for row in connection.execute(query, as_list(ids)):
        each = Director(row.name, row.letterboxd_slug, row.tmdb_id, row.profile_url, row.known_for_department)
        found[row.film_id] = (*found.get(row.film_id, ()), each)
    return found
