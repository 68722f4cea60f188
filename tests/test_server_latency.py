"""Readers of the server while a crawl writes: `benchmarks/server_latency.py` in short."""

import pytest

from benchmarks.server_latency import compare, line
from benchmarks.site import running

pytestmark = pytest.mark.slow


def test_readers_are_answered_while_a_crawl_writes() -> None:
    # On SQLite, where one writer could keep readers waiting; the benchmark has both.
    kind, pace = "sqlite", "one at a time"
    with running("--members", "20", "--ratings", "150") as site:
        latency = compare(kind, site, known=17, seconds=1, pace=pace, warm=0)
    assert not latency.idle.failures + latency.busy.failures
    assert latency.written > 300
    assert len(latency.busy.seconds) > 40
    # How much longer they wait is for the benchmark, on an idle machine; nobody waits for the crawl to end.
    assert latency.busy.p95 < latency.crawl / 4, line(kind, pace, latency)
