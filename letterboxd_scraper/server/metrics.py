"""How it stands, in numbers for Prometheus: what `letterboxd status` tells, without anybody's name."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status.model import CohortStatus, LastRun, MemberCounts, Status
from letterboxd_scraper.store.status.read import StatusQuery, read
from letterboxd_scraper.store.status.runs import STATES

# However often they are asked for, the numbers take at most this share of one processor.
_SHARE = 0.2

Sample = tuple[tuple[str, ...], float | None]


def routes(serving: Served) -> APIRouter:
    router = APIRouter(tags=["metrics"])
    kept = Kept(serving)

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Tell Prometheus how it stands: how old the data are, how crawls ended, what runs and is due."""
        return Response(kept.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


@dataclass
class Kept:
    """The numbers as last read. They are read by one at a time, and again only after a while."""

    serving: Served
    _text: bytes = b""
    _until: float = 0.0
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def text(self) -> bytes:
        with self._reading:
            begun = time.monotonic()
            if begun >= self._until:
                self._text = generate_latest(Numbers(_status(self.serving)))
                ended = time.monotonic()
                self._until = ended + (ended - begun) / _SHARE
            return self._text


def _status(serving: Served) -> Status:
    """Return how it stands, with cohorts called by what gives no member away, and without runs' members."""
    with read_transaction(serving.engine) as connection:
        chosen = cohorts.every(connection)
        found = read(connection, chosen, StatusQuery.of(serving.settings, serving.now))
        called = {cohort.label: _called(connection, cohort) for cohort in chosen}
    # A run may be on a cohort that has gone since; its label may be a name.
    running = (replace(run, cohort=called.get(run.cohort or "", ""), member=None) for run in found.running)
    shown = (replace(each, cohort=called[each.cohort]) for each in found.cohorts)
    return replace(found, cohorts=tuple(shown), running=tuple(running))


def _called(connection: sa.Connection, cohort: Cohort) -> str:
    shown = naming.of_cohort(connection, cohort).label
    return cohort.label if shown == cohort.label else str(cohort.id)


@dataclass(frozen=True)
class Numbers(Collector):
    """The status as families of metrics."""

    status: Status

    def collect(self) -> Iterator[Metric]:
        yield from self._of_cohorts()
        yield from self._of_rankings()
        yield from self._of_runs()
        yield _family(
            "failures_open", "Pages that could not be read and are missing.", (), [((), self.status.failures)]
        )

    def _of_cohorts(self) -> Iterator[Metric]:
        every = self.status.cohorts
        states = [(each, state) for each in every for state in ("ok", "private", "gone")]
        yield _family(
            "cohort_members",
            "Members of the cohort by state.",
            ("cohort", "status"),
            [((each.cohort, state), getattr(each.members, state)) for each, state in states],
        )
        yield _family(
            "cohort_data_age_seconds",
            "Time since the members were last read, or seen not to have changed.",
            ("cohort", "bound"),
            [
                ((each.cohort, bound), age)
                for each in every
                for bound, age in self._ages(each.members).items()
            ],
        )
        for name, (meaning, number) in _OF_COHORT.items():
            yield _family(name, meaning, ("cohort",), [((each.cohort,), number(each)) for each in every])

    def _ages(self, members: MemberCounts) -> Mapping[str, float | None]:
        bounds = {"oldest": members.oldest, "newest": members.newest}
        return {
            name: (self.status.at - then).total_seconds() if then else None for name, then in bounds.items()
        }

    def _of_rankings(self) -> Iterator[Metric]:
        found = [(each.cohort, ranking) for each in self.status.cohorts for ranking in each.rankings]
        labels = ("cohort", "strategy")
        ages = [
            ((cohort, ranking.strategy), (self.status.at - ranking.computed_at).total_seconds())
            for cohort, ranking in found
        ]
        yield _family("ranking_age_seconds", "Time since the ranking was computed.", labels, ages)
        outdated = [((cohort, ranking.strategy), float(ranking.outdated)) for cohort, ranking in found]
        yield _family("ranking_outdated", "1 if a rating or membership has changed since.", labels, outdated)

    def _of_runs(self) -> Iterator[Metric]:
        found = [(each.cohort, run) for each in self.status.cohorts for run in each.runs]
        labels = ("cohort", "spider")
        yield _family(
            "last_run_status",
            "1 for how the spider's last run on the cohort ended, 0 for the other ways.",
            (*labels, "status"),
            [((cohort, run.spider, state), run.status == state) for cohort, run in found for state in STATES],
        )
        for name, (meaning, number) in _OF_RUN.items():
            samples = [((cohort, run.spider), number(run)) for cohort, run in found]
            yield _family(name, meaning, labels, samples)
        yield _family("runs_running", "Runs that show life now.", labels, self._running())

    def _running(self) -> list[Sample]:
        keys = [(run.cohort or "", run.spider) for run in self.status.running]
        return [(key, keys.count(key)) for key in sorted(set(keys))]


_OF_COHORT: Mapping[str, tuple[str, Callable[[CohortStatus], float]]] = {
    "cohort_members_read": ("Members in state ok that were ever read.", lambda each: each.members.read),
    "cohort_films": ("Films that a member has rated or liked.", lambda each: each.films.films),
    "cohort_ratings": ("Ratings of the members.", lambda each: each.films.ratings),
    "cohort_films_complete": ("Films of which nothing is missing.", lambda each: each.films.complete),
    "cohort_films_waiting": ("Incomplete films that are not due yet.", lambda each: each.films.waiting),
    "cohort_films_due": ("Films that enrichment has to do with now.", lambda each: each.films.due),
    "cohort_films_tmdb_ageing": (
        "Films whose data from TMDB are nearly 180 days old, or older.",
        lambda each: each.films.tmdb_ageing,
    ),
    "cohort_members_due": ("Members that the next refresh reads at least.", lambda each: each.due.members),
    "cohort_audits_due": ("Members among them whose audit is due.", lambda each: each.due.audits),
    "cohort_failures_open": ("Pages that could not be read and are missing.", lambda each: each.failures),
}

_OF_RUN: Mapping[str, tuple[str, Callable[[LastRun], float | None]]] = {
    "last_run_start_timestamp_seconds": ("When it began.", lambda run: run.started_at.timestamp()),
    "last_run_end_timestamp_seconds": (
        "When it ended; not there for one that died.",
        lambda run: run.finished_at.timestamp() if run.finished_at else None,
    ),
    "last_run_requests": ("Requests that it sent to the site.", lambda run: run.requests),
    "last_run_rows_changed": (
        "Ratings that it inserted, changed or removed.",
        lambda run: run.rows_changed,
    ),
    "last_run_failures": ("Pages that it could not read.", lambda run: run.failures),
}


def _family(name: str, meaning: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> Metric:
    """Return a family of metrics; there is no sample of what is not known."""
    family = GaugeMetricFamily(f"letterboxd_{name}", meaning, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric(values, number)
    return family
