"""`letterboxd serve` over a real socket: what it shows, to whom, and that it changes nothing."""

import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, revision_of
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.open import open_read_only
from letterboxd_scraper.store.schema import cohorts as cohort_table
from letterboxd_scraper.store.schema import film_rankings, films, ratings, users, watched
from tests.conftest import Snapshots
from tests.served import Server, furnish, serving
from tests.site import FEW

pytestmark = pytest.mark.slow

BOTH = ["sqlite", "postgresql"]
# What does not depend on the database.
on_one = pytest.mark.parametrize("store", ["sqlite"], indirect=True, scope="module")


def address(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture(scope="module", params=BOTH)
def store(
    request: pytest.FixtureRequest, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A furnished circle in each kind of database, which all tests read."""
    file = tmp_path_factory.mktemp("served") / "letterboxd.db"
    with snapshots.copy(request.param, file, "crawled", FEW) as engine:
        furnish(engine)
        yield engine


@pytest.fixture(scope="module")
def numbered(store: sa.Engine) -> Iterator[Server]:
    """A server that does not say who the members are."""
    with serving(address(store)) as server:
        yield server


@pytest.fixture(scope="module")
def named(store: sa.Engine) -> Iterator[Server]:
    with serving(address(store), "--names") as server:
        yield server


def names(store: sa.Engine) -> set[str]:
    with store.connect() as connection:
        return set(connection.scalars(sa.select(users.c.letterboxd_username)))


def numbers(store: sa.Engine) -> dict[str, str]:
    """Return the members' numbers by their names."""
    with store.connect() as connection:
        found = naming.of_cohort(connection, cohorts.find(connection, "friends")).members
        called = {
            row[0]: row[1] for row in connection.execute(sa.select(users.c.id, users.c.letterboxd_username))
        }
    return {called[user]: shown.split()[1] for user, shown in found.items()}


def rank_show(
    store: sa.Engine, capsys: pytest.CaptureFixture[str], strategy: str, chosen: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what `letterboxd rank show --json` prints for these choices."""
    words = ["rank", "show", "--cohort", "friends", "--strategy", strategy, "--json", "--limit", "100000"]
    for name, values in chosen.items():
        for value in values if isinstance(values, list) else [values]:
            words += [f"--{name.replace('_', '-')}", str(value)]
    assert run([*words, "--db-url", address(store)]) == 0
    return list(json.loads(capsys.readouterr().out))


def alike(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return films with their moments written in one way."""
    return [film | {"computed_at": re.sub(r"T| ", " ", film["computed_at"])[:19]} for film in found]


# --- rankings ---

CHOICES: list[dict[str, Any]] = [
    {},
    {"year": ["1980-1999"]},
    {"year": ["2000-", "-1959"]},
    {"decade": ["1990s", "1970s"]},
    {"genre": ["horror"]},
    {"genre": ["Horror", "comédie"], "min_watchers": 2},
    {"director": ["jane smith"]},
    {"country": ["fr"]},
    {"country": ["Côte d'Ivoire"], "media_type": "movie"},
    {"max_watchers": 1},
    {"min_score": 3.5},
    {"unseen_by": ["marla"]},
    {"rated_by": ["marla"]},
    {"rated_by": ["marla"], "unseen_by": ["noor"], "year": ["1950-"]},
]


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: ",".join(chosen) or "all")
def test_rankings_are_those_of_rank_show(
    store: sa.Engine,
    numbered: Server,
    named: Server,
    capsys: pytest.CaptureFixture[str],
    chosen: dict[str, Any],
) -> None:
    expected = rank_show(store, capsys, "bayesian", chosen)
    for server in (named, numbered):
        asked = dict(chosen)
        if server is numbered:
            people = numbers(store)
            asked |= {key: [people[name] for name in asked[key]] for key in asked if key.endswith("_by")}
        found = server.json("/cohorts/friends/rankings/bayesian", limit=500, **asked)
        assert alike(found["films"]) == alike(expected[:500])
        assert found["total"] == len(expected)
        assert "TMDB" in found["attribution"]
    assert expected or chosen == {"max_watchers": 1}


def test_every_strategy_is_there(store: sa.Engine, named: Server, capsys: pytest.CaptureFixture[str]) -> None:
    found = named.json("/cohorts/friends/rankings")["rankings"]
    assert len(found) >= 5
    for each in found:
        films = named.json(f"/cohorts/friends/rankings/{each['strategy']}", limit=500)
        assert alike(films["films"]) == alike(rank_show(store, capsys, each["strategy"], {}))[:500]
        assert films["total"] == each["films"]


def test_pages_put_together_are_the_whole(named: Server) -> None:
    path = "/cohorts/friends/rankings/bayesian"
    whole = named.json(path, limit=500)
    pages = [named.json(path, limit=7, offset=offset) for offset in range(0, whole["total"] + 7, 7)]
    assert [film for page in pages for film in page["films"]] == whole["films"]
    assert {page["total"] for page in pages} == {whole["total"]}
    assert named.json(path, limit=7, offset=10**9)["films"] == []


def test_what_a_member_has_watched_is_told_to_be_unknown(store: sa.Engine, numbered: Server) -> None:
    def remarks(name: str) -> list[str]:
        found = numbered.json("/cohorts/friends/rankings/bayesian", unseen_by=numbers(store)[name])
        return list(found["remarks"])

    assert remarks("marla") == []
    (remark,) = remarks("noor")
    assert "never read" in remark


# --- the rest of the API ---


def test_a_film_has_all_that_is_known_of_it(store: sa.Engine, named: Server) -> None:
    first = named.json("/cohorts/friends/rankings/bayesian", limit=1)["films"][0]
    found = named.json(f"/cohorts/friends/films/{first['slug']}")
    with store.connect() as connection:
        row = connection.execute(sa.select(films).where(films.c.slug == first["slug"])).one()
        given = connection.scalars(sa.select(ratings.c.rating).where(ratings.c.film_id == row.id)).all()
    stars = [each for each in given if each is not None]
    assert found["title"] == row.title
    assert found["overview"] == f"No. {row.id}"
    assert found["circle"]["watchers"] == len(stars)
    assert found["circle"]["histogram"] == {str(each): stars.count(each) for each in sorted(set(stars))}
    assert found["letterboxd"]["histogram"] == {f"{half / 2}": row.id for half in range(1, 11)}
    assert found["letterboxd"]["average"] == pytest.approx(row.letterboxd_weighted_average)
    assert len(found["genres"]) == len(found["countries"]) == 1
    assert "TMDB" in found["attribution"]
    standings = {each["strategy"]: each for each in found["rankings"]}
    assert standings["bayesian"]["rank"] == 1
    assert standings["bayesian"]["score"] == first["score"]
    for name, each in standings.items():
        at = named.json(f"/cohorts/friends/rankings/{name}", limit=1, offset=each["rank"] - 1)["films"]
        assert at[0]["slug"] == first["slug"]


def test_freshness_tells_ages(store: sa.Engine, named: Server) -> None:
    found = named.json("/cohorts/friends/freshness")
    assert found["statistics_current"] is True
    assert found["members"] == len(numbers(store))
    assert 0 < found["members_read_in_full"] <= found["members"]
    assert {run["type"]: run["status"] for run in found["runs"]} == {
        "follow_graph": "finished",
        "profile": "finished",
    }
    (age,) = [each for each in found["rankings"] if each["strategy"] == "bayesian"]
    assert age["computed_at"] == "2026-11-23T12:00:00Z"
    with store.connect() as connection:
        changed = connection.scalar(sa.select(sa.func.max(ratings.c.updated_at)))
    assert changed
    # One is the time of the crawl, the other that of the database, a moment later.
    told = datetime.fromisoformat(found["ratings_changed_at"])
    assert abs(told - changed) < timedelta(seconds=10)


def test_members_are_listed_by_name_or_by_number(store: sa.Engine, numbered: Server, named: Server) -> None:
    with_names = named.json("/cohorts/friends/members", limit=500)
    without = numbered.json("/cohorts/friends/members", limit=500)
    people = numbers(store)
    assert {each["member"] for each in with_names["members"]} == people.keys()
    assert {each["member"] for each in without["members"]} == set(people.values())
    counts = {people[each["member"]]: each["ratings"] for each in with_names["members"]}
    assert {each["member"]: each["ratings"] for each in without["members"]} == counts
    assert all(each["profile"] is None for each in without["members"])
    part = numbered.json("/cohorts/friends/members", limit=2, offset=1)
    assert part["members"] == without["members"][1:3]
    assert part["total"] == without["total"] == len(people)


@on_one
def test_the_moment_by_which_members_are_numbered_is_not_told(store: sa.Engine, numbered: Server) -> None:
    with store.connect() as connection:
        made = connection.scalar(
            sa.select(cohort_table.c.created_at).where(cohort_table.c.label == "friends")
        )
    assert made
    assert made.microsecond  # else there would be nothing to guess
    told = [numbered.get(path).text for path in ("/api/v1/cohorts", "/api/v1/cohorts/friends")]
    assert not any(f"{made.microsecond:06}" in text for text in told)


@on_one
def test_without_names_nothing_names_anybody(store: sa.Engine, numbered: Server) -> None:
    secret = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names(store)), re.IGNORECASE)
    listed = numbered.json("/cohorts")["cohorts"]
    hidden = next(each for each in listed if each["label"] != "friends")
    assert hidden["cohort"].isdigit()
    paths = ["/", "/openapi.json", "/api/v1/cohorts"]
    for cohort in ("friends", hidden["cohort"]):
        base = f"/api/v1/cohorts/{cohort}"
        paths += [base, *(f"{base}/{each}" for each in ("members", "freshness", "rankings"))]
        paths += [f"{base}/rankings/bayesian?unseen_by=2", f"{base}/rankings/bayesian?rated_by=999"]
    for path in [*paths, "/cohorts/friends/report"]:
        answer = numbered.get(path).text
        # The report's libraries have words of all kinds in them.
        text = re.sub(r"<script.*?</script>|<style.*?</style>", "", answer, flags=re.DOTALL)
        assert not secret.search(text), path
    assert numbered.get("/api/v1/cohorts/marla").status_code == 404
    assert numbered.get("/api/v1/cohorts/friends/rankings/bayesian?unseen_by=marla").status_code == 404


