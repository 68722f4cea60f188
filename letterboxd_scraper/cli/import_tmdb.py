"""Films that nothing stored tells, looked for at TMDB by title and year: one request each."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import TmdbError
from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.items.sources import NamedFilm
from letterboxd_scraper.tmdb.client import TmdbClient
from letterboxd_scraper.tmdb.search import TmdbSearch


def with_numbers(settings: Config, films: Sequence[NamedFilm]) -> dict[NamedFilm, NamedFilm]:
    """Return, for the films that TMDB alone has, the same with TMDB's numbers.

    Raises TmdbRefused if the key is refused.
    """
    links = asyncio.run(_links(settings, films))
    return {film: replace(film, tmdb_id=link.id, tmdb_kind=link.kind) for film, link in links.items()}


async def _links(settings: Config, films: Sequence[NamedFilm]) -> dict[NamedFilm, TmdbLink]:
    client = TmdbClient(settings)
    search = TmdbSearch(client)
    try:
        answers = await asyncio.gather(*(_link(search, film) for film in films))
    finally:
        await client.close()
    return {film: link for film, link in zip(films, answers, strict=True) if link}


async def _link(search: TmdbSearch, film: NamedFilm) -> TmdbLink | None:
    try:
        if film.imdb_id:
            return await search.imdb(film.imdb_id)
        return await search.film(film.title, film.year) if film.title and film.year else None
    except TmdbError:
        return None  # it stays among those that cannot be matched
