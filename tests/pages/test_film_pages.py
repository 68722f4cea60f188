"""Parsers of film pages, directors' pages and histograms, over markup of our own making."""

import json
from typing import Any

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Director, Film, Histogram, TmdbLink, credited
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.histogram import parse_histogram, refuse_truncated
from letterboxd_scraper.pages.person import parse_person_page

FOOTER = """<p class="text-link text-footer"> 97&nbsp;mins &nbsp; More at
<a href="http://www.imdb.com/title/tt9000001/maindetails" data-track-action="IMDb">IMDb</a>
<a href="https://www.themoviedb.org/movie/4711/" data-track-action="TMDB">TMDB</a>
<a href="#" data-report-url="/ajax/film:903001/report-form">Report this page</a></p>"""
DATA = {
    "@type": "Movie",
    "image": "https://a.ltrbxd.com/poster.jpg",
    "director": [{"@type": "Person", "name": "Ida Berg", "sameAs": "/director/ida-berg/"}],
    "genre": ["Drama", "Science Fiction"],
    "releasedEvent": [{"startDate": "1991"}],
    "aggregateRating": {"ratingValue": 3.71, "ratingCount": 1234},
}


def film_page(
    footer: str = FOOTER,
    data: Any = DATA,
    title: str = "Tin Weather (1991)",
    content: str = "",
    body: str = 'data-tmdb-type="movie" data-tmdb-id="4711"',
    url: str = "https://letterboxd.com/film/tin-weather/",
) -> Selector:
    text = data if isinstance(data, str) else json.dumps(data)
    script = (
        f'<script type="application/ld+json">\n/* <![CDATA[ */\n{text}\n/* ]]> */\n</script>' if data else ""
    )
    return Selector(
        f'<html><head><meta property="og:url" content="{url}"><meta property="og:title" content="{title}">'
        '<meta property="og:description" content="Rain on a roof.">'
        '<meta property="og:image" content="https://a.ltrbxd.com/backdrop.jpg"></head>'
        f'<body class="film backdropped" {body}>{content}{footer}{script}</body></html>'
    )


def test_a_film_page_says_all_this() -> None:
    page = parse_film_page(film_page())
    assert page.film == Film("tin-weather", "Tin Weather", 1991, 903001)
    assert page.link == TmdbLink("movie", 4711)
    assert (page.imdb_id, page.runtime_minutes) == ("tt9000001", 97)
    assert (page.poster_url, page.overview) == ("https://a.ltrbxd.com/poster.jpg", "Rain on a roof.")
    assert page.genres == ("Drama", "Science Fiction")
    assert page.directors == (Director("Ida Berg", "ida-berg"),)
    assert (page.average, page.ratings) == (3.71, 1234)


LINKS = {
    "a series": ('href="https://www.themoviedb.org/tv/91/"', TmdbLink("tv", 91)),
    "a season": ('href="https://www.themoviedb.org/tv/91/season/2/"', TmdbLink("tv", 91, 2)),
    "the specials": ('href="https://www.themoviedb.org/tv/91/season/0/"', TmdbLink("tv", 91, 0)),
    "an episode": ('href="https://www.themoviedb.org/tv/91/season/2/episode/5"', TmdbLink("tv", 91, 2, 5)),
    "with a language": (
        'href="https://www.themoviedb.org/tv/91/season/2?language=en"',
        TmdbLink("tv", 91, 2),
    ),
    "with its title": ('href="https://www.themoviedb.org/movie/91-tin-weather"', TmdbLink("movie", 91)),
    "in the older form": (
        'data-track-action="TMDb" href="http://www.themoviedb.org/movie/91/"',
        TmdbLink("movie", 91),
    ),
    "no number": ('href="https://www.themoviedb.org/"', TmdbLink("movie", 4711)),
    "another site of that name": (
        'href="https://example.org/themoviedb.org/tv/91/"',
        TmdbLink("movie", 4711),
    ),
}


@pytest.mark.parametrize(("link", "expected"), LINKS.values(), ids=LINKS)
def test_the_link_counts_more_than_the_body(link: str, expected: TmdbLink) -> None:
    footer = f'<p class="text-footer"><a {link}>TMDB</a></p>'
    assert parse_film_page(film_page(footer)).link == expected


