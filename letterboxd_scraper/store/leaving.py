"""A person who leaves: forgotten in the database, in its statistics, and in the log of an SQLite file."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import forgetting
from letterboxd_scraper.store.members.forgetting import Forgotten
from letterboxd_scraper.store.patience import transact


@dataclass(frozen=True, slots=True)
class Left:
    """What went with a member, and the ``older_copies`` beside the database, which may still hold them."""

    gone: Forgotten
    older_copies: list[Path]


def leave(engine: sa.Engine, name: str, at: datetime) -> Left:
    """Remove a member at once and for good; the rankings that they had a part in are to be made anew."""
    gone = transact(engine, forgetting.forget, name, at)
    if gone.was_stored:
        statistics.refresh(engine, at)
    return Left(gone, forgetting.scrub(engine))
