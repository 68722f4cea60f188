"""The report as a file: what is in it, what is not, and what it says where something is missing."""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from parsel import Selector

from benchmarks.circles import LABEL, NOW
from benchmarks.report_circle import Circle, invented, load
from letterboxd_scraper.cli import main
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError, UnknownName
from letterboxd_scraper.report import Options, matches, render
from letterboxd_scraper.report.data import unpacked
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohorts as cohort_table
from letterboxd_scraper.store.schema import (
    film_genres,
    film_histograms,
    film_people,
    film_rankings,
    films,
    ratings,
    users,
    watched,
)
from ranking.results import ranking
from tests.conftest import address, on_sqlite

SMALL = invented(members=6, count=60, rated_by_each=30)
ATTRIBUTION = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
)


@pytest.fixture
def circle(engine: sa.Engine) -> sa.Engine:
    """A database with a circle of six members, everything known."""
    load(engine, SMALL, (DEFAULT_STRATEGY, "bayesian"))
    return engine


def page(engine: sa.Engine, **options: Any) -> str:
    with read_transaction(engine) as connection:
        return render(connection, cohorts.find(connection, "1"), Options(at=NOW, **options))


def scripts_data(text: str) -> dict[str, Any]:
    """Return the data that the page's scripts read; with films' columns, those that are read later."""
    page = Selector(text)
    first, later = (unpacked(page.css(f"script#{name}::text").get() or "") for name in ("report", "later"))
    columns = {name: later.pop(name) for name in ("words", "why", "site") if name in later}
    return {**later, **first, "films": first["films"] | columns}


def visible(text: str) -> str:
    """Return the page's words, without scripts and styles."""
    words = Selector(text).xpath("//body//text()[not(ancestor::script)]").getall()
    return " ".join(" ".join(words).split())


def test_it_shows_the_ranking_and_what_is_stored_of_each_film(circle: sa.Engine) -> None:
    text = page(circle, names=True)
    data = scripts_data(text)
    columns = data["films"]
    score = "Films stand by their score, below which stands where it lies with a probability of 90 %;"
    assert f"{score} stars are the plain mean of the ratings." in visible(text)
    with read_transaction(circle) as connection:
        expected = ranking(connection, cohorts.find(connection, LABEL), DEFAULT_STRATEGY)
        names = dict(connection.execute(sa.select(users.c.id, users.c.letterboxd_username)).all())
        rated = connection.execute(sa.select(ratings.c.user_id, films.c.slug).join(films)).all()
    assert columns["slug"] == [film.slug for film in expected]
    assert columns["rank"] == [film.rank for film in expected]
    assert columns["watchers"] == [film.watchers for film in expected]
    for name in ("score", "low", "high", "mean"):
        assert columns[name] == pytest.approx([getattr(film, name) for film in expected], abs=0.006), name
    members = [name.removesuffix(" (you)") for name in data["members"]]
    for place, slug in enumerate(columns["slug"]):
        who = {names[user] for user, film in rated if film == slug}
        assert seen_by(columns["seen"][place], members) == who
    assert all(columns["why"])


