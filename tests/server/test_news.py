"""News in `serve`: a page, an answer for programs, and a feed that readers of feeds take."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import feedparser
import pytest
import sqlalchemy as sa

from tests.asked import BROWSER, Asked
from tests.conftest import Snapshots
from tests.ranking.news.newsworthy import NAMES, TUESDAY, WEDNESDAY, begin, happen, rank
from tests.store.rows import HOUR, MONDAY

FEED = "/cohorts/friends/news.atom"


@pytest.fixture(scope="module")
def engine(snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    file = tmp_path_factory.mktemp("news") / "letterboxd.db"
    with pytest.MonkeyPatch.context() as patch, snapshots.copy("sqlite", file, "schema") as engine:
        patch.setenv("LETTERBOXD_NOW", (TUESDAY + HOUR).isoformat())
        begin(engine)
        happen(engine)
        yield engine


@pytest.fixture(scope="module", params=[False, True], ids=["numbered", "named"])
def server(engine: sa.Engine, request: pytest.FixtureRequest) -> Iterator[Asked]:
    server = Asked(str(engine.url), names=request.param)
    yield server
    server.engine.dispose()


def names_in(text: str) -> set[str]:
    return {name for name in NAMES if name.title() in text or f">{name}<" in text}


def test_programs_and_people_are_told_the_same(server: Asked, request: pytest.FixtureRequest) -> None:
    told = server.get("/api/v1/cohorts/friends/news?since=7d").json()
    assert [film["slug"] for film in told["news"]["loved"]] == ["news", "film-5"]
    assert told["news"]["compared_with"] == MONDAY.isoformat().replace("+00:00", "Z")
    page = server.get("/cohorts/friends/news", accept=BROWSER).text
    assert "23 November 2026, 12:00 UTC</time>" in page
    for part in told["parts"]:
        assert part["heading"] in page
        assert all(film["what"] in page for film in part["films"])
    assert FEED in page
    named = "named]" in request.node.name
    assert names_in(str(told)) == ({"ann", "bob"} if named else set())


def test_what_somebody_would_like_comes_first(server: Asked) -> None:
    member = next(iter(server.get("/api/v1/cohorts/friends/members").json()["members"]))["member"]
    told = server.get(f"/api/v1/cohorts/friends/news?member={member}").json()["news"]
    expected = [film["expected"] for film in told["loved"]]
    assert expected == sorted(expected, reverse=True)
    assert "watchlist" in told["remarks"][-1]


def test_the_feed_is_valid_and_stays_the_same(server: Asked, engine: sa.Engine) -> None:
    answer = server.get(FEED)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    parsed = feedparser.parse(answer.text)
    assert (parsed.bozo, parsed.version) == (False, "atom10")
    assert parsed.feed.id == "tag:localhost,2026:cohorts/1/news/circle"
    (entry,) = parsed.entries
    assert entry.id == f"{parsed.feed.id}/2026-11-24"
    assert (entry.updated, parsed.feed.updated) == ("2026-11-24T12:00:00Z",) * 2
    assert entry.title.startswith("2 films newly loved")
    assert "<News> & more (2026)".replace("&", "&amp;").replace("<", "&lt;") in entry.content[
        0
    ].value.replace("&gt;", ">")
    assert entry.link == "http://localhost/cohorts/friends/news?since=2026-11-23T12:00:01Z"
    assert [link.rel for link in parsed.feed.links] == ["self"]
    rank(engine, WEDNESDAY)  # nothing has happened: no entry
    assert feedparser.parse(server.get(FEED).text).entries == parsed.entries


def test_a_feed_of_a_circle_in_which_nothing_has_happened_has_all_that_a_feed_needs(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    with snapshots.copy("sqlite", tmp_path / "quiet.db", "schema") as engine:
        begin(engine)
        server = Asked(str(engine.url))
        feed = ElementTree.fromstring(server.get(FEED).text)
        server.engine.dispose()
    children = {element.tag.partition("}")[2] for element in feed}
    assert children == {"id", "title", "updated", "link", "author"}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/v1/cohorts/friends/news?since=soon", 400, "'soon' is neither"),
        ("/api/v1/cohorts/friends/news?strategy=bayesian", 400, "no bayesian ranking"),
        ("/api/v1/cohorts/friends/news?member=nobody", 404, "nobody"),
        ("/cohorts/foes/news.atom", 404, "no cohort 'foes'"),
    ],
)
def test_what_cannot_be_told_is_a_problem(server: Asked, path: str, status: int, says: str) -> None:
    answer = server.get(path)
    assert answer.status == status, answer.text
    assert says in answer.json()["detail"]
