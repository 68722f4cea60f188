"""What saved pages tell together: small pages, and the snapshots that are made of them."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from letterboxd_scraper.imports.saved_pages import SavedPages, pages_in, read_saved_pages
from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, Viewed

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
ORDET, ALIEN = NamedFilm("Ordet", 1955, slug="ordet"), NamedFilm("Alien", 1979, slug="alien")


def tile(film: NamedFilm, halves: int = 0, liked: bool = False) -> str:
    rating = f'<span class="rating rated-{halves}"></span>' if halves else ""
    like = '<span class="icon-liked"></span>' if liked else ""
    return (
        f'<li class="griditem"><div data-item-slug="{film.slug}" data-item-name="{film.title} ({film.year})">'
        f'</div><p class="poster-viewingdata">{rating}{like}</p></li>'
    )


def page(kind: str, path: str, body: str, owner: str = "ann") -> str:
    address = f'<meta property="og:url" content="https://letterboxd.com{path}">' if path else ""
    return f'<html><head>{address}</head><body class="{kind}" data-owner="{owner}">{body}</body></html>'


def grid(
    path: str,
    *tiles: str,
    kind: str = "films-watched",
    total: str = "",
    more: str = "",
    before: str = "",
) -> str:
    links = f'<a class="next" href="{more}"></a>' if more else ""
    links += f'<a class="previous" href="{before}"></a>' if before else ""
    return page(
        kind,
        path,
        f'{total}<div id="content"><ul class="grid">{"".join(tiles)}</ul></div>'
        f'<div class="pagination">{links}</div>',
    )


def likes(*tiles: str, total: int | None = None) -> str:
    link = f'<a href="/ann/likes/films/" title="{total} films"></a>'
    tab = f'<ul class="sub-nav"><li class="selected">{link}</li></ul>'
    return grid("/ann/likes/films/", *tiles, kind="likes", total=tab if total is not None else "")


def profile(films: int, ratings: Sequence[int], favourites: str = "") -> str:
    """A profile with so many films, and ratings of each of the ten levels."""
    bars = ""
    for level, count in enumerate(ratings, start=1):
        stars = "★" * (level // 2) + "½" * (level % 2)
        bars += f'<li class="rating-histogram-bar"><a title="{count} {stars} ratings"></a></li>'
    return page(
        "profile",
        "/ann/",
        '<div class="profile-header"><input data-clipboard-text="https://boxd.it/a1"></div>'
        f'<h4 class="profile-statistic"><a href="/ann/films/"><span class="value">{films}</span></a></h4>'
        f'<section id="favourites">{favourites}</section>'
        f'<section class="ratings-histogram-chart"><a class="all-link">{sum(ratings)}</a>{bars}</section>',
    )


def diary(day: str, film: NamedFilm, number: int = 1) -> str:
    path = "/ann/diary/films/" if number == 1 else f"/ann/diary/films/page/{number}/"
    links = f'<a href="/ann/diary/for/{day}/"></a><a href="/ann/film/{film.slug}/"></a>'
    poster = f'<div data-item-slug="{film.slug}" data-item-name="{film.title} ({film.year})"></div>'
    rating = (
        '<td class="col-rating"><div class="hide-for-owner"><span class="rating rated-8"></span></div></td>'
    )
    row = f'<tr class="diary-entry-row" data-viewing-id="1"><td>{links}{poster}</td>{rating}</tr>'
    return page("films-diary", path, f'<table id="diary-table">{row}</table>')


ONE_RATED = (0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
NONE_RATED = (0,) * 10


@pytest.fixture
def folder(tmp_path: Path) -> "Folder":
    return Folder(tmp_path)


class Folder:
    """Pages saved one after the other, a day apart."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, *texts: str, at: datetime = MARCH) -> None:
        for text in texts:
            number = len(list(self.path.iterdir()))
            file = self.path / f"{number}.html"
            file.write_text(text, encoding="utf-8")
            seconds = (at + timedelta(days=number)).timestamp()
            os.utime(file, (seconds, seconds))

    def read(self, *texts: str) -> SavedPages:
        self.save(*texts)
        return read_saved_pages(pages_in(self.path, ".html"), NOW)


