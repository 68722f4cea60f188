"""Lists that Radarr, Kometa and others take, served and as files: what is on them, and when there is none."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
import pytest
import sqlalchemy as sa
import yaml  # type: ignore[import-untyped]

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import ListUnsure
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_rankings, films, scrape_runs, watchlist
from ranking.choices.filters import EVERY_FILM, Choices
from ranking.compute import compute
from ranking.exports.doubts import Trust, refuse_unsure
from ranking.exports.movies import Movie, as_kometa, as_radarr, movies_of
from ranking.results import film_ids
from ranking.strategies import STRATEGIES
from tests.asked import BROWSER, Asked, Reply
from tests.conftest import Shell, address, on_sqlite
from tests.nights import at_night
from tests.site import Fault, Site
from tests.spiders.test_when_rated import TONIGHT
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_run, add_user

NAMES = ("ann", "bob", "cleo")
LISTS = "/cohorts/friends/lists"
TOP = f"{LISTS}/top.json"
# The server of each database; a test often asks more than once.
APPS: dict[tuple[str, bool], Asked] = {}
# What Radarr's Custom Lists (id) and StevenLu Custom (title, imdb_id) read, as others do who take this form.
SCHEMA = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["id", "imdb_id", "title", "release_year"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "imdb_id": {"type": ["string", "null"], "pattern": r"^tt\d{7,}$"},
            "title": {"type": "string", "minLength": 1},
            "release_year": {"type": ["string", "null"], "pattern": r"^\d{4}$"},
        },
    },
}
NUMBERS = {"type": "array", "minItems": 1, "items": {"type": "integer"}}
COLLECTION = {
    "type": "object",
    "required": ["tmdb_movie", "sync_mode"],
    "additionalProperties": False,
    "properties": {"sync_mode": {"const": "sync"}, "tmdb_movie": NUMBERS},
}
COLLECTIONS = {
    "type": "object",
    "required": ["collections"],
    "additionalProperties": False,
    "properties": {"collections": {"type": "object", "minProperties": 1, "additionalProperties": COLLECTION}},
}


def furnish(engine: sa.Engine) -> None:
    """Let three members have rated twelve films, each less than the one before, and want some of these."""
    with engine.begin() as connection:
        members = [add_user(connection, name, last_full_scrape_at=MONDAY) for name in NAMES]
        for number in range(12):
            kind = "tv" if number == 1 else "movie"
            numbers = {} if number == 2 else {"tmdb_id": 500 + number, "tmdb_media_type": kind}
            numbers |= {"imdb_id": f"tt00{number:05}"} if number != 4 else {}
            year = None if number == 5 else 1990 + number
            film = add_film(
                connection, f"film-{number}", title=f"Film № {number}", release_year=year, **numbers
            )
            if number != 11:  # nobody has rated the last
                for member in members[: 2 if number > 8 else 3]:
                    add_rating(connection, member, film, rating=5 - number // 2 / 2)
            wanting = members[:2] if number in (0, 11) else members[:1] if number == 3 else []
            if wanting:
                rows = [{"user_id": member, "film_id": film} for member in wanting]
                connection.execute(watchlist.insert(), rows)
        add_cohort(connection, "friends", NAMES)
        add_run(connection, cohort="friends", status="finished", finished_at=MONDAY)
    rank(engine)


def rank(engine: sa.Engine) -> None:
    statistics.refresh(engine, MONDAY)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(engine, cohort, STRATEGIES["circle"], {}, MONDAY)


@pytest.fixture
def circle(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    monkeypatch.setenv("LETTERBOXD_NOW", (MONDAY + DAY).isoformat())
    furnish(engine)
    return engine


def get(engine: sa.Engine, path: str, names: bool = False, **headers: str) -> Reply:
    key = (address(engine), names)
    if key not in APPS:
        APPS[key] = Asked(address(engine), names=names)
    return APPS[key].get(path, **headers)


@pytest.fixture(autouse=True)
def forget_apps() -> Iterator[None]:
    yield
    for asked in APPS.values():
        asked.engine.dispose()
    APPS.clear()


def ids(reply: Reply) -> list[int]:
    assert reply.status == 200, reply.text
    movies = reply.json()
    jsonschema_rs.validate(SCHEMA, movies)
    return [movie["id"] for movie in movies]


def export(engine: sa.Engine, form: str, file: Path, *words: str) -> int:
    return run(["--db-url", address(engine), "export", form, "--cohort", "friends", "-o", str(file), *words])


def refused(reply: Reply) -> str:
    """Return why there is no list: it is never an empty one, and says when to ask again."""
    assert reply.status == 503, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert int(reply.headers["retry-after"]) > 0
    problem = reply.json()
    assert problem["status"] == 503
    return str(problem["detail"])


# --- what is on them ---


def test_the_best_films_are_those_that_tmdb_has_in_the_rankings_order(circle: sa.Engine) -> None:
    answer = get(circle, TOP)
    assert ids(answer) == [500, 503, 504, 505, 506, 507, 509, 508, 510]
    assert answer.headers["x-passed-over"] == "series=1, unnumbered=1"
    first = {"id": 500, "imdb_id": "tt0000000", "title": "Film № 0", "release_year": "1990"}
    assert answer.json()[0] == first
    assert [answer.json()[place][name] for place, name in ((2, "imdb_id"), (3, "release_year"))] == [None] * 2
    assert ids(get(circle, f"{TOP}?limit=2")) == [500, 503]
    assert ids(get(circle, f"{TOP}?decade=2000s&min_watchers=2")) == [510]
    again = get(circle, TOP, if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_wanted_films_come_by_how_many_want_them_also_those_that_nobody_has_rated(
    circle: sa.Engine, tmp_path: Path
) -> None:
    assert ids(get(circle, f"{LISTS}/wanted.json")) == [500, 511]
    assert ids(get(circle, f"{LISTS}/wanted.json?wanted_by=1")) == [500, 511, 503]
    assert ids(get(circle, f"{LISTS}/wanted.json?wanted_by=1&min_score=4")) == [500, 503]
    assert ids(get(circle, f"{LISTS}/wanted.json?wanted_by=1&min_watchers=1")) == [500, 503]
    file = tmp_path / "wanted.json"
    assert export(circle, "radarr", file, "--list", "wanted", "--wanted-by", "1") == 0
    assert [movie["id"] for movie in json.loads(file.read_text())] == [500, 511, 503]


def test_recommended_films_are_those_of_recommend(
    circle: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--cohort", "friends", "--member", "cleo", "--limit", "100", "--json"]
    assert run(["--db-url", address(circle), "recommend", *words]) == 0
    slugs = [film["slug"] for film in json.loads(capsys.readouterr().out)]
    expected = [500 + int(slug.removeprefix("film-")) for slug in slugs]
    assert expected == [509, 510]  # cleo has rated all others
    assert ids(get(circle, f"{LISTS}/recommend.json?member=cleo", names=True)) == expected
    file = tmp_path / "films.json"
    assert export(circle, "radarr", file, "--list", "recommend", "--member", "cleo") == 0
    assert [movie["id"] for movie in json.loads(file.read_text())] == expected


def test_a_file_is_what_the_server_says_and_kometas_has_the_same_films(
    circle: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = get(circle, f"{TOP}?limit=5").json()
    assert export(circle, "radarr", tmp_path / "top.json", "--limit", "5") == 0
    assert "passed over: 1 series, 1 film of which no number at TMDB is known" in capsys.readouterr().err
    assert json.loads((tmp_path / "top.json").read_text(encoding="utf-8")) == told
    assert export(circle, "kometa", tmp_path / "top.yml", "--limit", "5") == 0
    content = yaml.safe_load((tmp_path / "top.yml").read_text(encoding="utf-8"))
    jsonschema_rs.validate(COLLECTIONS, content)
    assert list(content["collections"]) == ["Best of friends"]
    assert content["collections"]["Best of friends"]["tmdb_movie"] == [movie["id"] for movie in told]


@pytest.mark.parametrize(
    "title",
    ['"Quoted": #1', "a\nb: c", "\x85\u2028line", "- [x] {y}", "'", "千と千尋の神隠し 🎬"],
)
def test_no_title_breaks_a_file(title: str) -> None:
    movies = [Movie(7, None, title, None), Movie(8, "tt0000008", title, "1999")]
    assert [movie["title"] for movie in json.loads(as_radarr(movies))] == [title] * 2
    content = yaml.safe_load(as_kometa(movies, title))
    assert list(content["collections"].values()) == [{"sync_mode": "sync", "tmdb_movie": [7, 8]}]
    assert list(content["collections"]) == [" ".join(title.split())]


@on_sqlite
def test_a_page_says_which_lists_there_are_and_what_is_passed_over(circle: sa.Engine) -> None:
    top, wanted, recommend = get(circle, f"{LISTS}.json").json()["lists"]
    assert (top["address"], top["movies"], top["series"], top["unnumbered"]) == (TOP, 9, 1, 1)
    assert (wanted["movies"], wanted["why_not"]) == (2, None)
    assert recommend["address"] == f"{LISTS}/recommend.json?member="
    page = get(circle, LISTS, accept=BROWSER).text
    assert "1 series, 1 film without a number" in page
    # What stands behind the last address, and an example of it.
    assert f"for example <code>{LISTS}/recommend.json?member=1&amp;member=2</code>" in page
    assert 'href="/cohorts/friends/members"' in page
    assert "Film № 3" in get(circle, f"{LISTS}/top", accept=BROWSER).text
    assert f'href="{LISTS}"' in get(circle, "/cohorts/friends", accept=BROWSER).text


# --- when there is none ---

Change = Callable[[sa.Connection], Any]


def last_run(**values: Any) -> Change:
    def change(connection: sa.Connection) -> None:
        run = {"cohort": "friends", "started_at": MONDAY + HOUR, "finished_at": MONDAY + 2 * HOUR}
        add_run(connection, **run | {"type": "when_rated"} | values)

    return change


def without(table: sa.Table) -> Change:
    return lambda connection: connection.execute(table.delete())


def all_films(**values: Any) -> Change:
    return lambda connection: connection.execute(films.update().values(values))


def first_crawl(connection: sa.Connection) -> None:
    """Let the circle be read for the first time just now."""
    connection.execute(scrape_runs.delete())
    add_run(connection, cohort="friends", status="running", seen_at=sa.func.now())


def nothing(connection: sa.Connection) -> None:
    """Leave all as it is."""


# What has happened, how old the data may be, which films are chosen, and what is said.
UNSURE: list[tuple[Change, float, Choices, str]] = [
    (
        without(film_rankings),
        30,
        EVERY_FILM,
        "is not ranked yet: `letterboxd rank compute --strategy circle`",
    ),
    (nothing, 0.5, EVERY_FILM, "was last ranked a day ago, which is too old (max_age: 0.5"),
    (last_run(status="blocked"), 30, EVERY_FILM, "(when_rated, 22 hours ago) was refused by the site"),
    (last_run(status="failed", type="film"), 30, EVERY_FILM, "(film, 22 hours ago) failed"),
    (last_run(status="interrupted", type="follow_graph"), 30, EVERY_FILM, "was interrupted"),
    (last_run(status="running", finished_at=None, seen_at=MONDAY - DAY), 30, EVERY_FILM, "was cut off"),
    (first_crawl, 30, EVERY_FILM, "is being read for the first time"),
    (all_films(tmdb_id=None), 30, EVERY_FILM, "no number at TMDB is known): `letterboxd enrich`"),
    (all_films(tmdb_media_type="tv"), 30, EVERY_FILM, "nothing that fits is a film (passed over: 11 series)"),
    (all_films(tmdb_not_found=True), 30, EVERY_FILM, "`letterboxd enrich`"),
    (nothing, 30, Choices(min_watchers=9), "no film fits; a remark: choose less narrowly"),
]


def make(connection: sa.Connection, max_age: float, choices: Choices) -> None:
    cohort = cohorts.find(connection, "friends")
    refuse_unsure(connection, cohort, "circle", Trust(MONDAY + DAY, max_age, HOUR))
    movies_of(connection, film_ids(connection, cohort, "circle", choices=choices), 9, ["a remark"])


def test_what_is_not_sure_is_no_list(circle: sa.Engine) -> None:
    for change, max_age, choices, words in UNSURE:
        with circle.connect() as connection, connection.begin() as transaction:
            change(connection)
            with pytest.raises(ListUnsure, match=re.escape(words)):
                make(connection, max_age, choices)
            transaction.rollback()


@on_sqlite
@pytest.mark.parametrize(
    ("change", "query", "words"),
    [(last_run(status="blocked"), {}, "was refused"), (nothing, {"year": "1870"}, "no film fits")],
    ids=["blocked", "empty"],
)
def test_there_is_no_empty_answer_and_no_file_is_replaced(
    circle: sa.Engine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Change,
    query: dict[str, str],
    words: str,
) -> None:
    with circle.begin() as connection:
        change(connection)
    assert words in refused(get(circle, f"{TOP}?{urlencode(query)}"))
    for form in ("radarr", "kometa"):
        (tmp_path / form).write_text("as it was")
        options = [word for name, value in query.items() for word in (f"--{name}", value)]
        assert export(circle, form, tmp_path / form, *options) == 2
        assert words in capsys.readouterr().err
        assert (tmp_path / form).read_text() == "as it was"


@on_sqlite
def test_a_crawl_that_came_to_its_end_makes_good_what_was_cut_short_before_it(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        last_run(status="blocked", type="follow_graph")(connection)
        last_run(status="failures", started_at=MONDAY + 3 * HOUR)(connection)
    assert ids(get(circle, TOP))
    with circle.begin() as connection:  # what others do is another circle's matter
        last_run(status="blocked", cohort="others", started_at=MONDAY + 4 * HOUR)(connection)
    assert ids(get(circle, TOP))


@on_sqlite
def test_wanted_films_are_none_while_too_few_watchlists_are_known(circle: sa.Engine) -> None:
    why = refused(get(circle, f"{LISTS}/wanted.json?wanted_by=9"))
    assert "on 9 watchlists, and they are known of 2 of 3 members" in why
    with circle.begin() as connection:
        connection.execute(watchlist.delete())
    assert "known of 0 of 3 members" in refused(get(circle, f"{LISTS}/wanted.json?wanted_by=1"))


@on_sqlite
def test_recommended_films_are_none_for_who_has_seen_all(circle: sa.Engine) -> None:
    assert "no film fits" in refused(get(circle, f"{LISTS}/recommend.json?member=ann", names=True))


SLIPS = {
    "top.json?limit=0": 422,
    "top.json?max_age=nan": 422,
    "top.json?minwatchers=2": 400,
    "top.json?strategy=bset": 404,
    "top.json?strategy=wilson": 503,
    "recommend.json": 422,
    "recommend.json?member=7": 404,
    "wanted.json?wanted_by=0": 422,
    "best.json": 404,
}


@on_sqlite
def test_a_slip_is_told_and_is_no_list(circle: sa.Engine) -> None:
    answers = {path: get(circle, f"{LISTS}/{path}") for path in SLIPS}
    assert {path: answer.status for path, answer in answers.items()} == SLIPS
    assert [answer.json()["status"] for answer in answers.values()] == list(SLIPS.values())


@on_sqlite
def test_what_does_not_go_together_is_refused(
    circle: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    together = "--list recommend and --member go together"
    for words, says in {
        "--member ann": together,
        "--list recommend": together,
        "--max-age 0": "--max-age 0: give more than 0 days",
        "--list recommend --member nobody": "nobody",
    }.items():
        assert export(circle, "radarr", tmp_path / "made", *words.split()) == 2
        assert says in capsys.readouterr().err
        assert not (tmp_path / "made").exists()


@on_sqlite
def test_a_blocked_night_leaves_the_list_that_there_was(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with crawled_engine.begin() as connection:
        connection.execute(films.update().values(tmdb_id=films.c.id, tmdb_media_type="movie"))
    monkeypatch.setenv("LETTERBOXD_NOW", TONIGHT.isoformat())
    shell = at_night(crawled)
    kept = ("export", "radarr", "--cohort", "friends", "--output", "kept.json")
    assert shell.letterboxd("rank", "compute", "--cohort", "friends").returncode == 0
    before = ids(get(crawled_engine, TOP))
    assert shell.letterboxd(*kept).returncode == 0
    content = (shell.folder / "kept.json").read_bytes()
    site.faults.add(Fault("ban", path="/[^/]*/following/.*"))
    blocked = shell.letterboxd("schedule", "run", "--cohort", "friends", "--job", "nightly", "--local")
    assert blocked.returncode == 4, blocked.stderr
    assert "was refused by the site" in refused(get(crawled_engine, TOP))
    assert shell.letterboxd(*kept).returncode == 2
    assert (shell.folder / "kept.json").read_bytes() == content
    site.faults.clear()
    assert shell.letterboxd("cohort", "refresh", "friends").returncode == 0
    assert ids(get(crawled_engine, TOP)) == before
