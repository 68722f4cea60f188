"""What films are, as far as pages of Letterboxd and archives say: facts for `columns`, one value a film."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.store.schema import film_genres, film_histograms, films, genres
from ranking.sql import double, sqrt
from ranking.strategies.circle_ratings import Floats

Small = npt.NDArray[np.int16]
Bits = npt.NDArray[np.uint64]
# A film's genres are bits of one number.
_MOST_GENRES = 64
_MOST_MINUTES = 10_000
_NOT_OF_TMDB = sa.or_(films.c.tmdb_synced_at.is_(None), films.c.tmdb_not_found)


@dataclass(frozen=True)
class FilmFacts:
    """Facts in the order of some films.

    ``deviation`` is the standard deviation of Letterboxd's ratings in stars, NaN where unknown. ``year`` and
    ``minutes`` are 0 where unknown. ``genres`` has the bit 1 << k for the k-th of ``genre_names``.
    ``language`` is a position in ``language_names``, -1 where unknown. ``tv`` is False where unknown.
    """

    deviation: Floats
    year: Small
    minutes: Small
    genres: Bits
    genre_names: tuple[str, ...]
    language: Small
    language_names: tuple[str, ...]
    tv: npt.NDArray[np.bool_]

    @classmethod
    def unknown(cls, films: int) -> "FilmFacts":
        """Return the facts of so many films of which nothing is known."""
        return cls(
            deviation=np.full(films, np.nan),
            year=np.zeros(films, np.int16),
            minutes=np.zeros(films, np.int16),
            genres=np.zeros(films, np.uint64),
            genre_names=(),
            language=np.full(films, -1, np.int16),
            language_names=(),
            tv=np.zeros(films, bool),
        )

    @classmethod
    def of(cls, rows: Sequence[dict[str, Any]]) -> "FilmFacts":
        """Return the facts of films, each a dict that may have any of these: deviation, year, minutes,
        genres (names), language (a code) and tv.
        """
        names = most_common(name for row in rows for name in row.get("genres") or ())[:_MOST_GENRES]
        bit = {name: 1 << place for place, name in enumerate(names)}
        languages = most_common(row["language"] for row in rows if row.get("language"))
        place = {name: at for at, name in enumerate(languages)}
        return cls(
            deviation=np.array([_number(row.get("deviation"), np.nan) for row in rows], float),
            year=np.array([_number(row.get("year"), 0) for row in rows], np.int16),
            minutes=np.array([min(_number(row.get("minutes"), 0), _MOST_MINUTES) for row in rows], np.int16),
            genres=np.array(
                [sum({bit[name] for name in row.get("genres") or () if name in bit}) for row in rows],
                np.uint64,
            ),
            genre_names=tuple(names),
            language=np.array([place.get(row.get("language") or "", -1) for row in rows], np.int16),
            language_names=tuple(languages),
            tv=np.array([bool(row.get("tv")) for row in rows], bool),
        )

    def at(self, places: npt.NDArray[np.integer]) -> "FilmFacts":
        """Return the facts of the films at these places (positions), in their order."""
        return replace(
            self,
            deviation=self.deviation[places],
            year=self.year[places],
            minutes=self.minutes[places],
            genres=self.genres[places],
            language=self.language[places],
            tv=self.tv[places],
        )


def _number(value: Any, unknown: float) -> Any:
    return unknown if value is None else value


def most_common(names: Iterable[str]) -> list[str]:
    """Return the distinct names, the most frequent first, equally frequent ones by name.

    >>> most_common(["b", "c", "a", "c"])
    ['c', 'a', 'b']
    """
    counted = Counter(names)
    return sorted(counted, key=lambda name: (-counted[name], name))


def read_facts(connection: sa.Connection, film_ids: Sequence[int]) -> FilmFacts:
    """Read what is stored of films, in the order of their ids.

    What TMDB alone told is left out (genres, length, a year or language that no other source has): its terms
    forbid training models on its data.
    """
    place_of = {film: place for place, film in enumerate(film_ids)}
    facts = FilmFacts.unknown(len(film_ids))
    f = films.c
    # Letterboxd's pages say by their links whether something is a film or a series.
    columns = [f.id, f.release_year, f.year_by, f.runtime_minutes, f.tmdb_media_type, _NOT_OF_TMDB]
    columns.append(sa.case((f.language_by == "page", f.original_language)))
    languages = dict[int, str]()
    for film, year, year_by, minutes, media_type, own, language in connection.execute(sa.select(*columns)):
        if (place := place_of.get(film)) is not None:
            facts.year[place] = (year_by and year) or 0
            facts.minutes[place] = min((own and minutes) or 0, _MOST_MINUTES)
            facts.tv[place] = media_type == "tv"
            if language:
                languages[place] = sys.intern(language)
    names = most_common(languages.values())
    for place, language in languages.items():
        facts.language[place] = names.index(language)
    for film, deviation in connection.execute(_deviations()):
        if film in place_of:
            facts.deviation[place_of[film]] = deviation
    return replace(
        facts, language_names=tuple(names), genre_names=_read_genres(connection, place_of, facts.genres)
    )


def _deviations() -> sa.Select[Any]:
    """Return the query of the standard deviation of Letterboxd's ratings of each film."""
    h = film_histograms.c
    # In half stars all sums are whole: both databases make the same of them.
    half = sa.cast(2 * sa.cast(h.bucket_label, sa.Double), sa.BigInteger)
    votes, total, squares = (
        sa.func.sum(h.count * power, type_=sa.Double) for power in (1, half, half * half)
    )
    variance = (double(squares) - double(total) * double(total) / double(votes)) / double(votes) / 4
    query = sa.select(h.film_id, sqrt(sa.case((variance > 0, variance), else_=0.0)))
    return query.where(h.cohort_id.is_(None)).group_by(h.film_id).having(votes > 0)


def _read_genres(connection: sa.Connection, place_of: Mapping[int, int], bits: Bits) -> tuple[str, ...]:
    """Set the bits of the films' genres; return the genres' names in the order of the bits."""
    query = sa.select(film_genres.c.film_id, film_genres.c.genre_id)
    query = query.join(films, films.c.id == film_genres.c.film_id).where(_NOT_OF_TMDB)
    counted = Counter(genre for film, genre in connection.execute(query) if film in place_of)
    name_of = {genre: name for genre, name in connection.execute(sa.select(genres.c.id, genres.c.name))}
    common = sorted(counted, key=lambda genre: (-counted[genre], name_of[genre]))[:_MOST_GENRES]
    bit_of = {genre: np.uint64(1 << place) for place, genre in enumerate(common)}
    for film, genre in connection.execute(query):
        if film in place_of and genre in bit_of:
            bits[place_of[film]] |= bit_of[genre]
    return tuple(name_of[genre] for genre in common)
