"""``python -m benchmarks.closed_forms …``: `python -m ranking …`, with the strategies that are SQL alone."""

import sys

from letterboxd_scraper.cli.main import run_ranking
from ranking.strategies import STRATEGIES
from ranking.strategies.base import SqlStrategy

if __name__ == "__main__":
    for name in [name for name, one in STRATEGIES.items() if not isinstance(one, SqlStrategy)]:
        del STRATEGIES[name]
    sys.exit(run_ranking())
