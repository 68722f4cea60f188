"""Recordings of TMDB's answers, made against the imitation of it in `tests/site`: nobody's key is needed.

``python -m tests.tmdb.recording`` makes them anew, after a change of the imitation or of what is asked.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from betamax import BaseMatcher, Betamax

from letterboxd_scraper.errors import TmdbNotFound
from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.tmdb.api import TmdbApi
from tests.site import Site, World, own_world
from tests.site.cinema import details, oddity

FOLDER = Path(__file__).parent / "recordings"
# Stands in the recordings where the key was.
PLACEHOLDER = "THE-KEY"
KINDS = ("ordinary", "series", "season", "episode", "empty at tmdb", "not found", "one omitted", "namesakes")


class WhatIsAsked(BaseMatcher):  # type: ignore[misc]
    """Two requests ask the same if all but host and key is equal."""

    name = "what is asked"

    def match(self, request: Any, recorded: dict[str, Any]) -> bool:
        return bool(_asked(request.method, request.url) == _asked(recorded["method"], recorded["uri"]))


def _asked(method: str, url: str) -> tuple[Any, ...]:
    parts = urlsplit(url)
    return method, parts.path, sorted(pair for pair in parse_qsl(parts.query) if pair[0] != "api_key")


Betamax.register_request_matcher(WhatIsAsked)


def recorder(api: TmdbApi, key: str) -> Betamax:
    """Return what stands between an adapter and TMDB: with a recording it answers, without one it records."""
    tape = Betamax(
        api.session,
        cassette_library_dir=str(FOLDER),
        default_cassette_options={"match_requests_on": [WhatIsAsked.name]},
    )
    tape.config.define_cassette_placeholder(PLACEHOLDER, key)
    return tape


def film_of(world: World, kind: str) -> Any:
    """Return the first film of a kind."""
    return next(film for film in world.films.values() if oddity(film) == kind)


def link_of(film: Any) -> TmdbLink:
    """Return where TMDB has a film."""
    place = details(film).at_tmdb
    assert place
    return TmdbLink("tv" if place.kind == "tv" else "movie", place.id, place.season, place.episode)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with Site(own_world()) as site:
        for kind in KINDS:
            name = kind.replace(" ", "-")
            (FOLDER / f"{name}.json").unlink(missing_ok=True)
            api = TmdbApi(f"{site.url}/3", Site.tmdb_key, 5, "recorder")
            with recorder(api, Site.tmdb_key).use_cassette(name, record="once"):
                try:
                    api.details(link_of(film_of(site.world, kind)))
                except TmdbNotFound:
                    print(f"{kind}: not found, as it should be")


if __name__ == "__main__":
    main()
