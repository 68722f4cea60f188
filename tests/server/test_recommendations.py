"""What members would like, as the server says it: the same as `letterboxd recommend`, page by page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.server.queries import OF_MEMBERS
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.schema import films, ratings, users
from tests.asked import Asked, Reply
from tests.conftest import address
from tests.server.conftest import on_one
from tests.store.rows import MONDAY, add_cohort, add_user

pytestmark = pytest.mark.slow
PATH = "/api/v1/cohorts/friends/recommendations"
Asking = dict[str, Any]


@pytest.fixture(scope="module")
def numbered(store: sa.Engine) -> Iterator[Asked]:
    server = Asked(address(store))
    yield server
    server.engine.dispose()


@pytest.fixture(scope="module")
def named(store: sa.Engine) -> Iterator[Asked]:
    server = Asked(address(store), names=True)
    yield server
    server.engine.dispose()


@pytest.fixture(scope="module")
def number_of(store: sa.Engine) -> dict[str, str]:
    """The members' numbers by their names."""
    with store.connect() as connection:
        members = naming.of_cohort(connection, cohorts.find(connection, "friends")).members
        stored = connection.execute(sa.select(users.c.id, users.c.letterboxd_username))
        name_of = {user: name for user, name in stored}
    return {name_of[user]: text.removeprefix("member ") for user, text in members.items()}


def get(server: Asked, **asking: Any) -> Reply:
    return server.get(f"{PATH}?{urlencode(asking, doseq=True)}")


def answer(server: Asked, **asking: Any) -> dict[str, Any]:
    reply = get(server, **asking)
    assert reply.status == 200, reply.text
    content: dict[str, Any] = reply.json()
    return content


def recommend(store: sa.Engine, capsys: pytest.CaptureFixture[str], asking: Asking) -> list[dict[str, Any]]:
    """Return what `letterboxd recommend --json --names` prints."""
    words = [
        "--db-url",
        address(store),
        "--json",
        "recommend",
        "--cohort",
        "friends",
        "--limit",
        "500",
        "--names",
    ]
    for name, values in asking.items():
        for value in values if isinstance(values, list) else [values]:
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    assert run(words) == 0
    printed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return printed


ASKED: list[Asking] = [
    {"member": ["marla"]},
    {"member": ["marla", "noor"], "veto": 1, "genre": ["horror"]},
    {"member": ["marla", "noor"], "rule": "proportional", "seen_by_some": True, "max_watchers": 2},
    {"member": ["noor"], "unseen_by": ["marla"], "min_score": 2.5},
]


@pytest.mark.parametrize("asking", ASKED, ids=lambda asking: ",".join(asking))
def test_recommendations_are_those_of_the_command(
    store: sa.Engine,
    numbered: Asked,
    named: Asked,
    number_of: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    asking: Asking,
) -> None:
    printed = recommend(store, capsys, asking)
    assert printed
    page = answer(named, **asking, limit=500)
    assert page["films"] == printed
    assert (page["total"], page["members"]) == (len(printed), asking["member"])
    by_number = {
        key: [number_of[name] for name in value] if key in ("member", *OF_MEMBERS) else value
        for key, value in asking.items()
    }
    page = answer(numbered, **by_number, limit=500)
    assert page["members"] == by_number["member"]
    for film, one in zip(page["films"], printed, strict=True):
        assert film["ratings"] is None
        assert film["members"] == {number_of[name]: stars for name, stars in one["members"].items()}
        assert film["why"] == {number_of[name]: reason for name, reason in one["why"].items()}
        same = [key for key in one if key not in ("ratings", "members", "why", "on_watchlists")]
        assert [film[key] for key in same] == [one[key] for key in same]


@on_one
def test_page_by_page_it_is_the_whole_list(numbered: Asked) -> None:
    whole = answer(numbered, member=1, limit=500)
    listed, path = list[dict[str, Any]](), f"{PATH}?member=1&limit=7"
    while path:
        page = numbered.get(path).json()
        assert (page["total"], page["offset"]) == (whole["total"], len(listed))
        listed += page["films"]
        path = page["next"]
    assert listed == whole["films"]
    assert [film["rank"] for film in listed] == list(range(1, whole["total"] + 1))
    assert answer(numbered, member=1, offset=10**6)["films"] == []
    table = numbered.get("/cohorts/friends/recommendations.csv?member=1").text
    assert len(table.splitlines()) == whole["total"] + 1


@on_one
def test_without_names_nobody_is_named(store: sa.Engine, numbered: Asked, number_of: dict[str, str]) -> None:
    """Not in remarks either: what marla alone has watched is known."""
    for member in number_of.values():
        reply = get(numbered, member=[member, "1" if member != "1" else "2"], seen_by_some="false")
        assert reply.json()["remarks"]
        assert not [name for name in number_of if name in reply.text]


@on_one
def test_what_cannot_be_asked_for(numbered: Asked, named: Asked) -> None:
    assert numbered.get(PATH).status == 422
    assert get(numbered, member=10**6).status == 404
    assert get(numbered, member="marla").status == 404
    assert get(named, member="nobody").status == 404
    twice = get(named, member=["marla", "@Marla"])
    assert (twice.status, "named twice" in twice.text) == (400, True)
    assert get(numbered, member=list(range(1, 12))).status == 422
    assert get(numbered, member=1, rule="dice").status == 422
    assert get(numbered, member=1, veto="nan").status == 422
    assert get(numbered, member=1, without=2).status == 400


def test_ten_thousand_films_and_a_member_who_rated_half_of_them(tmp_path: Path) -> None:
    """Page by page they are all there once, in order."""
    engine = make_engine(f"sqlite:///{tmp_path}/many.db")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        many, *others = (add_user(connection, name) for name in ("ann", "bob", "cleo"))
        rows = [{"id": film, "slug": f"film-{film:05}", "title": f"Film {film}"} for film in range(1, 10_001)]
        connection.execute(films.insert(), rows)
        rated = [(many, film) for film in range(1, 5_001)]
        rated += [(other, film) for other in others for film in range(1 + other % 2, 10_001, 2)]
        moments = {"first_seen_at": MONDAY, "updated_at": MONDAY}
        connection.execute(
            ratings.insert(),
            [
                {"user_id": user, "film_id": film, "rating": (1 + film * (user + 7) % 10) / 2, **moments}
                for user, film in rated
            ],
        )
        add_cohort(connection, "friends", ["ann", "bob", "cleo"])
    engine.dispose()
    server = Asked(f"sqlite:///{tmp_path}/many.db", names=True)
    assert answer(server, member="ann", limit=1)["total"] == 5_000
    path, slugs, expected = f"{PATH}?member=ann&seen_by_some=true&limit=500", list[str](), list[float]()
    while path:
        page = server.get(path).json()
        slugs += [film["slug"] for film in page["films"]]
        expected += [round(film["expected"], 9) for film in page["films"]]
        path = page["next"]
    assert len(set(slugs)) == len(slugs) == 10_000
    assert expected == sorted(expected, reverse=True)
    server.engine.dispose()
