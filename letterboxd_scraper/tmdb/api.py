"""tmdbv3api with what it lacks: time-outs, errors by their status, nothing cached, keys that stay secret."""

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from tmdbv3api import TV, Episode, Find, Movie, Search, Season
from tmdbv3api.exceptions import TMDbException

from letterboxd_scraper.errors import (
    TmdbNotFound,
    TmdbRateLimited,
    TmdbRefused,
    TmdbUnavailable,
    TmdbUnreadable,
)
from letterboxd_scraper.items.films import TmdbDetails, TmdbHit, TmdbHits, TmdbLink
from letterboxd_scraper.retry_after import retry_after
from letterboxd_scraper.tmdb.answers import read_details, read_find, read_search
from letterboxd_scraper.tmdb.bounded_answers import BoundedAnswers

# It writes whole addresses into the log, in warnings too, and the key stands in them.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_APPENDED = "credits"
# The version that stands before each path that tmdbv3api asks for; ours is part of TMDB_BASE_URL.
_VERSION = "/3"
# TMDB's own numbers: no permission, invalid key, suspended key, failed authentication, invalid token.
_KEY_REFUSED = frozenset({3, 7, 10, 14, 35})
_BEARER = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")


class TmdbApi:
    """The API at ``base_url``, asked by one thread at a time; ``timeout`` in seconds.

    ``key`` is an API key or a read access token: the one goes into the address, the other into a header.
    """

    def __init__(self, base_url: str, key: str, timeout: float, user_agent: str) -> None:
        self.session = _Session(base_url, key, timeout, user_agent)
        self._movie, self._series, self._season, self._episode, self._search, self._find = (
            # A class of its own: tmdbv3api keeps the session in the class, and the key in os.environ.
            type(kind.__name__, (kind,), {"api_key": key})(obj_cached=False, session=self.session)
            for kind in (Movie, TV, Season, Episode, Search, Find)
        )

    def details(self, link: TmdbLink) -> TmdbDetails:
        """Return TMDB's details of a film, by one request.

        Raises TmdbNotFound, TmdbRefused, TmdbRateLimited, TmdbUnavailable and TmdbUnreadable, as all these
        methods do; no message holds the key.
        """
        return read_details(link, self._answer(link.path, partial(self._ask, link)))

    def search(self, title: str, year: int | None, page: int = 1) -> TmdbHits:
        """Return one page of the movies of a title, and of a year if one is given, that TMDB names."""
        path = f"/search/movie for {title!r}"
        ask = partial(self._search.movies, title, release_year=year, page=page)
        return read_search(path, self._answer(path, ask))

    def find(self, imdb_id: str) -> tuple[TmdbHit, ...]:
        """Return the movies and series that have this number on IMDb."""
        path = f"/find/{imdb_id}"
        return read_find(path, self._answer(path, partial(self._find.find_by_imdb_id, imdb_id)))

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def _answer(self, path: str, ask: Callable[[], object]) -> Any:
        """Let tmdbv3api ``ask`` for a path; return the JSON that came."""
        try:
            ask()
            return self.session.latest.json()
        except requests.exceptions.JSONDecodeError:
            raise TmdbUnavailable(f"TMDB's answer to {path} is no JSON") from None
        except requests.RequestException as error:
            # Not its text: that holds the address, with the key.
            name, how = type(error).__name__, ""
            if isinstance(error, requests.exceptions.SSLError):
                how = "; an authority of your own is named by SSL_CERT_FILE"
            raise TmdbUnavailable(f"TMDB does not answer {path}: {name}{how}") from None
        except (TMDbException, AttributeError, TypeError, ValueError, RecursionError):
            raise TmdbUnreadable(f"TMDB's answer to {path} is not about it") from None

    def _ask(self, link: TmdbLink) -> None:
        if link.kind == "movie":
            self._movie.details(link.id, append_to_response=_APPENDED)
        elif link.season is None:
            self._series.details(link.id, append_to_response=_APPENDED)
        elif link.episode is None:
            self._season.details(link.id, link.season, append_to_response=_APPENDED)
        else:
            self._episode.details(link.id, link.season, link.episode, append_to_response=_APPENDED)


class _Session(requests.Session):
    """Sends what tmdbv3api asks for to ``base_url``, checks the status, and keeps the ``latest`` response."""

    latest: requests.Response

    def __init__(self, base_url: str, key: str, timeout: float, user_agent: str) -> None:
        super().__init__()
        self.headers["User-Agent"] = user_agent
        for scheme in ("http://", "https://"):
            self.mount(scheme, BoundedAnswers())
        self._base_url = base_url
        self._timeout = timeout
        self._parameters = {"language": "en-US"}
        if _BEARER.fullmatch(key):
            self.auth = _Bearer(key)
        else:
            self._parameters["api_key"] = key

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        asked = urlsplit(url)
        parameters = dict(parse_qsl(asked.query))
        del parameters["api_key"]
        self.latest = super().request(
            method,
            self._base_url + asked.path.removeprefix(_VERSION),
            params=parameters | self._parameters,
            timeout=self._timeout,
            allow_redirects=False,  # the key is for nobody else
        )
        _refuse_status(self.latest)
        # tmdbv3api would believe these, and sleep for as long as they say.
        for name in ("X-RateLimit-Remaining", "X-RateLimit-Reset"):
            self.latest.headers.pop(name, None)
        return self.latest


class _Bearer(requests.auth.AuthBase):
    """Sends a read access token in the header. As `auth` of a session it also goes before a .netrc."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _refuse_status(response: requests.Response) -> None:
    """Raise the error of a response's status, unless it is 200: tmdbv3api does not look at it."""
    path, status = urlsplit(response.url).path, response.status_code
    if status == 401 or (status == 403 and _is_about_the_key(response)):
        raise TmdbRefused(
            "TMDB does not accept the key: set TMDB_API_KEY to one from themoviedb.org/settings/api"
        )
    if status == 404:
        raise TmdbNotFound(f"TMDB has nothing at {path}")
    if status == 429:
        seconds = retry_after(response.headers.get("Retry-After", ""))
        raise TmdbRateLimited(f"TMDB asks for patience at {path}", seconds)
    if status != 200:
        error = TmdbUnreadable if status in (400, 405, 406, 422) else TmdbUnavailable
        raise error(f"TMDB answered {path} with status {status}")


def _is_about_the_key(response: requests.Response) -> bool:
    """Say whether a refusal is TMDB's own, of the key, and not that of something before it."""
    try:
        return response.json().get("status_code") in _KEY_REFUSED
    except (ValueError, AttributeError):
        return False
