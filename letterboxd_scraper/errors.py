"""Everything that can go wrong and has a name.

ProjectError                exit 1
├── InputError              exit 2   an argument, a setting, a file: the user can mend it
│   ├── UnknownName                  no such cohort, member, film or strategy
│   ├── TermsNotAccepted             the real site, and nobody has said yes
│   ├── StoreNotReady                the database is unreachable, behind or ahead
│   ├── NodeUnusable                 a Scrapyd refuses us, or lacks what it is asked for
│   │   └── NodeSilent               it does not answer: later it may
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


class ProjectError(Exception):
    """The root of our errors; the message says what, where and what to do next, in one line."""

    exit_code = 1


class InputError(ProjectError):
    exit_code = 2


class UnknownName(InputError):
    pass


class TermsNotAccepted(InputError):
    pass


class StoreNotReady(InputError):
    pass


class NodeUnusable(InputError):
    pass


class NodeSilent(NodeUnusable):
    """``may_have_heard``: what it was told may have reached it, though no answer came."""

    def __init__(self, message: str, *, may_have_heard: bool = False) -> None:
        super().__init__(message)
        self.may_have_heard = may_have_heard


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
