"""What films are, as far as pages of Letterboxd and archives say: facts for `columns`, one value a film."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.store.schema import film_genres, film_histograms, films, genres
from ranking.strategies.circle_ratings import Floats

Small = npt.NDArray[np.int16]
Bits = npt.NDArray[np.uint64]
# A film's genres are bits of one number.
_MOST_GENRES = 64


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
            minutes=np.array([min(_number(row.get("minutes"), 0), 10_000) for row in rows], np.int16),
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
        """Return the facts of the films at these places, in their order."""
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


def deviation(counts: dict[float, int]) -> float | None:
    """Return the standard deviation of ratings, counted by stars; None for none.

    >>> deviation({3.0: 2, 4.0: 2})
    0.5
    """
    votes = sum(counts.values())
    if not votes:
        return None
    mean = sum(stars * count for stars, count in counts.items()) / votes
    return float((sum(count * (stars - mean) ** 2 for stars, count in counts.items()) / votes) ** 0.5)


def read_facts(connection: sa.Connection, film_ids: Sequence[int]) -> FilmFacts:
    """Read what is stored of films, in the order of their ids.

    What TMDB alone told is left out (genres, length, a year or language that no other source has): its terms
    forbid training models on its data.
    """
    f = films.c
    not_of_tmdb = sa.or_(f.tmdb_synced_at.is_(None), f.tmdb_not_found)
    # Letterboxd's pages say by their links whether something is a film or a series.
    columns = [f.id, f.release_year, f.year_by, f.runtime_minutes, f.tmdb_media_type, not_of_tmdb]
    columns.append(sa.case((f.language_by == "page", f.original_language)))
    rows: dict[int, dict[str, Any]] = {
        film: {
            "year": year if year_by else None,
            "minutes": minutes if own else None,
            "tv": media_type == "tv",
            "language": language,
            "genres": [],
        }
        for film, year, year_by, minutes, media_type, own, language in connection.execute(sa.select(*columns))
    }
    named = sa.select(film_genres.c.film_id, genres.c.name).join(
        genres, genres.c.id == film_genres.c.genre_id
    )
    for film, name in connection.execute(named.join(films, f.id == film_genres.c.film_id).where(not_of_tmdb)):
        rows[film]["genres"].append(name)
    levels: dict[int, dict[float, int]] = {}
    h = film_histograms.c
    query = sa.select(h.film_id, h.bucket_label, h.count).where(h.cohort_id.is_(None))
    for film, label, count in connection.execute(query):
        levels.setdefault(film, {})[float(label)] = count
    for film, counts in levels.items():
        rows[film]["deviation"] = deviation(counts)
    return FilmFacts.of([rows[film] for film in film_ids])
