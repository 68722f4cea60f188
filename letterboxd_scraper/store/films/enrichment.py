"""About which films something is still to be found out, and how long the others may wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self, cast

import sqlalchemy as sa

from letterboxd_scraper.arguments import FilmArguments, Shard
from letterboxd_scraper.config import Config
from letterboxd_scraper.items.films import DIRECTOR, FILM, HISTOGRAM, TMDB, Director, Film, TmdbLink
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.films.identity import placeholder
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_people,
    films,
    people,
    ratings,
    scrape_failures,
)
from letterboxd_scraper.store.upsert import as_list, in_list

ROLE = "director"
LONGEST_WAIT = timedelta(days=30)
# What is to be done about a film, and the stage of a failure to do it.
_STAGES = {"page": FILM, "refresh": TMDB, "resolve": DIRECTOR, "histogram": HISTOGRAM}
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: with ``tmdb``, with ``histograms``, of all films (``force``), of at most ``limit``.

    Where there is a ``shard``, of the films in it alone.

    What TMDB and histograms told is asked for anew where it is older than these moments.
    """

    at: datetime
    tmdb_before: datetime
    histograms_before: datetime
    tmdb: bool = True
    histograms: bool = False
    force: bool = False
    limit: int | None = None
    shard: Shard | None = None

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
            shard=args.shard,
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


def is_due(connection: sa.Connection, wanted: Wanted) -> Condition:
    """The condition that something is to be found out about a film now, as `due` finds it for a cohort's."""
    failures = connection.execute(_open_failures(*_STAGES.values()))
    held = [(row.film, row.stage) for row in failures if _is_held(row, wanted.at)]
    parts = []
    for name, condition in _conditions(wanted, waits=True).items():
        waiting = [film for film, stage in held if stage == _STAGES[name]]
        parts.append(sa.and_(condition, sa.or_(films.c.slug.is_(None), films.c.slug.not_in(waiting))))
    can_be_read = sa.or_(films.c.slug.is_not(None), films.c.letterboxd_film_id.is_not(None))
    return sa.and_(can_be_read, sa.or_(*parts))


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
    values = {"enrich_attempts": attempts + 1, "enrich_after": at + _pause(attempts)}
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


def _conditions(wanted: Wanted, *, waits: bool) -> dict[str, Condition]:
    """Return the conditions of what is to be done about a film, under the names of a `FilmStart`'s fields."""
    found = dict.fromkeys(("page", "refresh", "resolve", "histogram"), cast(Condition, sa.false()))
    if wanted.histograms:
        # Of a film that has gone there is none; a page may be missing by accident, though.
        there = sa.or_(films.c.gone_at.is_(None), films.c.gone_at < wanted.at - LONGEST_WAIT)
        at = films.c.histogram_synced_at
        old = sa.or_(at.is_(None), at < wanted.histograms_before)
        found["histogram"] = sa.true() if wanted.force else sa.and_(old, there)
    if wanted.force:
        return found | {"page": sa.true()}
    waited = sa.or_(films.c.enrich_after.is_(None), films.c.enrich_after <= wanted.at) if waits else sa.true()
    # Without TMDB nobody says who the directors are there: to read the page again would not help.
    lacking = needs_enrichment() if wanted.tmdb else sa.or_(_lacks_page_facts(), ~_has_director())
    found["page"] = sa.or_(sa.and_(lacking, waited), _failed(FILM))
    if wanted.tmdb:
        told = films.c.tmdb_synced_at
        known = films.c.tmdb_id.is_not(None)
        found["refresh"] = sa.and_(known, sa.or_(told.is_(None), told < wanted.tmdb_before, _failed(TMDB)))
        unnumbered = people.c.letterboxd_slug.is_not(None), people.c.tmdb_id.is_(None)
        found["resolve"] = sa.and_(
            sa.or_(~known, told.is_not(None)), _has_director(*unnumbered, people.c.page_read_at.is_(None))
        )
    return found


def _failed(stage: str) -> Condition:
    return films.c.slug.in_(_open_failures(stage).with_only_columns(scrape_failures.c.film))


def _open_failures(*stages: str) -> sa.Select[Any]:
    failed = scrape_failures.c
    wanted = (failed.film.is_not(None), failed.stage.in_(stages), failed.resolved_at.is_(None))
    return sa.select(failed.film, failed.stage, failed.attempts, failed.last_seen_at).where(*wanted)


def _starts(
    connection: sa.Connection, query: Any, wanted: Wanted, order: list[Any], *, waits: bool
) -> list[FilmStart]:
    conditions = _conditions(wanted, waits=waits)
    query = query.add_columns(*(condition.label(name) for name, condition in conditions.items())).where(
        sa.or_(films.c.slug.is_not(None), films.c.letterboxd_film_id.is_not(None)),
        sa.or_(*conditions.values()),
    )
    rows = connection.execute(query.order_by(*order)).all()
    failures = list(connection.execute(_open_failures(FILM, TMDB, DIRECTOR, HISTOGRAM)))
    failed = {row.film for row in failures if row.attempts > 1}
    held = {
        (row.film, row.stage) for row in failures if waits and not wanted.force and _is_held(row, wanted.at)
    }
    # What failed twice comes after the others: else it could take the whole of a limit each time.
    chosen = [
        (row, doing)
        for row in sorted(rows, key=lambda row: row.slug in failed)
        if _is_in(wanted.shard, row) and any((doing := _doing(row, held)).values())
    ][: wanted.limit]
    directors = _site_directors(connection, [row.id for row, doing in chosen if not doing["page"]])
    return [
        FilmStart(_film(row), **doing, link=link_of(row), directors=directors.get(row.id, ()))
        for row, doing in chosen
    ]


def _is_in(shard: Shard | None, row: Any) -> bool:
    # One without a slug is in the part that its row gives.
    return shard is None or shard.holds(row.slug or row.id)


def _doing(row: Any, held: set[tuple[str, str]]) -> dict[str, bool]:
    """Return what is to be done about a film, but for what has failed several times and must wait."""
    return {
        name: bool(row._mapping[name]) and (row.slug, stage) not in held for name, stage in _STAGES.items()
    }


def _is_held(failure: Any, at: datetime) -> bool:
    """Say whether what failed twice and more is to wait: 1, 2, 4 … days."""
    if failure.attempts < 2:
        return False
    return bool(failure.last_seen_at + _pause(failure.attempts - 2) > at)


def _pause(times: int) -> timedelta:
    """Return how long to wait after so many waits before: 1, 2, 4 … 30 days."""
    return min(timedelta(days=2 ** min(times, 5)), LONGEST_WAIT)


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
            in_list(connection.dialect.name, film_people.c.film_id),
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
