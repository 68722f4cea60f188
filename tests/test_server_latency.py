"""Readers of the server while a crawl writes: `benchmarks/server_latency.py` in short."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.server_latency import compare, line
from benchmarks.site import RunningSite
from tests import in_process
from tests.conftest import environment_for
from tests.site import Site

pytestmark = pytest.mark.slow


def test_readers_are_answered_while_a_crawl_writes(site: Site, tmp_path: Path) -> None:
    def prepare(command: Sequence[str]) -> None:
        ended = in_process.run(command, tmp_path, environment_for(site.url, ""))
        assert ended.returncode == 0, ended.stderr

    # On SQLite, where one writer could keep readers waiting; the benchmark has both. After seven members, by
    # their names, comes Otto, who has rated 260 films.
    kind, pace, server = "sqlite", "one at a time", RunningSite(site.url, site.world.seed)
    latency = compare(kind, server, crawled=7, seconds=0.5, pace=pace, warm=0, readers=6, prepare=prepare)
    assert not latency.idle.failures + latency.busy.failures
    assert latency.written > 200
    assert len(latency.busy.seconds) > 10
    # How much longer they wait is for the benchmark, on an idle machine; nobody waits for the crawl to end.
    assert latency.busy.p95 < latency.crawl / 4, line(kind, pace, latency)
