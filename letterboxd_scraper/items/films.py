"""What is found out about films: facts, frozen, from film pages, TMDB, histograms and directors' pages."""

from dataclasses import dataclass
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
        """What tells this film from others: its number, or its slug where a page shows no number."""
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
        parts = [f"/{self.kind}/{self.id}"]
        parts += [f"/season/{self.season}"] * (self.season is not None)
        parts += [f"/episode/{self.episode}"] * (self.episode is not None)
        return "".join(parts)


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

    The ``link`` is not sure where no button leads there, and the page only names a number.
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
    link_is_sure: bool = True


@dataclass(frozen=True, slots=True)
class TmdbDetails:
    """What TMDB tells of a film; None where it omits a field. The title that is stored is the site's.

    ``countries`` are the codes of those of origin; ``country_names`` are names of these, and of others.
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


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """All that one look at a film told.

    ``film`` is how it was asked for: ``page`` may name another, to which its address leads by now.
    ``page`` is None where only TMDB was asked, ``details`` where TMDB was not or did not answer;
    ``not_found``: it answered that there is no such film. ``directors`` are those of both, each once.
    """

    film: Film
    link: TmdbLink | None
    page: FilmPage | None
    details: TmdbDetails | None
    not_found: bool
    directors: tuple[Director, ...]


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
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class FilmHistogram:
    """A film's histogram, with the film as it was asked for."""

    film: Film
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class DirectorPage:
    """What a director's page says of who that is on TMDB; ``asked`` is the slug it was asked for by.

    ``director`` is None where there is no such page.
    """

    asked: str
    url: str
    director: Director | None


def credited(by_tmdb: tuple[Director, ...], by_site: tuple[Director, ...]) -> tuple[Director, ...]:
    """Return the directors that TMDB and the site name, in TMDB's order, then those that only the site names.

    Who has the same name in both is one person, where no other of that name directed the film.

    >>> credited((Director("Ann", tmdb_id=5),), (Director("Ann", "ann-2"), Director("Bo", "bo")))[0]
    Director(name='Ann', slug='ann-2', tmdb_id=5, profile_url=None, department=None)
    """
    slugs = {director: _same(director, by_tmdb, by_site) for director in by_tmdb}
    matched = {other.slug for other in slugs.values() if other}
    both = tuple(
        Director(each.name, other.slug, each.tmdb_id, each.profile_url, each.department) if other else each
        for each, other in slugs.items()
    )
    return both + tuple(each for each in by_site if each.slug not in matched)


def _same(
    director: Director, by_tmdb: tuple[Director, ...], by_site: tuple[Director, ...]
) -> Director | None:
    known = [other for other in by_site if other.tmdb_id and other.tmdb_id == director.tmdb_id]
    name = director.name.casefold()
    namesakes = [other for other in by_site if other.name.casefold() == name and not other.tmdb_id]
    alone = len(namesakes) == 1 and sum(each.name.casefold() == name for each in by_tmdb) == 1
    return next(iter(known), namesakes[0] if alone else None)
