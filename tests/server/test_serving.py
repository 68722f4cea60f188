"""`letterboxd serve` over a real socket: what it shows, to whom, and that it changes nothing."""

import json
import re
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.report.data import unpacked
from letterboxd_scraper.server.queries import OF_MEMBERS
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.open import open_read_only
from letterboxd_scraper.store.schema import cohorts as cohort_table
from letterboxd_scraper.store.schema import film_rankings, films, ratings, users, watched
from tests.conftest import address
from tests.served import Server
from tests.server.conftest import on_one

pytestmark = pytest.mark.slow


def names(store: sa.Engine) -> set[str]:
    with store.connect() as connection:
        return set(connection.scalars(sa.select(users.c.letterboxd_username)))


def numbers(store: sa.Engine) -> dict[str, str]:
    """Return the members' numbers by their names."""
    with store.connect() as connection:
        names = naming.of_cohort(connection, cohorts.find(connection, "friends")).members
        called = {
            row[0]: row[1] for row in connection.execute(sa.select(users.c.id, users.c.letterboxd_username))
        }
    return {called[user]: name.split()[1] for user, name in names.items()}


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


def alike(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return films with their moments written in one way."""
    return [film | {"computed_at": re.sub(r"T| ", " ", film["computed_at"])[:19]} for film in entries]


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
    {"language": ["japanese"]},
    {"wanted_by": 2, "max_runtime": 100},
    {"on_watchlist_of": ["noor"], "not_on_watchlist_of": ["marla"]},
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
            asked |= {key: [people[name] for name in asked[key]] for key in asked if key in OF_MEMBERS}
        ranking = server.json("/cohorts/friends/rankings/bayesian", limit=500, **asked)
        assert alike(ranking["films"]) == alike(expected[:500])
        assert ranking["total"] == len(expected)
        assert "TMDB" in ranking["attribution"]
    assert expected or chosen == {"max_watchers": 1}


def test_every_strategy_is_there(store: sa.Engine, named: Server, capsys: pytest.CaptureFixture[str]) -> None:
    rankings = named.json("/cohorts/friends/rankings")["rankings"]
    assert len(rankings) >= 5
    for one in rankings:
        films = named.json(f"/cohorts/friends/rankings/{one['strategy']}", limit=500)
        assert alike(films["films"]) == alike(rank_show(store, capsys, one["strategy"], {}))[:500]
        assert films["total"] == one["films"]


def test_pages_put_together_are_the_whole(named: Server) -> None:
    path = "/cohorts/friends/rankings/bayesian"
    whole = named.json(path, limit=500)
    pages = [named.json(path, limit=7, offset=offset) for offset in range(0, whole["total"] + 7, 7)]
    assert [film for page in pages for film in page["films"]] == whole["films"]
    assert {page["total"] for page in pages} == {whole["total"]}
    assert named.json(path, limit=7, offset=10**9)["films"] == []


def test_what_a_member_has_watched_is_told_to_be_unknown(store: sa.Engine, numbered: Server) -> None:
    def remarks(name: str) -> list[str]:
        page = numbered.json("/cohorts/friends/rankings/bayesian", unseen_by=numbers(store)[name])
        return list(page["remarks"])

    assert remarks("marla") == []
    (remark,) = remarks("noor")
    assert "never read" in remark


def test_of_how_many_members_the_watchlist_is_known_is_told(store: sa.Engine, numbered: Server) -> None:
    page = numbered.json("/cohorts/friends/rankings/bayesian", wanted_by=2)
    (remark,) = page["remarks"]
    assert remark.startswith(f"watchlists are known of 2 of {len(numbers(store))} members: ")


# --- the rest of the API ---


def test_a_film_has_all_that_is_known_of_it(store: sa.Engine, named: Server) -> None:
    first = named.json("/cohorts/friends/rankings/bayesian", limit=1)["films"][0]
    about = named.json(f"/cohorts/friends/films/{first['slug']}")
    with store.connect() as connection:
        row = connection.execute(sa.select(films).where(films.c.slug == first["slug"])).one()
        rated = connection.scalars(sa.select(ratings.c.rating).where(ratings.c.film_id == row.id)).all()
    stars = [one for one in rated if one is not None]
    assert about["title"] == row.title
    assert about["overview"] == f"No. {row.id}"
    assert about["original_language"] == row.original_language
    assert about["circle"]["watchers"] == len(stars)
    assert about["circle"]["histogram"] == {str(one): stars.count(one) for one in sorted(set(stars))}
    assert about["letterboxd"]["histogram"] == {f"{half / 2}": row.id for half in range(1, 11)}
    assert about["letterboxd"]["average"] == pytest.approx(row.letterboxd_weighted_average)
    assert len(about["genres"]) == len(about["countries"]) == 1
    assert "TMDB" in about["attribution"]
    standings = {one["strategy"]: one for one in about["rankings"]}
    assert standings["bayesian"]["rank"] == 1
    assert standings["bayesian"]["score"] == first["score"]
    for name, one in standings.items():
        at = named.json(f"/cohorts/friends/rankings/{name}", limit=1, offset=one["rank"] - 1)["films"]
        assert at[0]["slug"] == first["slug"]


def test_freshness_tells_ages(store: sa.Engine, named: Server) -> None:
    ages = named.json("/cohorts/friends/freshness")
    assert ages["statistics_current"] is True
    assert ages["members"] == len(numbers(store))
    assert 0 < ages["members_read_in_full"] <= ages["members"]
    assert {run["type"]: run["status"] for run in ages["runs"]} == {
        "follow_graph": "finished",
        "profile": "finished",
    }
    (age,) = [one for one in ages["rankings"] if one["strategy"] == "bayesian"]
    assert age["computed_at"] == "2026-11-23T12:00:00Z"
    with store.connect() as connection:
        changed = connection.scalar(sa.select(sa.func.max(ratings.c.updated_at)))
    assert changed
    # One is the time of the crawl, the other that of the database, a moment later.
    told = datetime.fromisoformat(ages["ratings_changed_at"])
    assert abs(told - changed) < timedelta(seconds=10)


def test_members_are_listed_by_name_or_by_number(store: sa.Engine, numbered: Server, named: Server) -> None:
    with_names = named.json("/cohorts/friends/members", limit=500)
    without = numbered.json("/cohorts/friends/members", limit=500)
    people = numbers(store)
    assert {one["member"] for one in with_names["members"]} == people.keys()
    assert {one["member"] for one in without["members"]} == set(people.values())
    counts = {people[one["member"]]: one["ratings"] for one in with_names["members"]}
    assert {one["member"]: one["ratings"] for one in without["members"]} == counts
    assert all(one["profile"] is None for one in without["members"])
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
    hidden = next(one for one in listed if one["label"] != "friends")
    assert hidden["cohort"].isdigit()
    paths = ["/", "/openapi.json", "/api/v1/cohorts"]
    for cohort in ("friends", hidden["cohort"]):
        base = f"/api/v1/cohorts/{cohort}"
        paths += [base, *(f"{base}/{one}" for one in ("members", "freshness", "rankings"))]
        paths += [f"{base}/rankings/bayesian?unseen_by=2", f"{base}/rankings/bayesian?rated_by=999"]
    pages = [
        "report",
        "members",
        "members.csv",
        "rankings/circle",
        "recommendations",
        "recommendations?member=2",
        "news?member=2",
        "news.atom",
    ]
    paths += ["/docs", "/cohorts/friends", *(f"/cohorts/friends/{page}" for page in pages)]
    for path in paths:
        answer = numbered.get(path).text
        # The report's libraries have words of all kinds in them.
        text = re.sub(r"<script.*?</script>|<style.*?</style>", "", answer, flags=re.DOTALL)
        assert not secret.search(text), path
    assert numbered.get("/api/v1/cohorts/marla").status_code == 404
    assert numbered.get("/api/v1/cohorts/friends/rankings/bayesian?unseen_by=marla").status_code == 404


@on_one
def test_the_label_that_is_a_name_is_shown_where_names_are(named: Server) -> None:
    assert {one["cohort"] for one in named.json("/cohorts")["cohorts"]} == {"friends", "marla"}
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
        ("/api/v1/cohorts/friends/rankings/bayesian?in_list=/etc/passwd", 400, "no parameter 'in_list'"),
        ("/api/v1/cohorts/friends/rankings/bayesian?without=marla", 400, "no parameter 'without'"),
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
    block = re.search(r'id="report">([^<]+)<', first.text)
    assert block
    assert "Jane Smith" in unpacked(block[1])["directors"]
    tag = first.headers["ETag"]
    again = named.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    # Nothing has changed, so that it is not even made when the time for it has come.
    seconds = first.elapsed.total_seconds()
    with store.begin() as connection:
        of_wilson = film_rankings.c.strategy == "wilson"
        old = connection.execute(
            sa.select(film_rankings.c.computed_at).where(of_wilson).limit(1)
        ).scalar_one()
        connection.execute(film_rankings.update().where(of_wilson).values(computed_at=old.replace(year=2025)))
    try:
        wait_for_change(named, path, tag, 30 * seconds + 10)
    finally:
        with store.begin() as connection:
            connection.execute(film_rankings.update().where(of_wilson).values(computed_at=old))


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
            of_marla = sa.and_(watched.c.user_id == marla, watched.c.film_id == row["film_id"])
            connection.execute(watched.delete().where(of_marla))


def wait_for_change(server: Server, path: str, tag: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = server.get(path, headers={"If-None-Match": tag})
        if answer.status_code == 200:
            assert answer.headers["ETag"] != tag
            return
        time.sleep(0.2)
    pytest.fail("the report stays as it was")


# --- that nothing changes ---


def test_nothing_can_be_written(store: sa.Engine, numbered: Server) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = requests.request(method, f"{numbered.address}/api/v1/cohorts", json={}, timeout=60)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"
    engine = open_read_only(address(store))
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(users.update().values(display_name="Mallory"))
    engine.dispose()
