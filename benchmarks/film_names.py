"""Whether films are the same in whatever order sources name them: made-up films, sources and orders.

    python -m benchmarks.film_names [FIRST [LAST]]

tries the seeds FIRST to LAST - 1 (default: 0 to 999), six orders of each, and prints those that differ.
"""

import random
import sys
from itertools import permutations

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import metadata
from tests.store.film_sources import made_up, source, stored_after

ORDERS = 6


def main(first: int = 0, last: int = 1000) -> int:
    """Return how many seeds end in different states."""
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    different = 0
    for seed in range(first, last):
        rng = random.Random(seed)
        every = made_up(rng)
        sources = [source(rng, every) for _ in range(rng.randint(2, 5))]
        orders = list(permutations(sources))
        found = []
        for order in rng.sample(orders, min(ORDERS, len(orders))):
            with engine.connect() as connection:
                found.append(stored_after(connection, order))
        if any(each != found[0] for each in found):
            different += 1
            print(f"seed {seed} ends in different states")
    print(f"{last - first} seeds, {different} of them different")
    return different


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
