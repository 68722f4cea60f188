"""How old a cohort's data are: when its members were last read, and when its films were ranked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from humanize import naturaldelta

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import UNDATED
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_rankings,
    member_sources,
    user_scrape_state,
    users,
)
from letterboxd_scraper.words import counted


class MemberAge(NamedTuple):
    """When a member was last read in ``full`` and by a ``delta`` crawl; their data are ``as_of`` then.

    That is when they were last read, or of their newest file or feed, or when their counts were the same. A
    file without dates is as of when it was taken in.
    """

    status: str
    full: datetime | None
    delta: datetime | None
    as_of: datetime | None


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
        ranked = f"ranked {ago(self.ranked_at, now)}" if self.ranked_at else "not ranked"
        if self.oldest is None or self.newest is None:
            return f"none of {counted(self.members, 'member')} read yet, {ranked}"
        first, last = ago(self.oldest, now), ago(self.newest, now)
        when = last if first == last else f"{first.removesuffix(' ago')} to {last}"
        return f"{self.read:,} of {counted(self.members, 'member')} as of {when}, {ranked}"


def of_cohort(connection: sa.Connection, cohort: Cohort, strategy: str) -> Freshness:
    """Return how old a cohort's data and its ranking by a strategy are."""
    ages = [age.as_of for age in of_members(connection, cohort) if age.status == "ok"]
    read = [as_of for as_of in ages if as_of]
    r = film_rankings.c
    query = sa.select(r.computed_at).where(r.cohort_id == cohort.id, r.strategy == strategy)
    ranked = connection.scalar(query.limit(1))
    return Freshness(len(ages), len(read), min(read, default=None), max(read, default=None), ranked)


def of_members(connection: sa.Connection, cohort: Cohort) -> list[MemberAge]:
    """Return how old the data of each of a cohort's members are."""
    u, state, sources = users.c, user_scrape_state.c, member_sources.c
    newest = sa.func.max(sa.case((sources.as_of != UNDATED, sources.as_of)))
    told_at = sa.func.coalesce(newest, sa.func.max(sources.read_at))
    of_files = sa.select(told_at).where(sources.user_id == u.id).scalar_subquery()
    # Whom a crawl has not read to the end is not read, though it may have come to the end of their ratings.
    of_pages = sa.case((state.run.is_(None), state.complete_as_of))
    unmoved = sa.and_(u.films_count == u.crawled_films_count, u.likes_count == u.crawled_likes_count)
    query = (
        sa.select(u.status, u.last_full_scrape_at, u.last_incremental_scrape_at)
        .add_columns(sa.func.coalesce(of_pages, of_files), sa.case((unmoved, u.counts_seen_at)))
        .join_from(cohort_members, users, u.id == cohort_members.c.user_id)
        .outerjoin(user_scrape_state, (state.user_id == u.id) & (state.listing == Listing.RATED))
        .where(cohort_members.c.cohort_id == cohort.id)
    )
    return [
        MemberAge(status, full, delta, _latest(full, delta, told, seen) if full or delta or told else None)
        for status, full, delta, told, seen in connection.execute(query)
    ]


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment)


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago a moment was.

    >>> ago(datetime(2026, 11, 24, 9), datetime(2026, 11, 24, 12))
    '3 hours ago'
    >>> ago(datetime(2026, 11, 24, 12, 1), datetime(2026, 11, 24, 12))  # another machine's clock
    'a moment ago'
    """
    return f"{naturaldelta(now - then)} ago" if now - then >= timedelta(minutes=1) else "a moment ago"
