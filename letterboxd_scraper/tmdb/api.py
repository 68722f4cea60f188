"""tmdbv3api with what it lacks: time-outs, errors by their status, nothing cached, keys that stay secret."""

import logging
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from tmdbv3api import TV, Episode, Movie, Season
from tmdbv3api.exceptions import TMDbException

from letterboxd_scraper.errors import (
    TmdbNotFound,
    TmdbRateLimited,
    TmdbRefused,
    TmdbUnavailable,
    TmdbUnreadable,
)
from letterboxd_scraper.items.films import TmdbDetails, TmdbLink
from letterboxd_scraper.retry_after import seconds_in
from letterboxd_scraper.tmdb.answers import read_details

# It writes whole addresses into the log, in warnings too, and the key stands in them.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_APPENDED = "credits"
# TMDB's own numbers: no permission, invalid key, suspended key, failed authentication, invalid token.
_KEY_REFUSED = frozenset({3, 7, 10, 14, 35})
_BEARER = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")


class TmdbApi:
    """The API at ``base_url``, asked by one thread at a time; ``timeout`` in seconds.

    ``key`` is an API key or a read access token: the one goes into the address, the other into a header.
    """

    def __init__(self, base_url: str, key: str, timeout: float, user_agent: str) -> None:
        self.session = requests.Session()
        self.session.headers["User-Agent"] = user_agent
        self.session.mount("http://", _Impatient(timeout))
        self.session.mount("https://", _Impatient(timeout))
        self.session.hooks["response"] = [_refuse]
        if _BEARER.fullmatch(key):
            self.session.auth = _Bearer(key)
        self._of = {kind: _asking(kind, base_url, key, self.session) for kind in (Movie, TV, Season, Episode)}

    def details(self, link: TmdbLink) -> TmdbDetails:
        """Return what TMDB tells of a film, in one request.

        Raises TmdbNotFound, TmdbRefused, TmdbRateLimited and TmdbUnavailable. No message holds the key.
        """
        try:
            return read_details(link, self._ask(link)._json)
        except requests.exceptions.JSONDecodeError:
            raise TmdbUnavailable(f"TMDB's answer to {link.path} is no JSON") from None
        except requests.RequestException as error:
            # Not its text: that holds the address, with the key.
            raise TmdbUnavailable(f"TMDB does not answer {link.path}: {type(error).__name__}") from None
        except (TMDbException, AttributeError, TypeError, ValueError, RecursionError):
            raise TmdbUnreadable(f"TMDB's answer to {link.path} is not about it") from None

    def close(self) -> None:
        self.session.close()

    def _ask(self, link: TmdbLink) -> Any:
        if link.kind == "movie":
            return self._of[Movie].details(link.id, append_to_response=_APPENDED)
        if link.season is None:
            return self._of[TV].details(link.id, append_to_response=_APPENDED)
        if link.episode is None:
            return self._of[Season].details(link.id, link.season, append_to_response=_APPENDED)
        return self._of[Episode].details(link.id, link.season, link.episode, append_to_response=_APPENDED)


def _asking(kind: Any, base_url: str, key: str, session: requests.Session) -> Any:
    """Return a tmdbv3api object with a session and a key of its own: the library keeps them in the class
    and in the process's environment.
    """
    asking = type(kind.__name__, (kind,), {"api_key": key, "language": "en-US", "_session": session})(
        obj_cached=False
    )
    asking._base = base_url
    return asking


class _Impatient(HTTPAdapter):
    """Waits so many seconds for a connection and for each part of an answer, not for ever."""

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self.timeout = timeout

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        options["timeout"] = self.timeout
        return super().send(request, *args, **options)


class _Bearer(requests.auth.AuthBase):
    """Sends a read access token as TMDB wants it: in the header, and not in the address."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(request.url or "")
        query = [(name, value) for name, value in parse_qsl(str(parts.query)) if name != "api_key"]
        request.url = urlunsplit(parts._replace(query=urlencode(query)))
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _refuse(response: requests.Response, **options: Any) -> None:
    """Raise what an answer's status says: tmdbv3api would lose it."""
    path, status = urlsplit(response.url).path, response.status_code
    # tmdbv3api would believe these, and sleep for as long as they say.
    for name in ("X-RateLimit-Remaining", "X-RateLimit-Reset"):
        response.headers.pop(name, None)
    if status == 401 or (status == 403 and _is_about_the_key(response)):
        raise TmdbRefused(
            "TMDB does not accept the key: set TMDB_API_KEY to one from themoviedb.org/settings/api"
        )
    if status == 404:
        raise TmdbNotFound(f"TMDB has nothing at {path}")
    if status == 429:
        raise TmdbRateLimited(
            f"TMDB asks for patience at {path}", seconds_in(response.headers.get("Retry-After", ""))
        )
    if status != 200:
        error = TmdbUnreadable if status in (400, 405, 406, 422) else TmdbUnavailable
        raise error(f"TMDB answered {path} with status {status}")


def _is_about_the_key(response: requests.Response) -> bool:
    """Say whether a refusal is TMDB's own, of the key, and not that of something before it."""
    try:
        return response.json().get("status_code") in _KEY_REFUSED
    except (ValueError, AttributeError):
        return False
