"""About which films something is still to be found out, and how long the others have to wait."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa

from letterboxd_scraper import urls
from letterboxd_scraper.arguments import FilmArguments, Shard
from letterboxd_scraper.config import Config
from letterboxd_scraper.items.films import DIRECTOR, FILM, HISTOGRAM, TMDB, Director, Film, TmdbLink
from letterboxd_scraper.items.sources import NamedBy
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.film_order import film_order
from letterboxd_scraper.store.films import links
from letterboxd_scraper.store.films.credits import DIRECTOR_ROLE
from letterboxd_scraper.store.films.lookup import match, reference
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_people,
    films,
    people,
    ratings,
    scrape_failures,
)
from letterboxd_scraper.store.upsert import as_list, in_list

LONGEST_WAIT = timedelta(days=30)
# What seems to have happened longer from now than this was noted by a clock that was wrong.
_WRONG_CLOCK = timedelta(days=2)
# What may have to be done about a film (a field of `FilmStart`), and the stage of a failure to do it.
_STAGES = {"page": FILM, "refresh": TMDB, "search": TMDB, "resolve": DIRECTOR, "histogram": HISTOGRAM}
Condition = sa.ColumnElement[bool]

_f = films.c
# By what a film is named in failures: its slug, else an address that holds whatever its slug is.
_NAME: sa.ColumnElement[str] = sa.func.coalesce(
    _f.slug, "film:" + sa.cast(_f.letterboxd_film_id, sa.Text), links.ADDRESS.element
)
_HAS_NUMBER = _f.tmdb_id.is_not(None)
_HAS_ADDRESS = sa.or_(_f.slug.is_not(None), _f.letterboxd_film_id.is_not(None))
# The site has no address by code; it has one by IMDb's number, and one by TMDB's, of movies.
_HAS_WAY = sa.or_(_f.imdb_id.is_not(None), _HAS_NUMBER & (_f.tmdb_media_type == "movie"))
# Of a favourite of which only the code is known, there is no title to search for.
_CAN_BE_SOUGHT = ~_HAS_NUMBER & sa.or_(_f.imdb_id.is_not(None), _f.named_by.is_distinct_from(NamedBy.LINK))


@dataclass(frozen=True, slots=True)
class EnrichmentOptions:
    """What is to be found out about films ``at`` a moment, with ``tmdb`` and ``histograms`` or without.

    Unless ``pages`` of the site may be read, TMDB alone is asked, also where it has the films.
    What TMDB and histograms told is read anew where it is older than ``tmdb_before`` and
    ``histograms_before``; with ``force`` everything is. At most ``limit`` films, of the ``shard`` alone.
    """

    at: datetime
    tmdb_before: datetime
    histograms_before: datetime
    tmdb: bool = True
    pages: bool = True
    histograms: bool = False
    force: bool = False
    limit: int | None = None
    shard: Shard | None = None

    @classmethod
    def of(
        cls, settings: Config, at: datetime, args: FilmArguments | None = None, *, is_crawled: bool = True
    ) -> Self:
        """Return what the arguments of the spider `film` ask for (by default the usual) and can be had.

        Pages may be read of a circle that ``is_crawled``, and where the site's terms are accepted or there
        are none.
        """
        has_key = bool(settings.TMDB_API_KEY.get_secret_value())
        may_read = urls.may_be_read(
            settings.LETTERBOXD_BASE_URL, terms_accepted=settings.LETTERBOXD_TERMS_ACCEPTED
        )
        usual = cls(
            at,
            tmdb_before=at - timedelta(days=settings.TMDB_REFRESH_DAYS),
            histograms_before=at - timedelta(days=settings.HISTOGRAM_REFRESH_DAYS),
            tmdb=has_key,
            pages=is_crawled or may_read,
        )
        if args is None:
            return usual
        chosen = {name: getattr(args, name) for name in ("histograms", "force", "limit", "shard")}
        return replace(usual, tmdb=has_key and args.tmdb, **chosen)


def needs_enrichment() -> Condition:
    """The condition that a film lacks TMDB's number, poster, overview, year or a director's number."""
    return sa.or_(_lacks_page_facts(), ~_has_director(people.c.tmdb_id.is_not(None)))


def due(
    connection: sa.Connection, cohort: int | None, slug: str | None, options: EnrichmentOptions
) -> list[FilmStart]:
    """Return what is to be found out about a cohort's films, the most rated first, or about one film.

    A film that is named by its ``slug``, or an address, does not have to wait.
    """
    if slug is not None:
        (film,) = match(connection, [reference(slug)])
        one = sa.select(films).where(films.c.id == film)
        return _starts(connection, one, options, [], waits=False)
    rated = (
        sa.select(ratings.c.film_id, sa.func.count().label("members"))
        .join(cohort_members, cohort_members.c.user_id == ratings.c.user_id)
        .where(cohort_members.c.cohort_id == cohort)
        .group_by(ratings.c.film_id)
        .subquery()
    )
    of_cohort = sa.select(films).join(rated, rated.c.film_id == films.c.id)
    order = [rated.c.members.desc(), *film_order(connection.dialect.name)]
    return _starts(connection, of_cohort, options, order, waits=True)


def is_due(connection: sa.Connection, options: EnrichmentOptions) -> Condition:
    """The condition that something is to be found out about a film now, as `due` says of a cohort's."""
    waiting = _waiting(connection.execute(_open_failures(*_STAGES.values())), options.at)
    tasks = []
    for name, condition in _conditions(options, waits=True).items():
        names = [film for film, stage in waiting if stage == _STAGES[name]]
        tasks.append(condition & _NAME.not_in(names))
    return sa.or_(*tasks)