def test_a_listing_that_agrees_with_the_profile_is_whole(folder: Folder) -> None:
    saved = folder.read(
        grid("/ann/films/", tile(ORDET, 8), tile(ALIEN), more="/ann/films/page/2/"),
        grid("/ann/films/page/2/", tile(NamedFilm("Solaris", 1972, slug="solaris"))),
        profile(3, ONE_RATED, tile(ALIEN)),
    )
    assert saved.left_out == []
    (snapshot,) = saved.snapshots
    assert (snapshot.member, snapshot.source, snapshot.complete) == ("ann", "saved pages", True)
    assert snapshot.lid == "a1"
    assert snapshot.as_of == MARCH  # that of the oldest page
    assert [dated.film.slug for dated in snapshot.watched or ()] == ["ordet", "alien", "solaris"]
    assert [(rating.film.slug, rating.stars) for rating in snapshot.ratings or ()] == [("ordet", 4.0)]
    assert snapshot.favourites == (ALIEN,)
    assert snapshot.likes is None
    assert (snapshot.watchlist, snapshot.viewings) == (None, ())


WATCHED, RATED = "/ann/films/", "/ann/films/rated/.5-5/"
# Pages of one member; what is said of them (None: they are whole).
DOUBTS: dict[str, tuple[tuple[str, ...], str | None]] = {
    "watched": ((grid(WATCHED, tile(ORDET, 8)), profile(1, ONE_RATED)), None),
    "watched, one lost": (
        (grid(WATCHED, tile(ORDET, 8)), profile(2, ONE_RATED)),
        "/films/ shows 1 film, not the 2 that the site counts",
    ),
    "watched, a rating lost": (
        (grid(WATCHED, tile(ORDET)), profile(1, ONE_RATED)),
        "/films/ shows 0 ratings, not the 1 that the site counts",
    ),
    "watched, without the profile": (
        (grid(WATCHED, tile(ORDET, 8)),),
        "/films/ has no total to agree with: save the profile, too",
    ),
    "rated": ((grid(RATED, tile(ORDET, 8)), profile(9, ONE_RATED)), None),
    "rated, one unread": (
        (grid(RATED, tile(ORDET, 8), tile(ALIEN)), profile(9, (0,) * 7 + (2, 0, 0))),
        "/films/rated/.5-5/ shows 1 film, not the 2 that the site counts",
    ),
    "the first page missing": (
        (grid(f"{RATED}page/2/", tile(ORDET, 8)), profile(9, ONE_RATED)),
        "/films/rated/.5-5/ lacks page 1",
    ),
    "a page in between missing": (
        (
            grid(RATED, tile(ORDET, 8), more=f"{RATED}page/2/"),
            grid(f"{RATED}page/3/", tile(ALIEN, 8)),
            profile(9, ONE_RATED),
        ),
        "/films/rated/.5-5/ lacks page 2",
    ),
    "the last page missing": (
        (grid(RATED, tile(ORDET, 8), more=f"{RATED}page/2/"), profile(9, ONE_RATED)),
        "/films/rated/.5-5/ lacks page 2",
    ),
    "one film on two pages": (
        (
            grid(RATED, tile(ORDET, 8), more=f"{RATED}page/2/"),
            grid(f"{RATED}page/2/", tile(ORDET, 8)),
            profile(9, ONE_RATED),
        ),
        None,
    ),
    "likes": ((likes(tile(ORDET), total=1),), None),
    "likes, one lost": ((likes(tile(ORDET), total=2),), "/likes/films/ shows 1 film, not the 2"),
    "likes without a total": ((likes(tile(ORDET)), profile(1, ONE_RATED)), "/likes/films/ has no total"),
}


@pytest.mark.parametrize(("texts", "doubt"), DOUBTS.values(), ids=DOUBTS)
def test_only_what_is_proved_whole_is_complete(
    folder: Folder, texts: tuple[str, ...], doubt: str | None
) -> None:
    saved = folder.read(*texts)
    told = [
        snapshot for snapshot in saved.snapshots if snapshot.ratings or snapshot.watched or snapshot.likes
    ]
    assert [snapshot.complete for snapshot in told] == [doubt is None]
    if doubt:
        (left_out,) = saved.left_out
        assert left_out.startswith(f"ann: {doubt}")
        assert left_out.endswith(": nothing is removed")
    else:
        assert saved.left_out == []


def test_what_is_not_proved_does_not_stand_beside_what_is(folder: Folder) -> None:
    saved = folder.read(
        grid(RATED, tile(ORDET, 8), more=f"{RATED}page/2/"),
        likes(tile(ALIEN), total=1),
        profile(9, ONE_RATED),
    )
    whole, rest = saved.snapshots
    assert (whole.complete, whole.likes, whole.ratings, whole.favourites) == (True, (ALIEN,), None, ())
    assert (rest.complete, rest.likes, rest.favourites) == (False, None, None)
    assert [rating.film for rating in rest.ratings or ()] == [ORDET]
    assert (whole.as_of, rest.as_of) == (MARCH + timedelta(days=1), MARCH)
    assert whole.lid == rest.lid == "a1"


