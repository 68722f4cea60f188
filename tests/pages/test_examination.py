"""What is said of a page of any kind: its kind, what is broken, and how much of it is filled."""

import pytest

from letterboxd_scraper.pages.examination import Examination, examine

FILM = """data-item-slug="ordet" data-item-name="Ordet (1955)" """
NUMBERED = FILM + """data-postered-identifier='{"lid":"aB","uid":"film:5"}'"""
LIKED = '<p class="poster-viewingdata"><span class="icon-liked"></span></p>'
PERSON = (
    '<table class="member-table"><tr><td><div class="person-summary"><a class="name" href="/bo/">Bo</a></div>'
    '</td><td class="table-stats"><a href="/bo/films/">3</a></td>'
    '<td class="table-stats"><a href="/bo/likes/films/">0</a></td></tr></table>'
)
DIARY = (
    '<table id="diary-table"><tr class="diary-entry-row" data-viewing-id="7"><td>'
    f'<a href="/ann/diary/for/2026/01/02/"></a><a href="/ann/film/ordet/"></a><div {NUMBERED}></div></td>'
    '<td class="col-rating"></td></tr></table>'
)
PROFILE = (
    '<div class="profile-header"><h1 class="person-display-name"><b class="displayname">Ann</b></h1></div>'
    '<h4 class="profile-statistic"><a href="/ann/films/"><b class="value">3</b></a></h4>'
)
FILM_HEAD = (
    '<meta property="og:url" content="https://letterboxd.com/film/ordet/">'
    '<meta property="og:title" content="Ordet (1955)">'
)
FILM_BODY = (
    '<div data-report-url="/ajax/film:5/report/"></div><p class="text-footer"><a '
    'href="https://www.themoviedb.org/movie/48035/"></a></p>'
    '<div class="credits"><a class="contributor" href="/director/dreyer/">Dreyer</a></div>'
)
PERSON_HEAD = '<meta property="og:url" content="https://letterboxd.com/director/dreyer/">'
PERSON_BODY = '<h1 class="title-1">Dreyer</h1><img class="js-tmdb-person" data-tmdb-id="7">'


def page(body_class: str, content: str, head: str = "") -> bytes:
    body = f'<body class="wide {body_class}" data-owner="ann"><header></header>{content}</body>'
    return f"<html><head>{head}</head>{body}</html>".encode()


def grid(*entries: str) -> str:
    return f'<div id="content"><ul class="grid">{"".join(entries)}</ul></div>'


def entry(film: str, marks: str = "") -> str:
    return f'<li class="griditem"><div {film}></div>{marks}</li>'


def histogram(end: str = "</div>") -> bytes:
    levels = ["½", "★", "★½", "★★", "★★½", "★★★", "★★★½", "★★★★", "★★★★½", "★★★★★"]
    bars = "".join(
        f'<a class="barcolumn" href="/film/ordet/ratings/" title="2 {level} ratings"></a>' for level in levels
    )
    return f'<div class="rating-histogram">{bars}{end}'.encode()


def feed(link: str = "https://letterboxd.com/Ann/", items: bool = True) -> bytes:
    item = (
        "<item><guid>letterboxd-watch-5</guid><link>https://letterboxd.com/ann/film/ordet/</link>"
        "<pubDate>Fri, 2 Jan 2026 10:00:00 +1300</pubDate>"
        "<letterboxd:watchedDate>2026-01-02</letterboxd:watchedDate>"
        "<letterboxd:filmTitle>Ordet</letterboxd:filmTitle></item>"
    )
    channel = f"<title>Ann</title><link>{link}</link>" if link else "<title>Ann</title>"
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:letterboxd="https://letterboxd.com"><channel>'
        f"{channel}{item if items else ''}</channel></rss>"
    ).encode()


# A page, its kind, and some fields with the share of entries in which they are filled.
WHOLE: dict[str, tuple[bytes, str, dict[str, float]]] = {
    "films": (
        page("films-watched", grid(entry(NUMBERED), entry(FILM))),
        "films",
        {"slug": 1, "title": 1, "film_id": 0.5, "lid": 0.5, "stars": 0, "liked": 0},
    ),
    "likes": (page("likes", grid(entry(NUMBERED, LIKED))), "likes", {"film_id": 1, "liked": 1}),
    "a watchlist": (page("watchlist", grid(entry(NUMBERED))), "watchlist", {"film_id": 1}),
    "a diary": (page("films-diary", DIARY), "diary", {"date": 1, "url": 1, "film_id": 1, "stars": 0}),
    "following": (page("following", PERSON), "following", {"films": 1, "likes": 1, "avatar_url": 0}),
    "followers": (page("followers", PERSON), "followers", {"films": 1, "likes": 1}),
    "a profile": (page("profile", PROFILE), "profile", {"films": 1, "display_name": 1, "favourites": 0}),
    "a film": (
        page("film", FILM_BODY, FILM_HEAD),
        "film",
        {"film_id": 1, "directors": 1, "link": 1, "genres": 0},
    ),
    "a director": (page("filmography-page", PERSON_BODY, PERSON_HEAD), "person", {"tmdb_id": 1, "name": 1}),
    "a histogram": (histogram(), "histogram", {"counts": 1, "average": 0}),
    "a feed": (feed(), "feed", {"slug": 1, "watched": 1, "stars": 0}),
}