def name_of(connection: sa.Connection, film: int) -> str | None:
    """Return by what the spider `film` is told a film: its slug, else an address; None where it has none."""
    return connection.scalar(sa.select(_NAME).where(films.c.id == film))


def settle(connection: sa.Connection, film_ids: Iterable[int], at: datetime, *, looked: bool = True) -> None:
    """Let complete films need nothing more, and the others wait, if somebody ``looked``."""
    ids = list(film_ids)
    incomplete = set(connection.scalars(sa.select(films.c.id).where(films.c.id.in_(ids), needs_enrichment())))
    waited = sa.or_(films.c.enrich_attempts > 0, films.c.enrich_after.is_not(None))
    complete = films.update().where(films.c.id.in_(set(ids) - incomplete), waited)
    connection.execute(complete.values(enrich_attempts=0, enrich_after=None))
    if looked:
        for film in sorted(incomplete):
            wait(connection, film, at)


def wait(connection: sa.Connection, film: int, at: datetime, pause: timedelta | None = None) -> None:
    """Let a film wait, by default 1, 2, 4 … 30 days, after one more look that did not complete it."""
    attempts = connection.scalar(sa.select(films.c.enrich_attempts).where(films.c.id == film)) or 0
    values = {"enrich_attempts": attempts + 1, "enrich_after": at + (pause or _pause(attempts))}
    connection.execute(films.update().where(films.c.id == film).values(values))


def link_of(row: Any) -> TmdbLink | None:
    """Return where TMDB has the film of a stored row; None where that is not known."""
    if row.tmdb_id is None or row.tmdb_media_type not in ("movie", "tv"):
        return None
    return TmdbLink(row.tmdb_media_type, row.tmdb_id, row.tmdb_season_number, row.tmdb_episode_number)


def _lacks_page_facts() -> Condition:
    facts = (films.c.tmdb_id, films.c.poster_url, films.c.overview, films.c.release_year)
    return sa.or_(*(fact.is_(None) for fact in facts))


def _has_director(*conditions: Condition) -> Condition:
    return (
        sa.exists()
        .where(film_people.c.film_id == films.c.id, film_people.c.role == DIRECTOR_ROLE)
        .where(film_people.c.person_id == people.c.id, *conditions)
        .correlate(films)
    )


def _conditions(options: EnrichmentOptions, *, waits: bool) -> dict[str, Condition]:
    """Return the condition of each task in `_STAGES`."""
    may_read = sa.true() if options.pages else sa.false()
    is_readable = may_read & _HAS_ADDRESS
    # Of a film that has gone there is no histogram; a page may be missing by accident, though.
    exists = _is_due(_f.gone_at, options.at - LONGEST_WAIT, options.at)
    old = _is_due(_f.histogram_synced_at, options.histograms_before, options.at) & exists
    tasks: dict[str, Condition] = dict.fromkeys(_STAGES, sa.false())
    if options.histograms:
        tasks["histogram"] = is_readable & (sa.true() if options.force else old)
    if options.force:
        tasks["page"] = may_read & sa.or_(_HAS_ADDRESS, _HAS_WAY)
        by_tmdb = {"refresh": _HAS_NUMBER & ~is_readable, "search": _CAN_BE_SOUGHT & ~is_readable}
        return tasks | (by_tmdb if options.tmdb else {})
    after, until = _f.enrich_after, options.at + LONGEST_WAIT + _WRONG_CLOCK
    waited = sa.or_(after.is_(None), after <= options.at, after > until) if waits else sa.true()
    # Without TMDB nobody says who the directors are there: to read the page again would not help.
    lacking = needs_enrichment() if options.tmdb else sa.or_(_lacks_page_facts(), ~_has_director())
    of_address = _HAS_ADDRESS & sa.or_(lacking & waited, _has_failed(FILM))
    tasks["page"] = may_read & sa.or_(of_address, ~_HAS_ADDRESS & _HAS_WAY & waited)
    if options.tmdb:
        synced = _f.tmdb_synced_at
        is_old = sa.or_(_is_due(synced, options.tmdb_before, options.at), _has_failed(TMDB))
        tasks["refresh"] = _HAS_NUMBER & is_old
        tasks["search"] = _CAN_BE_SOUGHT & ~is_readable & waited
        tasks["resolve"] = sa.and_(
            is_readable,
            sa.or_(~_HAS_NUMBER, synced.is_not(None)),
            _has_director(
                people.c.letterboxd_slug.is_not(None),
                people.c.tmdb_id.is_(None),
                people.c.page_read_at.is_(None),
            ),
        )
    return tasks


