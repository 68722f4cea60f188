"""What the adapter relies on in tmdbv3api: this fails when the library changes."""

import os
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from tmdbv3api import TV, Episode, Movie, Season

from letterboxd_scraper.errors import TmdbRateLimited
from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.tmdb.api import TmdbApi

PATHS: dict[Any, tuple[tuple[int, ...], str]] = {
    Movie: ((5,), "/3/movie/5"),
    TV: ((5,), "/3/tv/5"),
    Season: ((5, 1), "/3/tv/5/season/1"),
    Episode: ((5, 1, 2), "/3/tv/5/season/1/episode/2"),
}


class Asked(requests.Session):
    """A session that notes the requests and answers each with an empty object."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        assert method == "GET"
        self.urls.append(url)
        return answer(200, "{}")


def answer(status: int, body: str, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw = status, BytesIO(body.encode())
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response.url = "https://api.themoviedb.org/3/movie/5?api_key=secret"
    return response


@pytest.mark.parametrize("kind", PATHS)
def test_one_request_through_the_session_with_the_class_attributes_key(kind: Any) -> None:
    session = Asked()
    keyed = type(kind.__name__, (kind,), {"api_key": "of the class"})(obj_cached=False, session=session)
    arguments, path = PATHS[kind]
    keyed.details(*arguments, append_to_response="credits")
    (url,) = session.urls
    assert urlsplit(url).path == path
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "api_key": "of the class",
        "append_to_response": "credits",
        "language": os.environ["TMDB_LANGUAGE"],
    }


def test_two_adapters_share_neither_session_nor_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMDB_API_KEY", raising=False)
    sent: list[str] = []

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(str(request.url))
        assert options["timeout"] == 3
        assert options["allow_redirects"] is False
        return answer(200, '{"id": 5}', X_RateLimit_Remaining="0", X_RateLimit_Reset="99")

    monkeypatch.setattr(requests.Session, "send", send)
    first, second = (TmdbApi("http://tmdb.invalid/base", key, 3, "tests") for key in ("one", "two"))
    for api in (first, second):
        api.details(TmdbLink("movie", 5))
    for url, key in zip(sent, ("one", "two"), strict=True):
        assert url.startswith("http://tmdb.invalid/base/movie/5?")
        query = dict(parse_qsl(urlsplit(url).query))
        assert query == {"api_key": key, "append_to_response": "credits", "language": "en-US"}
    assert "TMDB_API_KEY" not in os.environ


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("9" * 5000, None),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
    ids=lambda value: str(value)[:12],
)
def test_the_patience_asked_for_is_read_or_nothing(
    monkeypatch: pytest.MonkeyPatch, header: str, seconds: float | None
) -> None:
    monkeypatch.setattr(
        requests.Session, "send", lambda *args, **options: answer(429, "", Retry_After=header)
    )
    with pytest.raises(TmdbRateLimited) as error:
        TmdbApi("http://tmdb.invalid/3", "key", 3, "tests").details(TmdbLink("movie", 5))
    assert error.value.retry_after == seconds