@pytest.mark.parametrize(("body", "kind", "shares"), WHOLE.values(), ids=WHOLE)
def test_a_whole_page(body: bytes, kind: str, shares: dict[str, float]) -> None:
    examination = examine(body)
    assert (examination.kind, examination.broken) == (kind, None)
    assert {name: examination.shares[name] for name in shares} == shares
    assert "film" not in examination.shares
    assert 0 < examination.filled < 1


EMPTY = {
    "films": page("films-watched", grid()),
    "a diary": page("films-diary", '<section class="empty-text"></section>'),
    "a feed": feed(items=False),
}


@pytest.mark.parametrize("body", EMPTY.values(), ids=EMPTY)
def test_nothing_is_broken_where_nothing_is(body: bytes) -> None:
    examination = examine(body)
    assert (examination.broken, examination.shares, examination.filled, examination.empty) == (
        None,
        {},
        0,
        [],
    )


# A page, its kind, and what is broken.
BROKEN: dict[str, tuple[bytes, str, str]] = {
    "films without a number": (
        page("films-watched", grid(entry(FILM))),
        "films",
        "nothing is read of: film_id",
    ),
    "likes without any mark": (
        page("likes", grid(entry(FILM))),
        "likes",
        "nothing is read of: film_id, liked",
    ),
    "a watchlist without a number": (page("watchlist", grid(entry(FILM))), "watchlist", "film_id"),
    "people without counts": (
        page("following", PERSON.replace("table-stats", "")),
        "following",
        "nothing is read of: films, likes",
    ),
    "followers without likes": (page("followers", PERSON.replace("/likes/", "/")), "followers", "likes"),
    "a profile without counts": (
        page("profile", PROFILE.replace("profile-statistic", "")),
        "profile",
        "nothing is read of: films",
    ),
    "a profile without a name": (page("profile", PROFILE.replace("Ann", "")), "profile", "display_name"),
    "a film without anything": (
        page("film", '<p class="text-footer"></p>', FILM_HEAD),
        "film",
        "nothing is read of: directors, film_id, link",
    ),
    "a director without a number": (
        page("filmography-page", PERSON_BODY.replace("data-tmdb-id", "id"), PERSON_HEAD),
        "person",
        "tmdb_id",
    ),
    "no grid": (page("films-watched", ""), "films", "no film grid"),
    "half a histogram": (histogram(end="<p>"), "histogram", "cut short"),
    "half a page": (b"<html><body class='likes'>", "unknown", "cut short"),
    "half a feed": (feed()[:-9], "feed", "cut short"),
    "a feed of nobody": (feed(link=""), "feed", "does not say whose it is"),
    "an empty page": (b" \n", "unknown", "an empty page"),
    "another encoding": (page("likes", "é").decode().encode("latin-1"), "unknown", "not written in utf-8"),
    "a challenge": (b"<title>Just a moment...</title>", "refusal", "the site answered with a challenge"),
    "a page of another kind": (
        page("list-page", ""),
        "unknown",
        "no parser for a page with body class 'wide list-page'",
    ),
    "no page at all": (b"<p>Hello</p></html>", "unknown", "no parser for a page with body class ''"),
}


@pytest.mark.parametrize(("body", "kind", "broken"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named(body: bytes, kind: str, broken: str) -> None:
    examination = examine(body)
    assert examination.kind == kind
    assert examination.broken is not None
    assert examination.broken.endswith(broken) or broken in examination.broken


@pytest.mark.parametrize(
    ("url", "is_theirs"),
    [
        ("", True),
        ("https://letterboxd.com/ann/rss/", True),
        ("https://letterboxd.com/ann/rss", True),
        ("https://letterboxd.com/bo/rss/", False),
    ],
)
def test_a_feed_is_of_whom_its_address_says(url: str, is_theirs: bool) -> None:
    assert (examine(feed(), url).broken is None) is is_theirs


def test_a_histogram_within_a_page_is_not_the_page() -> None:
    body = page("film", histogram().decode() + FILM_BODY, FILM_HEAD)
    assert examine(body).kind == "film"


def test_a_page_saved_with_whole_links_is_the_same() -> None:
    saved = page("following", PERSON.replace('href="/', 'href="https://letterboxd.com/'))
    assert examine(saved) == examine(page("following", PERSON))


def test_shares_are_summed_up() -> None:
    examination = Examination("films", None, {"slug": 1.0, "year": 0.5, "stars": 0.0})
    assert (examination.filled, examination.empty) == (0.5, ["stars"])
