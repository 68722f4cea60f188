"""One circle through every door: crawled, from export archives, from saved pages. It is the same circle."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.imports.saved_pages import pages_in, read_saved_pages
from letterboxd_scraper.store.schema import film_rankings, films, ratings, users
from tests.conftest import Shell, assert_ended, make_shell, on_sqlite
from tests.site import Fault, Site, own_world
from tests.site.archive import archive, file_name


def circle_of(site: Site) -> list[str]:
    """Ten members who can be read; all have watched their favourites: else no archive names these."""
    names = [name for name in site.world.circle("marla") if site.world.member(name).state == "ok"]
    for name in names:
        site.world.member(name).watched |= set(site.world.member(name).favourites)
    return names[:10]


def facts(engine: sa.Engine) -> set[Any]:
    columns = (users.c.letterboxd_username, films.c.title, films.c.release_year)
    marks = (ratings.c.rating, ratings.c.liked, ratings.c.favorite)
    query = sa.select(*columns, *marks).select_from(ratings).join(users).join(films)
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(query)}


def ranks(engine: sa.Engine) -> set[Any]:
    query = sa.select(films.c.title, films.c.release_year, film_rankings.c.score).select_from(film_rankings)
    with engine.connect() as connection:
        return {
            (title, year, round(score, 9)) for title, year, score in connection.execute(query.join(films))
        }


def save_page(folder: Path, site: Site, path: str, when: datetime | None = None) -> bool:
    """Save a page as a browser would, under a name that says nothing; tell whether another one follows."""
    body = site.right_answer("GET", path).body
    file = folder / f"page {len(list(folder.iterdir()))}.html"
    file.write_text(body, encoding="utf-8")
    if when:
        os.utime(file, (when.timestamp(), when.timestamp()))
    return 'class="next" href' in body


def save_listing(folder: Path, site: Site, path: str, when: datetime | None = None) -> None:
    number = 1
    while save_page(folder, site, path if number == 1 else f"{path}page/{number}/", when):
        number += 1


def save_member(folder: Path, site: Site, name: str, when: datetime | None = None) -> None:
    save_page(folder, site, f"/{name}/", when)
    for listing in ("films/rated/.5-5/", "likes/films/"):
        save_listing(folder, site, f"/{name}/{listing}", when)


@pytest.mark.slow
@on_sqlite
def test_a_circle_is_the_same_through_every_door(snapshots: Any, tmp_path: Path, database_kind: str) -> None:
    rankings = {}
    with Site(own_world()) as site:
        names = circle_of(site)
        (tmp_path / "names.txt").write_text("\n".join(names))
        pages, zips = tmp_path / "pages", tmp_path / "zips"
        pages.mkdir()
        zips.mkdir()
        for name in names:
            save_member(pages, site, name)
            (zips / file_name(name)).write_bytes(archive(site.world, name))
        doors = {
            "crawl": (
                ["cohort", "build", "--members", str(tmp_path / "names.txt"), "--label", "ten"],
                ["scrape", "--cohort", "ten"],
            ),
            "archives": (["import", "zip", *map(str, zips.iterdir()), "--cohort", "ten"],),
            "pages": (["import", "pages", str(pages), "--cohort", "ten"],),
        }
        for door, commands in doors.items():
            site.clear_log()
            with snapshots.copy(database_kind, tmp_path / f"{door}.db", "schema") as engine:
                shell = make_shell(tmp_path, site, engine)
                for command in (*commands, ["rank", "compute", "--cohort", "ten"]):
                    assert_ended(shell.letterboxd(*command), 0)
                rankings[door] = facts(engine), ranks(engine)
            assert (site.log == []) is (door != "crawl")
    assert rankings["crawl"] == rankings["archives"]
    assert rankings["crawl"] == rankings["pages"]
    assert len(rankings["crawl"][1]) > 100


@on_sqlite
def test_what_a_blocked_user_is_told_leads_to_a_ranking(known: Shell, site: Site, tmp_path: Path) -> None:
    site.faults.add(Fault("ban"))
    blocked = known.letterboxd("scrape", "--cohort", "friends")
    assert blocked.returncode == 4
    told = re.search(r"letterboxd (import zip) FILE… (--cohort \S+)\n", blocked.stderr)
    assert told
    names = circle_of(site)[:3]
    paths = []
    for name in names:
        paths.append(tmp_path / file_name(name))
        paths[-1].write_bytes(archive(site.world, name))
    imported = known.letterboxd(*told[1].split(), *map(str, paths), *told[2].split())
    assert_ended(imported, 0)
    told = re.search(r"now: letterboxd (rank compute --cohort \S+)\n", imported.stderr)
    assert told
    assert_ended(known.letterboxd(*told[1].split()), 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def test_saved_later_pages_prove_what_has_gone(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path
) -> None:
    save_member(folder, site, "otto_reels", datetime(2026, 3, 1, tzinfo=UTC))
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    member = site.world.member("otto_reels")
    gone = next(slug for slug in member.ratings if slug not in member.likes and slug not in member.favourites)
    site.world.unrate("otto_reels", gone)
    later = folder.parent / "later"
    later.mkdir()
    save_member(later, site, "otto_reels", datetime(2026, 4, 1, tzinfo=UTC))
    assert_ended(shell.letterboxd("import", "pages", str(later)), 0)
    truth = {row[2:] for row in site.world.truth(["otto_reels"])}
    assert {row[3:] for row in facts(engine)} == truth
    assert site.world.films[gone].title not in {row[1] for row in facts(engine)}
    before = facts(engine)
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)  # older: nothing comes back
    assert facts(engine) == before


@on_sqlite
def test_a_missing_page_is_named_and_removes_nothing(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path
) -> None:
    save_member(folder, site, "otto_reels", datetime(2026, 3, 1, tzinfo=UTC))
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    before = facts(engine)
    later = folder.parent / "later"
    later.mkdir()
    save_page(later, site, "/otto_reels/")
    save_page(later, site, "/otto_reels/films/rated/.5-5/page/2/")
    (later / "challenge.html").write_text("<html><title>Just a moment...</title></html>")
    imported = shell.letterboxd("import", "pages", str(later))
    assert imported.returncode == 3
    assert "otto_reels: /films/rated/.5-5/ lacks page 1" in imported.stderr
    assert "challenge.html: the site answered with a challenge" in imported.stderr
    assert facts(engine) == before


@on_sqlite
def test_a_listing_that_does_not_agree_with_the_profile_removes_nothing(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path
) -> None:
    save_member(folder, site, "otto_reels", datetime(2026, 3, 1, tzinfo=UTC))
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    before = facts(engine)
    member = site.world.member("otto_reels")
    gone = next(slug for slug in member.ratings if slug not in member.likes and slug not in member.favourites)
    later = folder.parent / "later"
    later.mkdir()
    save_page(later, site, "/otto_reels/")
    site.world.unrate("otto_reels", gone)
    save_listing(later, site, "/otto_reels/films/rated/.5-5/")
    imported = shell.letterboxd("import", "pages", str(later))
    assert imported.returncode == 3
    assert f"not the {len(member.ratings) + 1} that the site counts" in imported.stderr
    assert facts(engine) == before


@pytest.mark.parametrize("listing", ["films/", "films/rated/.5-5/"])
@on_sqlite
def test_ratings_that_cannot_be_read_are_not_gone(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path, listing: str
) -> None:
    save_member(folder, site, "otto_reels", datetime(2026, 3, 1, tzinfo=UTC))
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    before = facts(engine)
    later = folder.parent / "later"
    later.mkdir()
    save_page(later, site, "/otto_reels/")
    save_listing(later, site, f"/otto_reels/{listing}")
    for file in later.iterdir():
        file.write_text(
            file.read_text("utf-8").replace('class="rating -micro', 'class="stars -micro'), "utf-8"
        )
    imported = shell.letterboxd("import", "pages", str(later))
    assert imported.returncode == 3
    assert "that the site counts" in imported.stderr
    assert facts(engine) == before


@on_sqlite
def test_pages_saved_with_their_pictures_are_the_same(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path
) -> None:
    save_member(folder, site, "otto_reels")
    save_listing(folder, site, "/otto_reels/diary/films/")
    for file in folder.glob("*.html"):
        whole = file.read_text("utf-8").replace('href="/', 'href="https://letterboxd.com/')
        file.write_text(whole, "utf-8")
    (folder / "page_files").mkdir()
    (folder / "page_files" / "saved_resource.html").write_text("<html></html>")
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    assert {row[3:] for row in facts(engine)} == {row[2:] for row in site.world.truth(["otto_reels"])}


@on_sqlite
def test_who_asked_to_be_forgotten_is_known_by_their_code(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, folder: Path
) -> None:
    assert_ended(crawled.letterboxd("forget", "otto_reels", "--yes"), 0)
    site.world.rename_member("otto_reels", "otto_anew")
    save_member(folder, site, "otto_anew")
    imported = crawled.letterboxd("import", "pages", str(folder), "--cohort", "pages")
    assert "otto_anew asked to be forgotten" in imported.stderr
    assert not {row for row in facts(crawled_engine) if row[0] == "otto_anew"}


@pytest.mark.parametrize(("count", "whole"), [("1", True), ("28", False), ("", False)])
def test_a_watchlist_removes_only_where_its_count_agrees(folder: Path, count: str, whole: bool) -> None:
    (folder / "page.html").write_text(
        '<html><head><meta property="og:url" content="https://letterboxd.com/ann/watchlist/"></head>'
        '<body class="watchlist" data-owner="ann"><h1>'
        f'<span class="js-watchlist-count">{count}&nbsp;films</span></h1>'
        '<div id="content"><ul class="grid"><li class="griditem"><div data-item-slug="ordet" '
        'data-item-name="Ordet (1955)"></div></li></ul></div></body></html>'
    )
    read = read_saved_pages(pages_in(folder, ".html"), datetime.now(UTC))
    (snapshot,) = read.snapshots
    assert [dated.film.slug for dated in snapshot.watchlist or ()] == ["ordet"]
    assert snapshot.complete is whole
    assert bool(read.left_out) is not whole


@pytest.mark.parametrize("diary_first", [False, True])
def test_saved_diaries_date_ratings(
    shell: Shell, site: Site, engine: sa.Engine, folder: Path, diary_first: bool
) -> None:
    diary = folder
    if diary_first:
        diary = folder.parent / "diary"
        diary.mkdir()
    save_listing(diary, site, "/otto_reels/diary/films/")
    save_member(folder, site, "otto_reels")
    for pages in dict.fromkeys((diary, folder)):
        imported = shell.letterboxd("import", "pages", str(pages))
        assert_ended(imported, 0)
        waiting = f"{len(site.world.member('otto_reels').diary)} diary entries that wait"
        assert (waiting in imported.stderr) is (pages is not folder)
    assert "known already" in shell.letterboxd("import", "pages", str(folder)).stderr
    query = sa.select(films.c.slug, ratings.c.rating, ratings.c.rated_at, ratings.c.diary_entry_url).join(
        films
    )
    with engine.connect() as connection:
        stored = {row.slug: row for row in connection.execute(query.select_from(ratings))}
    member, dated = site.world.member("otto_reels"), 0
    for slug, stars in member.ratings.items():
        viewings = [entry for entry in member.diary if entry.film == slug]
        rated = [entry for entry in viewings if entry.stars is not None]
        if rated and rated[-1].stars == stars:
            assert stored[slug].rated_at.date() == rated[-1].date
            dated += 1
        assert bool(stored[slug].diary_entry_url) is bool(viewings)
    assert dated > 20


@on_sqlite
def test_films_own_pages_are_taken_in(shell: Shell, site: Site, engine: sa.Engine, folder: Path) -> None:
    slug = next(iter(site.world.member("otto_reels").ratings))
    save_page(folder, site, f"/film/{slug}/")
    assert_ended(shell.letterboxd("import", "pages", str(folder)), 0)
    with engine.connect() as connection:
        film = connection.execute(sa.select(films)).one()
    assert (film.slug, film.title) == (slug, site.world.films[slug].title)


@on_sqlite
def test_an_empty_folder_is_bad_input(shell: Shell, folder: Path) -> None:
    for path in (folder, folder / "none"):
        refused = shell.letterboxd("import", "pages", str(path))
        assert refused.returncode == 2
        assert str(path) in refused.stderr
