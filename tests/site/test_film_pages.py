"""Pages about films: well formed, in the site's markup, at the addresses that films have or had."""

import json
import re
import time

import pytest
from parsel import Selector

from tests.site import BadChange, Film, Site, World, own_world
from tests.site.cinema import details, expected, oddity
from tests.site.client import ask, right
from tests.site.directors import NAMESAKES, UNNUMBERED
from tests.site.film_page import film_page
from tests.site.histogram import rating_histogram, ratings_summary

WORLD = own_world()
FILMS = list(WORLD.films.values())
AWKWARD = Film(5, "a5", "awkward", 'The "Last" <b>Film</b> & </script> of\u00a0Them', 2001)


def linked_data(page: Selector) -> dict[str, object]:
    text = page.xpath("//script[@type='application/ld+json']/text()").get("")
    assert text.startswith("\n/* <![CDATA[ */\n")
    content = json.loads(re.sub(r"/\* (<!\[CDATA\[|\]\]>) \*/", "", text))
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("film", [*FILMS[::9], AWKWARD], ids=lambda film: film.slug)
def test_a_film_page_says_what_is_so(film: Film) -> None:
    page, about = Selector(film_page(World([film, *FILMS[:8]]), film)), details(film)
    meta = page.xpath("//meta[@property='og:title']/@content").get()
    data = linked_data(page)
    assert (meta, data["name"]) == (film.full_name, film.title)
    assert (
        page.xpath("//meta[@property='og:url']/@content").get() == f"https://letterboxd.com/film/{film.slug}/"
    )
    assert page.xpath("//meta[@property='og:description']/@content").get() == about.overview
    assert page.css("#backdrop::attr(data-production-uid)").get() == f"film:{film.id}"
    assert page.css("[data-report-url]::attr(data-report-url)").get() == f"/ajax/film:{film.id}/report-form"
    heading = page.css("h1.primaryname .name").xpath("string()").get("")
    assert heading.replace("\u00a0", " ") == film.title.replace("\u00a0", " ")
    assert page.css(".credits a.contributor::attr(href)").getall() == [
        f"/director/{person.slug}/" for person in about.directors[:2]
    ]
    assert page.css("[id$=crew] a[href^='/director/']::attr(href)").getall() == [
        f"/director/{person.slug}/" for person in about.directors
    ]
    tab = page.css(f"#{about.look.genres_tab} a[href^='/films/genre/']").xpath("string()").getall()
    assert tuple(tab) == (about.genres if about.look.lists_genres else ())
    assert data["genre"] == list(about.genres)
    assert data.get("image") == about.poster
    assert ("aggregateRating" in data) == (about.average is not None)
    assert page.css("body").attrib["data-tmdb-id"] == str(about.body_tmdb_id or "")
    hrefs = page.css("p.text-footer a[data-track-action^=TMD]::attr(href)").getall()
    assert hrefs == ([f"https://www.themoviedb.org{about.link.path}"] if about.link else [])
    others = page.css(".related-films [data-item-slug]::attr(data-item-slug)").getall()
    assert others
    assert film.slug not in others


def test_film_pages_are_quick_to_make() -> None:
    started = time.process_time()
    for film in FILMS[:100]:
        film_page(WORLD, film)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("film", FILMS[::5], ids=lambda film: film.slug)
def test_histograms_have_ten_levels_in_either_form(film: Film) -> None:
    current, older = rating_histogram(film), ratings_summary(film)
    assert (current == older) == (film.id % 5 == 0)
    for text in (current, older):
        assert "<body" not in text
        assert "</html>" not in text
        bars = Selector(text).css(".barcolumn, li.rating-histogram-bar")
        numbers = [bar.xpath("descendant-or-self::*/@title").re_first(r"^[\d,]+") or "0" for bar in bars]
        counts = tuple(int(number.replace(",", "")) for number in numbers)
        assert counts == expected(film).histogram
        weighted = re.search(r"based on ([\d,]+) ratings", text)
        assert (weighted is None) == (details(film).average is None)
        assert weighted is None or int(weighted[1].replace(",", "")) == sum(counts)


def test_levels_without_ratings_and_with_one() -> None:
    texts = [rating_histogram(film) for film in FILMS if oddity(film) == "few ratings" and film.id % 5]
    assert all('<span class="barcolumn" title="No half-★ ratings">' in text for text in texts)
    assert any(re.search(r'<a [^>]*title="1 [^"]+ rating \(\d+%\)">', text) for text in texts)


