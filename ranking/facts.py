"""What strategies are computed from, as SQL: a cohort's ratings, and per film their number and mean."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.schema import (
    cohort_film_stats,
    cohort_members,
    user_scrape_state,
    users,
    watchlist,
)
from letterboxd_scraper.store.schema import ratings as all_ratings

# No crawl reads them.
WATCHLISTS_COME_IN = "members' own archives tell watchlists, or saved pages do: `letterboxd import`"


@dataclass(frozen=True)
class Facts:
    """A cohort's rated films at the moment ``now``, without those of the member ``without`` (a user's id).

    Without anybody, the number and mean of each film are those of the stored statistics. A property is the
    same expression each time, so that a query can use it twice.
    """

    cohort_id: int
    now: datetime
    without: int | None = None

    @cached_property
    def ratings(self) -> sa.Subquery:
        """The rows with a rating: user_id, film_id, stars (double precision), what is known of their date."""
        r = all_ratings.c
        conditions = [cohort_members.c.cohort_id == self.cohort_id, r.rating.is_not(None)]
        if self.without is not None:
            conditions.append(cohort_members.c.user_id != self.without)
        columns = (r.user_id, r.film_id, sa.cast(r.rating, sa.Double).label("stars"))
        dates = (r.rated_at, r.first_seen_at, r.seen_after)
        query = sa.select(*columns, *dates).join(cohort_members, cohort_members.c.user_id == r.user_id)
        return query.where(*conditions).subquery("cohort_ratings")

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
        films = self._films("every_film").c
        total = sa.func.sum(films.rating_sum, type_=sa.Double)
        return sa.select(total / sa.cast(sa.func.sum(films.votes), sa.Double)).scalar_subquery()

    @cached_property
    def raters(self) -> sa.ScalarSelect[int]:
        """How many members have a rating."""
        r, m = all_ratings.c, cohort_members.c
        rated = sa.exists().where(r.user_id == m.user_id, r.rating.is_not(None))
        conditions = [m.cohort_id == self.cohort_id, rated]
        if self.without is not None:
            conditions.append(m.user_id != self.without)
        return sa.select(sa.func.count()).select_from(cohort_members).where(*conditions).scalar_subquery()

    def select(self, score: Any, **terms: Any) -> sa.Select[Any]:
        """Return the query (film_id, votes, score, terms…) over the cohort's films."""
        films = self.films.c
        labelled = [value.label(name) for name, value in terms.items()]
        return sa.select(films.film_id, films.votes, score.label("score"), *labelled)


def with_watched_read(connection: sa.Connection, members: Collection[int]) -> set[int]:
    """Return those of the members (user ids) whose list of watched films was read whole."""
    state = user_scrape_state.c
    complete = (state.listing == "unrated_watched", state.complete_as_of.is_not(None))
    return set(connection.scalars(sa.select(state.user_id).where(state.user_id.in_(members), *complete)))


def how_watched_are_read(connection: sa.Connection, name: str, user: int) -> str:
    """Say how a member's watched films come in, as their ratings did: from the site, or from a file."""
    last_read = sa.func.coalesce(users.c.last_full_scrape_at, users.c.last_incremental_scrape_at)
    if connection.scalar(sa.select(last_read).where(users.c.id == user)) is not None:
        return f"to read them: `letterboxd scrape --member {name} --watched`"
    return "their own archive tells them: `letterboxd import`"


def with_watchlist() -> sa.CompoundSelect[tuple[int]]:
    """Return the query of the members (user ids) whose watchlist was told, be it an empty one."""
    state = user_scrape_state.c
    complete = (state.listing == "watchlist", state.complete_as_of.is_not(None))
    return sa.select(state.user_id).where(*complete).union(sa.select(watchlist.c.user_id))
