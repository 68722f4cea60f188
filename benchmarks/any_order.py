"""Do sources end in the same in every order? ``python -m benchmarks.any_order``.

Pairs of members' lives are made up, and the archives, pages, feeds and files of other services that tell of
them and of films, each in its own way. They are taken in in several orders, some of them twice. Whatever is
stored in the end must be the same. A short form runs with the tests: `tests/store/test_any_order.py`.
"""

import argparse
import random

import sqlalchemy as sa

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import metadata
from tests.store import lives


def differences(connection: sa.Connection, seed: int, days: int, orders: int) -> list[str]:
    """Return the tables in which what is stored of two lives depends on the order of their sources."""
    rng = random.Random(seed)
    told = [
        source for name in ("ada", "ben") for source in lives.sources_of(rng, lives.live(rng, days), name)
    ]
    ends = []
    for order in (told, *(lives.in_another_order(rng, told) for _ in range(orders))):
        with connection.begin_nested() as nested:
            ends.append(lives.end_state(connection, order))
            nested.rollback()
    return sorted({table for end in ends for table in end if end[table] != ends[0][table]})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.any_order", description=__doc__)
    parser.add_argument("--lives", type=int, default=1000, help="how many pairs are made up (%(default)s)")
    parser.add_argument("--days", type=int, default=30, help="of each life (%(default)s)")
    parser.add_argument("--orders", type=int, default=5, help="beside that of the moments (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first life (%(default)s)")
    chosen = parser.parse_args()
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    wrong = 0
    with engine.connect() as connection:
        for seed in range(chosen.seed, chosen.seed + chosen.lives):
            if tables := differences(connection, seed, chosen.days, chosen.orders):
                wrong += 1
                print(f"pair {seed}: another end in {', '.join(tables)}", flush=True)
    print(f"{chosen.lives} pairs of lives, {wrong} of them with several ends")


if __name__ == "__main__":
    main()
