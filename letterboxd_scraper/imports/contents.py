"""What the readers of files are told, and what they return."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from letterboxd_scraper.arguments import OneMember
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import UNDATED, Snapshot

# The site was opened in this year.
FIRST_YEAR = 2011


@dataclass(frozen=True, slots=True)
class Options:
    """What a person says of their files.

    ``member``: whose they are, and ``as_of``: when they were made, where they do not say it themselves.
    ``scale``: the best rating of tables that do not say theirs. ``ask``: asks whose a file is, by its
    path, where nobody has said it; nothing is an answer, too: that will be said later.
    """

    now: datetime
    member: str | None = None
    as_of: datetime | None = None
    scale: int | None = None
    ask: Callable[[str], str] | None = None

    def owner(self, path: str) -> str:
        """Return whose a file is that does not say it; "": that is left open. Raises InputError."""
        member = self.ask(path) if self.member is None and self.ask else self.member
        if member is None:
            raise InputError(f"{path}: it does not say whose it is: give --member NAME")
        return OneMember.read({"member": member}).member if member else ""

    def made(self, newest: datetime | None) -> datetime:
        """Return as of when a file is true whose name does not say it; ``newest`` is the last moment in it.

        Not the file's own time, which changes when it is copied or packed again: it shall not count as newer.
        """
        return min(self.as_of or newest or UNDATED, self.now)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file tells. ``left_out``: what could not be read, in sentences; ``notes``: what is no fault."""

    snapshots: tuple[Snapshot, ...] = ()
    films: tuple[tuple[FilmFacts, datetime], ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def midnight(day: date) -> datetime:
    """Return when a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
