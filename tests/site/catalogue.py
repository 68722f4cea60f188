"""Which film is meant: the films of a world by their place at TMDB and by their directors."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from .cinema import directors_of, where_at_tmdb
from .records import Link
from .world import Film, World


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The films of a world as they are now."""

    films: Mapping[str, Film]

    @cached_property
    def by_link(self) -> Mapping[Link, Film]:
        """Films by where TMDB has them."""
        links = ((where_at_tmdb(film), film) for film in self.films.values())
        return {link: film for link, film in links if link}

    @cached_property
    def by_series(self) -> Mapping[int, Film]:
        """Films that are part of a series, by its number; of several films the last."""
        return {link.id: film for link, film in self.by_link.items() if link.season is not None}

    @cached_property
    def by_director(self) -> Mapping[str, list[Film]]:
        """Films by the slugs of their directors, in the order of the world."""
        catalogued = defaultdict(list)
        for film in self.films.values():
            for person in directors_of(film):
                catalogued[person.slug].append(film)
        return catalogued


_KNOWN: WeakKeyDictionary[World, Catalogue] = WeakKeyDictionary()


def catalogue(world: World) -> Catalogue:
    """Return the catalogue of a world; once films have changed, the world has another dict of them."""
    with world.lock:
        catalogue_of_world = _KNOWN.get(world)
        if catalogue_of_world is None or catalogue_of_world.films is not world.films:
            catalogue_of_world = _KNOWN[world] = Catalogue(world.films)
        return catalogue_of_world
