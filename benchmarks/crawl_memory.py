"""How much memory does a crawl take? ``python -m benchmarks.crawl_memory``."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.crawls import Bench, Cost, bench, middle
from benchmarks.site import add_options, options_for

# As by default, one request at a time, each after the shared pace has given leave; but sooner after the
# one before. As long as a page is stored before the next arrives, the delay makes no difference: one
# page is in the works at any moment.
POLITE = {"DOWNLOAD_DELAY": 0.1, "CONCURRENT_REQUESTS": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}


def contenders(bench: Bench) -> Iterator[tuple[str, Callable[..., Cost], dict[str, Any]]]:
    """Yield the name, the crawl and the settings of each."""
    for pace, changed in (("one at a time", POLITE), ("16 at a time", {})):
        yield f"bare Scrapy, {pace}", bench.bare, changed
        for kind in bench.circles:
            yield (
                f"profile, {kind}, {pace}",
                lambda kind=kind, **changed: bench.stored(kind, **changed),
                changed,
            )


def measure(bench: Bench, repeat: int) -> dict[str, list[Cost]]:
    bench.unstored()  # finds out which pages there are
    return {name: [crawl(**changed) for _ in range(repeat)] for name, crawl, changed in contenders(bench)}


def table(costs: dict[str, list[Cost]]) -> str:
    lines = [f"{'':<36}{'pages':>7}{'peak MB':>9}"]
    lines += [f"{name:<36}{runs[0].pages:>7}{middle(runs, 'memory'):>9.0f}" for name, runs in costs.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl_memory", description=__doc__)
    add_options(parser, members=100)
    parser.add_argument("--repeat", type=int, default=1, help="crawls of each kind (%(default)s)")
    chosen = parser.parse_args()
    with bench(*options_for(chosen)) as ready:
        print(table(measure(ready, chosen.repeat)))


if __name__ == "__main__":
    main()
