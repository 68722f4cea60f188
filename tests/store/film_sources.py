"""Made-up films, some of one title, some renamed, and sources that name them in their ways."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store.films.named import named_film_ids, stored_named_film_ids
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.store.titles import COLUMNS

FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
DAYS = 10
Source = tuple[Sequence[NamedFilm], Naming]


@dataclass(frozen=True)
class MadeUp:
    """A film as the site has it in the first and in the last days."""

    number: int
    slugs: tuple[str, str]
    names: tuple[tuple[str, int | None], tuple[str, int | None]]


def made_up(rng: random.Random) -> list[MadeUp]:
    """Return one to four films."""

    def name() -> tuple[str, int | None]:
        return rng.choice("AB"), rng.choice((1990, 1990, 1991, None))

    return [
        MadeUp(100 + n, (f"s{n}", rng.choice((f"s{n}", f"s{n}", f"t{n}"))), (name(), name()))
        for n in range(rng.randint(1, 4))
    ]


KINDS = {
    "archive": NamedBy.FILE,
    "old archive": NamedBy.FILE,
    "favourites": NamedBy.FILE,
    "page": NamedBy.PAGE,
    "old page": NamedBy.PAGE,
    "diary": NamedBy.PAGE,
    "imdb": NamedBy.SERVICE,
    "trakt": NamedBy.SERVICE,
    "table": NamedBy.SERVICE,
}


def source(rng: random.Random, every: Sequence[MadeUp]) -> Source:
    """Return a source of some day that names some of the films."""
    kind, day = rng.choice([*KINDS]), rng.randrange(DAYS)
    some = rng.sample(every, rng.randint(1, len(every)))
    named = [_named(film, kind, late=day >= DAYS // 2) for film in some]
    return named, Naming(KINDS[kind], FIRST_DAY + timedelta(days=day))


def _named(film: MadeUp, kind: str, *, late: bool) -> NamedFilm:
    (title, year), slug, lid = film.names[late], film.slugs[late], f"c{film.number}"
    match kind:
        case "archive":
            return NamedFilm(title, year, lid=lid)
        case "favourites":
            return NamedFilm("", lid=lid)
        case "page":
            return NamedFilm(title, year, lid, slug, film.number)
        case "imdb":
            return NamedFilm(title, year, imdb_id=f"tt{film.number}")
        case "trakt":
            imdb, tmdb = f"tt{film.number}", film.number
            return NamedFilm(title, year, imdb_id=imdb, tmdb_id=tmdb, tmdb_kind="movie")
        case "table":
            return NamedFilm(title, year)
        case "old page":
            return NamedFilm(title, None, slug=slug, film_id=film.number)
        case _:
            return NamedFilm(title, year, slug=slug)


def stored_after(connection: sa.Connection, sources: Sequence[Source]) -> list[Any]:
    """Return what is stored of films, and what each name means, after sources, and once more all of them."""
    for named, naming in (*sources, *sources):
        named_film_ids(connection, named, naming)
    keys = ("slug", "letterboxd_lid", "letterboxd_film_id", "imdb_id", "tmdb_id")
    names = (*keys, "numbered_by_name", "joined_by_name", *COLUMNS)
    rows = connection.execute(sa.select(films.c.id, *(films.c[name] for name in names))).all()
    film_of = {row.id: tuple(row[1 : len(keys) + 1]) for row in rows}
    every = [name for named, _ in sources for name in named]
    meant = {(name, film_of[film]) for name, film in stored_named_film_ids(connection, every).items()}
    return [sorted((tuple(row[1:]) for row in rows), key=str), sorted(meant, key=str)]
