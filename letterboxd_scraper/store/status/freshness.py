"""How old a cohort's data are: when its members were last read, and when its films were ranked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    UTCDateTime,
    cohort_members,
    film_rankings,
    user_scrape_state,
    users,
)


@dataclass(frozen=True, slots=True)
class Freshness:
    """``read`` of the ``members`` who can be read; what is known of them is as of ``oldest`` to ``newest``.

    All moments are None where nobody was read, or nothing was ranked.
    """

    members: int
    read: int
    oldest: datetime | None
    newest: datetime | None
    ranked_at: datetime | None

    def in_words(self, now: datetime) -> str:
        """Say it in one line.

        >>> from datetime import UTC, timedelta
        >>> now = datetime(2026, 11, 24, tzinfo=UTC)
        >>> hours = [now - timedelta(hours=number) for number in (50, 3, 2)]
        >>> Freshness(36, 35, *hours).in_words(now)
        '35 of 36 members as of 2 days to 3 hours ago, ranked 2 hours ago'
        >>> Freshness(36, 0, None, None, None).in_words(now)
        'none of 36 members read yet, not ranked'
        """
        ranked = f"ranked {_ago(self.ranked_at, now)} ago" if self.ranked_at else "not ranked"
        if self.oldest is None or self.newest is None:
            return f"none of {self.members} members read yet, {ranked}"
        first, last = _ago(self.oldest, now), _ago(self.newest, now)
        when = first if first == last else f"{first} to {last}"
        return f"{self.read} of {self.members} members as of {when} ago, {ranked}"


def of_cohort(connection: sa.Connection, cohort: Cohort, strategy: str) -> Freshness:
    """Return how old a cohort's data and its ranking by a strategy are.

    A member's data are as old as the last time they were read, taken from an archive, or seen to have the
    counts of that time.
    """
    u, state = users.c, user_scrape_state.c
    told = (
        sa.select(state.user_id, sa.func.max(state.complete_as_of, type_=UTCDateTime).label("told_at"))
        .where(state.listing == Listing.RATED)
        .group_by(state.user_id)
        .subquery("told")
    )
    unmoved = sa.and_(
        u.films_count.is_not_distinct_from(u.crawled_films_count),
        u.likes_count.is_not_distinct_from(u.crawled_likes_count),
        u.crawled_films_count.is_not(None),
    )
    seen = sa.case((unmoved, u.counts_seen_at))
    query = (
        sa.select(u.last_full_scrape_at, u.last_incremental_scrape_at, told.c.told_at, seen)
        .join_from(cohort_members, users, u.id == cohort_members.c.user_id)
        .outerjoin(told, told.c.user_id == u.id)
        .where(cohort_members.c.cohort_id == cohort.id, u.status == "ok")
    )
    rows = connection.execute(query).all()
    read = [max(moment for moment in row if moment) for row in rows if any(row[:3])]
    here = sa.and_(film_rankings.c.cohort_id == cohort.id, film_rankings.c.strategy == strategy)
    ranked = connection.scalar(sa.select(film_rankings.c.computed_at).where(here).limit(1))
    oldest, newest = min(read, default=None), max(read, default=None)
    return Freshness(len(rows), len(read), oldest, newest, ranked)


def _ago(then: datetime, now: datetime) -> str:
    from humanize import naturaldelta

    return naturaldelta(now - then) if now - then >= timedelta(minutes=1) else "a moment"
