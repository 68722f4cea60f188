"""Checksums of stored rankings, by which two databases can be compared."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohorts, film_rankings, films

_AT_TMDB = films.c.tmdb_media_type + "/" + sa.cast(films.c.tmdb_id, sa.Text)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What stands for a whole ranking: every film's rank and score, rounded to ten digits."""

    cohort: str
    strategy: str
    films: int
    checksum: str


def checksums(connection: sa.Connection) -> list[Checksum]:
    """Return the checksum of every stored ranking, which no database's own numbering enters."""
    r = film_rankings.c
    query = (
        sa.select(
            cohorts.c.label,
            r.strategy,
            sa.func.coalesce(films.c.slug, films.c.letterboxd_lid, films.c.imdb_id, _AT_TMDB, films.c.title),
            r.rank,
            r.score,
        )
        .join_from(film_rankings, cohorts, cohorts.c.id == r.cohort_id)
        .join(films, films.c.id == r.film_id)
        .order_by(cohorts.c.id, r.strategy, r.rank)
        .execution_options(yield_per=10_000)
    )
    rankings = groupby(connection.execute(query), key=itemgetter(0, 1))
    sums = [_sum(cohort, strategy, rows) for (cohort, strategy), rows in rankings]
    return sorted(sums, key=lambda row: (row.cohort, row.strategy))


def _sum(cohort: str, strategy: str, rows: Iterable[Any]) -> Checksum:
    digest, count = hashlib.sha256(), 0
    for *_, film, rank, score in rows:
        digest.update(_line(film, rank, score))
        count += 1
    return Checksum(cohort, strategy, count, digest.hexdigest())


def _line(film: str, rank: int, score: float) -> bytes:
    """Return a film's place as it enters a checksum; -0 is 0.

    >>> _line("ordet", 3, -1e-12)
    b'3 ordet 0.0000000000\\n'
    """
    return f"{rank} {film} {round(score, 10) + 0.0:.10f}\n".encode()
