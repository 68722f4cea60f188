"""What the report says in sentences."""

import pytest

from letterboxd_scraper.report import sentences
from letterboxd_scraper.store.members.naming import Naming
from tests.report.films import film

FRIENDS = {1: "Marla", 2: "kip", 3: "ana", 4: "zoe"}


@pytest.mark.parametrize(
    ("people", "seed", "title"),
    [
        (4, "name-1", "What Marla and 3 friends think"),
        (4, None, "What Marla and 3 others think"),
        (3, "name-2", "What kip, Marla and ana think"),
        (2, None, "What Marla and kip think"),
        (1, "name-1", "What Marla thinks"),
        (4, "left", "What Marla and 3 others think"),
    ],
)
def test_the_title_says_whose_thoughts_it_has(people: int, seed: str | None, title: str) -> None:
    members = {user: name for user, name in FRIENDS.items() if user <= people}
    profiles = {user: f"name-{user}" for user in members}
    assert sentences.title(Naming("films", members, profiles), seed) == title


@pytest.mark.parametrize(
    ("people", "title"),
    [(36, "What 36 people think"), (2, "What 2 people think"), (1, "What 1 person thinks")],
)
def test_without_names_the_title_says_how_many(people: int, title: str) -> None:
    members = {user: f"member {user}" for user in range(people)}
    assert sentences.title(Naming("films", members, {}), "marla") == title


def test_one_of_many_who_wishes_to_be_named_is_not_whom_the_page_is_about() -> None:
    named = Naming("films", FRIENDS, {2: "name-2"})
    assert sentences.title(named, None) == "What 4 people think"
    assert sentences.title(named, "name-2") == "What kip and 3 friends think"


def test_a_film_has_what_people_gave_it_in_one_sentence() -> None:
    stars = {place: 4.5 for place in range(12)} | {12: 4.0}
    assert sentences.of_film(film("a", stars, wanted=3)) == "13 of you, most of them 4½; on 3 of your lists"
    assert sentences.of_film(film("b", {}, liked=1)) == "liked by 1"


def test_of_a_circle_of_one_a_film_says_you() -> None:
    assert sentences.of_film(film("a", {0: 4.5}, liked=1), alone=True) == "You gave it 4½ and liked it"
    assert sentences.of_film(film("b", {}, wanted=1), alone=True) == "You have it on your list"
