"""A step in parts: how many there are, what each is called, and what becomes of them together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.schedule.jobs import Step, StepOutcome, worst
from letterboxd_scraper.schedule.nodes import Node
from letterboxd_scraper.store.crawl_state.liveness import RunState

_WHOLE = "all"


@dataclass
class StepPart:
    """One part of a step (``shard`` None: the whole), and where it is at work.

    Where it runs is told by a ``job`` of the ``node``, or by a ``run`` in the database whose node is unknown.
    """

    step: Step
    shard: str | None = None
    node: Node | None = None
    job: str | None = None
    run: int | None = None
    # The node that lost it; others come first now. And what the runs that were lost had done by then.
    lost_by: Node | None = None
    lost_runs: list[RunState] = field(default_factory=list)
    tries: int = 0
    quiet_since: float | None = None
    cancelled: bool = False
    outcome: StepOutcome | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it was begun, and has not been put back since."""
        return self.job is not None or self.run is not None

    @property
    def name(self) -> str:
        """The spider, and the shard where it is one of several."""
        return f"{self.step.spider} {self.shard}" if self.shard else self.step.spider

    @property
    def place(self) -> str:
        """Where it is at work, in words."""
        return f"node {self.node.name}" if self.node else "a node that is not known"

    def put_back(self) -> None:
        """Be no longer under way: another node may begin it anew."""
        self.node = self.job = self.run = self.quiet_since = None

    def end(self, code: int, notes: str, run: RunState | None = None) -> None:
        """Have ended with this code, after all that this last run and those before it did."""
        node = self.node.name if self.node else run.node if run else None
        runs = [*self.lost_runs, *([run] if run else [])]
        requests, failures = sum(run.requests for run in runs), sum(run.failures for run in runs)
        changed = total(run.rows_changed for run in runs)
        self.outcome = StepOutcome(
            self.step.spider, code, requests, changed, failures, self.shard, node, notes
        )

    def end_as(self, run: RunState) -> None:
        """Have ended as its run did."""
        self.end(ExitCode.of_run(run.status), run.notes or "", run)


def new_job(label: str, spider: str, shard: str | None) -> str:
    """Return a name for a job, which tells what it is to whoever finds it.

    >>> new_job("friends", "profile", "2/3")[:-8]
    'friends.profile.2of3.'
    """
    return f"{label}.{spider}.{(shard or _WHOLE).replace('/', 'of')}.{uuid4().hex[:8]}"


def shard_of(job: str, label: str, spider: str) -> tuple[bool, str | None]:
    """Say whether a job is this spider's on this cohort, and which shard it reads.

    >>> shard_of("friends.profile.2of3.0123abcd", "friends", "profile")
    (True, '2/3')
    >>> shard_of("other.friends.profile.all.0123abcd", "friends", "profile")
    (False, None)
    """
    words = job.rsplit(".", 3)
    if words[:2] != [label, spider] or len(words) != 4:
        return False, None
    return True, None if words[2] == _WHOLE else words[2].replace("of", "/")


def with_the_missing(step: Step, under_way: Sequence[StepPart], number: int) -> list[StepPart]:
    """Return ``number`` parts of a step, or as many as it has already: those ``under_way`` and all others.

    Where the whole is under way, there are no other parts.
    """
    if any(part.shard is None for part in under_way):
        return list(under_way)
    if under_way:
        number = int(str(under_way[0].shard).split("/")[1])
    shards = [f"{index}/{number}" for index in range(1, number + 1)] if number > 1 else [None]
    begun = {part.shard for part in under_way}
    return [*under_way, *(StepPart(step, shard) for shard in shards if shard not in begun)]


def together(step: Step, parts: Sequence[StepPart]) -> StepOutcome:
    """Return how a step ended, from its parts. Being told to stop for another's block is no fault."""
    ended = [part.outcome for part in parts if part.outcome]
    if len(ended) == 1:
        return ended[0]
    codes = [part.outcome.code for part in parts if part.outcome and not _stopped(part)]
    return StepOutcome(
        step.spider,
        worst(codes),
        sum(outcome.requests for outcome in ended),
        total(outcome.rows_changed for outcome in ended),
        sum(outcome.failures for outcome in ended),
        parts=tuple(ended),
    )


def total(numbers: Iterable[int | None]) -> int | None:
    """Return the sum of the numbers that are not None; None where all are."""
    counted = [number for number in numbers if number is not None]
    return sum(counted) if counted else None


def _stopped(part: StepPart) -> bool:
    return part.cancelled and part.outcome is not None and part.outcome.code == ExitCode.INTERRUPTED