def test_addresses() -> None:
    with Site(own_world()) as site:
        film = site.world.film("alien")
        assert ask(site, "/film/alien/").status == 200
        assert ask(site, "/csi/film/alien/rating-histogram/").text == rating_histogram(film)
        assert ask(site, "/csi/film/alien/ratings-summary/").text == ratings_summary(film)
        for path in (
            "/film/nothing/",
            "/film/film:1/",
            "/director/nobody/",
            "/csi/film/nothing/rating-histogram/",
        ):
            assert ask(site, path).status == 404
        site.world.rename_film("alien", "alien-1979")
        assert moved(site, f"/film/film:{film.id}/") == "/film/alien-1979/"
        assert moved(site, "/film/alien/") == "/film/alien-1979/"
        assert moved(site, "/csi/film/alien/rating-histogram/") == "/csi/film/alien-1979/rating-histogram/"
        assert ask(site, "/marla/films/").status == 200


def moved(site: Site, path: str) -> str | None:
    reply = ask(site, path)
    assert reply.status == 301
    return reply.headers["Location"]


def test_a_director_page() -> None:
    with Site(own_world()) as site:
        for person in NAMESAKES[0]:
            page = Selector(right(site, f"/director/{person.slug}/"))
            body = page.css("body.crew-page").attrib
            assert (body["data-tmdb-type"], body["data-tmdb-id"]) == ("person", str(person.tmdb_id))
            texts = page.xpath("//h1[contains(@class, 'title-1')]/text()").getall()
            assert "".join(texts).strip() == person.name
            films = page.css("li.griditem [data-item-slug]::attr(data-item-slug)").getall()
            assert films == [film.slug for film in FILMS if person in details(film).directors]
        page = Selector(right(site, f"/director/{UNNUMBERED.slug}/"))
        assert page.css("body").attrib["data-tmdb-id"] == ""
        assert page.css("li.griditem")


def test_a_merged_film_leads_to_the_other_with_all_that_was_done_to_it() -> None:
    with Site(own_world()) as site:
        world, film = site.world, site.world.film("alien")
        for name, slug, stars in (("marla", "alien", 2), ("marla", "aliens", 4), ("noor", "alien", 3)):
            world.rate(name, slug, stars)
        world.unwatch("noor", "aliens")
        world.log("noor", "alien", "2026-01-02")
        world.like("noor", "alien")
        world.favourite("noor", ["alien", "akira", "aliens"])
        change = {"do": "merge_film", "film": "alien", "into": "aliens"}
        assert ask(site, "/_site/change", "POST", change).status == 200
        marla, noor = world.member("marla"), world.member("noor")
        assert (marla.ratings["aliens"], noor.ratings["aliens"]) == (4, 3)
        assert noor.favourites == ["aliens", "akira"]
        assert "aliens" in noor.likes
        assert noor.diary[-1].film == "aliens"
        assert "aliens" in noor.watched
        assert all("alien" not in {*one.ratings, *one.likes, *one.watched} for one in world.members.values())
        for path in ("/film/alien/", f"/film/film:{film.id}/"):
            assert moved(site, path) == "/film/aliens/"
        world.rename_film("aliens", "aliens-1986")
        assert moved(site, f"/film/film:{film.id}/") == "/film/aliens-1986/"
        with pytest.raises(BadChange):
            world.merge_film("akira", "akira")


def test_a_removed_film_leaves_nothing() -> None:
    with Site(own_world()) as site:
        world, film = site.world, site.world.film("alien")
        world.log("noor", "alien", "2026-01-02", 4, liked=True)
        world.favourite("noor", ["alien", "akira"])
        assert ask(site, "/_site/change", "POST", {"do": "remove_film", "film": "alien"}).status == 200
        for path in ("/film/alien/", f"/film/film:{film.id}/", "/csi/film/alien/rating-histogram/"):
            assert ask(site, path).status == 404
        assert not any(row[1] == "alien" for row in world.truth())
        assert world.member("noor").favourites == ["akira"]
        assert all(entry.film != "alien" for entry in world.member("noor").diary)
        assert ask(site, "/noor/diary/films/").status == 200
        assert ask(site, "/noor/rss/").status == 200
