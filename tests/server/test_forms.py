"""One address, several forms: pages for people, JSON and CSV for programs; tags, links, parameters."""

import asyncio
import csv
import html
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from statistics import median
from typing import Any

import jsonschema_rs
import pytest
import sqlalchemy as sa

from benchmarks.server_cpu import cpu_seconds
from letterboxd_scraper.config import Config
from letterboxd_scraper.report.assets import styles
from letterboxd_scraper.server import reports
from letterboxd_scraper.server.reports import Reports
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.open import open_read_only
from letterboxd_scraper.store.schema import films
from tests.asked import BROWSER, Asked, application, ask
from tests.conftest import address
from tests.server.conftest import on_one

API = "/api/v1/cohorts/friends"
PAGES = (
    "/",
    "/cohorts",
    "/cohorts/friends",
    "/cohorts/friends/members",
    "/cohorts/friends/rankings/circle",
    "/cohorts/friends/rankings/bayesian?decade=1990s&limit=5",
    "/cohorts/friends/recommendations?member=2",
)
LISTS = (
    "/cohorts/friends/report",
    "/cohorts",
    "/cohorts/friends/members",
    "/cohorts/friends/rankings",
    "/cohorts/friends/rankings/circle",
)


@pytest.fixture(scope="module")
def asked(store: sa.Engine) -> Iterator[Asked]:
    server = Asked(address(store))
    yield server
    server.engine.dispose()


