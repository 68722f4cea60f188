"""Are films the same in whatever order sources name them? ``python -m benchmarks.film_names``.

Films, sources and orders are made up; the seeds of which some orders end otherwise are printed.
"""

import argparse
import random
import sys
from itertools import permutations

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import metadata
from tests.store.film_sources import made_up, source, stored_after

ORDERS = 6


def different_ends(first: int, last: int) -> int:
    """Return how many seeds end in different states."""
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    different = 0
    for seed in range(first, last):
        rng = random.Random(seed)
        every = made_up(rng)
        sources = [source(rng, every) for _ in range(rng.randint(2, 5))]
        orders = list(permutations(sources))
        states = []
        for order in rng.sample(orders, min(ORDERS, len(orders))):
            with engine.connect() as connection:
                states.append(stored_after(connection, order))
        if any(state != states[0] for state in states):
            different += 1
            print(f"seed {seed} ends in different states")
    print(f"{last - first} seeds, {different} of them different")
    return different


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.film_names", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first (%(default)s)")
    parser.add_argument("--seeds", type=int, default=1000, help="how many, six orders of each (%(default)s)")
    chosen = parser.parse_args()
    return int(different_ends(chosen.seed, chosen.seed + chosen.seeds) > 0)


if __name__ == "__main__":
    sys.exit(main())
