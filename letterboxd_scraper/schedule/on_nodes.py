"""A step on the nodes: its parts are given out, watched, and given to others where a node is lost.

Scrapyd tells that a job has ended, the run's row in the database tells how. A Scrapyd that is stopped or
silent says nothing of its jobs: they go on without it, and their rows show it. Only when a run shows no life
either is its part begun by another node, which carries its work on.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import ExitCode, NodeSilent, NodeUnusable
from letterboxd_scraper.schedule.jobs import Step, StepOutcome
from letterboxd_scraper.schedule.nodes import Node
from letterboxd_scraper.schedule.step_parts import StepPart, new_job, shard_of, together, with_the_missing
from letterboxd_scraper.store.crawl_state import liveness
from letterboxd_scraper.store.crawl_state.liveness import RunState
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import ask
from letterboxd_scraper.words import counted

# A part that was lost so often brings down whoever takes it.
_MOST_TRIES = 3
# For so many times the silence after which a run is taken for dead, we wait for any node to answer.
_PATIENCE = 15
_UNKNOWN = None


@dataclass
class NodeCrawler:
    """Runs steps of a cohort's job on ``nodes``, in so many ``shards``; by default one for each node."""

    engine: sa.Engine
    settings: Config
    cohort: Cohort
    nodes: Sequence[Node]
    say: Callable[[str], None]
    shards: int | None = None
    # Jobs that were given up, but may still be begun when their node is back.
    _abandoned: list[tuple[Node, str]] = field(default_factory=list)

    def crawl(self, step: Step) -> StepOutcome:
        """Do a step to its end. Raises NodeUnusable where no node accepts it."""
        under_way = self._under_way(step)
        for part in under_way:
            self.say(f"{part.name}: is under way already, on {part.place}")
        parts = with_the_missing(step, under_way, self._number(step))
        while True:
            for part in parts:
                if part.outcome is None:
                    self._advance(part, parts)
            unfinished = [part for part in parts if part.outcome is None]
            if any(part.outcome and part.outcome.code == ExitCode.BLOCKED for part in parts):
                self._cancel(unfinished)
            if not unfinished:
                return together(step, parts)
            self._cancel_abandoned()
            time.sleep(self.settings.SCHEDULE_POLL_SECONDS)

    def _number(self, step: Step) -> int:
        if not step.spread:
            return 1
        at = self.settings.now()
        begun = ask(self.engine, liveness.shards_to_carry_on, step.spider, self.cohort.label, at)
        return self.shards or begun or len(self.nodes)

    def _under_way(self, step: Step) -> list[StepPart]:
        """Return what an earlier command has begun of a step, or somebody by hand, and is still at work."""
        runs = ask(self.engine, liveness.alive, step.spider, self.cohort.label, self.settings.silence)
        parts = {run.job or str(run.id): StepPart(step, run.shard, job=run.job, run=run.id) for run in runs}
        for node in self.nodes:
            with suppress(NodeUnusable):
                for job in node.jobs():
                    is_ours, shard = shard_of(job, self.cohort.label, step.spider)
                    if is_ours:
                        parts.setdefault(job, StepPart(step, shard, job=job)).node = node
        return list(parts.values())

    def _advance(self, part: StepPart, parts: Sequence[StepPart]) -> None:
        """Look how a part goes, and do what is to be done about it."""
        if not part.is_under_way:
            self._start(part, parts)
            return
        state = _state(part)
        run = self._run_state(part)  # after the node's state: a run notes its end before it ends
        if run and run.has_ended:
            if run.status == "interrupted" and state is _UNKNOWN:
                self._lose(part, run)  # not by a person, who would have asked its Scrapyd: with its Scrapyd
            else:
                part.end_as(run)
        elif state in ("pending", "running") or (run and run.is_alive):
            part.quiet_since = None
        elif run or part.cancelled:
            self._lose(part, run)
        elif state == "finished":
            part.end(ExitCode.BAD_INPUT, self._never_began(part))
        elif self._has_been_quiet(part):
            self._lose(part, run)

    def _start(self, part: StepPart, parts: Sequence[StepPart]) -> None:
        refusals: list[NodeUnusable] = []
        for node in self._by_load(part, parts):
            job = new_job(self.cohort.label, part.step.spider, part.shard)
            arguments = {"cohort": self.cohort.label} | part.step.arguments
            if part.shard:
                arguments["shard"] = part.shard
            try:
                node.schedule(part.step.spider, arguments, job)
            except NodeSilent as error:
                if error.may_have_heard:
                    self._abandoned.append((node, job))
            except NodeUnusable as error:
                refusals.append(NodeUnusable(f"node {node.name} ({node.url}) {error}"))
            else:
                part.node, part.job, part.quiet_since = node, job, None
                self.say(f"{part.name}: on {part.place}, job {job}")
                return
        if len(refusals) == len(self.nodes):
            raise refusals[0]
        if self._has_been_quiet(part, _PATIENCE):
            part.end(ExitCode.INTERNAL_ERROR, "no node answers")

    def _by_load(self, part: StepPart, parts: Sequence[StepPart]) -> list[Node]:
        """Return the nodes, those with the least work first, and last the one that has lost this part."""
        busy = [other.node for other in parts if other.outcome is None]
        return sorted(self.nodes, key=lambda node: (node == part.lost_by, busy.count(node)))

    def _run_state(self, part: StepPart) -> RunState | None:
        if part.run is not None:
            return ask(self.engine, liveness.of_run, part.run, self.settings.silence)
        return ask(self.engine, liveness.of_job, str(part.job), self.settings.silence)

    def _has_been_quiet(self, part: StepPart, times: int = 1) -> bool:
        now = time.monotonic()
        if part.quiet_since is None:
            part.quiet_since = now
        return now - part.quiet_since > times * self.settings.silence.total_seconds()

    def _lose(self, part: StepPart, run: RunState | None) -> None:
        if part.cancelled:
            part.end(ExitCode.INTERRUPTED, "stopped, for the site has blocked another part", run)
            return
        if run:
            part.lost_runs.append(run)
        part.tries += 1
        self.say(f"{part.name}: {part.place} has lost it; it is given out again")
        if part.node and part.job:
            self._abandoned.append((part.node, part.job))
        if part.tries >= _MOST_TRIES:
            part.end(
                ExitCode.INTERNAL_ERROR,
                f"was lost {counted(part.tries, 'time')}, the last time by {part.place}",
            )
            return
        part.lost_by = part.node
        part.put_back()

    def _never_began(self, part: StepPart) -> str:
        log = part.node.log_of(part.step.spider, str(part.job)) if part.node else ""
        return f"did not start on {part.place}, or writes into another database: see {log}"

    def _cancel(self, unfinished: Sequence[StepPart]) -> None:
        """Stop the other parts: the site has refused us."""
        for part in unfinished:
            if not part.is_under_way:
                part.end(ExitCode.BLOCKED, "not begun, for the site has blocked another part")
            elif part.node and part.job and not part.cancelled:
                with suppress(NodeUnusable):
                    part.node.cancel(part.job)
                    part.cancelled = True

    def _cancel_abandoned(self) -> None:
        for node, job in list(self._abandoned):
            with suppress(NodeUnusable):
                node.cancel(job)
                self._abandoned.remove((node, job))


def _state(part: StepPart) -> str | None:
    """Return what a part's node says of it; None where it says nothing."""
    if part.node is None or part.job is None:
        return _UNKNOWN
    try:
        return part.node.state(part.job)
    except NodeUnusable:
        return _UNKNOWN
