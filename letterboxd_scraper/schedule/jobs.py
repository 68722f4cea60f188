"""What a nightly and a monthly job do, step by step, and what becomes of the exit codes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from letterboxd_scraper.errors import ExitCode, ProjectError
from letterboxd_scraper.store.members.cohorts import Cohort

NIGHTLY, MONTHLY = "nightly", "monthly"
JOBS = (NIGHTLY, MONTHLY)
# Counts that a circle's listing showed so long ago, and that no crawl has used yet, are not read again before
# the members are.
COUNTS_HOLD_FOR = timedelta(hours=1)

# From the best to the worst; any other code is as bad as an internal error.
_SEVERITY = (
    ExitCode.DONE,
    ExitCode.FAILURES,
    ExitCode.BLOCKED,
    ExitCode.INTERRUPTED,
    ExitCode.BAD_INPUT,
    ExitCode.INTERNAL_ERROR,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One spider to be run on the cohort; ``spread``: in parts, where there are several nodes."""

    spider: str
    arguments: dict[str, str] = field(default_factory=dict)
    spread: bool = True


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """How a step, or a part of one, ended. ``rows_changed`` is None where nothing counts them."""

    step: str
    code: int
    requests: int = 0
    rows_changed: int | None = None
    failures: int = 0
    shard: str | None = None
    node: str | None = None
    notes: str = ""
    parts: tuple["StepOutcome", ...] = ()


def steps_of(job: str, cohort: Cohort, *, counted: bool) -> list[Step]:
    """Return what is to be crawled, in order; the circle only if its counts have not just been read.

    Nightly, films' averages come with their pages; the histograms of all are read anew monthly. A full
    crawl that was broken off within the last two days is carried on, not begun anew: what it has read is
    new enough for a month, and may have taken hours.
    """
    circle = Step("follow_graph", spread=False)
    read = Step("when_rated") if job == NIGHTLY else Step("profile")
    films = Step("film", {} if job == NIGHTLY else {"histograms": "true"})
    return [*([circle] if cohort.seed and not counted else []), read, films]


def perform(
    steps: Iterable[Step], crawl: Callable[[Step], StepOutcome], afterwards: Callable[[], list[StepOutcome]]
) -> list[StepOutcome]:
    """Do one step after the other, then what comes ``afterwards``; return how each ended.

    A block ends the crawling alone: what was read is worth ranking. Anything worse than failures ends it all.
    """
    ended: list[StepOutcome] = []
    for step in steps:
        try:
            ended.append(crawl(step))
        except ProjectError as error:
            ended.append(StepOutcome(step.spider, error.exit_code, notes=str(error)))
        if ended[-1].code == ExitCode.BLOCKED:
            break
        if ended[-1].code not in (ExitCode.DONE, ExitCode.FAILURES):
            return ended
    return ended + afterwards()


def worst(codes: Iterable[int]) -> int:
    """Return the exit code that stands for all of them.

    >>> worst([0, 3, 0]), worst([0, 4, 3]), int(worst([]))
    (3, 4, 0)
    """
    return max(codes, key=_severity, default=ExitCode.DONE)


def _severity(code: int) -> int:
    return _SEVERITY.index(code) if code in _SEVERITY else len(_SEVERITY)
