"""What a strategy may know of a cohort: its ratings, and per film their number and mean, as SQL."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_film_stats, cohort_members
from letterboxd_scraper.store.schema import ratings as all_ratings


@dataclass(frozen=True)
class Facts:
    """A cohort's rated films at the moment ``now``, as seen without the member ``without`` (a user's id).

    Each property is one and the same expression whenever it is asked for, so that a query can use
    it twice.
    """

    cohort_id: int
    now: datetime
    without: int | None = None

    @cached_property
    def ratings(self) -> sa.Subquery:
        """The rows with a rating: user_id, film_id, stars (double precision), what is known of their date."""
        r = all_ratings.c
        here = [cohort_members.c.cohort_id == self.cohort_id, r.rating.is_not(None)]
        if self.without is not None:
            here.append(cohort_members.c.user_id != self.without)
        columns = (r.user_id, r.film_id, sa.cast(r.rating, sa.Double).label("stars"))
        dates = (r.rated_at, r.first_seen_at, r.seen_after)
        query = sa.select(*columns, *dates).join(cohort_members, cohort_members.c.user_id == r.user_id)
        return query.where(*here).subquery("cohort_ratings")

    @cached_property
    def films(self) -> sa.Subquery:
        """One row per rated film: film_id, votes (v, a whole number) and mean (R, in stars)."""
        return self._films("cohort_films")

    def _films(self, name: str) -> sa.Subquery:
        if self.without is None:
            s = cohort_film_stats.c
            columns = (s.film_id, s.watchers.label("votes"), s.avg_rating.label("mean"), s.rating_sum)
            return sa.select(*columns).where(s.cohort_id == self.cohort_id).subquery(name)
        r = self.ratings.c
        columns_of_ratings = (
            r.film_id,
            sa.cast(sa.func.count(), sa.Integer).label("votes"),
            sa.func.avg(r.stars, type_=sa.Double).label("mean"),
            sa.func.sum(r.stars, type_=sa.Double).label("rating_sum"),
        )
        return sa.select(*columns_of_ratings).group_by(r.film_id).subquery(name)

    @cached_property
    def prior_mean(self) -> sa.ScalarSelect[float]:
        """C: the mean of all the cohort's ratings, in stars."""
        every = self._films("every_film").c
        total = sa.func.sum(every.rating_sum, type_=sa.Double)
        return sa.select(total / sa.cast(sa.func.sum(every.votes), sa.Double)).scalar_subquery()

    def select(self, score: Any, **terms: Any) -> sa.Select[Any]:
        """Return the query (film_id, votes, score, terms…) over the cohort's films."""
        films = self.films.c
        labelled = [value.label(name) for name, value in terms.items()]
        return sa.select(films.film_id, films.votes, score.label("score"), *labelled)
