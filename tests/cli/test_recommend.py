"""`letterboxd recommend`: for one member, and for several together."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import watched
from tests.cli.conftest import Run
from tests.store.rows import MONDAY, add_cohort, add_film, add_rating, add_user

NAMES = ("ann", "bob", "cleo", "dora", "ed")


@pytest.fixture(scope="module")
def friends_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty films that four members rated, ten that only ann and bob did; cleo has watched one of these."""
    file = tmp_path_factory.mktemp("friends") / "friends.db"
    engine = make_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        members = [add_user(connection, name, films_count=3, likes_count=0) for name in NAMES]
        for number in range(30):
            film = add_film(connection, f"film-{number}", release_year=1950 + number)
            for place in range(4 if number < 20 else 2):
                rating = min(5.0, 2 + (number * 7 + place) % 5 / 2 + (number % 4 == 0))
                add_rating(connection, members[place], film, rating=rating)
        connection.execute(watched.insert().values(user_id=members[2], film_id=film, as_of=MONDAY))
        add_cohort(connection, "friends", NAMES)
    engine.dispose()
    return file


@pytest.fixture
def friends(empty: Run, friends_file: Path, tmp_path: Path) -> Run:
    shutil.copy(friends_file, tmp_path / "letterboxd.db")
    return empty


def as_json(friends: Run, *words: str) -> list[dict[str, Any]]:
    ended = friends("--json", "recommend", *words)
    assert ended.code == 0, ended.err
    films: list[dict[str, Any]] = json.loads(ended.out)
    return films


def test_films_that_a_member_has_not_seen_with_reasons_that_add_up(friends: Run) -> None:
    films = as_json(friends, "--member", "cleo")
    assert {film["slug"] for film in films} == {f"film-{number}" for number in range(20, 29)}
    assert [film["rank"] for film in films] == list(range(1, 10))
    assert [film["expected"] for film in films] == sorted((f["expected"] for f in films), reverse=True)
    for film in films:
        reasons = sum(reason["stars"] for reason in film["reasons"])
        assert film["circle"] + reasons == pytest.approx(film["expected"], abs=1e-9)
        assert film["members"] == {"cleo": film["expected"]}
        assert film["low"] <= film["expected"] <= film["high"]
        assert film["watchers"] == 2
    assert as_json(friends, "--member", "cleo", "--limit", "3") == films[:3]
    assert {film["year"] for film in as_json(friends, "--member", "cleo", "--year", "1975-")} == {
        1975,
        1976,
        1977,
        1978,
    }


@pytest.mark.parametrize("rule", ["average", "least-misery", "proportional", "multiplicative"])
def test_for_several_what_none_of_them_has_seen(friends: Run, rule: str) -> None:
    films = as_json(friends, "--member", "cleo", "--member", "@dora", "--rule", rule, "--veto", "1")
    assert {film["slug"] for film in films} == {f"film-{number}" for number in range(20, 29)}
    for film in films:
        stars = film["members"].values()
        assert film["members"].keys() == {"cleo", "dora"}
        assert film["circle"] + sum(r["stars"] for r in film["reasons"]) == pytest.approx(film["expected"])
        assert min(stars) - 1e-9 <= film["expected"] <= sum(stars) / 2 + 1e-9
        assert (film["low"], film["high"]) == (None, None)


def test_a_veto_leaves_out_what_one_of_them_would_give_less(friends: Run) -> None:
    words = ("--member", "cleo", "--member", "dora")
    every = as_json(friends, *words, "--veto", "0.5")
    veto = sorted(min(film["members"].values()) for film in every)[4]
    left = as_json(friends, *words, "--veto", str(veto))
    assert {f["slug"] for f in left} == {f["slug"] for f in every if min(f["members"].values()) >= veto}


def test_films_that_some_have_seen_on_request(friends: Run) -> None:
    assert as_json(friends, "--member", "ann") == []
    assert len(as_json(friends, "--member", "ann", "--seen-by-some", "--limit", "50")) == 30


def test_who_has_rated_nothing_gets_the_circles_list_and_is_told(friends: Run) -> None:
    ended = friends("--json", "recommend", "--member", "ed", "--limit", "50")
    films = json.loads(ended.out)
    assert "ed's taste is told by 0 ratings only" in ended.err
    assert "ed's watched films were never read" in ended.err
    assert len(films) == 30
    assert all(film["expected"] == film["circle"] and not film["reasons"] for film in films)


def test_a_table_for_people(friends: Run) -> None:
    ended = friends("recommend", "--member", "cleo", "--member", "dora", "--limit", "2")
    assert ended.code == 0
    assert all(word in ended.out for word in ("cleo", "dora", "expected"))


def test_whom_nobody_knows_and_who_is_named_twice_are_refused(friends: Run) -> None:
    assert friends("recommend", "--member", "nobody").code == 2
    twice = friends("recommend", "--member", "ann", "--member", "@Ann")
    assert (twice.code, "named twice" in twice.err) == (2, True)
    assert friends("recommend", "--member", "ann", "--rule", "dice").code == 2
