"""What `letterboxd status` tells as metrics for Prometheus, without anybody's name."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import PlainTextResponse
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status.model import CohortStatus, LastRun, Status
from letterboxd_scraper.store.status.read import StatusQuery, read
from letterboxd_scraper.store.status.runs import STATES

# However often they are asked for, the numbers take at most this share of one processor.
_SHARE = 0.2

# The values of a metric's labels, and its number, None where it is not known.
Sample = tuple[tuple[str, ...], float | None]


def routes(serving: Served) -> APIRouter:
    """Return the route of the metrics."""
    router = APIRouter(tags=["metrics"])
    cache = MetricsCache(serving)

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Tell Prometheus how it stands: how old the data are, how crawls ended, what runs and is due."""
        if not serving.reader.is_operator:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(cache.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router


@dataclass
class MetricsCache:
    """The metrics as last read. They are read by one thread at a time, and again only after a while."""

    serving: Served
    _text: bytes = b""
    _until: float = 0.0
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        with self._reading:
            begun = time.monotonic()
            if begun >= self._until:
                self._text = generate_latest(StatusMetrics(_status(self.serving)))
                ended = time.monotonic()
                self._until = ended + (ended - begun) / _SHARE
            return self._text


def _status(serving: Served) -> Status:
    """Return the status of all cohorts, called by what gives no member away, and of runs without members."""
    with read_transaction(serving.engine) as connection:
        every = cohorts.every(connection)
        status = read(connection, every, StatusQuery.of(serving.settings, serving.now))
        names = {cohort.label: _name(connection, cohort) for cohort in every}
    # A run may be on a cohort that has gone since; its label may be a name.
    running = (replace(run, cohort=names.get(run.cohort or "", ""), member=None) for run in status.running)
    named = (replace(cohort, cohort=names[cohort.cohort]) for cohort in status.cohorts)
    return replace(status, cohorts=tuple(named), running=tuple(running))


def _name(connection: sa.Connection, cohort: Cohort) -> str:
    label = naming.of_cohort(connection, cohort).label
    return label if label == cohort.label else str(cohort.id)


@dataclass(frozen=True)
class StatusMetrics(Collector):
    """The status as families of metrics."""

    status: Status

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        yield from self._of_cohorts()
        yield from self._of_rankings()
        yield from self._of_runs()
        yield _family(
            "failures_open", "Pages that could not be read and are missing.", (), [((), self.status.failures)]
        )

    def _of_cohorts(self) -> Iterator[Metric]:
        every = self.status.cohorts
        yield _family(
            "cohort_members",
            "Members of the cohort by state.",
            ("cohort", "status"),
            [
                ((cohort.cohort, state), getattr(cohort.members, state))
                for cohort in every
                for state in ("ok", "private", "gone")
            ],
        )
        yield _family(
            "cohort_data_age_seconds",
            "Time since the members were last read, or seen not to have changed.",
            ("cohort", "bound"),
            [
                ((cohort.cohort, bound), self._age(getattr(cohort.members, bound)))
                for cohort in every
                for bound in ("oldest", "newest")
            ],
        )
        for name, (meaning, number) in _OF_COHORT.items():
            samples: list[Sample] = [((cohort.cohort,), number(cohort)) for cohort in every]
            yield _family(name, meaning, ("cohort",), samples)

    def _age(self, moment: datetime | None) -> float | None:
        return (self.status.at - moment).total_seconds() if moment else None

    def _of_rankings(self) -> Iterator[Metric]:
        rankings = [(cohort.cohort, ranking) for cohort in self.status.cohorts for ranking in cohort.rankings]
        labels = ("cohort", "strategy")
        ages = [((cohort, r.strategy), self._age(r.computed_at)) for cohort, r in rankings]
        yield _family("ranking_age_seconds", "Time since the ranking was computed.", labels, ages)
        outdated = [((cohort, r.strategy), float(r.outdated)) for cohort, r in rankings]
        yield _family("ranking_outdated", "1 if a rating or membership has changed since.", labels, outdated)

    def _of_runs(self) -> Iterator[Metric]:
        runs = [(cohort.cohort, run) for cohort in self.status.cohorts for run in cohort.runs]
        labels = ("cohort", "spider")
        yield _family(
            "last_run_status",
            "1 for how the spider's last run on the cohort ended, 0 for the other ways.",
            (*labels, "status"),
            [((cohort, run.spider, state), run.status == state) for cohort, run in runs for state in STATES],
        )
        for name, (meaning, number) in _OF_RUN.items():
            samples = [((cohort, run.spider), number(run)) for cohort, run in runs]
            yield _family(name, meaning, labels, samples)
        running = Counter((run.cohort or "", run.spider) for run in self.status.running)
        yield _family("runs_running", "Runs that show life now.", labels, sorted(running.items()))


_OF_COHORT: Mapping[str, tuple[str, Callable[[CohortStatus], float]]] = {
    "cohort_members_read": ("Members in state ok that were ever read.", lambda cohort: cohort.members.read),
    "cohort_films": ("Films that a member has rated or liked.", lambda cohort: cohort.films.films),
    "cohort_ratings": ("Ratings of the members.", lambda cohort: cohort.films.ratings),
    "cohort_films_complete": ("Films of which nothing is missing.", lambda cohort: cohort.films.complete),
    "cohort_films_waiting": ("Incomplete films that are not due yet.", lambda cohort: cohort.films.waiting),
    "cohort_films_need_key": (
        "Films of which something could be found out with a key of TMDB's.",
        lambda cohort: cohort.films.need_key,
    ),
    "cohort_films_due": ("Films that enrichment has to do with now.", lambda cohort: cohort.films.due),
    "cohort_films_tmdb_ageing": (
        "Films whose data from TMDB are nearly 180 days old, or older.",
        lambda cohort: cohort.films.tmdb_ageing,
    ),
    "cohort_members_due": (
        "Members that the next refresh reads at least.",
        lambda cohort: cohort.due.members,
    ),
    "cohort_audits_due": ("Members among them whose audit is due.", lambda cohort: cohort.due.audits),
    "cohort_failures_open": ("Pages that could not be read and are missing.", lambda cohort: cohort.failures),
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