@on_one
def test_the_label_that_is_a_name_is_shown_where_names_are(named: Server) -> None:
    assert {each["cohort"] for each in named.json("/cohorts")["cohorts"]} == {"friends", "marla"}
    assert named.json("/cohorts/marla")["rankings"] == []


@on_one
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing", 404, "there is nothing at /nothing"),
        ("/api/v1/cohorts/foes", 404, "no cohort 'foes'"),
        ("/cohorts/foes/report", 404, "no cohort 'foes'"),
        ("/cohorts/friends/report?strategy=best", 404, "no ranking 'best'"),
        ("/api/v1/cohorts/friends/rankings/best", 404, "there are circle"),
        ("/api/v1/cohorts/marla/rankings/bayesian", 404, "there is none yet"),
        ("/api/v1/cohorts/friends/films/no-such-film", 404, "no film 'no-such-film'"),
        ("/api/v1/cohorts/friends/rankings/bayesian?genre=western", 404, "no genre 'western'"),
        ("/api/v1/cohorts/friends/rankings/bayesian?unseen_by=marlo", 404, "no member 'marlo'"),
        ("/api/v1/cohorts/friends/rankings/bayesian?year=1999-1990", 400, "the first year is after the last"),
        ("/api/v1/cohorts/friends/rankings/bayesian?year=99", 422, "year.0"),
        ("/api/v1/cohorts/friends/rankings/bayesian?limit=0", 422, "limit"),
        ("/api/v1/cohorts/friends/rankings/bayesian?offset=-1", 422, "offset"),
        ("/api/v1/cohorts/friends/rankings/bayesian?offset=99999999999999", 422, "offset"),
        ("/api/v1/cohorts/friends/rankings/bayesian?min_score=nan", 422, "min_score"),
        ("/api/v1/cohorts/friends/rankings/bayesian?in_list=/etc/passwd", 422, "in_list"),
        ("/api/v1/cohorts/friends/rankings/bayesian?without=marla", 422, "without"),
        ("/api/v1/cohorts/friends/films/a%00b", 422, "film"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(named: Server, path: str, status: int, says: str) -> None:
    answer = named.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"]


# --- pages ---


@on_one
def test_the_first_page_leads_to_every_report(numbered: Server) -> None:
    page = numbered.get("/").text
    links = re.findall(r'href="(/cohorts/[^"]+)"', page)
    assert len(links) >= 5
    assert all(numbered.get(link).status_code == 200 for link in links[:1])
    assert "TMDB" in page


@on_one
def test_a_report_is_made_anew_only_when_something_has_changed(store: sa.Engine, named: Server) -> None:
    path = "/cohorts/friends/report?strategy=wilson"
    first = named.get(path)
    assert first.status_code == 200
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Jane Smith" in first.text
    tag = first.headers["ETag"]
    again = named.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.elapsed < first.elapsed
    # Nothing has changed, so that it is not even made when the time for it has come.
    seconds = first.elapsed.total_seconds()
    with store.begin() as connection:
        here = film_rankings.c.strategy == "wilson"
        old = connection.execute(sa.select(film_rankings.c.computed_at).where(here).limit(1)).scalar_one()
        connection.execute(film_rankings.update().where(here).values(computed_at=old.replace(year=2025)))
    try:
        wait_for_change(named, path, tag, 30 * seconds + 10)
    finally:
        with store.begin() as connection:
            connection.execute(film_rankings.update().where(here).values(computed_at=old))


@pytest.mark.parametrize("store", ["postgresql"], indirect=True, scope="module")
def test_a_report_is_made_anew_when_a_member_has_seen_more(store: sa.Engine, named: Server) -> None:
    path = "/cohorts/friends/report?strategy=bayesian"
    first = named.get(path)
    with store.connect() as connection:
        marla = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "marla"))
        unseen = (
            sa.select(film_rankings.c.film_id)
            .where(film_rankings.c.strategy == "bayesian")
            .where(
                film_rankings.c.film_id.not_in(sa.select(ratings.c.film_id).where(ratings.c.user_id == marla))
            )
            .where(
                film_rankings.c.film_id.not_in(sa.select(watched.c.film_id).where(watched.c.user_id == marla))
            )
        )
        row = {"user_id": marla, "film_id": connection.scalars(unseen.limit(1)).one()}
    with store.begin() as connection:  # as an archive tells it: no crawl, and no rating
        connection.execute(watched.insert().values(row))
    try:
        wait_for_change(named, path, first.headers["ETag"], 30 * first.elapsed.total_seconds() + 10)
    finally:
        with store.begin() as connection:
            here = sa.and_(watched.c.user_id == marla, watched.c.film_id == row["film_id"])
            connection.execute(watched.delete().where(here))


