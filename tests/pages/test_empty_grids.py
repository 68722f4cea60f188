"""When a grid without films is believed: films that cannot be read must not pass for none."""

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.pages.tiles import (
    film_identity,
    parse_likes_total,
    parse_tiles,
    parse_watchlist_total,
)

FILM = '<div data-item-slug="ordet" data-item-name="Ordet (1955)"></div>'
OLD_FILM = '<div data-film-slug="ordet"></div>'
GRID = '<ul class="grid"></ul>'


def content(html: str) -> str:
    return f'<div id="content">{html}</div>'


def message(text: str) -> str:
    return content(f'<section class="filtered-message"><p>{text}</p></section>')


EMPTY = {
    "a grid": content(GRID),
    "a grid of an older form": content('<ul class="poster-list"></ul>'),
    "a grid with an advertisement's film beside it": content(GRID + FILM),
    "a grid, and a film in the sidebar": content(GRID) + FILM,
    "a message": message("No films yet."),
    "a message that says none": message("ann has watched 0 films."),
    "a message with another number": message("user 99 has no films."),
    "an empty place for a grid": '<div class="poster-grid"></div>',
    "a message, and a film outside the content": message("No films yet.") + FILM,
}
NOT_EMPTY = {
    "entries in the grid": content('<ul class="grid"><li></li></ul>'),
    "entries in the place for a grid": content(GRID) + '<div class="poster-grid"><ol><li></li></ol></div>',
    "a film in the place for a grid": content(GRID) + f'<div class="poster-grid">{FILM}</div>',
    "a film of an older form there": content(GRID) + f'<div class="poster-grid">{OLD_FILM}</div>',
    "a film in the content, without a grid": message("No films yet.") + content(FILM),
    "a film of an older form in it": message("No films yet.") + content(OLD_FILM),
    "a page that follows": content(GRID)
    + '<div class="pagination"><a class="next" href="/page/2/"></a></div>',
    "a message that says how many": message("ann has watched 12 films."),
    "a message that says how many are liked": message("ann likes 1,204 films."),
    "a message of films liked": message("12 liked, that is: liked 12 films."),
}


@pytest.mark.parametrize("html", EMPTY.values(), ids=EMPTY)
def test_an_empty_grid_has_no_films(html: str) -> None:
    assert parse_tiles(Selector(html)) == ()


@pytest.mark.parametrize("html", NOT_EMPTY.values(), ids=NOT_EMPTY)
def test_a_grid_that_is_not_empty_is_not_taken_for_one(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_tiles(Selector(html))


@pytest.mark.parametrize("name", ["title", "data-original-title"])
def test_the_tab_of_likes_says_how_many(name: str) -> None:
    link = f'<a href="/ann/likes/films/" {name}="1,204 films"></a>'
    tab = f'<ul class="sub-nav"><li class="selected">{link}</li></ul>'
    assert parse_likes_total(Selector(tab)) == 1204
    assert parse_likes_total(Selector(tab.replace("selected", "other"))) is None
    assert parse_likes_total(Selector(tab.replace("films/", "reviews/"))) is None
    assert parse_likes_total(Selector("<p></p>")) is None


def test_a_watchlist_says_how_many() -> None:
    page = '<h1><span class="js-watchlist-count">1,204&nbsp;<b>films</b></span></h1>'
    assert parse_watchlist_total(Selector(page)) == 1204
    assert parse_watchlist_total(Selector("<p></p>")) is None


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ('{"uid": "film:5", "lid": "aB"}', (5, "aB")),
        ('{"uid": 5}', (5, None)),
        ('{"uid": "list:5", "lid": "aB"}', (None, "aB")),
        ('{"lid": "a b"}', (None, None)),
        ("{}", (None, None)),
        ("[]", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_films_identity(text: str, identity: tuple[int | None, str | None]) -> None:
    assert film_identity(text) == identity


def test_an_identity_that_is_much_too_long_is_not_kept() -> None:
    long = '{"uid": "film:5", "more": [' + "[], " * 300 + "[]]}"
    with pytest.raises(LayoutChanged, match="a film's identity of 1,231 letters"):
        film_identity(long)
