"""Readers of the server hardly notice a crawl: `benchmarks/server_latency.py` in short."""

import pytest

from benchmarks.server_latency import KINDS, compare, line
from benchmarks.site import running


@pytest.mark.parametrize("kind", KINDS)
def test_readers_wait_hardly_longer_while_a_crawl_writes(kind: str) -> None:
    pace = "one at a time"
    with running("--members", "20", "--ratings", "150") as site:
        found = compare(kind, site, known=12, seconds=4, pace=pace)
    assert not found.idle.failures + found.busy.failures
    assert found.written > 1_000
    assert len(found.busy.seconds) > 100
    # Where all waits are short, it is noise that is compared.
    assert found.ratio < 5 or found.busy.p95 < 0.05, line(kind, pace, found)
