"""The four films of the first screen: which they are, and what is said of them."""

import numpy as np
import pytest

from letterboxd_scraper.report import cards
from letterboxd_scraper.report.cards import Card, Circle
from letterboxd_scraper.report.films import FilmTable
from letterboxd_scraper.report.forecasts import Stars
from tests.report.films import film, stars_of, table

NAMES = ["Ana", "Kip", "Marla", "Zoe"]


def circle(
    films: FilmTable, members: list[str] = NAMES, expected: list[Stars] | None = None, you: int | None = None
) -> Circle:
    return Circle(films, members, you, expected or [None] * len(members))


def test_all_love_what_many_rated_high_and_nobody_low() -> None:
    films = table(
        film("two", stars_of([0, 0, 0, 0, 0, 0, 0, 0, 0, 2])),
        film("all but one", stars_of([1, 0, 0, 0, 0, 0, 0, 0, 0, 3])),
        film("all", stars_of([0, 0, 0, 0, 0, 0, 0, 3, 1, 0])),
        film("liked", stars_of([0, 0, 0, 0, 0, 0, 4, 0, 0, 0])),
    )
    assert cards.loved(circle(films)) == Card("You all love it", 2, "All 4 of you gave it 4 stars or more.")
    assert cards.loved(circle(table(films.films[0]), ["Ana", "Kip"])) == Card(
        "You all love it", 0, "Both of you gave it 4 stars or more."
    )
    assert cards.loved(circle(table(films.films[0]))) is None  # two are not many
    assert cards.loved(circle(table(films.films[1]), [*NAMES, "Ida"])) == Card(
        "You all love it", 0, "3 of the 4 of you who rated it gave it 4 stars or more."
    )
    assert cards.loved(circle(table(films.films[3]))) is None
    assert cards.loved(circle(films, ["Ana"])) is None


def test_the_circle_fights_where_both_ends_are_far_apart() -> None:
    films = table(
        film("near", stars_of([0, 0, 0, 0, 0, 2, 2, 0, 0, 0])),
        film("apart", stars_of([1, 0, 1, 0, 0, 0, 0, 1, 0, 1])),
        film("few", stars_of([1, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    )
    assert cards.fought(circle(films)) == Card(
        "You fight about it", 1, "2 of you gave it 4 stars or more, 2 of you 2 or less."
    )
    assert cards.fought(circle(table(films.films[0]))) is None
    assert cards.fought(circle(films, ["Ana", "Kip"])) == Card(
        "You fight about it", 2, "One of you gave it 4 stars or more, one of you 2 or less."
    )


def test_what_nobody_else_likes_needs_averages_and_says_what_gives_them() -> None:
    films = table(
        film("a", stars_of([0, 0, 0, 0, 0, 0, 0, 3, 0, 0]), 4.0, discovery=2),
        film("b", stars_of([0, 0, 0, 0, 0, 0, 0, 0, 2, 0]), 3.12, discovery=1),
    )
    heading = "Nobody else likes it as you do"
    assert cards.unknown(circle(films), None) == Card(
        heading, 1, "4.5 from 2 of you, 3.1 from all of Letterboxd."
    )
    alone = cards.unknown(circle(table(film("a", {0: 4.0}, 3.0, discovery=1)), ["Ana"]), None)
    assert alone == Card(heading, 0, "4.0 from you, 3.0 from all of Letterboxd.")
    bare = circle(table(film("a", {0: 4.0})))
    missing = Card(heading, missing="It takes Letterboxd's averages, which come with", command="enrich them")
    assert cards.unknown(bare, "enrich them") == missing
    assert missing.as_data().keys() == {"heading", "missing", "command"}
    assert cards.unknown(bare, None) is None  # nothing gives them
    assert cards.unknown(circle(table(film("a", {0: 4.0}, 3.0))), "enrich them") is None


@pytest.mark.parametrize(
    ("expected", "card"),
    [
        # Unseen by all, liked well enough by each.
        (
            [[4.0, 5.0, np.nan], [4.0, 2.0, 5.0]],
            Card("Tonight: unseen by all", 0, "None of you has seen it; you would give it about 4.0."),
        ),
        (
            [[np.nan, 3.0, 4.0], [4.5, np.nan, np.nan]],
            Card(
                "Tonight: new to half of you",
                0,
                "One of you has not seen it, and would give it about 4.5.",
            ),
        ),
        ([[np.nan] * 3] * 2, None),
    ],
)
def test_tonight_is_what_the_circle_has_not_seen(expected: list[list[float]], card: Card | None) -> None:
    films = table(*[film(name, {0: 4.0}) for name in "abc"])
    stars = [np.array(row) for row in expected]
    assert cards.tonight(circle(films, ["Ana", "Kip"], stars, you=1)) == card


def test_tonight_is_for_the_reader_where_most_have_seen_everything() -> None:
    films = table(*[film(name, {0: 4.0, 1: 4.0}) for name in "ab"])
    stars = [np.full(2, np.nan), np.full(2, np.nan), np.array([3.0, 4.25])]
    assert cards.tonight(circle(films, NAMES[:3], stars, you=2)) == Card(
        "Tonight: unseen by Marla", 1, "Marla has not seen it, and would give it about 4.3."
    )
    assert cards.tonight(circle(films, NAMES[:3], stars)) is None
    unseen = [np.array([4.0, 3.0])] * 2
    besides = cards.tonight(circle(films, NAMES[:2], unseen), besides=[0, None])
    assert besides is not None
    assert besides.film == 1


def test_no_film_is_no_card() -> None:
    films = table(film("a", {0: 4.0}))
    assert set(cards.of_circle(circle(films, ["Ana"]), None).values()) == {None}
