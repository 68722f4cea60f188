"""A circle that archives alone tell of: TMDB finds its films, and their pages are read where they may be."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper import config
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.server import films as server_films
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import films
from tests.conftest import Shell, assert_ended, on_sqlite
from tests.report.test_report import scripts_data, visible
from tests.site import Film, Site
from tests.site.archive import archive, file_name
from tests.site.cinema import details, expected, oddity

REAL = "https://letterboxd.com"
# One each; a season is not among the movies.
KINDS = ("ordinary", "no link", "season", "not found", "empty at tmdb", "no tmdb", "one omitted")


def year_at_tmdb(film: Film) -> int | None:
    record = details(film).tmdb or {}
    return int(record["release_date"][:4]) if record.get("release_date") else None


def is_guessed(film: Film) -> bool:
    """Say whether just one movie at TMDB has the title and year."""
    place = details(film).at_tmdb or details(film).link
    return bool(place and place.kind == "movie" and details(film).tmdb and year_at_tmdb(film) == film.year)


@pytest.fixture
def circle(shell: Shell, site: Site, tmp_path: Path) -> list[Film]:
    """The films that two archives name, which were taken in."""
    all_films = site.world.films.values()
    chosen = [next(film for film in all_films if oddity(film) == kind) for kind in KINDS]
    chosen += [film for film in all_films if oddity(film) == "ordinary"][1:6]
    chosen.append(next(film for film in all_films if year_at_tmdb(film) not in (None, film.year)))
    chosen = list(dict.fromkeys(chosen))
    for name in ("ebb", "kip"):
        member = site.world.member(name)
        member.ratings = {film.slug: 3.5 + (number % 3) / 2 for number, film in enumerate(chosen)}
        member.likes, member.favourites, member.diary = {}, [], []
        member.watched = set(member.ratings)
        (tmp_path / file_name(name)).write_bytes(archive(site.world, name))
    paths = map(str, tmp_path.glob("*.zip"))
    assert_ended(shell.letterboxd("import", "zip", *paths, "--cohort", "two"), 0)
    site.clear_log()
    return chosen


def stored(engine: sa.Engine) -> dict[str, sa.Row[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {row.letterboxd_lid: row for row in connection.execute(sa.select(films))}


def assert_shown(shell: Shell, circle: list[Film], engine: sa.Engine) -> None:
    """Demand that all that shows films shows these with links, and has no column and no advice in vain."""
    for command in (["refresh", "stats"], ["rank", "compute", "--cohort", "two", "--strategy", "bayesian"]):
        assert_ended(shell.letterboxd(*command), 0)
    ranking = ["--cohort", "two", "--strategy", "bayesian"]
    links = {f"https://boxd.it/{film.lid}" for film in circle}
    table = shell.letterboxd("rank", "show", *ranking).stdout.splitlines()
    assert {line.split()[-1] for line in table[1:]} == links
    rows = json.loads(shell.letterboxd("rank", "show", *ranking, "--json").stdout)
    assert {row["link"] for row in rows} == links
    assert {row["slug"] for row in rows} == {None}
    guessed = next(filter(is_guessed, circle))
    serving = Served(engine, False, config.load(LETTERBOXD_BASE_URL=REAL))
    (route,) = server_films.routes(serving).routes
    answer = route.endpoint("two", f"https://boxd.it/{guessed.lid}")  # type: ignore[attr-defined]
    assert (answer.link, answer.slug) == (f"https://boxd.it/{guessed.lid}", None)
    assert answer.tmdb_id == expected(guessed).tmdb_id
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "two")
        options = Options(at=datetime.now(UTC), strategy="bayesian", base_url=REAL, pages=False)
        page = render(connection, cohort, options)
    columns = scripts_data(page)["films"]
    assert set(columns["link"]) == links
    assert not {"slug", "average", "site"} & columns.keys()
    assert any(columns["genres"])
    words = visible(page)
    assert "Members' own files made" in words
    for advice in ("letterboxd scrape", "--histograms", "letterboxd enrich", "Here and elsewhere", "never"):
        assert advice not in words, advice
    assert "TMDB" in words


@on_sqlite
def test_tmdb_alone_tells_what_they_are(
    shell: Shell, site: Site, circle: list[Film], engine: sa.Engine
) -> None:
    assert_ended(shell.scrapy("film", "-s", f"LETTERBOXD_BASE_URL={REAL}", cohort="two"), 0)
    rows = stored(engine)
    guessed = [film for film in circle if is_guessed(film)]
    assert 6 <= len(guessed) < len(circle)
    for film in circle:
        row = rows[film.lid]
        truth = expected(film)
        assert (row.slug, row.title, row.release_year) == (None, film.title, film.year)
        assert row.tmdb_guessed is (film in guessed)
        assert row.tmdb_id == (truth.tmdb_id if film in guessed else None)
        assert film not in guessed or row.release_date == truth.release_date
        assert film in guessed or row.enrich_after is not None
    assert {hit.path.split("?")[0].split("/")[2] for hit in site.log} == {"search", "movie"}
    assert len(site.log) == len(circle) + len(guessed)
    site.clear_log()
    again = shell.letterboxd("enrich", "--cohort", "two", LETTERBOXD_BASE_URL=REAL)
    assert_ended(again, 0)
    assert "of 5 films something is missing that was looked for not long ago" in again.stderr
    assert_shown(shell, circle, engine)
    assert site.log == []


@on_sqlite
def test_without_a_key_it_is_said_what_one_would_bring(shell: Shell, site: Site, circle: list[Film]) -> None:
    told = shell.letterboxd("enrich", "--cohort", "two", LETTERBOXD_BASE_URL=REAL, TMDB_API_KEY="")
    assert_ended(told, 0)
    assert f"two: TMDB could tell more of {len(circle)} films: set TMDB_API_KEY" in told.stderr
    assert "nothing is" not in told.stderr
    status = shell.letterboxd("status", LETTERBOXD_BASE_URL=REAL, TMDB_API_KEY="")
    assert "due       0 members" in status.stdout
    assert f"0 incomplete and not due yet; {len(circle)} to enrich once TMDB_API_KEY is set" in status.stdout
    assert site.log == []


@on_sqlite
def test_pages_that_may_be_read_prove_what_was_guessed(
    shell: Shell, site: Site, circle: list[Film], engine: sa.Engine
) -> None:
    assert_ended(shell.scrapy("film", cohort="two"), 0)
    rows = stored(engine)
    for film in filter(is_guessed, circle):
        row = rows[film.lid]
        assert (row.slug, row.letterboxd_film_id, row.tmdb_guessed) == (film.slug, film.id, False)
        assert row.letterboxd_weighted_average == expected(film).average
    assert any(hit.path.startswith("/tmdb/") for hit in site.log)
