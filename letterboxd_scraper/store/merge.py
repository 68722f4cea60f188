"""Two rows that turn out to be one film, member or person: nothing that hangs on either is lost."""

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from letterboxd_scraper.items.sources import NamedBy
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.crawl_state import bookmarks
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_countries,
    film_genres,
    film_names,
    film_people,
    films,
    metadata,
    people,
    ratings,
    users,
    watched,
    watchlist,
)
from letterboxd_scraper.store.upsert import as_stored, upsert

_LANGUAGE = ("original_language", "language_by")
# What TMDB tells of a film, and where it has it.
_TMDB_COLUMNS = {column.name for column in films.c if column.name.startswith("tmdb_")} | {"release_date"}
# When a film was looked at, and in vain: that says nothing of another.
_ATTEMPT_COLUMNS = {"gone_at", "enrich_attempts", "enrich_after"}


def merge_films(connection: sa.Connection, keep: int, other: int) -> None:
    """Make film ``other`` part of film ``keep``, whose own values come first.

    What TMDB tells of a film belongs together: it is all that of one of the two, rather not a guess. Title
    and year are those of the newer source. The other's slug and code lead to the kept film from now on, where
    it has its own.
    """
    kept, added = _stored_values(connection, films, keep), _stored_values(connection, films, other)
    is_surer = "tmdb_id" not in kept or (kept["tmdb_guessed"] and not added["tmdb_guessed"])
    takes_over = "tmdb_id" in added and is_surer
    for table in (film_people, film_genres, film_countries):
        connection.execute(table.delete().where(table.c.film_id == (keep if takes_over else other)))
    replaced = _TMDB_COLUMNS if takes_over else set()
    left_out = _ATTEMPT_COLUMNS if takes_over else _ATTEMPT_COLUMNS | _TMDB_COLUMNS
    values: dict[str, Any] = {name: added.get(name) for name in replaced}
    values |= {name: value for name, value in added.items() if name not in {*kept, *left_out}}
    if not {"gone_at"} <= kept.keys() & added.keys():
        values["gone_at"] = None  # the site still has a page of one of them
    values |= titles.together(*({name: row.get(name) for name in titles.COLUMNS} for row in (kept, added)))
    if _language_counts_more(added, kept, takes_over=takes_over):
        values |= {name: added.get(name) for name in _LANGUAGE}
    if "letterboxd_lid" not in kept:
        values["joined_by_name"] = added["joined_by_name"]
    for kind, name in (("slug", "slug"), ("lid", "letterboxd_lid")):
        if name in kept and name in added:
            remember(connection, kind, added[name], keep, added)
    have_sources_folded_anew(connection, [keep, other])
    _merge(connection, films, keep, other, values)


def _language_counts_more(added: titles.Values, kept: titles.Values, *, takes_over: bool) -> bool:
    """Say whether the language of a film that is added counts: a page's before TMDB's, which goes with it."""
    by_page = kept.get("language_by") == NamedBy.PAGE
    return not by_page and (takes_over or added.get("language_by") == NamedBy.PAGE)


def remember(connection: sa.Connection, kind: str, key: str, film: int, named: titles.Values) -> None:
    """Note that a film, which is ``named`` so, has been known by this slug or code (the ``kind`` of key)."""
    if key.startswith("film:"):
        return  # which is no slug
    # Else the name may be one that another key had, or no source's at all, where title and year are of two:
    # without its year it puts nothing together.
    of_pages = NamedBy.PAGE == named.get("named_by") == named.get("year_by")
    year = named.get("release_year") if of_pages else None
    name = {"title": named["title"], "release_year": year or 0}
    name |= {"named_by": named.get("named_by"), "as_of": named.get("named_as_of"), "film_id": film}
    upsert(
        connection,
        film_names,
        [{"kind": kind, "key": key} | name],
        along={"as_of": as_stored, "named_by": as_stored},
    )
    same = (film_names.c.kind == kind, film_names.c.key == key, film_names.c.film_id.is_distinct_from(film))
    connection.execute(film_names.update().where(*same).values(film_id=film))


def have_sources_folded_anew(connection: sa.Connection, film_ids: Collection[int]) -> None:
    """Note who has done something with films that come together or apart.

    What is stored of those members is made anew from their sources when the crawl or the import ends.
    """
    tables = (ratings, watched, watchlist)
    of_film = [sa.select(table.c.user_id).where(table.c.film_id.in_(film_ids)) for table in tables]
    concerned = users.c.id.in_(sa.union(*of_film)) & users.c.sources_folded
    connection.execute(users.update().where(concerned).values(sources_folded=False))


def merge_people(connection: sa.Connection, keep: int, other: int) -> None:
    """Make person ``other`` part of person ``keep``, whose own values come first."""
    kept, added = _stored_values(connection, people, keep), _stored_values(connection, people, other)
    _merge(connection, people, keep, other, {n: value for n, value in added.items() if n not in kept})


