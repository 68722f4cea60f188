"""Every parser over real saved pages, where the variable SAVED_PAGES names their folder.

The folder holds pages and an `expected.json` with the facts of each.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector
from protego import Protego

from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.pages import histogram, proof
from letterboxd_scraper.pages.diary import parse_diary
from letterboxd_scraper.pages.feed import parse_feed
from letterboxd_scraper.pages.film import parse_film_page, parse_number, parse_runtime, parse_tmdb_link
from letterboxd_scraper.pages.pagination import next_page, split_page
from letterboxd_scraper.pages.people import parse_people
from letterboxd_scraper.pages.person import parse_person_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.tiles import parse_tiles

FOLDER = Path(os.environ.get("SAVED_PAGES") or "missing")
EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((FOLDER / "expected.json").read_text("utf-8")) if (FOLDER / "expected.json").exists() else {}
)

if not EXPECTED:
    pytest.skip("SAVED_PAGES names no folder with saved pages and expected.json", allow_module_level=True)


def pages() -> list[Any]:
    return [pytest.param(name, expected, id=name.rsplit("__", 1)[0]) for name, expected in EXPECTED.items()]


@pytest.mark.parametrize(("name", "expected"), pages())
def test_every_fact_of_a_saved_page(name: str, expected: dict[str, Any]) -> None:
    if expected["page_type"] == "rss":
        check_feed((FOLDER / name).read_bytes(), expected["facts"], expected["url"])
        return
    check = CHECKS[expected["page_type"]]
    text = (FOLDER / name).read_text("utf-8")
    check(Selector(text), expected["facts"], expected["url"])
    if expected["page_type"] == "histogram":
        histogram.refuse_truncated(text)
    elif "fragment" not in name:
        assert proof.block_in(200, {}, text) is None  # though they carry Cloudflare's script
        proof.refuse_truncated(text)


def check_profile(page: Selector, facts: dict[str, Any], url: str) -> None:
    proof.check(page, "profile", owner=facts["username"])
    profile = parse_profile(page)
    stats = facts["stats"]
    assert (profile.member, profile.display_name, profile.avatar_url) == (
        facts["username"],
        facts["display_name"],
        facts["avatar"],
    )
    assert (profile.films, profile.following, profile.followers) == tuple(
        stats[name]["value"] for name in ("Films", "Following", "Followers")
    )
    assert [film_facts(film) for film in profile.favourites] == facts["favourites"]
    assert list(profile.histogram or ()) == facts["member_rating_histogram"]
    assert profile.ratings == facts["member_rating_total"]


def check_members(page: Selector, facts: dict[str, Any], url: str) -> None:
    proof.check(page, "following", owner=split_page(url)[0].split("/")[1])
    people = [
        {
            "username": person.member,
            "display_name": person.display_name,
            "avatar": person.avatar_url,
            "films": person.films,
            "likes": person.likes,
        }
        for person in parse_people(page)
    ]
    kept = people[0].keys()
    assert people == [{key: item[key] for key in kept} for item in facts["items"]]
    check_next(page, facts, url)


def check_grid(page: Selector, facts: dict[str, Any], url: str) -> None:
    if url.startswith("/"):
        body_class = {"films": "films-watched"}.get(kind := url.strip("/").split("/")[1], kind)
        proof.check(page, body_class, owner=facts["owner"] or url.split("/")[1])
    tiles = parse_tiles(page)
    items = [film_facts(tile.film) | {"rating": tile.stars, "liked": tile.liked} for tile in tiles]
    assert items == [{key: value for key, value in item.items() if key != "lid"} for item in facts["items"]]
    assert [tile.film.lid for tile in tiles] == [item.get("lid") for item in facts["items"]]
    check_next(page, facts, url)


def check_diary(page: Selector, facts: dict[str, Any], url: str) -> None:
    proof.check(page, "films-diary", owner=facts["owner"])
    entries = parse_diary(page)
    assert len(entries) == facts["entries"]
    read = [
        {"viewing_id": entry.viewing_id, "date": entry.date.isoformat()}
        | film_facts(entry.film)
        | {"rating": entry.stars, "liked": entry.liked, "rewatch": entry.rewatch, "review": entry.review}
        for entry in entries
    ]
    assert read == facts["items"]
    assert all(entry.url.startswith(f"/{facts['owner']}/film/{entry.film.slug}/") for entry in entries)
    if "/for/" not in url:  # a year's page leads to the next year, which is no page of it
        check_next(page, facts, url)
    else:
        assert next_page(page, url) is None


def check_film(page: Selector, facts: dict[str, Any], url: str) -> None:
    proof.check(page, "film")
    film = parse_film_page(page)
    assert film.link
    assert film_facts(film.film) | {
        "tmdb_type": film.link.kind,
        "tmdb_id": film.link.id,
        "imdb_id": film.imdb_id,
        "runtime_minutes": film.runtime_minutes,
        "directors": [{"name": one.name, "slug": one.slug} for one in film.directors],
        "genres": [genre.lower() for genre in film.genres],
        "average_rating": film.average,
        "rating_count": film.ratings,
        "poster": film.poster_url,
    } == {name: value for name, value in facts.items() if not name.startswith("body_")}
    assert film.film.lid
    assert film.original_language == "en"
    assert film.overview
    assert film.overview == page.xpath("//meta[@name='description']/@content").get()


def check_list(page: Selector, facts: dict[str, Any], url: str) -> None:
    """Of lists, films and pages are read; how the list's owner rates them stands on their own pages."""
    proof.check(page, "list-page", owner=facts["owner"])
    names = ("film_id", "slug", "title", "year")
    expected = [{name: item[name] for name in names} for item in facts["items"]]
    assert [film_facts(tile.film) for tile in parse_tiles(page)] == expected
    check_next(page, facts, url)


