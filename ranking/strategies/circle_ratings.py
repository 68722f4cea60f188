"""A cohort's ratings in memory: five bytes each, one member after the other, films in one order for all."""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.store.film_order import bytewise, film_order
from letterboxd_scraper.store.schema import films, users
from ranking.facts import Facts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

# So many ratings are worked on at a time: what is computed of them stays in the processor's cache.
CHUNK = 1 << 17
# A film and half stars in one number: ten levels need four bits.
_LEVELS = 16


@dataclass(frozen=True)
class MemberBlock:
    """The ratings of the members in the slice ``members`` (positions), each of whom has at least one.

    ``counts`` and ``offsets`` (where a member's ratings begin) have one value a member, ``film`` (positions),
    ``half_stars`` and ``stars`` one a rating.
    """

    members: slice
    counts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    film: Integers
    half_stars: npt.NDArray[np.int8]

    @cached_property
    def stars(self) -> Floats:
        """What was given, in stars: a value a rating. Made when first asked for."""
        return self.half_stars * np.float64(0.5)

    def spread(self, values: Floats) -> Floats:
        """Return a value a rating, its member's, of ``values`` that are one for each member of the circle."""
        return np.repeat(values[self.members], self.counts)

    def sums(self, values: Floats) -> Floats:
        """Return a value a member of the block: the sum over their ratings, of ``values`` one a rating."""
        return np.add.reduceat(values, self.offsets)


@dataclass(frozen=True)
class Ratings:
    """Ratings by member: those of the m-th are at ``starts[m]`` to ``starts[m + 1]``.

    ``film`` are positions in ``film_ids``, ascending; ``half_stars`` are 1 to 10. ``site_average`` is
    Letterboxd's average of each film in stars, NaN where unknown, and ``site_count`` the number of
    ratings behind it, infinite where unknown.
    """

    member_ids: Integers
    film_ids: Integers
    starts: npt.NDArray[np.int64]
    film: Integers
    half_stars: npt.NDArray[np.int8]
    site_average: Floats
    site_count: Floats

    @cached_property
    def by_member(self) -> npt.NDArray[np.int64]:
        """How many films each member rated: a value a member."""
        return np.diff(self.starts)

    @cached_property
    def by_film(self) -> npt.NDArray[np.int64]:
        """How many members rated each film: a value a film."""
        return _counted(self.film, len(self.film_ids))

    @cached_property
    def means(self) -> Floats:
        """The mean of each film's ratings, in stars: a value a film."""
        total = np.zeros(len(self.film_ids))
        for block in self.blocks():
            total += np.bincount(block.film, block.stars, len(total))
        return total / self.by_film

    def raters(self, film_id: int) -> list[int]:
        """Return the positions of the members who rated a film."""
        at = np.flatnonzero(self.film_ids == film_id)
        if not len(at):
            return []
        places = np.flatnonzero(self.film == at[0])
        return [int(place) for place in np.searchsorted(self.starts, places, side="right") - 1]

    def blocks(self) -> Iterator[MemberBlock]:
        """Yield all ratings, of some whole members at a time: about CHUNK ratings."""
        first = 0
        while first < len(self.member_ids):
            room = self.starts[first] + CHUNK
            last = max(first + 1, int(np.searchsorted(self.starts, room, side="right")) - 1)
            rows = slice(self.starts[first], self.starts[last])
            yield MemberBlock(
                members=slice(first, last),
                counts=self.by_member[first:last],
                offsets=self.starts[first:last] - self.starts[first],
                film=self.film[rows],
                half_stars=self.half_stars[rows],
            )
            first = last


def read(connection: sa.Connection, facts: Facts, *, site: bool = True) -> Ratings:
    """Read the cohort's ratings, and (``site``) what Letterboxd's members think of the films."""
    ratings = read_rows(connection, facts.ratings)
    return with_averages(ratings, connection) if site else ratings


