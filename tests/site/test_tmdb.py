"""The imitation of TMDB: keys, records and what is not there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.site import BadChange, Fault, Film, Site, own_world
from tests.site.cinema import details, expected, oddity
from tests.site.client import Reply, ask

pytestmark = pytest.mark.slow

KEY = "api_key=imitation-key"
WITH_CREDITS = f"{KEY}&append_to_response=credits"


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    with Site(own_world()) as site:
        yield site


def of(site: Site, kind: str) -> Film:
    return next(film for film in site.world.films.values() if oddity(film) == kind)


def path_of(film: Film) -> str:
    link = details(film).at_tmdb
    assert link
    return f"/3{link.path}".rstrip("/")


def record(reply: Reply) -> dict[str, Any]:
    assert reply.headers["Content-Type"] == "application/json;charset=utf-8"
    answer = json.loads(reply.text)
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    "kind", ["ordinary", "series", "season", "episode", "empty at tmdb", "no link", "no year"]
)
def test_a_record_is_what_the_truth_says(shared: Site, kind: str) -> None:
    film = of(shared, kind)
    whole = record(ask(shared, f"{path_of(film)}?{WITH_CREDITS}"))
    assert whole == details(film).tmdb
    assert {"cast", "crew"} <= whole["credits"].keys()
    assert all(one["job"] and one["credit_id"] for one in whole["credits"]["crew"])
    without = record(ask(shared, f"{path_of(film)}?{KEY}&append_to_response=images"))
    assert without == {name: value for name, value in whole.items() if name != "credits"}


def test_a_number_means_another_film_to_series_than_to_movies(shared: Site) -> None:
    film = next(film for film in shared.world.films.values() if film.link)
    number = expected(film).tmdb_id
    titles = [record(ask(shared, f"/3/{kind}/{number}?{KEY}")) for kind in ("tv", "movie")]
    assert titles[0]["name"] == film.title
    assert titles[1]["title"] != film.title


def test_the_series_of_a_season_has_a_record_too(shared: Site) -> None:
    whole = record(ask(shared, f"/3/tv/{expected(of(shared, 'season')).tmdb_show_id}?{KEY}"))
    assert whole["number_of_seasons"] == 2


@pytest.mark.parametrize("query", ["", "?api_key=wrong", "?api_key="])
def test_no_record_without_the_key(shared: Site, query: str) -> None:
    reply = ask(shared, path_of(of(shared, "ordinary")) + query)
    assert (reply.status, record(reply)["status_code"]) == (401, 7)
    assert record(reply)["status_message"] == "Invalid API key: You must be granted a valid key."


def test_the_key_may_come_as_a_header(shared: Site) -> None:
    path, client = path_of(of(shared, "ordinary")), {"Authorization": "Bearer imitation-key"}
    answer: HTTPResponse
    with urlopen(Request(shared.url + path, headers=client)) as answer:
        assert json.load(answer)["title"]
    assert ask(shared, path).status == 401


def test_what_tmdb_does_not_have(shared: Site) -> None:
    for path in (path_of(of(shared, "not found")), "/3/movie/1", "/3/tv/1/season/1", "/3/movie/x"):
        reply = ask(shared, f"{path}?{KEY}")
        assert (reply.status, record(reply)["status_code"]) == (404, 34)
    assert ask(shared, f"/3/movie/1?{KEY}&append_to_response={','.join('x' * 21)}").status == 400


def test_hits_and_faults_as_for_other_pages() -> None:
    with Site(own_world(follows=())) as site:
        site.faults.add(Fault("status", "/3/movie/.*", code=429, retry_after=1, times=1))
        path = path_of(of(site, "ordinary"))
        assert [ask(site, f"{path}?{KEY}").status for _ in range(2)] == [429, 200]
        assert [(hit.path, hit.fault) for hit in site.log] == [
            (f"{path}?{KEY}", "status"),
            (f"{path}?{KEY}", None),
        ]


def test_a_changed_link_leads_elsewhere() -> None:
    with Site(own_world(follows=())) as site:
        film = of(site, "ordinary")
        old = path_of(film)
        change = {"do": "link_film", "film": film.slug, "link": "tv/77/season/2"}
        assert ask(site, "/_site/change", "POST", change).status == 200
        assert record(ask(site, f"/3/tv/77/season/2?{KEY}"))["season_number"] == 2
        assert ask(site, f"{old}?{KEY}").status == 404
        assert expected(site.world.film(film.slug)).tmdb_show_id == 77
        site.world.link_film(film.slug, "")
        assert expected(site.world.film(film.slug)).tmdb_id is None
        with pytest.raises(BadChange):
            site.world.link_film(film.slug, "person/1")


def test_a_command_is_told_where_tmdb_is() -> None:
    names = ("LETTERBOXD_BASE_URL", "TMDB_BASE_URL", "TMDB_API_KEY")
    code = f"import os; print(*(os.environ[name] for name in {names}))"
    command = [sys.executable, "-m", "tests.site", "--run", sys.executable, "-c", code]
    root = Path(__file__).parent.parent.parent
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=20, check=False)
    site, tmdb, key = ended.stdout.split()
    assert (tmdb, key) == (f"{site}/3", "imitation-key")