def test_likes_are_marked_on_other_listings_too(folder: Folder) -> None:
    saved = folder.read(grid(RATED, tile(ORDET, 8, liked=True), tile(ALIEN, 6)), likes(tile(ALIEN), total=2))
    (rest,) = saved.snapshots
    assert not rest.complete
    assert rest.likes == (ALIEN, ORDET)


def test_marked_likes_are_not_needed_beside_all_likes(folder: Folder) -> None:
    saved = folder.read(grid(RATED, tile(ORDET, 8, liked=True)), likes(tile(ALIEN), total=1))
    whole, rest = saved.snapshots
    assert (whole.likes, rest.likes) == ((ALIEN,), None)


def test_likes_that_are_not_rated_are_likes(folder: Folder) -> None:
    saved = folder.read(grid("/ann/likes/films/rated/none/", tile(ALIEN, liked=True), kind="likes"))
    (rest,) = saved.snapshots
    assert (rest.likes, rest.ratings, rest.watched, rest.complete) == ((ALIEN,), None, None, False)


def test_a_watchlist_has_a_total_of_its_own(folder: Folder) -> None:
    count = '<span class="js-watchlist-count">1 film</span>'
    identity = """ data-postered-identifier='{"lid":"aB","uid":"film:5"}' data-item-slug"""
    text = grid("/ann/watchlist/", tile(ALIEN), kind="watchlist", total=count)
    saved = folder.read(text.replace(" data-item-slug", identity))
    (snapshot,) = saved.snapshots
    assert (snapshot.complete, saved.left_out) == (True, [])
    assert snapshot.watchlist == (DatedFilm(NamedFilm("Alien", 1979, "aB", "alien", 5)),)


def test_a_diary_adds_viewings_in_the_order_of_its_pages(folder: Folder) -> None:
    saved = folder.read(diary("2026/01/02", ORDET, number=2), diary("2026/01/03", ALIEN))
    (snapshot,) = saved.snapshots
    assert not snapshot.complete
    assert snapshot.viewings == (
        Viewed(ALIEN, date(2026, 1, 3), 4.0, "https://letterboxd.com/ann/film/alien/"),
        Viewed(ORDET, date(2026, 1, 2), 4.0, "https://letterboxd.com/ann/film/ordet/"),
    )
    assert snapshot.as_of == MARCH


def test_of_a_page_saved_twice_the_later_counts(folder: Folder) -> None:
    folder.save(
        likes(tile(ORDET), total=1), profile(2, NONE_RATED, tile(ORDET)), at=MARCH + timedelta(days=9)
    )
    folder.save(likes(tile(ALIEN), total=1), profile(1, NONE_RATED, tile(ALIEN)), at=MARCH)
    (snapshot,) = folder.read().snapshots
    assert (snapshot.likes, snapshot.favourites) == ((ORDET,), (ORDET,))
    assert snapshot.as_of == MARCH + timedelta(days=9)


def test_no_page_was_saved_in_the_future(folder: Folder) -> None:
    folder.save(likes(tile(ORDET), total=1), at=NOW + timedelta(days=9))
    (snapshot,) = folder.read().snapshots
    assert snapshot.as_of == NOW


# The address that a page says, and its links; the page that it is.
PLACES = {
    "its address": ("/ann/films/page/3/", "", "", "lacks page 1"),
    "its address in capitals": ("/Ann/films/page/3/", "", "", "lacks page 1"),
    "the page after it": ("/ann/films/", "/ann/films/page/3/", "", "lacks page 1"),
    "the page after it, of another member": ("/ann/films/", "/bo/films/page/3/", "", "is said to be"),
    "the page before it": ("/ann/films/", "", "/ann/films/", "lacks page 1"),
    "a whole link": ("", "https://letterboxd.com/ann/films/page/2/", "", "lacks page 2"),
    "nothing": ("", "", "", "does not say its address"),
    "another member's address": ("/bo/films/", "", "", "does not say its address"),
}


@pytest.mark.parametrize(("path", "more", "before", "said"), PLACES.values(), ids=PLACES)
def test_a_page_says_which_it_is(folder: Folder, path: str, more: str, before: str, said: str) -> None:
    saved = folder.read(grid(path, tile(ORDET), more=more, before=before))
    (left_out,) = saved.left_out
    assert said in left_out


