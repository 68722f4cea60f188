"""How cohorts stand, and what runs: as `letterboxd status --json` writes it, field by field."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MemberCounts:
    """A cohort's members by state. ``read`` and ``never_read`` are those of the ``ok`` ones.

    What is known of those who were read is as of ``oldest`` to ``newest``.
    """

    ok: int
    private: int
    gone: int
    read: int
    never_read: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class FilmCounts:
    """The films of a cohort, rated or liked.

    ``complete`` ones lack nothing; ``waiting`` ones do, and are not looked at again yet. Of those that
    ``need_key`` something could be found out now with a key of TMDB's, which is not set. ``tmdb_ageing`` are
    those whose data from TMDB are nearly as old as its terms allow, or older.
    """

    films: int
    ratings: int
    complete: int
    due: int
    waiting: int
    need_key: int
    tmdb_oldest: datetime | None
    tmdb_ageing: int


@dataclass(frozen=True, slots=True)
class DueMembers:
    """How many members the next refresh reads at least; some of them because of their audit."""

    members: int
    audits: int


@dataclass(frozen=True, slots=True)
class RankingAge:
    """A stored ranking; ``outdated``: a rating or membership has changed since."""

    strategy: str
    computed_at: datetime
    outdated: bool


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a spider on a cohort, those on its shards together.

    ``status`` is that of `scrape_runs`, the worst of the shards', or `died`: it never ended, and shows no
    life. ``rows_changed`` is None for spiders that change no ratings.
    """

    spider: str
    status: str
    shards: int
    started_at: datetime
    finished_at: datetime | None
    requests: int
    rows_changed: int | None
    failures: int


@dataclass(frozen=True, slots=True)
class Running:
    """A run that shows life now."""

    spider: str
    cohort: str | None
    member: str | None
    node: str | None
    shard: str | None
    job: str | None
    started_at: datetime
    seen_at: datetime
    requests: int


@dataclass(frozen=True, slots=True)
class CohortStatus:
    """How it stands with a cohort. ``failures`` are open: pages that could not be read and are missing."""

    cohort: str
    members: MemberCounts
    films: FilmCounts
    due: DueMembers
    failures: int
    rankings: tuple[RankingAge, ...]
    runs: tuple[LastRun, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands. ``failures`` are all that are open, of whatever cohort or none."""

    at: datetime
    cohorts: tuple[CohortStatus, ...]
    running: tuple[Running, ...]
    failures: int