class Links(HTMLParser):
    """The addresses that a page leads to, and whatever would be loaded."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.loaded: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a":
            self.addresses.append(str(attributes["href"]))
        if tag in {"script", "img", "iframe"} or (tag == "link" and attributes.get("href") != "data:,"):
            self.loaded.append(tag)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@on_one
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_also_json(asked: Asked, path: str) -> None:
    page = asked.get(path, accept=BROWSER)
    assert page.status == 200, page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    stem, question, query = path.partition("?")
    suffixed = f"{stem if stem != '/' else '/cohorts'}.json{question}{query}"
    assert asked.get(suffixed, accept=BROWSER).json() == asked.get(path, accept="application/json").json()
    assert suffixed.replace("&", "&amp;") in page.text


@on_one
def test_the_links_of_pages_lead_to_pages(asked: Asked) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 60:
        path = waiting.pop()
        if path in seen or path.startswith(("http", "#")) or "/report" in path:
            continue
        seen.add(path)
        answer = asked.get(path, accept=BROWSER)
        assert answer.status == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            links = Links(answer.text)
            assert not links.loaded
            waiting += links.addresses
    assert len(seen) > 10


@on_one
@pytest.mark.parametrize("path", LISTS)
def test_a_list_as_csv_is_the_whole_list(asked: Asked, path: str) -> None:
    answer = asked.get(f"{path}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    content = asked.get(f"{path}.json").json()
    field = next(name for name, value in content.items() if isinstance(value, list) and name != "remarks")
    lines = rows(answer.text)
    assert len(lines) == content.get("total", len(content[field]))
    assert list(lines[0]) == list(content[field][0])
    assert answer.text == asked.get(f"/api/v1{path}", accept="text/csv").text
    assert "link" not in answer.headers


@on_one
def test_a_part_of_a_list_as_csv_leads_to_the_next(asked: Asked) -> None:
    answer = asked.get("/cohorts/friends/rankings/circle.csv?limit=2&offset=2")
    assert [row["rank"] for row in rows(answer.text)] == ["3", "4"]
    assert f'<{API}/rankings/circle.csv?limit=2&offset=4>; rel="next"' in answer.headers["link"]


@on_one
def test_an_empty_list_as_csv_has_its_columns(asked: Asked) -> None:
    text = asked.get("/cohorts/friends/rankings/circle.csv?year=1870").text
    assert text.startswith("rank,title,year,score,low,high,watchers,mean")
    assert rows(text) == []


@on_one
def test_a_spreadsheet_computes_no_title(store: sa.Engine, asked: Asked) -> None:
    first = asked.get(f"{API}/rankings/circle?limit=1").json()["films"][0]
    of_first = films.c.slug == first["slug"]
    with store.begin() as connection:
        connection.execute(films.update().where(of_first).values(title="=HYPERLINK(1)"))
    try:
        lines = rows(asked.get("/cohorts/friends/rankings/circle.csv?limit=1").text)
        page = asked.get(f"/cohorts/friends/films/{first['slug']}", accept=BROWSER).text
    finally:
        with store.begin() as connection:
            connection.execute(films.update().where(of_first).values(title=first["title"]))
    assert lines[0]["title"] == "'=HYPERLINK(1)"
    assert "<bdi>=HYPERLINK(1)</bdi>" in page


@on_one
def test_links_lead_through_a_list_and_back(asked: Asked) -> None:
    path: str | None = f"{API}/rankings/bayesian?limit=7&min_watchers=1"
    seen: list[Any] = []
    back = None
    while path:
        answer = asked.get(path)
        part = answer.json()
        assert len(part["films"]) <= 7
        assert part["prev"] == back
        for relation in ("next", "prev"):
            stated = f'<{part[relation]}>; rel="{relation}"'
            assert (stated in answer.headers.get("link", "")) == (part[relation] is not None)
        seen += part["films"]
        back = f"{API}/rankings/bayesian?limit=7&min_watchers=1&offset={part['offset']}"
        path = part["next"]
    assert seen == asked.get(f"{API}/rankings/bayesian?limit=500&min_watchers=1").json()["films"]


@on_one
@pytest.mark.parametrize("path", [*PAGES, *(f"{path}.csv" for path in LISTS), "/docs", "/openapi.json"])
def test_what_the_reader_has_is_not_sent_again(asked: Asked, path: str) -> None:
    first = asked.get(path, accept_encoding="gzip")
    assert first.status == 200
    tag = first.headers["etag"]
    assert asked.get(path).headers["etag"] == tag
    again = asked.get(path, if_none_match=f'"other", {tag}', accept_encoding="gzip")
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert "content-length" not in again.headers
    assert asked.get(path, if_none_match='W/"other"').status == 200


@on_one
def test_answers_take_little_of_the_processor(asked: Asked) -> None:
    # In short; `benchmarks.server_cpu` has the figures, over a large circle.
    for path in (f"{API}/rankings/circle", f"{API}/members", "/cohorts/friends/rankings/circle"):
        assert median(asyncio.run(cpu_seconds(asked.app, path, 3))) < 0.3, path


@on_one
def test_large_answers_are_compressed(asked: Asked) -> None:
    path = f"{API}/rankings/circle?limit=100"
    plain, small = asked.get(path), asked.get(path, accept_encoding="gzip")
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]
    assert small.text == plain.text
    assert len(small.body) * 3 < len(plain.body)


@on_one
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/api/v1/cohorts?limit=1", "no parameter 'limit': it takes none"),
        (f"{API}/members?limits=1", "no parameter 'limits': did you mean limit?"),
        (f"{API}/rankings/circle?minwatchers=2", "did you mean min_watchers?"),
        (f"{API}/freshness?a=", "no parameter 'a'"),
        (f"{API}/films/film:1?names=1", "no parameter 'names'"),
        ("/cohorts/friends/members.csv?page=2", "no parameter 'page': there are limit, offset"),
        ("/cohorts/friends?x=1", "no parameter 'x'"),
        ("/cohorts/friends/report?strateg=circle", "did you mean strategy?"),
        ("/metrics?x=1", "no parameter 'x'"),
        ("/openapi.json?x=1", "no parameter 'x'"),
        ("/?x=1", "no parameter 'x'"),
    ],
)
def test_a_parameter_that_there_is_not_is_refused(asked: Asked, path: str, says: str) -> None:
    answer = asked.get(path)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert says in problem["detail"]
    assert problem["errors"][0]["parameter"] in path


@on_one
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing", 404, "There is nothing at /nothing"),
        ("/cohorts/foes", 404, "No cohort"),
        ("/cohorts/friends/nothing.json", 404, "/cohorts/friends/nothing.json"),
        ("/cohorts/friends/rankings/circle?limit=x", 422, "valid integer"),
    ],
)
def test_an_error_is_a_page_for_people(asked: Asked, path: str, status: int, says: str) -> None:
    page = asked.get(path, accept=BROWSER)
    assert (page.status, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert says in page.text
    assert "/" in Links(page.text).addresses
    assert asked.get(path, accept="application/json").json()["status"] == status


@on_one
def test_pages_allow_their_own_style_and_nothing_else(asked: Asked) -> None:
    policy = asked.get("/", accept=BROWSER).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"style-src 'sha256-[\w+/=]+';", policy)
    assert "script" not in policy
    assert "unsafe" not in policy


@on_one
def test_pages_look_like_the_report(asked: Asked) -> None:
    page = asked.get("/", accept=BROWSER).text
    colours = re.findall(r"--paper: (#[0-9a-f]{6})", styles())
    assert len(set(colours)) == 2
    assert re.search(rf"dark\) {{ :root {{\s+--paper: {colours[1]}", page)
    assert f":root {{\n  --paper: {colours[0]}" in page


@on_one
def test_whoever_says_who_they_are_is_recommended_films(asked: Asked) -> None:
    path = "/cohorts/friends/recommendations"
    members = asked.get(f"{API}/members").json()["members"]
    one, other, *_ = (member["member"] for member in members if member["ratings"])
    page = asked.get(path, accept=BROWSER)
    assert page.status == 200
    assert f'name="member" value="{one}"' in page.text
    assert "Choose who you are" in page.text
    # A form sends all its fields, those that say nothing, too.
    sent = (
        f"{path}?member={one}&member={other}&genre=&decade=&max_runtime=&wanted_by=&rule=least-misery&limit=5"
    )
    chosen = asked.get(sent, accept=BROWSER).text
    assert f'name="member" value="{one}" checked' in chosen
    assert f"<h2>For <bdi>member {one}</bdi> and <bdi>member {other}</bdi></h2>" in chosen
    told = asked.get(f"/api/v1{path}?member={one}&member={other}&rule=least-misery&limit=5").json()
    titles = re.findall(r'scope="row"><a href="[^"]+"><bdi>([^<]+)</bdi>', chosen)
    assert [html.unescape(title) for title in titles] == [film["title"] for film in told["films"]]
    following = Links(chosen).addresses
    assert f"{path}?{told['next'].partition('?')[2]}" in [html.unescape(one) for one in following]


@on_one
@pytest.mark.parametrize(
    ("query", "status"), [("member=999", 404), ("x=1", 400), ("member=2&decade=x", 422), ("genre=x", 200)]
)
def test_a_slip_in_what_is_wished_is_told(asked: Asked, query: str, status: int) -> None:
    answer = asked.get(f"/cohorts/friends/recommendations?{query}", accept=BROWSER)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/html")


@on_one
def test_the_report_is_a_list_of_films_for_programs(asked: Asked) -> None:
    films = asked.get(f"{API}/rankings/wilson?limit=3").json()
    assert asked.get("/cohorts/friends/report.json?strategy=wilson&limit=3").json()["films"] == films["films"]
    usual = asked.get("/cohorts/friends/report?limit=3", accept="application/json").json()
    assert usual["strategy"] == "circle"
    assert usual["next"] == f"{API}/report?limit=3&offset=3"


@on_one
def test_reports_can_be_made_before_anybody_asks(store: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(open_read_only(address(store)), names=False, settings=Config())
    prepared = Reports(served)
    prepared.prepare()
    monkeypatch.setattr(reports, "render", None)
    app = application(served, token="", local=True, reports=prepared)
    assert asyncio.run(ask(app, "/cohorts/friends/report")).status == 200
    served.engine.dispose()


@on_one
def test_the_served_report_has_a_way_back(asked: Asked) -> None:
    page = asked.get("/cohorts/friends/report?strategy=wilson", accept_encoding="gzip")
    assert page.headers["content-encoding"] == "gzip"
    assert "/" in Links(page.text).addresses


@on_one
def test_a_browser_can_send_the_token(store: sa.Engine) -> None:
    asked = Asked(address(store), token="s3cret:Token")
    refused = asked.get("/", accept=BROWSER)
    assert refused.status == 401
    assert refused.headers.getlist("www-authenticate")[0].startswith("Bearer")
    assert any(challenge.startswith("Basic") for challenge in refused.headers.getlist("www-authenticate"))
    assert "as the password" in refused.text
    # What browsers send for me:s3cret:Token, and for me:wrong.
    assert asked.get("/", authorization="Basic bWU6czNjcmV0OlRva2Vu").status == 200
    assert asked.get("/", authorization="Basic bWU6d3Jvbmc=").status == 401
    assert asked.get("/", authorization="Basic !").status == 401
    asked.engine.dispose()


# --- the OpenAPI document ---


@on_one
def test_operations_have_names_and_examples(asked: Asked) -> None:
    document = asked.get("/openapi.json").json()
    operations = [methods["get"] for methods in document["paths"].values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in ids), ids
    lists = [operation for operation in operations if "text/csv" in operation["responses"]["200"]["content"]]
    assert len(lists) >= len(LISTS)
    for operation in operations:
        assert all("example" in parameter for parameter in operation.get("parameters", ()))
        content = operation["responses"]["200"].get("content", {}).get("application/json")
        if content:
            whole = content["schema"] | {"components": document["components"]}
            jsonschema_rs.validate(whole, content["example"])
