"""`letterboxd recommend`: for one member, and for several together."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import films, ratings, users, watched, watchlist
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
        first = film - 9
        watchlisted = [{"user_id": members[place], "film_id": first} for place in (2, 3, 4)]
        connection.execute(watchlist.insert(), watchlisted)
        liked = (ratings.c.user_id == members[0]) & (ratings.c.film_id == first)
        connection.execute(ratings.update().where(liked).values(liked=True, favorite=True))
        connection.execute(films.update().where(films.c.id == first).values(runtime_minutes=95))
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
    least = films[4]["expected"]
    assert as_json(friends, "--member", "cleo", "--min-score", str(least)) == films[:5]
    assert {film["year"] for film in as_json(friends, "--member", "cleo", "--year", "1975-")} == {
        1975,
        1976,
        1977,
        1978,
    }


@pytest.mark.parametrize("for_whom", [("cleo",), ("cleo", "dora")])
def test_of_equal_films_the_one_that_more_want_to_see_comes_first(
    friends: Run, tmp_path: Path, for_whom: tuple[str, ...]
) -> None:
    words = [word for name in for_whom for word in ("--member", name)]
    engine = make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}")

    def places() -> list[int]:
        slugs = [film["slug"] for film in as_json(friends, *words)]
        return [slugs.index(slug) for slug in ("film-21", "film-26")]

    with engine.begin() as connection:
        # Alike but for their titles: rated alike, and nothing else is known of them.
        connection.execute(films.update().values(release_year=None))
    first, second = places()
    assert second == first + 1
    with engine.begin() as connection:
        ids = {slug: film for film, slug in connection.execute(sa.select(films.c.id, films.c.slug))}
        watchlisted = [(1, "film-21"), (1, "film-26"), (2, "film-26")]
        connection.execute(
            watchlist.insert(), [{"user_id": user, "film_id": ids[film]} for user, film in watchlisted]
        )
    engine.dispose()
    assert places() == [second, first]


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


@pytest.mark.parametrize("words", [("--member", "dora", "--rule", "proportional"), ()])
def test_where_a_veto_does_nothing_this_is_said(friends: Run, words: tuple[str, ...]) -> None:
    ended = friends("recommend", "--member", "cleo", *words, "--veto", "4")
    assert ended.code == 0
    assert "nothing came of the veto: it acts on several members, by the rule average" in ended.err


@pytest.mark.parametrize("number", ["nan", "inf", "much"])
@pytest.mark.parametrize("option", ["--veto", "--min-score"])
def test_what_is_no_number_is_refused(friends: Run, option: str, number: str) -> None:
    ended = friends("recommend", "--member", "cleo", option, number)
    assert ended.code == 2
    assert f"{option}: '{number}' is not a number" in ended.err


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


def test_what_the_circle_says_beside_stars_and_who_asked_wants_it(friends: Run) -> None:
    films = {film["slug"]: film for film in as_json(friends, "--member", "cleo", "--member", "dora")}
    beside = ("liked", "favorites", "wanted", "minutes", "on_watchlists")
    assert [films["film-20"][name] for name in beside] == [1, 1, 3, 95, ["cleo", "dora"]]
    assert [films["film-21"][name] for name in beside] == [0, 0, 0, None, []]


def test_who_is_left_out_has_no_watchlist_either(friends: Run) -> None:
    words = ("--member", "cleo", "--without", "ed", "--wanted-by")
    assert [(film["slug"], film["wanted"]) for film in as_json(friends, *words, "2")] == [("film-20", 2)]
    assert as_json(friends, *words, "3") == []


def test_who_gave_it_what_is_told_by_name_on_request(friends: Run) -> None:
    words = ("--member", "cleo", "--limit", "50")
    assert all("ratings" not in film for film in as_json(friends, *words))
    for film in as_json(friends, *words, "--names"):
        assert film["ratings"].keys() == {"ann", "bob"}
        assert list(film["ratings"].values()) == sorted(film["ratings"].values(), reverse=True)
    table = friends("recommend", *words, "--names").out
    assert "who gave what" in table
    assert "bob 4, ann 3.5" in table
    assert "bob" not in friends("recommend", *words).out


def test_each_member_has_a_reason_of_their_own(friends: Run) -> None:
    for film in as_json(friends, "--member", "cleo", "--member", "dora", "--member", "ed", "--veto", "0.5"):
        assert film["why"].keys() == {"cleo", "dora", "ed"}
        # Nothing is known of ed, and habits are the same for all films.
        assert film["why"]["ed"] is None
        assert film["why"]["cleo"]["part"] not in ("habit", "bounds")
    (film, *_) = as_json(friends, "--member", "cleo")
    reasons = [reason for reason in film["reasons"] if reason["part"] not in ("habit", "bounds")]
    assert film["why"]["cleo"] == pytest.approx(reasons[0])


def test_a_table_for_people(friends: Run) -> None:
    ended = friends("recommend", "--member", "cleo", "--member", "dora", "--limit", "2")
    assert ended.code == 0
    assert all(word in ended.out for word in ("cleo", "dora", "expected"))


def test_what_moves_all_films_alike_is_said_once(friends: Run, tmp_path: Path) -> None:
    """And what is said in each row sets these films apart."""
    engine = make_engine(f"sqlite:///{tmp_path}/letterboxd.db")
    with engine.begin() as connection:
        dora = ratings.c.user_id.in_(sa.select(users.c.id).where(users.c.letterboxd_username == "dora"))
        connection.execute(ratings.update().where(dora).values(rating=ratings.c.rating - 1.5))
    engine.dispose()
    ended = friends("recommend", "--member", "dora")
    assert "for all of these: " in ended.err
    assert "how they usually rate" in ended.err
    assert "how they usually rate" not in ended.out


def test_into_a_file(friends: Run, tmp_path: Path) -> None:
    films = as_json(friends, "--member", "cleo", "--member", "dora")
    ended = friends("recommend", "--member", "cleo", "--member", "dora", "--output", "films.json")
    assert (ended.code, ended.out) == (0, "")
    assert json.loads((tmp_path / "films.json").read_text()) == films
    told = friends("--json", "recommend", "--member", "cleo", "--member", "dora", "--output", "films.csv").out
    assert json.loads(told) == {"films": len(films), "files": ["films.csv"]}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "films.csv").read_text())))
    assert [float(row["cleo"]) for row in rows] == [film["members"]["cleo"] for film in films]
    assert [json.loads(row["reasons"]) for row in rows] == [film["reasons"] for film in films]
    assert [row["link"] for row in rows] == [film["link"] for film in films]
    assert friends("--json", "recommend", "--member", "cleo", "--output", "-").code == 2
    printed = friends("recommend", "--member", "cleo", "--output", "-")
    assert printed.out.startswith("rank,title,year")
    assert "written" not in printed.err


def test_whom_nobody_knows_and_who_is_named_twice_are_refused(friends: Run) -> None:
    assert friends("recommend", "--member", "nobody").code == 2
    twice = friends("recommend", "--member", "ann", "--member", "@Ann")
    assert (twice.code, "named twice" in twice.err) == (2, True)
    assert friends("recommend", "--member", "ann", "--rule", "dice").code == 2
