"""All that is stored of members, films and cohorts, in a form in which two databases can be compared.

Rows are told by names instead of numbers, and moments since a command began by how many days later they are.
How the work was done (the log of runs, leases, the pace) is left out, and how far those listings were read
that may be left before their end.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.crawl.delta_choice import MAY_BE_LEFT
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.store.schema import cohorts, films, genres, metadata, people, user_scrape_state, users

_OF_THE_WORK = frozenset(
    {
        "changed_facts",
        "field_coverage",
        "former_members",
        "former_ratings",
        "member_leases",
        "ranking_history",
        "robots_txt",
        "scrape_failures",
        "scrape_runs",
        "site_pace",
    }
)
_NUMBERS = frozenset({"id", "run", "last_full_scrape_run"})
# Those of some strategies depend on the moment at which they were computed.
_SCORES = frozenset({"score", "score_low", "score_high"})
# By which of its columns a row is called, the first that is filled.
_NAMES: Mapping[sa.Table, tuple[sa.Column[Any], ...]] = {
    users: (users.c.letterboxd_username,),
    films: (films.c.slug, films.c.letterboxd_lid),
    people: (people.c.letterboxd_slug, people.c.tmdb_id, people.c.name),
    cohorts: (cohorts.c.label,),
    genres: (genres.c.name,),
}
# Statistics, which may be a view, have no foreign keys.
_REFERENCES = {
    "user_id": users,
    "seed_user_id": users,
    "film_id": films,
    "person_id": people,
    "cohort_id": cohorts,
    "genre_id": genres,
}
_OF_PEOPLE = (Listing.FOLLOWING, Listing.FOLLOWERS)
Rows = dict[str, set[str]]


def stored_state(engine: sa.Engine, began: datetime) -> Rows:
    """Return the rows of each table; a moment from ``began`` on is the days that have passed by then."""
    with engine.connect() as connection:
        names = {table: _names(connection, table) for table in _NAMES}
        return {
            table.name: {
                repr(_comparable(table, row._mapping, names, began))
                for row in connection.execute(sa.select(table))
                if table is not user_scrape_state or row.listing not in MAY_BE_LEFT
            }
            for table in metadata.sorted_tables
            if table.name not in _OF_THE_WORK
        }


def differences(state: Rows, other: Rows) -> list[str]:
    """Say which rows of a state are not in another, and which only there."""
    return [
        f"{sign} {table} {row}"
        for table in state
        for sign, rows in (("more:", state[table] - other[table]), ("less:", other[table] - state[table]))
        for row in sorted(rows)
    ]


def _names(connection: sa.Connection, table: sa.Table) -> dict[int, str]:
    name = sa.func.coalesce(*(sa.cast(column, sa.Text) for column in (*_NAMES[table], table.c.id)))
    return {number: str(text) for number, text in connection.execute(sa.select(table.c.id, name))}


def _comparable(
    table: sa.Table, row: Mapping[Any, Any], names: Mapping[sa.Table, dict[int, str]], began: datetime
) -> dict[str, Any]:
    values = {}
    for column in table.columns:
        value = row[column.name]
        if column.name in _NUMBERS | _SCORES:
            continue
        if isinstance(value, datetime) and value >= began:
            value = f"{round((value - began) / timedelta(days=1))} days later"
        if column.name in _REFERENCES:
            value = names[_REFERENCES[column.name]].get(value, value)
        if column is user_scrape_state.c.seen and row["listing"] != Listing.FEED:
            of = users if row["listing"] in _OF_PEOPLE else films
            value = [names[of].get(number, number) for number in value]
        values[column.name] = value
    if values.get("status") == "complete":  # by which pages a whole listing was read matters no more
        values.pop("page", None)
    return values
