"""What a strategy may know of a cohort: per film the mean and the number of ratings, and the mean of all."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_film_stats as stats


@dataclass(frozen=True, slots=True)
class Facts:
    """A cohort's rated films, as SQL expressions over `cohort_film_stats`."""

    cohort_id: int

    @property
    def mean(self) -> sa.ColumnElement[float]:
        """R: a film's mean, in stars."""
        return stats.c.avg_rating

    @property
    def votes(self) -> sa.ColumnElement[int]:
        """v: a film's number of ratings."""
        return stats.c.watchers

    @property
    def votes_as_double(self) -> sa.ColumnElement[float]:
        return sa.cast(stats.c.watchers, sa.Double)

    @property
    def prior_mean(self) -> sa.ScalarSelect[float]:
        """C: the mean of all the cohort's ratings, in stars."""
        every = stats.alias("every")
        total = sa.func.sum(every.c.rating_sum, type_=sa.Double)
        votes = sa.cast(sa.func.sum(every.c.watchers), sa.Double)
        return sa.select(total / votes).where(every.c.cohort_id == self.cohort_id).scalar_subquery()

    def select(self, score: Any) -> sa.Select[Any]:
        """Return the query (film_id, votes, score) over the cohort's films."""
        columns = (stats.c.film_id, stats.c.watchers.label("votes"), score.label("score"))
        return sa.select(*columns).where(stats.c.cohort_id == self.cohort_id)