def seen_by(bits: str, members: list[str]) -> set[str]:
    packed = base64.b64decode(bits)
    return {name for place, name in enumerate(members) if packed[place // 8] & (128 >> place % 8)}


def test_what_was_watched_without_a_rating_is_seen_and_a_like_is_no_proof(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        unseen = sa.select(films.c.id).where(films.c.id.not_in(mine(1)), films.c.id.in_(ranked_films()))
        first, second = connection.scalars(unseen.order_by(films.c.id).limit(2)).all()
        connection.execute(watched.insert().values(user_id=1, film_id=first))
        like = {"user_id": 1, "film_id": second, "liked": True, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert().values(like))
        slugs = dict(connection.execute(sa.select(films.c.id, films.c.slug)).all())
    data = scripts_data(page(circle, names=True))
    member = next(place for place, name in enumerate(data["members"]) if name.startswith("member_0001"))
    places = {slug: place for place, slug in enumerate(data["films"]["slug"])}

    def has_seen(film: int) -> bool:
        bits = base64.b64decode(data["films"]["seen"][places[slugs[film]]])
        return bool(bits[member // 8] & (128 >> member % 8))

    assert has_seen(first)
    assert not has_seen(second)


def mine(user: int) -> Any:
    return sa.select(ratings.c.film_id).where(ratings.c.user_id == user)


def ranked_films() -> Any:
    return sa.select(film_rankings.c.film_id).where(film_rankings.c.strategy == DEFAULT_STRATEGY)


@on_sqlite
def test_without_names_nothing_in_it_names_a_member(circle: sa.Engine) -> None:
    people = {1: "Zebedee Quux", 2: "Yolanda <i>", 3: "Xerxes", 4: None, 5: "Wilhelmina", 6: "Vortigern"}
    with circle.begin() as connection:
        for user, name in people.items():
            values = {"letterboxd_username": f"quokka_{user}", "display_name": name}
            connection.execute(users.update().where(users.c.id == user).values(values))
        connection.execute(cohort_table.update().values(label="quokka_1"))
    secret = page(circle)
    for word in ("quokka", "Zebedee", "Quux", "Yolanda", "Xerxes", "Wilhelmina", "Vortigern"):
        assert word not in f"{secret} {scripts_data(secret)}", word
    assert "What 6 people think" in visible(secret)
    assert "--cohort LABEL" in visible(secret)
    data = scripts_data(secret)
    assert sorted(name.removesuffix(" (you)") for name in data["members"]) == [
        f"member {number}" for number in range(1, 7)
    ]
    assert data["members"][data["you"]].endswith(" (you)")
    named = page(circle, names=True)
    assert 'href="https://letterboxd.com/quokka_2/"' in named
    assert "What Zebedee Quux and 5 friends think" in visible(named)
    assert "Yolanda <i>" not in named.split('<script type="application/json"')[0]  # but escaped
    assert "Yolanda <i>" in scripts_data(named)["members"]


@on_sqlite
def test_it_is_for_the_seed_or_the_member_that_is_named(circle: sa.Engine) -> None:
    for_another = scripts_data(page(circle, names=True, for_member="member_0003"))
    assert for_another["members"][for_another["you"]] == "member_0003 (you)"
    with pytest.raises(UnknownName, match="no member 'nobody' of cohort 'circle'"):
        page(circle, for_member="nobody")
    with circle.begin() as connection:
        connection.execute(cohort_table.update().values(seed_user_id=None))
    for_nobody = page(circle)
    assert scripts_data(for_nobody)["you"] is None
    assert Selector(for_nobody).css('select[name="unseen"] option::text').getall()[3] == "member 1"


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "\"quotes\" & 'more'",
    "nul \x07 and \u202egnirts",
    "{{ 7 * 7 }} ${1}",
    "سینما",
]


@on_sqlite
def test_titles_cannot_leave_their_place(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        best = connection.scalars(
            sa.select(film_rankings.c.film_id)
            .where(film_rankings.c.strategy == DEFAULT_STRATEGY)
            .order_by(film_rankings.c.rank)
            .limit(len(HOSTILE))
        ).all()
        for film, title in zip(best, HOSTILE, strict=True):
            connection.execute(films.update().where(films.c.id == film).values(title=title))
    text = page(circle)
    data = scripts_data(text)
    expected = [title.replace("\x07", "\ufffd").replace("\u202e", "") for title in HOSTILE]
    assert data["films"]["title"][: len(HOSTILE)] == expected
    assert len(Selector(text).css("script")) == text.count("</script>") == 4
    assert "alert(1)</script>" not in text
    assert "49 ${1}" not in text


@on_sqlite
def test_the_policy_allows_its_own_scripts_and_no_request(circle: sa.Engine) -> None:
    text = page(circle)
    policy = policy_of(text)
    assert policy["default-src"] == ["'none'"]
    assert policy["img-src"] == ["data:"]
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert policy["script-src"] == [f"'sha256-{digest(script)}'" for script in scripts]
    assert policy["style-src"] == [f"'sha256-{digest(Selector(text).css('style::text').get() or '')}'"]
    sources = Selector(text).xpath("//@src | //link/@href | //@srcset").getall()
    assert sources == ["data:,"]
    for link in Selector(text).css("a[href^=http]"):
        assert link.attrib["rel"] == "noreferrer"


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def policy_of(text: str) -> dict[str, list[str]]:
    policy = Selector(text).css('meta[http-equiv="Content-Security-Policy"]').attrib["content"]
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@on_sqlite
def test_posters_are_asked_for(circle: sa.Engine) -> None:
    assert "poster" not in scripts_data(page(circle))["films"]
    with circle.begin() as connection:
        (other,) = connection.scalars(ranked_films().limit(1)).all()
        connection.execute(
            films.update().where(films.c.id == other).values(poster_url="http://plain.example.org/a.jpg")
        )
    text = page(circle, posters=True)
    assert policy_of(text)["img-src"] == ["data:", "https://a.ltrbxd.com"]
    posters = scripts_data(text)["films"]["poster"]
    assert posters.count(None) == 1  # no unencrypted request
    assert ATTRIBUTION in visible(text)


def test_it_says_how_old_everything_is(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        early = NOW.replace(day=1)
        connection.execute(users.update().where(users.c.id == 1).values(last_full_scrape_at=early))
        connection.execute(users.update().where(users.c.id == 2).values(last_incremental_scrape_at=NOW))
        connection.execute(users.update().where(users.c.id == 3).values(last_full_scrape_at=None))
        connection.execute(users.update().where(users.c.id == 3).values(status="private"))
        connection.execute(films.update().values(tmdb_synced_at=early))
    words = visible(page(circle))
    assert "Members read in full 2026-11-01 12:00 to 2026-11-23 12:00 (5 of 6, 1 private)" in words
    assert "Changes last read 2026-11-23 12:00" in words
    assert "Ranking computed 2026-11-23 12:00" in words
    assert "TMDB asked about films 2026-11-01 12:00" in words
    assert ATTRIBUTION in words


@on_sqlite
def test_what_is_not_known_is_said_with_the_command_that_finds_it_out(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        for table in (film_genres, film_people, film_histograms):
            connection.execute(table.delete())
        nothing = dict.fromkeys(
            ("letterboxd_weighted_average", "tmdb_synced_at", "release_year", "runtime_minutes", "poster_url")
        )
        connection.execute(films.update().values(nothing))
    text = page(circle)
    words = visible(text)
    assert "Genres and directors of these films are not known yet. They come with letterboxd enrich" in words
    assert "These averages come with letterboxd enrich --cohort circle" in words
    assert "TMDB asked about films never" in words
    assert ATTRIBUTION not in words
    assert not Selector(text).css('[name="genre"], [name="director"], [name="decade"]')


@on_sqlite
def test_one_member_and_one_film_are_enough(engine: sa.Engine) -> None:
    one = replace(SMALL, ratings=[{str(SMALL.films[0]["slug"]): 4.0}])
    load(engine, one, ("bayesian",))
    words = visible(page(engine, strategy="bayesian"))
    assert "1 film, by 1 rating of 1 member." in words
    assert "It takes two members: this circle has 1." in words


@on_sqlite
def test_two_members_without_a_film_in_common_match_nobody(engine: sa.Engine) -> None:
    apart: Circle = replace(SMALL, ratings=[{"film-0": 4.0}, {"film-1": 3.0}])
    load(engine, apart, ("bayesian",))
    assert "No two members have rated enough of the same films." in visible(page(engine, strategy="bayesian"))


@on_sqlite
def test_only_the_best_are_part_of_it_if_there_are_more(circle: sa.Engine) -> None:
    text = page(circle, limit=10)
    assert scripts_data(text)["films"]["rank"] == list(range(1, 11))
    with circle.connect() as connection:
        every = connection.scalar(sa.select(sa.func.count()).select_from(ranked_films().subquery()))
    assert f"10 films, the best ranked of {every}, by" in visible(text)


@on_sqlite
def test_a_rank_that_has_gone_leaves_no_hole(circle: sa.Engine) -> None:
    with circle.begin() as connection:  # as when two films turn out to be one
        connection.execute(film_rankings.delete().where(film_rankings.c.rank == 2))
    assert scripts_data(page(circle, limit=3))["films"]["rank"] == [1, 3, 4]


@on_sqlite
def test_a_ranking_that_was_never_computed_is_one_line(circle: sa.Engine) -> None:
    with pytest.raises(
        InputError, match="no hybrid ranking of cohort 'circle' yet: run `letterboxd rank compute"
    ):
        page(circle, strategy="hybrid")
    with pytest.raises(UnknownName, match="no strategy 'best': there are"):
        page(circle, strategy="best")


@on_sqlite
def test_of_too_many_pairs_those_of_the_reader_and_the_extremes_remain(
    circle: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = scripts_data(page(circle))
    monkeypatch.setattr(matches, "MOST_PAIRS", 10)
    monkeypatch.setattr(matches, "_EXTREMES", 1)
    text = page(circle)
    pairs = pairs_of(scripts_data(text))
    mine = [pair for pair in pairs_of(every) if every["you"] in pair[:2]]
    surest = max(pairs_of(every), key=lambda pair: pair[4])
    assert len(pairs_of(every)) == 15
    assert len(mine) == 5
    assert all(pair in pairs for pair in [*mine, surest])
    assert len(pairs) <= 7
    assert "too many pairs for one page: it has all of yours" in visible(text)


def pairs_of(data: dict[str, Any]) -> list[tuple[int, ...]]:
    return list(zip(*data["pairs"].values(), strict=True))


@pytest.fixture
def statements(circle: sa.Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(circle, "before_cursor_execute", note)
    yield seen
    sa.event.remove(circle, "before_cursor_execute", note)


@on_sqlite
def test_queries_do_not_grow_with_the_films(circle: sa.Engine, statements: list[str]) -> None:
    page(circle, strategy="bayesian", limit=2)
    few = len(statements)
    page(circle, strategy="bayesian")
    assert len(statements) - few == few < 40


def test_the_command_writes_the_file(
    circle: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    database = ["--db-url", address(circle)]
    assert main.run(["report", "--cohort", "circle", "--for", "member_0002", *database]) == 0
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert scripts_data(written)["members"][scripts_data(written)["you"]].endswith("(you)")
    assert re.search(r"report\.html: \d\.\d MB", capsys.readouterr().err)
    assert main.run(["report", "--cohort", "circle", "--output", "missing/a.html", *database]) == 2
    assert "cannot write missing/a.html: No such file or directory" in capsys.readouterr().err
