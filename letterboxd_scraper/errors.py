"""Everything that can go wrong and has a name, and the exit codes that tell of it.

ProjectError                exit 1
├── InputError              exit 2   an argument, a setting, a file: the user can mend it
│   ├── UnknownName                  no such cohort, member, film or strategy
│   ├── TermsNotAccepted             the real site, and nobody has said yes
│   ├── StoreNotReady                the database is unreachable, behind or ahead
│   │   └── StoreDamaged                 its file is broken, or none of a database
│   ├── NodeUnusable                 a Scrapyd refuses us, or lacks what it is asked for
│   │   └── NodeSilent               it does not answer: later it may
│   ├── TooManyFiles                 a folder or zip archive holds more than any export
│   ├── ListUnsure                   who gets this list would remove films that are wrongly not on it
│   └── TmdbRefused                  TMDB does not accept the key
├── TmdbError                        TMDB does not tell what it was asked
│   ├── TmdbNotFound                 it has no such film
│   ├── TmdbUnreadable               it answers, but not about the film
│   └── TmdbUnavailable              it fails or is too slow: later it may not
│       ├── TmdbRateLimited          it asks for patience
│       └── TmdbDown                 it failed several films in a row and is not asked any more
└── PageError                        a page that is not what was asked for; it proves nothing
    ├── WrongPage                    another page type, another member's page, a page cut short
    └── LayoutChanged                the right page, but its markup is not the one we know

A site that refuses us is no error of this tree: see `letterboxd_scraper.downloader.retries`.
"""

import errno
from enum import IntEnum
from typing import ClassVar, Self


class ExitCode(IntEnum):
    """How every command of this project, `scrapy crawl` among them, says that it ended."""

    meaning: str

    DONE = 0, "done; members who are gone or private are results"
    INTERNAL_ERROR = 1, "an internal error"
    BAD_INPUT = 2, "bad input or configuration, or something outside that you can mend: one line says what"
    FAILURES = 3, "it came to its end, but something could not be read: `letterboxd failures` lists it"
    BLOCKED = 4, "the site refused: what was read until then is kept"
    INTERRUPTED = 130, "interrupted; or another crawl did the same work while this one slept"

    def __new__(cls, number: int, meaning: str) -> Self:
        """Make a code of its number and of what it means, for the documents."""
        code = int.__new__(cls, number)
        code._value_, code.meaning = number, meaning
        return code

    @classmethod
    def of_run(cls, status: str) -> "ExitCode":
        """Return the code of a run that has ended with this status in the log of runs.

        >>> ExitCode.of_run("failures")
        <ExitCode.FAILURES: 3>
        """
        return _OF_RUNS[status]


_OF_RUNS = {
    "finished": ExitCode.DONE,
    "failures": ExitCode.FAILURES,
    "blocked": ExitCode.BLOCKED,
    "failed": ExitCode.INTERNAL_ERROR,
    "interrupted": ExitCode.INTERRUPTED,
}


# What to do about what a disk, or a terminal, refuses; whatever else it is, its own words must do.
_ADVICE = {
    errno.EADDRINUSE: "give another --port",
    errno.EACCES: "give yourself the right to, or name another place",
    errno.EPERM: "give yourself the right to, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EFBIG: "raise the limit on the size of files (`ulimit -f`)",
    errno.EIO: "look after the disk",
    errno.ENOENT: "look whether its name, and that of its folder, are right",
    errno.ENOTDIR: "a file is where a folder should be: name another place",
    errno.EEXIST: "a file is where a folder should be: name another place",
    errno.EISDIR: "name a file in it",
    errno.ENAMETOOLONG: "name a shorter one",
    errno.EBADF: "it is closed: let it lead somewhere",
}


def refusal(error: Exception) -> str:
    """Return what was refused and, of the system, what to do about it; to be told after what was to be done.

    >>> refusal(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device; make room there'
    """
    said = getattr(error, "strerror", None) or str(error)
    advice = _ADVICE.get(getattr(error, "errno", None) or 0)
    return f"{said}; {advice}" if advice else said


class ProjectError(Exception):
    """The root of our errors; the message says what, where and what to do next, in one line."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL_ERROR


class InputError(ProjectError):
    exit_code = ExitCode.BAD_INPUT


class UnknownName(InputError):
    pass


class TermsNotAccepted(InputError):
    pass


class StoreNotReady(InputError):
    pass


class StoreDamaged(StoreNotReady):
    """``reason``: what SQLite says of the file."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NodeUnusable(InputError):
    pass


class NodeSilent(NodeUnusable):
    """``may_have_heard``: what it was told may have reached it, though no answer came."""

    def __init__(self, message: str, *, may_have_heard: bool = False) -> None:
        super().__init__(message)
        self.may_have_heard = may_have_heard


class TooManyFiles(InputError):
    pass


class ListUnsure(InputError):
    pass


class TmdbRefused(InputError):
    pass


class TmdbError(ProjectError):
    pass


class TmdbNotFound(TmdbError):
    pass


class TmdbUnreadable(TmdbError):
    pass


class TmdbUnavailable(TmdbError):
    pass


class TmdbDown(TmdbUnavailable):
    pass


class TmdbRateLimited(TmdbUnavailable):
    """``retry_after``: the seconds that TMDB asks us to wait, None if it does not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PageError(ProjectError):
    pass


class WrongPage(PageError):
    pass


class LayoutChanged(PageError):
    pass
