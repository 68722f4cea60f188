"""Whether what is stored hangs together: found by the database itself, and nothing is changed."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from letterboxd_scraper.store.checks import counted, facts, identities, rankings, references
from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.engine import first_line

Check = Callable[[sa.Connection], Finding]
_SQLITES_OWN: tuple[Check, ...] = (references.of_file, references.of_file_references)
_CHECKS: tuple[Check, ...] = (
    references.orphans,
    facts.half_stars,
    facts.says_something,
    identities.members,
    identities.films,
    counted.statistics,
    counted.histograms,
    counted.site_histograms,
    rankings.ranks,
    rankings.scores,
    rankings.ranked_films,
)


def findings(connection: sa.Connection) -> Iterator[Finding]:
    """Yield what each check finds, one after the other: some take a while."""
    own = _SQLITES_OWN if connection.dialect.name == "sqlite" else ()
    for check in (*own, *_CHECKS):
        try:
            yield check(connection)
        except sa.exc.DatabaseError as error:
            if connection.dialect.name != "sqlite":
                raise
            # It is broken just where this check has to look.
            yield Finding(references.FILE, 1, first_line(error), references.RESTORE)
