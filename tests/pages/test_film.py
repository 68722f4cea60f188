"""Fields of a film's page and of its histogram that may be missing, wrong or elsewhere."""

import json
from typing import Any

import pytest
from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged, WrongPage
from letterboxd_scraper.items.films import Director, Histogram, TmdbLink
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.histogram import parse_blank, parse_histogram

HEAD = (
    '<meta property="og:url" content="https://letterboxd.com/film/ordet/">'
    '<meta property="og:title" content="Ordet">'
)
FOOTER = '<p class="text-footer">126 mins</p>'


def film(content: str = "", footer: str = FOOTER, body: str = "", **movie: Any) -> Any:
    script = f'<script type="application/ld+json">{json.dumps({"@type": "Movie"} | movie)}</script>'
    return parse_film_page(
        Selector(f"<html><head>{HEAD}</head><body {body}>{content}{footer}{script}</body></html>")
    )


AVERAGES: list[tuple[Any, float | None]] = [
    (0.5, 0.5),
    (5, 5.0),
    (3.714, 3.71),
    (3.719, 3.72),
    (1, 1.0),
    (0.49, None),
    (5.01, None),
]
AVERAGES += [("3.7", None), (True, None), (None, None)]


@pytest.mark.parametrize(("value", "average"), AVERAGES)
def test_an_average_is_a_number_of_stars(value: Any, average: float | None) -> None:
    assert film(aggregateRating={"ratingValue": value}).average == average


def details(tab: str, *parts: tuple[str, str]) -> str:
    """The details of a film: headings, each with the names of languages below it."""
    blocks = "".join(
        f"<h3><span>{heading}</span></h3> <div> <p> "
        + " ".join(f'<a href="/films/language/x/"> {name} </a>' for name in names.split(";") if name)
        + " </p></div>"
        for heading, names in parts
    )
    studio = '<h3><span>Studio</span></h3> <div><a href="/studio/film-ab/">Film AB</a></div>'
    return f'<div id="{tab}">{studio}{blocks}</div><a href="/films/language/german/">German</a>'


PRIMARY, SPOKEN = "Primary Language", "Spoken Languages"
LANGUAGES: list[tuple[str, str | None]] = [
    (details("tab-details", ("Language", "English")), "en"),
    (details("tab-panel-details", ("Language", "Greek (modern)")), "el"),
    (details("tab-details", (PRIMARY, "Cantonese"), (SPOKEN, "French;Cantonese")), "cn"),
    (details("tab-details", ("Language", "No spoken language")), "xx"),
    (details("tab-details", ("Languages", "English;French")), None),
    (details("tab-details", ("Language", "English;French")), None),
    (details("tab-details", ("Language", "Gibberish")), None),
    (details("tab-details", ("Language", "")), None),
    (details("tab-cast", ("Language", "English")), None),
    (details("tab-details"), None),
]


@pytest.mark.parametrize(("content", "language"), LANGUAGES)
def test_a_film_was_made_in_one_language(content: str, language: str | None) -> None:
    assert film(content).original_language == language


YEARS: dict[str, tuple[str, Any, int | None]] = {
    "in the header": ('<span class="releasedate"><a> 1955 </a></span>', None, 1955),
    "in the header of an older page": ('<small class="number"><a>1955</a></small>', None, 1955),
    "in the JSON-LD": ("", [{"startDate": "1955-01-10"}, {"startDate": "1960"}], 1955),
    "in both": ('<span class="releasedate"><a>1954</a></span>', [{"startDate": "1955"}], 1954),
    "nowhere": ("", None, None),
    "no event": ("", [], None),
    "an event without a day": ("", [{}], None),
    "an event of another form": ("", ["1955"], None),
    "no list": ("", {"startDate": "1955"}, None),
    "no year": ('<span class="releasedate"><a>soon</a></span>', None, None),
}


@pytest.mark.parametrize(("content", "events", "year"), YEARS.values(), ids=YEARS)
def test_the_year_of_a_title_without_one(content: str, events: Any, year: int | None) -> None:
    assert film(content, releasedEvent=events).film.year == year


RUNTIMES = [("126 mins", 126), ("1,126 mins", 1126), ("1 min", 1), ("0 mins", None), ("More at TMDB", None)]


@pytest.mark.parametrize(("footer", "minutes"), RUNTIMES)
def test_the_runtime_is_in_the_footer(footer: str, minutes: int | None) -> None:
    assert film(footer=f'<p class="text-footer">{footer}</p>').runtime_minutes == minutes
    assert film(footer="").runtime_minutes is None


def test_directors_are_those_with_a_page_and_a_name() -> None:
    links = '<a>Nobody</a><a href="/director/bo/"> </a><a href="/actor/cy/">Cy</a>'
    links += '<a href="/director/di/">Di  D.</a>'
    people = [
        {"name": "Ann", "sameAs": "https://letterboxd.com/director/ann/"},
        {"name": "No page"},
        {"sameAs": "https://letterboxd.com/director/no-name/"},
        {"name": "Elsewhere", "sameAs": "//["},
        "no mapping",
    ]
    content = f'<div id="tab-crew">{links}<a href="/director/ann/">Ann again</a></div>'
    assert film(content, director=people).directors == (Director("Ann", "ann"), Director("Di D.", "di"))
    assert film(director=people[0]).directors == (Director("Ann", "ann"),)
    assert film().directors == ()