def wait_for_change(server: Server, path: str, tag: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = server.get(path, headers={"If-None-Match": tag})
        if answer.status_code == 200:
            assert answer.headers["ETag"] != tag
            return
        time.sleep(0.2)
    pytest.fail("the report stays as it was")


# --- who may ask, and what ---


def test_nothing_can_be_written(store: sa.Engine, numbered: Server) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = requests.request(method, f"{numbered.address}/api/v1/cohorts", json={}, timeout=60)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"
    engine = open_read_only(address(store))
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(users.update().values(display_name="Mallory"))
    engine.dispose()


@on_one
def test_head_has_the_headers_of_get(numbered: Server) -> None:
    for path in ("/", "/api/v1/cohorts", "/nothing"):
        head = requests.head(numbered.address + path, timeout=60)
        got = numbered.get(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers["Content-Length"] == str(len(got.content))


@on_one
def test_only_names_of_this_machine_are_answered(numbered: Server) -> None:
    port = numbered.address.rpartition(":")[2]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.", ""):
        answer = numbered.get("/api/v1/cohorts", headers={"Host": host})
        assert answer.status_code in {400, 421}, host
    for host in ("localhost", f"localhost:{port}", "[::1]:80", "127.0.0.1", f"127.0.0.2:{port}"):
        assert numbered.get("/api/v1/cohorts", headers={"Host": host}).status_code == 200


@on_one
def test_answers_carry_the_headers_that_protect_readers(numbered: Server) -> None:
    for path in ("/", "/cohorts/friends/report", "/api/v1/cohorts", "/nothing"):
        headers = numbered.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Server" not in headers
        assert "private" in headers["Cache-Control"]


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A database with nothing in it but tables."""
    url = f"sqlite:///{tmp_path / 'a %3F b#c.db'}"
    migrate.upgrade(make_engine(url))
    return url


def test_a_token_is_demanded_where_one_is_set(small: str, tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    file.write_text("s3cret-Token\n")
    with serving(small, "--host", "0.0.0.0", "--token-file", str(file)) as server:
        server = Server(server.address.replace("0.0.0.0", "127.0.0.1"), server.process)
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret-Token"}):
            for path in ("/", "/api/v1/cohorts", "/openapi.json", "/nothing"):
                answer = server.get(path, headers=given)
                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                assert answer.headers["Content-Type"] == "application/problem+json"
        right = {"Authorization": "Bearer s3cret-Token", "Host": "films.example"}
        assert server.get("/api/v1/cohorts", headers=right).json() == {"cohorts": []}
        assert "There is no circle yet" in server.get("/", headers=right).text
        assert "bearer" in server.get("/openapi.json", headers=right).text


def test_the_environment_can_hold_the_token(small: str) -> None:
    with serving(small, LETTERBOXD_SERVE_TOKEN="from-the-environment") as server:
        assert server.get("/").status_code == 401
        right = {"Authorization": "bearer from-the-environment"}
        assert server.get("/", headers=right).status_code == 200


@pytest.mark.parametrize("files", [{"empty": " \n"}, {"two words": "a b"}, {"not text": "\udcff"}, {}])
def test_a_server_for_others_wants_a_token(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    words = ["serve", "--host", "0.0.0.0", "--db-url", small]
    for name, text in files.items():
        file = tmp_path / name
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        words += ["--token-file", str(file)]
    assert run(words) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert "--token-file" in first


def test_a_database_that_is_not_there_or_behind_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgres_url: str
) -> None:
    missing, old = (f"sqlite:///{tmp_path / name}" for name in ("missing.db", "old.db"))
    engine = make_engine(old)
    migrate.upgrade(engine, "0006")
    before = Path(str(engine.url.database)).read_bytes()
    for url, says in ((missing, "no database"), (old, "db upgrade"), (postgres_url, "db upgrade")):
        assert run(["serve", "--port", "0", "--db-url", url]) == 2
        first, *_ = capsys.readouterr().err.splitlines()
        assert says in first
    assert not (tmp_path / "missing.db").exists()
    assert Path(str(engine.url.database)).read_bytes() == before
    assert revision_of(engine) == "0006"


@on_one
def test_a_port_that_is_taken_is_one_line(
    small: str, numbered: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    port = numbered.address.rpartition(":")[2]
    assert run(["serve", "--port", port, "--db-url", small]) == 2
    assert f"cannot serve at 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_request_under_way_does_not_hold_up_the_end(small: str) -> None:
    with serving(small, stopped=(143, -signal.SIGTERM)) as server, requests.Session() as session:
        session.get(f"{server.address}/", timeout=60)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=60)


# --- the OpenAPI document ---


# What is asked for must be there in most cases, or all answers would be that it is not.
KNOWN = {"cohort": "friends", "strategy": "bayesian"}


@pytest.mark.parametrize(
    ("store", "mode"),
    [*((kind, GenerationMode.POSITIVE) for kind in BOTH), ("sqlite", GenerationMode.NEGATIVE)],
    indirect=["store"],
    scope="module",
)
def test_every_answer_is_what_the_openapi_document_says(named: Server, mode: GenerationMode) -> None:
    document = schemathesis.openapi.from_url(f"{named.address}/openapi.json")
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 9

    @settings(
        max_examples=40,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE:
            case.path_parameters |= {key: KNOWN[key] for key in case.path_parameters if key in KNOWN}
        answer = case.call(session=named.session)
        assert answer.status_code < 500
        # Years from 1999 to 1990 are years in form, and refused.
        case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    holds()