BODIES = {
    'data-tmdb-type="tv" data-tmdb-id="12"': TmdbLink("tv", 12),
    'data-tmdb-type="movie" data-tmdb-id=""': None,
    'data-tmdb-type="movie" data-tmdb-id="0"': None,
    'data-tmdb-type="person" data-tmdb-id="12"': None,
    'data-tmdb-id="12"': None,
    'data-tmdb-type="movie" data-tmdb-id="99999999999999"': None,
    "": None,
}


@pytest.mark.parametrize(("body", "expected"), BODIES.items())
def test_without_a_link_the_body_says_where_tmdb_has_it(body: str, expected: TmdbLink | None) -> None:
    assert parse_film_page(film_page('<p class="text-footer"></p>', body=body)).link == expected


def test_only_the_films_own_number_and_code_are_taken() -> None:
    related = (
        '<div data-film-id="5"></div>'
        """<div data-postered-identifier='{"lid":"else","uid":"film:5"}'></div>"""
        """<div data-postered-identifier='{"lid":"tW1","uid":"film:903001"}'></div>"""
    )
    film = parse_film_page(film_page(content=related)).film
    assert (film.film_id, film.lid) == (903001, "tW1")


def test_the_number_may_stand_at_the_backdrop_alone() -> None:
    backdrop = '<div id="backdrop" data-production-uid="film:77"></div>'
    assert parse_film_page(film_page('<p class="text-footer"></p>', content=backdrop)).film.film_id == 77


def test_all_directors_are_found_whatever_the_head_shows() -> None:
    crew = (
        '<p class="credits"><a class="contributor" href="/director/ida-berg/">Ida Berg</a></p>'
        '<div id="tab-cast"><a href="/actor/mo-lind/">Mo Lind</a></div>'
        '<div id="tab-panel-crew"><a href="/director/ida-berg/">Ida  Berg</a><a href="/director/bo-1/">Bo</a>'
        '<a href="/producer/mo-lind/">Mo Lind</a><a href="/director//">Nobody</a></div>'
    )
    directors = (Director("Ida Berg", "ida-berg"), Director("Bo", "bo-1"))
    assert parse_film_page(film_page(content=crew)).directors == directors
    assert parse_film_page(film_page(content=crew, data=None)).directors == directors


@pytest.mark.parametrize("tab", ["tab-genres", "tab-panel-genres"])
def test_genres_are_those_of_the_tab(tab: str) -> None:
    links = '<a href="/films/genre/tv-movie/">TV Movie</a><a href="/films/theme/rain/">Rain</a>'
    assert parse_film_page(film_page(content=f'<div id="{tab}">{links}</div>')).genres == ("TV Movie",)


def test_what_a_page_does_not_show_is_unknown() -> None:
    bare = parse_film_page(
        film_page('<p class="text-footer"> More at </p>', data={"@type": "Movie"}, body="")
    )
    assert (bare.link, bare.imdb_id, bare.runtime_minutes, bare.poster_url) == (None, None, None, None)
    assert (bare.genres, bare.directors, bare.average, bare.ratings) == ((), (), None, None)


YEARS = {
    "in the title": ("Tin Weather (1991)", "", {}, 1991),
    "below the title": ("Tin Weather", '<span class="releasedate"><a>1991</a></span>', {}, 1991),
    "in the data alone": ("Tin Weather", "", {"releasedEvent": [{"startDate": "1991-05-01"}]}, 1991),
    "nowhere": ("Tin Weather", '<span class="releasedate"></span>', {"releasedEvent": []}, None),
    "in a title with brackets": ("(500) Days (Or So) (2009)", "", {}, 2009),
}


@pytest.mark.parametrize(("title", "content", "data", "year"), YEARS.values(), ids=YEARS)
def test_the_year_is_found_where_it_is(title: str, content: str, data: Any, year: int | None) -> None:
    page = parse_film_page(film_page(title=title, content=content, data={"@type": "Movie", **data}))
    assert page.film.year == year
    assert "(2" not in page.film.title


def test_no_break_spaces_are_spaces() -> None:
    assert (
        parse_film_page(film_page(title="The Zone of\u00a0Interest (2023)")).film.title
        == "The Zone of Interest"
    )