def merge_members(connection: sa.Connection, keep: int, other: int) -> None:
    """Make member ``other`` part of member ``keep``, who goes by the other's name from now on."""
    kept, added = _stored_values(connection, users, keep), _stored_values(connection, users, other)
    values = {name: value for name, value in added.items() if name != "created_at"}
    # What one of them has from elsewhere than from sources, both have now.
    follow_sources = {"sources_folded"} <= kept.keys() & added.keys()
    _combine_wishes(connection, keep, other)
    _merge(connection, users, keep, other, values | {"sources_folded": False if follow_sources else None})


def _combine_wishes(connection: sa.Connection, keep: int, other: int) -> None:
    """Let a member be named in a circle as either wished: not at all, before by name."""
    mine, theirs = cohort_members.alias("mine").c, cohort_members.alias("theirs").c
    both = sa.select(mine.cohort_id, theirs.shows_name).where(
        mine.user_id == keep,
        theirs.user_id == other,
        mine.cohort_id == theirs.cohort_id,
        theirs.shows_name.is_not(None),
        sa.or_(mine.shows_name.is_(None), theirs.shows_name.is_(False)),
    )
    for cohort, shows_name in connection.execute(both).all():
        place = (cohort_members.c.cohort_id == cohort, cohort_members.c.user_id == keep)
        connection.execute(cohort_members.update().where(*place).values(shows_name=shows_name))


def _stored_values(connection: sa.Connection, table: sa.Table, row_id: int) -> dict[str, Any]:
    """Return what a row says: the columns but its id that are not NULL."""
    row = connection.execute(sa.select(table).where(table.c.id == row_id)).one()
    return {name: value for name, value in row._mapping.items() if value is not None and name != "id"}


def _merge(connection: sa.Connection, table: sa.Table, keep: int, other: int, values: dict[str, Any]) -> None:
    for column in _references(table):
        if column.table is ratings:
            _combine_ratings(connection, column, keep, other)
        _move(connection, column, keep, other)
    if table is not people:  # none of whom stands on a listing
        bookmarks.replace(connection, table, other, keep)
    # First the other row goes, and what could not be moved with it: its unique values are free then.
    connection.execute(table.delete().where(table.c.id == other))
    if values:
        connection.execute(table.update().where(table.c.id == keep).values(values))


def _references(table: sa.Table) -> Iterator[sa.Column[Any]]:
    for child in metadata.sorted_tables:
        yield from (column for column in child.columns if column.references(table.c.id))


def _move(connection: sa.Connection, column: sa.Column[Any], keep: int, other: int) -> None:
    """Let the rows that refer to ``other`` refer to ``keep``, except where ``keep`` has its own."""
    table = column.table
    taken = table.alias()
    conditions = [
        ~sa.exists().where(
            taken.c[column.name] == keep,
            *(taken.c[name].is_not_distinct_from(table.c[name]) for name in key - {column.name}),
        )
        for key in _keys(table)
        if column.name in key
    ]
    connection.execute(table.update().where(column == other, *conditions).values({column.name: keep}))


def _keys(table: sa.Table) -> Iterator[set[str]]:
    """Yield the sets of columns that no two rows share; those of a partial index's condition belong to it."""
    for constraint in table.constraints:
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint):
            yield set(constraint.columns.keys())
    for index in table.indexes:
        if index.unique:
            yield {*index.columns.keys(), *_columns_of(index.dialect_options["sqlite"]["where"])}


def _columns_of(condition: sa.ColumnElement[bool] | None) -> Collection[str]:
    if condition is None:
        return ()
    return {element.name for element in visitors.iterate(condition) if isinstance(element, sa.Column)}


def _combine_ratings(connection: sa.Connection, column: sa.Column[Any], keep: int, other: int) -> None:
    """Make one row of two that say something of the same film and member."""
    rest = ratings.c.user_id if column is ratings.c.film_id else ratings.c.film_id
    kept = {row._mapping[rest]: row for row in connection.execute(sa.select(ratings).where(column == keep))}
    for row in connection.execute(sa.select(ratings).where(column == other)).all():
        if mine := kept.get(row._mapping[rest]):
            same = sa.and_(column == keep, rest == mine._mapping[rest])
            connection.execute(ratings.update().where(same).values(_combined(mine, row)))


def _combined(one: Any, two: Any) -> dict[str, Any]:
    """Return what two rows say together: every mark of either, and the rating seen last, else ``one``'s."""
    same = one.rating == two.rating
    if same:
        first, second = sorted((one, two), key=lambda row: row.first_seen_at)
    else:
        second, first = sorted((two, one), key=lambda row: (row.rating is not None, row.updated_at))
    return {
        "rating": first.rating,
        "liked": one.liked or two.liked,
        "favorite": one.favorite or two.favorite,
        # A date belongs to its rating.
        "rated_at": first.rated_at or (second.rated_at if same else None),
        "diary_entry_url": first.diary_entry_url or second.diary_entry_url,
        "first_seen_at": first.first_seen_at,
        "seen_after": first.seen_after,
        "updated_at": max(one.updated_at, two.updated_at),
        "service": first.service,
    }