TELLS = {
    "genre": ["Drama"],
    "director": [{"name": "Ann", "sameAs": "/director/ann/"}],
    "aggregateRating": {"ratingValue": 4.1, "ratingCount": 12},
}
OTHER = {"@type": "Organization", "name": "Letterboxd", "image": "/logo.png"}
FORMS: dict[str, list[Any]] = {
    "the usual type": [{"@type": "Movie"} | TELLS],
    "another type": [{"@type": "Film"} | TELLS],
    "several types": [{"@type": ["Movie", "CreativeWork"]} | TELLS],
    "no type": [TELLS],
    "beside something else": [OTHER, {"@type": "TVSeries"} | TELLS, OTHER],
    "a list": [[OTHER, TELLS]],
    "a graph": [{"@graph": [OTHER, TELLS]}],
    "beside one of the usual type that tells nothing": [{"@type": "Movie"}, {"@type": "Film"} | TELLS],
}


@pytest.mark.parametrize("scripts", FORMS.values(), ids=FORMS)
def test_what_is_told_of_a_film_is_known_by_its_keys(scripts: list[Any]) -> None:
    texts = "".join(f'<script type="application/ld+json">{json.dumps(script)}</script>' for script in scripts)
    page = parse_film_page(Selector(f"<html><head>{HEAD}{texts}</head><body></body></html>"))
    assert (page.genres, page.directors) == (("Drama",), (Director("Ann", "ann"),))
    assert (page.average, page.ratings) == (4.1, 12)


def test_a_page_without_anything_told_of_a_film_is_none_of_a_film() -> None:
    script = f'<script type="application/ld+json">{json.dumps(OTHER)}</script>'
    with pytest.raises(LayoutChanged):
        parse_film_page(Selector(f"<html><head>{HEAD}{script}</head></html>"))


def test_json_ld_that_would_fill_the_memory_is_not_read() -> None:
    with pytest.raises(LayoutChanged, match=r"JSON-LD of 1,200,0.. letters"):
        film(genre="x" * 1_200_000)


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_blank_histogram_is_ten_zeros_only_of_a_film_without_ratings(text: str) -> None:
    assert parse_blank(text, unrated=True) == Histogram((0,) * 10)
    with pytest.raises(WrongPage):
        parse_blank(text, unrated=False)
    assert parse_blank("<div></div>", unrated=True) is None


def test_genres_are_names_each_once() -> None:
    assert film(genre=["Drama", 5, "", "Drama", "War"]).genres == ("Drama", "War")
    assert film(genre="Drama").genres == ("Drama",)
    tab = '<div id="tab-genres"><a href="/films/genre/war/"> Big \n War </a>'
    tab += '<a href="/films/theme/x/">X</a></div>'
    assert film(tab, genre=["Drama"]).genres == ("Big War",)
    assert film().genres == ()


def test_the_body_says_where_tmdb_has_it_if_no_button_does() -> None:
    page = film(body='data-tmdb-type="tv" data-tmdb-id="7"')
    assert (page.link, page.link_is_sure) == (TmdbLink("tv", 7), False)
    button = '<p class="text-footer"><a href="https://www.themoviedb.org/tv/7/season/2/"></a></p>'
    page = film(footer=button, body='data-tmdb-type="movie" data-tmdb-id="9"')
    assert (page.link, page.link_is_sure) == (TmdbLink("tv", 7, 2), True)
    for body in ('data-tmdb-type="tv"', 'data-tmdb-type="person" data-tmdb-id="7"', 'data-tmdb-id="7"'):
        assert film(body=body).link is None


LEVELS = ["½", "★", "★½", "★★", "★★½", "★★★", "★★★½", "★★★★", "★★★★½", "★★★★★"]


def bar(level: str, text: str = "2 {} ratings") -> str:
    return f'<li class="rating-histogram-bar"><a title="{text.format(level)}"></a></li>'


def test_a_bar_with_a_link_but_no_count_is_not_an_empty_level() -> None:
    bars = [bar(level) for level in LEVELS]
    assert parse_histogram(Selector("".join(bars)), "ordet").counts == (2,) * 10
    bars[3] = '<li class="rating-histogram-bar"></li>'
    assert parse_histogram(Selector("".join(bars)), "ordet").counts == (2, 2, 2, 0, 2, 2, 2, 2, 2, 2)
    bars[3] = bar(LEVELS[3], "many {} ratings")
    with pytest.raises(LayoutChanged, match="ten levels"):
        parse_histogram(Selector("".join(bars)), "ordet")
    bars[3] = '<li class="rating-histogram-bar"><a></a></li>'
    with pytest.raises(LayoutChanged, match="ten levels"):
        parse_histogram(Selector("".join(bars)), "ordet")


def test_a_histogram_of_silent_bars_alone_is_none() -> None:
    with pytest.raises(LayoutChanged, match="ten levels"):
        parse_histogram(Selector('<li class="rating-histogram-bar"></li>' * 10), "ordet")
