"""Ratings of which a part is hidden, and a database of its own that has the others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np
import sqlalchemy as sa

from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.film_order import bytewise, film_order
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_members,
    cohorts,
    films,
    metadata,
    ratings,
    users,
)
from ranking.strategies.circle_ratings import Floats, Integers

# A member, a film's id, stars, and what is known of the date: rated_at, first_seen_at, seen_after.
Rating = tuple[Any, int, float, datetime | None, datetime | None, datetime | None]
LABEL = "evaluated"
_AT_ONCE = 50_000
_INSERT = (
    "INSERT INTO ratings (user_id, film_id, rating, rated_at, first_seen_at, seen_after, updated_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Source(Protocol):
    """Ratings to evaluate."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What the cohort has chosen of the strategies' parameters."""

    def films(self) -> list[dict[str, Any]]:
        """Return rows of `films`."""

    def ratings(self) -> Iterable[Rating]:
        """Return the ratings, by member and then by film, in an order that every database gives."""


@dataclass(frozen=True)
class FromCohort:
    """A cohort of the database, as it stands."""

    connection: sa.Connection
    cohort: Cohort

    @property
    def parameters(self) -> dict[str, Any]:
        return dict(self.cohort.definition.get("rank") or {})

    def films(self) -> list[dict[str, Any]]:
        return [
            {name: row[name] for name in row if name != "id"} | {"id": number}
            for number, row in enumerate(self._films, start=1)
        ]

    @cached_property
    def _films(self) -> list[Mapping[str, Any]]:
        """The films in one order for all databases: by this they are numbered, not by their ids."""
        f = films.c
        names = (f.id, f.slug, f.letterboxd_lid, f.title)
        columns = (*names, f.letterboxd_weighted_average, f.letterboxd_rating_count)
        rated = sa.select(ratings.c.film_id).join(
            cohort_members, cohort_members.c.user_id == ratings.c.user_id
        )
        of_cohort = f.id.in_(rated.where(cohort_members.c.cohort_id == self.cohort.id))
        query = sa.select(*columns).where(of_cohort).order_by(*film_order(self.connection.dialect.name))
        return [dict(row) for row in self.connection.execute(query).mappings()]

    def ratings(self) -> Iterator[Rating]:
        r, dialect = ratings.c, self.connection.dialect.name
        number = {row["id"]: place for place, row in enumerate(self._films, start=1)}
        name = users.c.letterboxd_username
        query = (
            sa.select(name, r.film_id, r.rating, r.rated_at, r.first_seen_at, r.seen_after)
            .join(users, users.c.id == r.user_id)
            .join(films, films.c.id == r.film_id)
            .join(cohort_members, cohort_members.c.user_id == r.user_id)
            .where(cohort_members.c.cohort_id == self.cohort.id, r.rating.is_not(None))
            .order_by(bytewise(name, dialect), *film_order(dialect))
        )
        for row in self.connection.execute(query.execution_options(stream_results=True)):
            yield (row[0], number[row[1]], row[2], row[3], row[4], row[5])


@dataclass(frozen=True)
class Hidden:
    """The hidden ratings, by member: member (counted from 1), film (id) and stars."""

    member: Integers
    film: Integers
    stars: Floats

    def of_films(self, films: Iterable[int]) -> "Hidden":
        """Return the hidden ratings of these films."""
        chosen = np.isin(self.film, np.fromiter(films, np.int64))
        return Hidden(self.member[chosen], self.film[chosen], self.stars[chosen])


@contextmanager
def kept_and_hidden(
    source: Source, share: float, seed: int, at: datetime
) -> Iterator[tuple[sa.Engine, Hidden]]:
    """Hide a share of each member's ratings; yield a store of its own with the others, and the hidden ones.

    The same seed hides the same ratings of the same cohort on every database. The store's one cohort
    has the id 1; its statistics are fresh. It is gone afterwards.
    """
    with TemporaryDirectory(prefix="evaluate") as folder:
        engine = make_engine(f"sqlite:///{folder}/kept.db")
        try:
            metadata.create_all(engine)
            with engine.begin() as connection:
                hidden = _store(connection, source, share, np.random.default_rng(seed), at)
            statistics.refresh(engine, at)
            yield engine, hidden
        finally:
            engine.dispose()


def _store(
    connection: sa.Connection, source: Source, share: float, rng: np.random.Generator, at: datetime
) -> Hidden:
    if rows_of_films := source.films():
        connection.execute(films.insert(), rows_of_films)
    moment = {"created_at": at, "updated_at": at}
    connection.execute(cohorts.insert().values(id=1, label=LABEL, definition={}, **moment))
    kept: list[tuple[Any, ...]] = []
    hidden: list[tuple[int, int, float]] = []
    for member, (_, rows) in enumerate(groupby(source.ratings(), itemgetter(0)), start=1):
        name = {"letterboxd_username": f"{member}", "created_at": at}
        connection.execute(users.insert().values(id=member, **name))
        membership = {"cohort_id": 1, "user_id": member, "depth": 1, "followed_at": at}
        connection.execute(cohort_members.insert().values(membership))
        own = list(rows)
        hidden_places = set(rng.permutation(len(own))[: round(share * len(own))].tolist())
        for place, (_, film, stars, *dates) in enumerate(own):
            if place in hidden_places:
                hidden.append((member, film, stars))
            else:
                kept.append((member, film, stars, *map(_text, dates)))
        if len(kept) > _AT_ONCE:
            _insert(connection, kept, at)
            kept.clear()
    _insert(connection, kept, at)
    connection.execute(changed_facts.insert().values(id=0))
    columns = list(zip(*hidden, strict=True)) or [(), (), ()]
    return Hidden(np.array(columns[0], np.int32), np.array(columns[1], np.int32), np.array(columns[2], float))


def _insert(connection: sa.Connection, kept: Sequence[tuple[Any, ...]], at: datetime) -> None:
    """Insert ratings; past SQLAlchemy's types, which take several times as long."""
    if kept:
        connection.exec_driver_sql(
            _INSERT, [(*row[:4], row[4] or _text(at), row[5], _text(at)) for row in kept]
        )


def _text(moment: datetime | None) -> str | None:
    """Write a moment as SQLAlchemy stores it on SQLite."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if moment else None
