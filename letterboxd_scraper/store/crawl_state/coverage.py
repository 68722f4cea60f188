"""How often each field was filled in what each parser has read, on runs that raised no alarm."""

from collections.abc import Mapping

import sqlalchemy as sa

from letterboxd_scraper.items.coverage import Counts, Field
from letterboxd_scraper.store.schema import field_coverage
from letterboxd_scraper.store.upsert import insert_missing

# Older runs count half once so many entries were read: what the site shows may change slowly.
_MOST_ENTRIES = 100_000

_COVERAGE = field_coverage.c
_ADD = (
    field_coverage.update()
    .where(_COVERAGE.parser == sa.bindparam("of"), _COVERAGE.field == sa.bindparam("name"))
    .values(
        entries=_COVERAGE.entries + sa.bindparam("more_entries"),
        filled=_COVERAGE.filled + sa.bindparam("more_filled"),
    )
)


def load(connection: sa.Connection) -> dict[Field, Counts]:
    """Return in how many entries each field was filled, of how many."""
    rows = connection.execute(sa.select(field_coverage)).all()
    return {(row.parser, row.field): Counts(row.entries, row.filled) for row in rows}


def learn(connection: sa.Connection, counts: Mapping[Field, Counts]) -> None:
    """Add what a run has counted."""
    fields = sorted(counts)  # the order prevents deadlocks
    missing = [{"parser": parser, "field": field, "entries": 0, "filled": 0} for parser, field in fields]
    insert_missing(connection, field_coverage, missing)
    for parser, field in fields:
        more = counts[parser, field]
        values = {"of": parser, "name": field, "more_entries": more.entries, "more_filled": more.filled}
        connection.execute(_ADD, values)
    halves = {"entries": _COVERAGE.entries // 2, "filled": _COVERAGE.filled // 2}
    connection.execute(field_coverage.update().where(_COVERAGE.entries > _MOST_ENTRIES).values(halves))
