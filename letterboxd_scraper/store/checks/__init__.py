"""Whether what is stored hangs together: each check is a query, and nothing is changed."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa

from letterboxd_scraper.store.checks import counted, identities, impossible_ratings, ranks, references
from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.engine import first_line

Check = Callable[[sa.Connection], Finding | tuple[Finding, ...]]
_CHECKS: tuple[Check, ...] = (
    references.orphans,
    impossible_ratings.half_stars,
    impossible_ratings.says_something,
    identities.members,
    identities.own_pages,
    identities.films,
    counted.statistics_and_histograms,
    counted.site_histograms,
    ranks.ranks,
    ranks.scores,
    ranks.ranked_films,
)


def findings(connection: sa.Connection) -> Iterator[Finding]:
    """Yield what each check finds, one after the other: some take a while."""
    on_sqlite = connection.dialect.name == "sqlite"
    is_broken = False
    for check in (references.of_file, *_CHECKS) if on_sqlite else _CHECKS:
        try:
            result = check(connection)
            for finding in result if isinstance(result, tuple) else (result,):
                is_broken |= finding.check == references.FILE and finding.wrong > 0
                yield finding
        except sa.exc.DatabaseError as error:
            if not on_sqlite:
                raise
            # The file is broken just where this check has to look, which is said once.
            if not is_broken:
                is_broken = True
                yield Finding(references.FILE, 1, first_line(error), references.RESTORE)
