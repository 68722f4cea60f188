"""Which film of TMDB's is meant, where a source knows no number of it: never more of a guess than need be."""

import unicodedata
from collections.abc import Iterable

from letterboxd_scraper.items.films import TmdbHit, TmdbLink
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.tmdb.client import TmdbClient

# Twenty hits each. Of a title that so many share, nobody can say that just one film has it.
_MOST_PAGES = 3
# The least of Unicode's classes of marks above and below letters.
_ACCENTS = 200


class TmdbSearch:
    """Films looked for at TMDB by what other sources know of them; raises what the ``client`` does."""

    def __init__(self, client: TmdbClient) -> None:
        self._client = client

    async def of(self, start: FilmStart) -> TmdbLink | None:
        """Return where TMDB has a film, by its number on IMDb, else by title and year."""
        if start.imdb_id is not None:
            return await self.imdb(start.imdb_id)
        return await self.film(start.film.title, start.film.year)

    async def film(self, title: str, year: int | None) -> TmdbLink | None:
        """Return where TMDB has the one film of this title and year; None where none has them, or several."""
        hits: list[TmdbHit] = []
        for number in range(1, _MOST_PAGES + 1):
            page = await self._client.search(title, year, number)
            hits += page.hits
            if number >= page.pages or len(fitting(title, year, hits)) > 1:
                return best_hit(title, year, hits)
        return None

    async def imdb(self, imdb_id: str) -> TmdbLink | None:
        """Return where TMDB has the film of a number on IMDb; None where nothing has it."""
        links = {hit.link for hit in await self._client.find(imdb_id)}
        return links.pop() if len(links) == 1 else None


def best_hit(title: str, year: int | None, hits: Iterable[TmdbHit]) -> TmdbLink | None:
    """Return the one hit that has this title, or had it at first, and this year; None of none or several.

    >>> aliens = [TmdbHit(TmdbLink("movie", id), ("Alien",), year) for id, year in ((348, 1979), (9, 1986))]
    >>> best_hit("ALIEN!", 1979, aliens), best_hit("Alien", None, aliens)
    (TmdbLink(kind='movie', id=348, season=None, episode=None), None)
    """
    links = fitting(title, year, hits)
    return links.pop() if len(links) == 1 else None


def fitting(title: str, year: int | None, hits: Iterable[TmdbHit]) -> set[TmdbLink]:
    """Return the hits of this title and year; no year is one as well, that of films not yet dated."""
    words = folded(title)
    return {hit.link for hit in hits if hit.year == year and words in map(folded, hit.titles)}


def folded(title: str) -> str:
    """Return a title as it is compared: without case, accents, blanks and punctuation.

    >>> folded("Amélie & Co."), folded("AMELIE and Co"), folded("…")
    ('amelieandco', 'amelieandco', '…')
    """
    letters = unicodedata.normalize("NFKD", title.replace("&", " and ").casefold())
    return "".join(letter for letter in letters if not _is_left_out(letter)) or title


def _is_left_out(letter: str) -> bool:
    # Marks of other scripts, such as those that tell ka from ga, are letters rather than accents.
    is_accent = unicodedata.combining(letter) >= _ACCENTS
    return is_accent or unicodedata.category(letter)[0] in "PSZC"