LEFT_OUT = {
    "a challenge": ("<html><title>Just a moment...</title></html>", "answered with a challenge"),
    "cut short": ("<html><body class='profile' data-owner='ann'>", "cut short"),
    "nobody's page": ("<html><body class='list-page'></body></html>", "neither a film's page nor a member's"),
    "no member's name": (page("likes", "/ann/", "", owner="../x"), "owner's name is no member's"),
    "another listing": (
        grid("/ann/films/by/date/", tile(ORDET)),
        "nothing is taken from pages such as /ann/films/by/date/",
    ),
    "another kind of page": (
        grid("/ann/films/", tile(ORDET), kind="likes"),
        "expected a 'films-watched' page",
    ),
    "no grid": (page("likes", "/ann/likes/films/", ""), "no film grid"),
}


@pytest.mark.parametrize(("text", "reason"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_cannot_be_read_is_left_out_and_named(folder: Folder, text: str, reason: str) -> None:
    saved = folder.read(text)
    (left_out,) = saved.left_out
    assert left_out.startswith("0.html: ")
    assert reason in left_out
    assert (saved.snapshots, saved.films) == ([], [])


def test_a_file_that_is_gone_is_named_and_the_others_are_read(folder: Folder) -> None:
    folder.save(likes(tile(ORDET), total=1))
    saved = read_saved_pages([folder.path / "none.html", folder.path / "0.html"], NOW)
    assert len(saved.snapshots) == 1
    assert saved.left_out[0].startswith("none.html: ")


def test_members_are_told_apart_and_come_in_order(folder: Folder) -> None:
    text = likes(tile(ORDET), total=1)
    saved = folder.read(text.replace("ann", "bo"), text)
    assert [snapshot.member for snapshot in saved.snapshots] == ["ann", "bo"]


def test_a_films_own_page_tells_of_the_film(folder: Folder) -> None:
    saved = folder.read(
        '<html><head><meta property="og:url" content="https://letterboxd.com/film/ordet/">'
        '<meta property="og:title" content="Ordet (1955)"></head><body class="film">'
        '<p class="text-footer"><a href="http://www.themoviedb.org/movie/48035/"></a></p>'
        '<div class="credits"><a class="contributor" href="/director/dreyer/">Dreyer</a></div></body></html>'
    )
    ((facts, at),) = saved.films
    assert (facts.film.slug, facts.link, facts.details, facts.not_found) == (
        "ordet",
        TmdbLink("movie", 48035),
        None,
        False,
    )
    assert facts.page is not None
    assert [director.slug for director in facts.directors] == ["dreyer"]
    assert facts.film == facts.page.film
    assert at == MARCH
    assert saved.snapshots == []


def test_pages_are_found_in_folders_but_not_among_pictures(tmp_path: Path) -> None:
    for name in ("b.html", "a.HTM", "c.txt", "b_files/frame.html", "deep/d.html", "my_files/deep/e.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.html").mkdir()
    names = [str(file.relative_to(tmp_path)) for file in pages_in(tmp_path, ".html", ".htm")]
    assert names == ["a.HTM", "b.html", "deep/d.html"]


def test_an_entry_of_a_grid_that_cannot_be_read_costs_no_other_and_proves_nothing(folder: Folder) -> None:
    odd = tile(NamedFilm("Solaris", 1972, slug="solaris")).replace('"solaris"', '""')
    saved = folder.read(grid("/ann/films/", tile(ORDET, 8), odd, tile(ALIEN)), profile(2, ONE_RATED))
    whole, rest = saved.snapshots
    assert (whole.watched, whole.ratings) == (None, None)
    assert [dated.film.slug for dated in rest.watched or ()] == ["ordet", "alien"]
    assert saved.left_out == [
        "0.html: an entry is left out: a film tile without a slug",
        "ann: /films/ has entries that cannot be read: nothing is removed",
    ]


def test_an_entry_of_a_diary_that_cannot_be_read_costs_no_other(folder: Folder) -> None:
    page = diary("2026/01/03", ALIEN)
    row = page[page.index("<tr ") : page.index("</table>")]
    saved = folder.read(
        page.replace(row, row + row.replace('"1"', '"2"').replace("2026/01/03", "2026/02/30"))
    )
    (snapshot,) = saved.snapshots
    assert [str(viewing.day) for viewing in snapshot.viewings] == ["2026-01-03"]
    (line,) = saved.left_out
    assert line.startswith("0.html: the entry 2 is left out: a diary entry of the day")