BROKEN_PAGES: dict[str, dict[str, Any]] = {
    "no address": {"url": ""},
    "the address of something else": {"url": "https://letterboxd.com/dave/"},
    "no title": {"title": ""},
    "data that is no JSON": {"data": '{"@type": "Movie", '},
    "nothing known of film pages": {"data": None, "footer": "<p>97 mins</p>"},
}


@pytest.mark.parametrize("changes", BROKEN_PAGES.values(), ids=BROKEN_PAGES)
def test_a_film_page_that_cannot_be_read_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(LayoutChanged):
        parse_film_page(film_page(**changes))


@pytest.mark.parametrize(
    "rated",
    [
        {"ratingValue": 0},
        {"ratingValue": 17},
        {"ratingValue": "high"},
        {"ratingValue": True},
        "4.2",
        None,
        [],
    ],
)
def test_an_impossible_average_is_none(rated: Any) -> None:
    assert parse_film_page(film_page(data=DATA | {"aggregateRating": rated})).average is None


# Histograms.

LEVELS = ["half-★", "★", "★½", "★★", "★★½", "★★★", "★★★½", "★★★★", "★★★★½", "★★★★★"]
COUNTS = (1, 0, 3, 40, 5, 1600, 7, 8, 9, 1000)


def bar(level: str, count: int, slug: str = "tin-weather") -> str:
    if not count:
        return f'<td><span class="barcolumn tooltip" title="No {level} ratings"></span></td>'
    words = f"{count:,} {level} rating{'s' * (count != 1)} (4%)"
    short = f"{count / 1000:.1f}K (4%)" if count > 999 else f"{count} (4%)"
    return (
        f'<td><a href="/film/{slug}/ratings/rated/1/by/rating/" class="barcolumn tooltip" title="{words}">'
        f"<span>{short}</span></a></td>"
    )


def current(*bars: str, average: str = "3.52", total: str = "2,673") -> str:
    says = f"Weighted average of {average} based on {total} ratings"
    link = f'<a href="/film/tin-weather/ratings/" class="averagerating" title="{says}">3.5</a>'
    end = link if average else ""
    return f'<div class="rating-histogram"><table><tbody>{"".join(bars)}</tbody></table>{end}</div>\n'


ALL = tuple(bar(level, count) for level, count in zip(LEVELS, COUNTS, strict=True))


def test_a_histogram_of_today() -> None:
    refuse_truncated(current(*ALL))
    histogram = parse_histogram(Selector(current(*ALL)), "tin-weather")
    assert histogram == Histogram(COUNTS, 3.52)
    assert histogram.ratings == 2673


def test_a_histogram_of_few_ratings_has_no_average() -> None:
    assert parse_histogram(Selector(current(*ALL, average="")), "tin-weather") == Histogram(COUNTS)


@pytest.mark.parametrize(
    ("fans", "number"), [("75K fans", 75_000), ("1.2M fans", 1_200_000), ("1 fan", 1), ("1,204 fans", 1204)]
)
@pytest.mark.parametrize("tooltip", ["title", "data-original-title"])
def test_a_histogram_of_before(fans: str, number: int, tooltip: str) -> None:
    bars = "".join(
        f'<li class="rating-histogram-bar"><a href="/film/tin-weather/ratings/rated/1/by/rating/" {tooltip}='
        f'"{count:,} {level} ratings (4%)">{count:,} {level} ratings (4%)<i></i></a></li>'
        if count
        else '<li class="rating-histogram-bar"><i style="height: 1px"></i></li>'
        for level, count in zip(LEVELS, COUNTS, strict=True)
    )
    page = (
        f'<section class="section ratings-histogram-chart"><a href="/film/tin-weather/fans/">{fans}</a>'
        f'<span class="average-rating"><a href="/film/tin-weather/ratings/" {tooltip}='
        f'"Weighted average of 4 based on 2,673 ratings">4</a></span><ul>{bars}</ul></section>'
    )
    refuse_truncated(page)
    assert parse_histogram(Selector(page), "tin-weather") == Histogram(COUNTS, 4.0, number)


