"""How fast is a crawl, and what of that is ours? ``python -m benchmarks.crawl_speed``."""

import argparse
from collections.abc import Callable, Mapping, Sequence

from benchmarks.crawls import Bench, Cost, bench, middle
from benchmarks.site import add_options, options_for

BARE, UNSTORED, SQLITE, POSTGRES = (
    "bare Scrapy",
    "profile, not stored",
    "profile, SQLite",
    "profile, PostgreSQL",
)


def contenders(bench: Bench) -> dict[str, Callable[[], Cost]]:
    return {
        BARE: bench.bare,
        UNSTORED: bench.unstored,
        SQLITE: lambda: bench.stored("sqlite"),
        POSTGRES: lambda: bench.stored("postgresql"),
    }


def measure(bench: Bench, repeat: int) -> dict[str, list[Cost]]:
    """Let the contenders crawl in turn, so that a machine that is busy for a while is so for all of them."""
    bench.unstored()  # finds out which pages there are, and has the site make them
    costs: dict[str, list[Cost]] = {name: [] for name in contenders(bench)}
    for _ in range(repeat):
        for name, crawl in contenders(bench).items():
            costs[name].append(crawl())
    return costs


def table(costs: Mapping[str, Sequence[Cost]]) -> str:
    lines = [
        f"{'medians':<22}{'pages':>7}{'pages/s':>10}{'of unstored':>13}"
        f"{'ms CPU/page':>13}{'of bare':>9}{'site load':>11}"
    ]
    for name, runs in costs.items():
        lines.append(
            f"{name:<22}{runs[0].pages:>7}{middle(runs, 'pages_a_second'):>10.1f}{speed(costs, name):>13.0%}"
            f"{middle(runs, 'cpu_a_page'):>13.1f}{cpu(costs, name):>8.1f}x{middle(runs, 'site_load'):>11.0%}"
        )
    return "\n".join(lines)


def speed(costs: Mapping[str, Sequence[Cost]], name: str) -> float:
    """Return a contender's pages a second, as a share of those of the crawl that stores nothing."""
    return middle(costs[name], "pages_a_second") / middle(costs[UNSTORED], "pages_a_second")


def cpu(costs: Mapping[str, Sequence[Cost]], name: str) -> float:
    """Return a contender's CPU for a page, as a multiple of bare Scrapy's."""
    return middle(costs[name], "cpu_a_page") / middle(costs[BARE], "cpu_a_page")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crawl_speed", description=__doc__)
    add_options(parser, members=40)
    parser.add_argument("--repeat", type=int, default=3, help="crawls of each kind (%(default)s)")
    chosen = parser.parse_args()
    with bench(*options_for(chosen)) as ready:
        print(table(measure(ready, chosen.repeat)))


if __name__ == "__main__":
    main()