def check_footer(page: Selector, facts: dict[str, Any], url: str) -> None:
    """All that is left of this page is its footer; its facts stand in the index of the folder."""
    assert parse_number(page) == 426406
    assert parse_tmdb_link(page) == TmdbLink("movie", 496243)
    assert parse_runtime(page) == 133


def check_person(page: Selector, facts: dict[str, Any], url: str) -> None:
    proof.check(page, "filmography-page")
    director = parse_person_page(page)
    assert (director.name, director.slug, director.tmdb_id) == (
        facts["name"],
        url.strip("/").split("/")[1],
        facts["tmdb_id"],
    )
    films = [film_facts(tile.film) for tile in parse_tiles(page)]
    assert len(films) == facts["tiles"]
    some = [*facts["first"], *facts["last"]]
    expected = [{name: item[name] for name in ("film_id", "slug", "title", "year")} for item in some]
    assert films[: len(facts["first"])] + films[-len(facts["last"]) :] == expected


def check_histogram(page: Selector, facts: dict[str, Any], url: str) -> None:
    read = histogram.parse_histogram(page, url.strip("/").split("/")[2])
    assert list(read.counts) == facts["counts"]
    assert read.ratings == facts["total"] == facts["ratings_in_title"]
    assert read.average == facts["weighted_average"]
    assert read.fans == {"75K fans": 75_000, None: None}[facts["fans_text"]]


def check_feed(body: bytes, facts: dict[str, Any], url: str) -> None:
    entries = parse_feed(body, url.split("/")[1])
    read = [
        {
            "guid": entry.guid,
            "slug": entry.film.slug,
            "title": entry.film.title,
            "year": entry.film.year,
            "rating": entry.stars,
            "watched_date": entry.watched and entry.watched.isoformat(),
            "liked": entry.liked,
            "pub_date": entry.published,
            "tmdb_movie_id": entry.tmdb_id,
        }
        for entry in entries
    ]
    viewings = [item for item in facts["items"] if item["kind"] != "list"]
    expected = [item | {"pub_date": parsedate_to_datetime(item["pub_date"])} for item in viewings]
    assert read == [{key: item[key] for key in read[0]} for item in expected]
    assert len(read) == facts["kinds"]["review"]
    assert {entry.tmdb_kind for entry in entries} == {"movie"}


def check_next(page: Selector, facts: dict[str, Any], url: str) -> None:
    following = facts["pagination"]["next_href"]
    assert next_page(page, url) == (split_page(following)[1] if following else None)


def film_facts(film: Any) -> dict[str, Any]:
    return {key: value for key, value in asdict(film).items() if key != "lid"}


def test_the_challenge_is_a_block() -> None:
    text = (FOLDER / "challenge__generic-cloudflare__2026.html").read_text("utf-8")
    assert proof.block_in(403, {"cf-mitigated": "challenge"}, text) == "challenge"
    assert proof.block_in(200, {}, text) == "challenge"


def test_the_sites_robots_allow_what_we_read() -> None:
    robots = Protego.parse((FOLDER / "robots__2025-07-25.txt").read_text("utf-8"))
    for path in ("/someone/", "/someone/following/page/2/", "/someone/films/rated/.5-5/page/2/"):
        assert robots.can_fetch(path, "letterboxd-scraper"), path
    for path in (
        "/someone/likes/films/rated/none/",
        "/someone/films/rated/none/",
        "/someone/films/rated/3.5/",
        "/someone/diary/films/page/2/",
    ):
        assert robots.can_fetch(path, "letterboxd-scraper"), path
    assert not robots.can_fetch("/someone/films/rated/.5-5/by/rated-date/", "letterboxd-scraper")


CHECKS: dict[str, Callable[[Selector, dict[str, Any], str], None]] = {
    "profile": check_profile,
    "members": check_members,
    "films": check_grid,
    "likes": check_grid,
    "watchlist": check_grid,
    "diary": check_diary,
    "film": check_film,
    "film-fragment": check_footer,
    "person": check_person,
    "histogram": check_histogram,
    "list": check_list,
}