BROKEN_HISTOGRAMS = {
    "nothing": current(average=""),
    "nine levels": current(*ALL[:9]),
    "a level twice": current(*ALL[:9], ALL[8]),
    "eleven levels": current(*ALL, ALL[9]),
    "in another order": current(*ALL[5:], *ALL[:5]),
    "a level without a count": current(
        *ALL[:9], '<span class="barcolumn" title="many ★★★★★ ratings"></span>'
    ),
    "ten levels without a word": current(*10 * ['<li class="rating-histogram-bar"></li>'], average=""),
    "a level without a word": current(*ALL[:9], '<i class="barcolumn"></i>', average=""),
    "a level that says something else": current(
        *ALL[:9], '<a class="barcolumn" title="Loading"></a>', average=""
    ),
    "a level without a word that is missing in the total": current(
        *ALL[:9], '<li class="rating-histogram-bar"></li>'
    ),
    "another total": current(*ALL, total="2,674"),
}


@pytest.mark.parametrize("html", BROKEN_HISTOGRAMS.values(), ids=BROKEN_HISTOGRAMS)
def test_a_histogram_that_is_not_whole_is_refused(html: str) -> None:
    with pytest.raises(LayoutChanged):
        parse_histogram(Selector(html), "tin-weather")


def test_the_histogram_of_another_film_is_refused() -> None:
    with pytest.raises(WrongPage, match="tin-weather"):
        parse_histogram(Selector(current(*ALL)), "tin-feather")


def test_a_histogram_that_is_cut_short_is_refused() -> None:
    with pytest.raises(WrongPage):
        refuse_truncated(current(*ALL)[:-40])


# Directors.


def person_page(body: str, image: str = "") -> Selector:
    return Selector(
        '<html><head><meta property="og:url" content="https://letterboxd.com/director/ida-berg/"></head>'
        f'<body class="crew-page filmography-page" {body}><h1 class="site-logo">Letterboxd</h1>'
        f'<h1 class="title-1"><span class="context">Films directed by</span> Ida\n Berg </h1>{image}'
        "</body></html>"
    )


PEOPLE = {
    'data-tmdb-type="person" data-tmdb-id="1500"': 1500,
    'data-tmdb-type="person" data-tmdb-id=""': None,
    'data-tmdb-type="movie" data-tmdb-id="1500"': None,
    "": None,
}


@pytest.mark.parametrize(("body", "number"), PEOPLE.items())
def test_a_directors_page_says_who_that_is(body: str, number: int | None) -> None:
    assert parse_person_page(person_page(body)) == Director("Ida Berg", "ida-berg", number)


def test_the_picture_names_a_director_as_well() -> None:
    image = '<img class="js-tmdb-person" data-tmdb-id="1500">'
    assert parse_person_page(person_page("", image)).tmdb_id == 1500


def test_a_page_of_something_else_is_no_directors() -> None:
    with pytest.raises(WrongPage):
        parse_person_page(Selector("<html><body><h1 class='title-1'>Ida Berg</h1></body></html>"))


# Who directed, by both accounts.


def test_tmdbs_directors_come_first_with_the_sites_names_for_them() -> None:
    by_tmdb = (Director("Bo", tmdb_id=2, department="Directing"), Director("Ida Berg", tmdb_id=1))
    by_site = (Director("Ida Berg", "ida-berg"), Director("Mo", "mo"), Director("bo", "bo-7"))
    assert credited(by_tmdb, by_site) == (
        Director("Bo", "bo-7", 2, department="Directing"),
        Director("Ida Berg", "ida-berg", 1),
        Director("Mo", "mo"),
    )


def test_namesakes_are_not_matched_by_name() -> None:
    by_tmdb = (Director("Bo", tmdb_id=2), Director("Bo", tmdb_id=3))
    by_site = (Director("Bo", "bo"), Director("Bo", "bo-1"))
    assert credited(by_tmdb, by_site) == by_tmdb + by_site


def test_a_number_tells_more_than_a_name() -> None:
    by_site = (Director("Bong Joon-ho", "bong-joon-ho", 9), Director("Bong Joon Ho", "another"))
    directors = credited((Director("Bong Joon Ho", tmdb_id=9),), by_site)
    assert directors[0] == Director("Bong Joon Ho", "bong-joon-ho", 9)
    assert directors[1:] == (Director("Bong Joon Ho", "another"),)
