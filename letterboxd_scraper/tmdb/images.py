"""Posters from TMDB's image host: small ones, one at a time, within bounds."""

import re
import time
from collections.abc import Callable

import requests

from letterboxd_scraper.errors import TmdbError, TmdbNotFound, TmdbRateLimited, TmdbUnavailable
from letterboxd_scraper.tmdb.answers import IMAGES
from letterboxd_scraper.tmdb.bounded_answers import BoundedAnswers

# In TMDB's words: so many pixels wide. The next smaller one is blurred on a phone.
SIZE = "w154"
# Where a stored poster is, if it is TMDB's; nobody else is asked.
_ADDRESS = re.compile(rf"{re.escape(IMAGES)}/\w+/([\w-]+\.\w+)", re.ASCII)


def name_of(address: str | None) -> str | None:
    """Return the file's name of a poster that TMDB has; None for one that is elsewhere, and for none.

    >>> name_of("https://image.tmdb.org/t/p/w500/alien.jpg"), name_of("https://a.ltrbxd.com/alien.jpg")
    ('alien.jpg', None)
    """
    match = _ADDRESS.fullmatch(address or "")
    return match[1] if match else None


class Images:
    """The image host at ``base_url``, asked at most ``per_second`` times a second; ``timeout`` in seconds.

    ``requests`` is how many were sent.
    """

    def __init__(
        self,
        timeout: float,
        per_second: float,
        user_agent: str,
        base_url: str = IMAGES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.requests = 0
        self._timeout, self._pause, self._base_url, self._sleep = timeout, 1 / per_second, base_url, sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = user_agent
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAnswers())

    def poster(self, name: str) -> bytes:
        """Return a poster as TMDB has it. Raises TmdbNotFound, TmdbUnavailable and TmdbUnreadable."""
        if self.requests:
            self._sleep(self._pause)
        self.requests += 1
        path = f"/{SIZE}/{name}"
        try:
            answer = self._session.get(self._base_url + path, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise TmdbUnavailable(f"TMDB's images do not answer: {type(error).__name__}") from None
        if answer.status_code != requests.codes.ok:
            raise _refusal(answer.status_code, path)
        return answer.content

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _refusal(status: int, path: str) -> TmdbError:
    if status == requests.codes.not_found:
        return TmdbNotFound(f"TMDB has no picture at {path}")
    if status == requests.codes.too_many_requests:
        return TmdbRateLimited("TMDB's images ask for patience: try again later")
    return TmdbUnavailable(f"TMDB's images answer with status {status}")