def read_rows(connection: sa.Connection, rated: sa.Subquery) -> Ratings:
    """Read the ratings (user_id, film_id, stars) that a query selects, without averages.

    Members stand in the order of their names, and films in that of `film_order`: so every sum comes out the
    same to the last digit, in whatever order they were stored.
    """
    dialect = connection.dialect.name
    order = connection.scalars(sa.select(films.c.id).order_by(*film_order(dialect))).all()
    r = rated.c
    key = sa.cast(r.film_id, sa.BigInteger) * _LEVELS + sa.cast(r.stars * 2, sa.Integer)
    # A row for each member instead of each rating: Python would take most of the time to make them.
    packed = sa.select(r.user_id, sa.func.aggregate_strings(sa.cast(key, sa.Text), ",").label("films"))
    of_member = packed.group_by(r.user_id).subquery("packed").c
    query = sa.select(of_member.user_id, of_member.films).join(users, users.c.id == of_member.user_id)
    query = query.order_by(bytewise(users.c.letterboxd_username, dialect))
    rows = connection.execute(query.execution_options(stream_results=True, max_row_buffer=64))
    members = ((user, np.fromstring(text, np.int64, sep=",")) for user, text in rows)
    return pack(members, np.array(order, np.int32))


def pack(members: Iterable[tuple[int, npt.NDArray[np.int64]]], order: Integers) -> Ratings:
    """Return the ratings of members, without averages.

    Their films are written as 16·film_id + half stars; ``order`` holds the ids of all films, in order.
    """
    ids, sizes = array("i"), array("q", [0])
    film, half_stars = array("i"), array("b")
    place = np.zeros(int(order.max(initial=0)) + 1, np.int64)
    place[order] = np.arange(len(order))
    for member, keys in members:
        keys = place[keys // _LEVELS] * _LEVELS + keys % _LEVELS
        keys.sort()
        ids.append(member)
        sizes.append(len(keys))
        film.frombytes((keys // _LEVELS).astype(np.int32).tobytes())
        half_stars.frombytes((keys % _LEVELS).astype(np.int8).tobytes())
    film_of_rating = np.frombuffer(film, np.int32) if film else np.zeros(0, np.int32)
    present = _counted(film_of_rating, int(film_of_rating.max(initial=-1)) + 1) > 0
    film_ids = order[np.flatnonzero(present)]
    position = np.cumsum(present, dtype=np.int32) - 1
    for start in range(0, len(film_of_rating), CHUNK):  # in place, as a copy would double the memory
        chunk = film_of_rating[start : start + CHUNK]
        chunk[:] = position[chunk]
    unknown = np.full(len(film_ids), np.nan)
    return Ratings(
        member_ids=np.array(ids, np.int32),
        film_ids=film_ids,
        starts=np.cumsum(np.array(sizes, np.int64)),
        film=film_of_rating,
        half_stars=np.frombuffer(half_stars, np.int8) if film else np.zeros(0, np.int8),
        site_average=unknown,
        site_count=np.full(len(film_ids), np.inf),
    )


def _counted(film: Integers, size: int) -> npt.NDArray[np.int64]:
    """Return how often each number below ``size`` occurs; at once, NumPy would copy all to eight bytes."""
    counts = np.zeros(size, np.int64)
    for start in range(0, len(film), CHUNK):
        counts += np.bincount(film[start : start + CHUNK], minlength=size)
    return counts


def with_averages(ratings: Ratings, connection: sa.Connection) -> Ratings:
    """Fill in Letterboxd's averages and counts of ratings, where they are stored; return the same object."""
    f = films.c
    query = sa.select(f.id, f.letterboxd_weighted_average, f.letterboxd_rating_count)
    rows = connection.execute(query.where(f.letterboxd_weighted_average.is_not(None))).all()
    if rows and len(ratings.film_ids):
        ids, averages, counts = (np.array(column, float) for column in zip(*rows, strict=True))
        ascending = np.argsort(ratings.film_ids)
        ranks = np.searchsorted(ratings.film_ids, ids, sorter=ascending).clip(max=len(ascending) - 1)
        places = ascending[ranks]
        rated = ratings.film_ids[places] == ids
        ratings.site_average[places[rated]] = averages[rated]
        # NaN, which NULL became, is not greater than 0 either.
        ratings.site_count[places[rated]] = np.where(counts > 0, counts, np.inf)[rated]
    return ratings
