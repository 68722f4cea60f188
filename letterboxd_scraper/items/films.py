"""Facts about films, frozen: from film pages, TMDB, histograms and directors' pages."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

# The stages under which failures to read something of a film are recorded.
FILM, TMDB, DIRECTOR, HISTOGRAM = "film", "tmdb", "director", "histogram"


@dataclass(frozen=True, slots=True)
class Film:
    """A film as its tile names it. ``film_id`` is the identity that survives a renamed slug."""

    slug: str
    title: str
    year: int | None = None
    film_id: int | None = None
    lid: str | None = None

    @property
    def key(self) -> int | str:
        """The film's identity on a page: its number, or its slug where the page shows no number."""
        return self.film_id or self.slug


@dataclass(frozen=True, slots=True)
class TmdbLink:
    """Where TMDB has a film. Movies and series are numbered apart: a number means nothing without its kind.

    ``season`` and ``episode`` are set where the film is but a part of the series ``id``.
    """

    kind: Literal["movie", "tv"]
    id: int
    season: int | None = None
    episode: int | None = None

    @property
    def path(self) -> str:
        """The path of its details on TMDB.

        >>> TmdbLink("movie", 1018).path, TmdbLink("tv", 7, 2, 5).path
        ('/movie/1018', '/tv/7/season/2/episode/5')
        """
        path = f"/{self.kind}/{self.id}"
        if self.season is not None:
            path += f"/season/{self.season}"
        return path if self.episode is None else f"{path}/episode/{self.episode}"


@dataclass(frozen=True, slots=True)
class Director:
    """Who directed a film. The site knows them by ``slug``, TMDB by ``tmdb_id``; others may share a name."""

    name: str
    slug: str | None = None
    tmdb_id: int | None = None
    profile_url: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class FilmPage:
    """What a film's page shows: ``average`` in stars, of so many ``ratings``; None where it does not say.

    ``original_language`` is a code of `letterboxd_scraper.languages`. The ``link`` is not sure where no
    button leads there, and the page only names a number.
    """

    film: Film
    link: TmdbLink | None = None
    imdb_id: str | None = None
    runtime_minutes: int | None = None
    poster_url: str | None = None
    overview: str | None = None
    genres: tuple[str, ...] = ()
    directors: tuple[Director, ...] = ()
    average: float | None = None
    ratings: int | None = None
    original_language: str | None = None
    link_is_sure: bool = True


@dataclass(frozen=True, slots=True)
class TmdbDetails:
    """What TMDB tells of a film; None where it omits a field. The title that is stored is the site's.

    ``countries`` are the codes of those of origin; ``country_names`` are names of these, and of others.
    ``original_language`` is as in `FilmPage`.
    """

    title: str | None = None
    release_date: date | None = None
    runtime_minutes: int | None = None
    poster_url: str | None = None
    overview: str | None = None
    countries: tuple[str, ...] = ()
    country_names: tuple[tuple[str, str], ...] = ()
    genres: tuple[tuple[int, str], ...] = ()
    directors: tuple[Director, ...] = ()
    original_language: str | None = None


@dataclass(frozen=True, slots=True)
class TmdbHit:
    """A film that TMDB names in answer to a title, with its titles and the year of its release there."""

    link: TmdbLink
    titles: tuple[str, ...]
    year: int | None = None


@dataclass(frozen=True, slots=True)
class TmdbHits:
    """One page of hits, of so many ``pages``."""

    hits: tuple[TmdbHit, ...]
    pages: int = 1


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What a film's page and TMDB tell of a film at one time.

    ``film`` is how it was asked for: ``page`` may name another, to which its address leads by now.
    ``page`` is None where only TMDB was asked, ``details`` where TMDB was not asked or did not answer;
    ``not_found``: TMDB has no such film. ``directors`` are those of both, without repetition. ``guessed``:
    nothing but title and year says that the ``link`` is the film's. ``stored`` is the database's number of a
    film that neither the site's number nor its code or slug tells.
    """

    film: Film
    link: TmdbLink | None
    page: FilmPage | None
    details: TmdbDetails | None
    not_found: bool
    directors: tuple[Director, ...]
    guessed: bool = False
    stored: int | None = None


@dataclass(frozen=True, slots=True)
class FilmUnmatched:
    """Where else this film is nobody can say: not one film, or several, fit what is known of it.

    ``refuted``: what was guessed is another film. ``stored`` is as in `FilmFacts`.
    """

    film: Film
    stored: int | None = None
    refuted: bool = False


@dataclass(frozen=True, slots=True)
class FilmGone:
    """The site has no page of this film any more; ``not_found``: nor has TMDB the film."""

    film: Film
    not_found: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """How all of Letterboxd rates a film: ten counts, half a star to five stars.

    ``average`` is the site's own, weighted, in stars; ``fans`` are those who have it among their favourites.
    """

    counts: tuple[int, ...]
    average: float | None = None
    fans: int | None = None

    @property
    def ratings(self) -> int:
        """How many ratings the film has."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class FilmHistogram:
    """A film's histogram, with the film as it was asked for."""

    film: Film
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class DirectorPage:
    """A director as their page names them; ``asked`` is the slug that their page was asked for by.

    ``director`` is None where there is no such page.
    """

    asked: str
    url: str
    director: Director | None


def credited(by_tmdb: tuple[Director, ...], by_site: tuple[Director, ...]) -> tuple[Director, ...]:
    """Return the directors that TMDB and the site name, in TMDB's order, then those that only the site names.

    Directors of the same name in both are one person, unless several of that name directed the film.

    >>> credited((Director("Ann", tmdb_id=5),), (Director("Ann", "ann-2"), Director("Bo", "bo")))[0]
    Director(name='Ann', slug='ann-2', tmdb_id=5, profile_url=None, department=None)
    """
    on_site = {director: _counterpart(director, by_tmdb, by_site) for director in by_tmdb}
    matched = {counterpart.slug for counterpart in on_site.values() if counterpart}
    both = (replace(director, slug=other.slug) if other else director for director, other in on_site.items())
    return (*both, *(director for director in by_site if director.slug not in matched))


def _counterpart(
    director: Director, by_tmdb: tuple[Director, ...], by_site: tuple[Director, ...]
) -> Director | None:
    """Return TMDB's ``director`` as the site names them; None where nobody there is surely the same."""
    for other in by_site:
        if other.tmdb_id and other.tmdb_id == director.tmdb_id:
            return other
    name = director.name.casefold()
    namesakes = [other for other in by_site if other.name.casefold() == name and not other.tmdb_id]
    unambiguous = len(namesakes) == 1 and sum(other.name.casefold() == name for other in by_tmdb) == 1
    return namesakes[0] if unambiguous else None
