"""How fast are rows upserted, beside a parameter for every value? ``python -m benchmarks.upsert_speed``."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.migrate import upgrade
from letterboxd_scraper.store.schema import films, ratings, users
from letterboxd_scraper.store.upsert import Row, insert_into, upsert
from tests import postgres

AT = datetime(2026, 1, 1, tzinfo=UTC)
Upsert = Callable[[sa.Connection, Sequence[Row]], None]


def in_one_parameter(connection: sa.Connection, rows: Sequence[Row]) -> None:
    upsert(connection, ratings, rows)


def value_by_value(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Upsert rows as SQLAlchemy does by itself: RETURNING makes it send them in batches."""
    key = ratings.primary_key.columns.keys()
    insert = insert_into(ratings, connection.dialect.name)
    changes = {name: insert.excluded[name] for name in rows[0] if name not in key}
    differs = sa.or_(*(ratings.c[name].is_distinct_from(value) for name, value in changes.items()))
    statement = insert.on_conflict_do_update(index_elements=key, set_=changes, where=differs)
    connection.execute(statement.returning(*ratings.primary_key), sorted(rows, key=itemgetter(*key)))


FORMS: dict[str, Upsert] = {"one parameter": in_one_parameter, "value by value": value_by_value}


def ratings_of(user: int, size: int, *, dated: bool) -> list[Row]:
    """Return one member's ratings as a page of them tells, or ``dated`` as an archive does."""
    seen = {"user_id": user, "first_seen_at": AT, "seen_after": None, "updated_at": AT}
    return [
        seen
        | {"film_id": film, "rating": (film % 10 + 1) / 2, "liked": film % 7 == 0}
        | ({"rated_at": AT - timedelta(days=film % 1000)} if dated else {})
        for film in range(1, size + 1)
    ]


def rates(engine: sa.Engine, size: int, repeat: int, *, dated: bool) -> Iterator[tuple[str, str, float]]:
    """Yield each form's name, what it found stored, and the median of its rows a second; all in turns."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(repeat):
        for name, form in FORMS.items():
            with engine.begin() as connection:
                connection.execute(ratings.delete())
            new = ratings_of(1, size, dated=dated)
            changed = [row | {"rating": row["rating"] % 5 + 0.5} for row in new]
            for case, rows in (("new", new), ("unchanged", new), ("changed", changed)):
                begun = time.perf_counter()
                with engine.begin() as connection:
                    form(connection, rows)
                seconds.setdefault((name, case), []).append(time.perf_counter() - begun)
    for (name, case), measured in seconds.items():
        yield name, case, size / median(measured)


@contextmanager
def stores(size: int) -> Iterator[list[sa.Engine]]:
    """Yield a database of each kind with one member and so many films."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.server() as server,
        postgres.database(server) as url,
    ):
        engines = [make_engine(f"sqlite:///{Path(folder, 'store.db')}"), make_engine(url)]
        for engine in engines:
            upgrade(engine)
            rows: list[dict[str, Any]] = [{"id": n, "title": f"Film {n}"} for n in range(1, size + 1)]
            with engine.begin() as connection:
                connection.execute(users.insert().values(id=1, letterboxd_username="ann", created_at=AT))
                connection.execute(films.insert(), rows)
        yield engines
        for engine in engines:
            engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upsert_speed", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[72, 10_000], help="(%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="(%(default)s)")
    chosen = parser.parse_args()
    print(f"{'rows a second, medians':<38}{'new':>10}{'unchanged':>11}{'changed':>10}")
    with stores(max(chosen.rows)) as engines:
        for engine in engines:
            for size, dated in ((size, dated) for size in chosen.rows for dated in (False, True)):
                speed = {(f, c): s for f, c, s in rates(engine, size, chosen.repeat, dated=dated)}
                for name in FORMS:
                    kind = f"{engine.dialect.name} {size}{' dated' if dated else ''}, {name}"
                    new, unchanged, changed = (speed[name, c] for c in ("new", "unchanged", "changed"))
                    print(f"{kind:<38}{new:>10,.0f}{unchanged:>11,.0f}{changed:>10,.0f}")


if __name__ == "__main__":
    main()
