"""Counts: exact, or unknown. A count that was rounded is never taken for a small one."""

import pytest
from parsel import Selector

from letterboxd_scraper.pages.film import parse_film_page, parse_runtime
from letterboxd_scraper.pages.histogram import parse_histogram
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.people import parse_people, parse_total
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_filtered_total, parse_likes_total

EXACT = ["1,871", "1.871", "1 871", "1\u00a0871", "1\u202f871", "1\u2009871", "1’871", "1871", "1 871 films"]
ROUNDED = [
    "1.2K",
    "1,2K",
    "46K",
    "46 K",
    "46k films",
    "1.9M",
    "2.5",
    "128+",
    "1.871K",
    "1,871.5",
    "12,34",
    "1,8712",
]


@pytest.mark.parametrize("text", EXACT)
def test_thousands_may_be_set_apart(text: str) -> None:
    assert parse_count(text) == 1871


@pytest.mark.parametrize("text", [*ROUNDED, "", "No ★ ratings", "9" * 5000, None])
def test_what_is_not_exact_is_unknown(text: str | None) -> None:
    assert parse_count(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [("12,345,678", 12345678), ("17 ★★ ratings (5%)", 17), ("46 Kids", 46), ("0", 0), ("1\n234", 1)],
)
def test_other_counts(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize(("text", "count"), [("1\u2009871", 1871), ("46K", None)])
def test_every_page_reads_counts_so(text: str, count: int | None) -> None:
    link = f'<a href="/ann/likes/films/" title="{text} films"></a>'
    tab = f'<ul class="sub-nav"><li class="selected">{link}</li></ul>'
    assert parse_likes_total(Selector(tab)) == parse_total(Selector(tab)) == count
    sentence = (
        f'<div id="content"><section class="filtered-message">Ann has watched {text} films.</section></div>'
    )
    assert parse_filtered_total(Selector(sentence)) == count
    assert parse_filtered_total(Selector(sentence.replace("content", "sidebar"))) is None
    row = (
        '<table class="member-table"><tr><td><div class="person-summary"><a class="name" href="/ann/">'
        f'</a></div></td><td class="table-stats"><a href="/ann/films/">{text}</a></td></tr></table>'
    )
    assert parse_people(Selector(row))[0].films == count
    statistic = f'<h4 class="profile-statistic"><a href="/ann/films/"><b class="value">{text}</b></a></h4>'
    profile = f'<body data-owner="ann"><div class="profile-header"></div>{statistic}</body>'
    assert parse_profile(Selector(profile)).films == count
    assert parse_runtime(Selector(f'<p class="text-footer">{text} mins More at</p>')) == count


LEVELS = ["half-★", "★", "★½", "★★", "★★½", "★★★", "★★★½", "★★★★", "★★★★½", "★★★★★"]


def histogram(total: str, first: str = "1 862") -> Selector:
    bars = [
        f'<span class="barcolumn" title="{first if not n else 1} {level} ratings"></span>'
        for n, level in enumerate(LEVELS)
    ]
    average = f'<a class="averagerating" title="Weighted average of 4.28 based on {total} ratings"></a>'
    return Selector(f'{"".join(bars)}{average}<a href="/film/ordet/fans/">1\u202f204 fans</a>')


@pytest.mark.parametrize("total", ["1 871", "1,871", "1.9K"])
def test_a_histogram_has_counts_with_blanks(total: str) -> None:
    read = parse_histogram(histogram(total), "ordet")
    assert (read.ratings, read.average, read.fans) == (1871, 4.28, 1204)


@pytest.mark.parametrize("count", [1871, 1871.0, "1,871"])
def test_a_films_page_counts_its_ratings(count: object) -> None:
    head = '<meta property="og:url" content="/film/ordet/"><meta property="og:title" content="Ordet (1955)">'
    text = f'{{"@type": "Movie", "aggregateRating": {{"ratingCount": {count!r}, "ratingValue": 4}}}}'.replace(
        "'", '"'
    )
    page = Selector(f'{head}<script type="application/ld+json">{text}</script>')
    assert parse_film_page(page).ratings == 1871