def _is_due(moment: sa.ColumnElement[Any], limit: datetime, at: datetime) -> Condition:
    """The condition that what happened last at a ``moment``, if ever, is to happen again."""
    return sa.or_(moment.is_(None), moment < limit, moment > at + _WRONG_CLOCK)


def _has_failed(stage: str) -> Condition:
    return _NAME.in_(_open_failures(stage).with_only_columns(scrape_failures.c.film))


def _open_failures(*stages: str) -> sa.Select[Any]:
    failed = scrape_failures.c
    return sa.select(failed.film, failed.stage, failed.attempts, failed.last_seen_at).where(
        failed.film.is_not(None), failed.stage.in_(stages), failed.resolved_at.is_(None)
    )


def _waiting(failures: Iterable[sa.Row[Any]], at: datetime) -> set[tuple[str, str]]:
    """Return the films and stages of what failed twice and more, and is to wait 1, 2, 4 … 30 days."""
    return {
        (failure.film, failure.stage)
        for failure in failures
        if failure.attempts >= 2 and failure.last_seen_at + _pause(failure.attempts - 2) > at
    }


def _starts(
    connection: sa.Connection, query: Any, options: EnrichmentOptions, order: list[Any], *, waits: bool
) -> list[FilmStart]:
    conditions = _conditions(options, waits=waits)
    query = query.add_columns(*(condition.label(name) for name, condition in conditions.items()))
    query = query.add_columns(_NAME.label("name")).where(sa.or_(*conditions.values())).order_by(*order)
    failures = connection.execute(_open_failures(*_STAGES.values())).all()
    waiting = _waiting(failures, options.at) if waits and not options.force else set()
    # What failed twice comes after the others: else it could take the whole of a limit each time.
    failed = {failure.film for failure in failures if failure.attempts > 1}
    rows = sorted(connection.execute(query), key=lambda row: row.name in failed)
    chosen = [
        (row, tasks)
        for row in rows
        if options.shard is None or options.shard.holds(row.name)
        if any((tasks := _tasks(row, waiting)).values())
    ][: options.limit]
    directors = _site_directors(connection, [row.id for row, tasks in chosen if not tasks["page"]])
    return [
        FilmStart(
            _film(row),
            **tasks,
            unrated=row.letterboxd_rating_count == 0,
            link=link_of(row),
            directors=directors.get(row.id, ()),
            guessed=row.tmdb_guessed,
            imdb_id=row.imdb_id,
            path=_path(row),
            stored=row.id if row.slug is None and row.letterboxd_film_id is None else None,
        )
        for row, tasks in chosen
    ]


def _tasks(row: sa.Row[Any], waiting: set[tuple[str, str]]) -> dict[str, bool]:
    """Return what is to be done about a film, but for what has failed several times and must wait."""
    return {
        name: bool(row._mapping[name]) and (row.name, stage) not in waiting for name, stage in _STAGES.items()
    }


def _pause(times: int) -> timedelta:
    """Return how long to wait after so many waits before: 1, 2, 4 … 30 days."""
    return min(timedelta(days=2 ** min(times, 5)), LONGEST_WAIT)


def _film(row: sa.Row[Any]) -> Film:
    return Film(row.name, row.title, row.release_year, row.letterboxd_film_id, row.letterboxd_lid)


def _path(row: sa.Row[Any]) -> str:
    """Return what leads to the page of a film that has no address of its own; "" where nothing does."""
    if row.slug is not None or row.letterboxd_film_id is not None:
        return ""
    if row.imdb_id is not None:
        return urls.film_elsewhere("imdb", row.imdb_id)
    return urls.film_elsewhere("tmdb", row.tmdb_id) if row.tmdb_media_type == "movie" else ""


def _site_directors(connection: sa.Connection, film_ids: list[int]) -> dict[int, tuple[Director, ...]]:
    """Return of each film the stored directors whom the site knows."""
    query = (
        sa.select(film_people.c.film_id, people)
        .join(people, people.c.id == film_people.c.person_id)
        .where(
            in_list(connection.dialect.name, film_people.c.film_id),
            film_people.c.role == DIRECTOR_ROLE,
            people.c.letterboxd_slug.is_not(None),
        )
        .order_by(film_people.c.film_id, film_people.c.credit_order)
    )
    directors: dict[int, tuple[Director, ...]] = {}
    for row in connection.execute(query, as_list(film_ids)):
        director = Director(
            row.name, row.letterboxd_slug, row.tmdb_id, row.profile_url, row.known_for_department
        )
        directors[row.film_id] = (*directors.get(row.film_id, ()), director)
    return directors
