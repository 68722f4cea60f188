"""Export archives: what they tell, what they prove, and what is refused in one line."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FeedNews
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, users, watched, watchlist
from tests.archives import FILM, NOW, keep, put, with_row
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts
from tests.site import Site, World, own_world
from tests.site.archive import EMAIL, HEAD, file_name, packed, rating_days
from tests.store.rows import add_film


@pytest.fixture
def world() -> World:
    """The world of the site, where everybody has watched their favourites: no other file would name them."""
    world = own_world()
    for member in world.members.values():
        member.watched |= set(member.favourites)
    return world


def by_title(engine: sa.Engine) -> set[Any]:
    """Return all that is stored of members' films, films by title and year."""
    with engine.connect() as connection:
        query = (
            sa.select(users.c.letterboxd_username, films.c.title, films.c.release_year, ratings)
            .join(ratings, ratings.c.user_id == users.c.id)
            .join(films, films.c.id == ratings.c.film_id)
        )
        marks = ("rating", "liked", "favorite", "rated_at", "seen_after", "diary_entry_url")
        return {(*row[:3], *(row._mapping[name] for name in marks)) for row in connection.execute(query)}


def titles(world: World, slugs: Any) -> set[tuple[str, int | None]]:
    return {(world.films[slug].title, world.films[slug].year) for slug in slugs}


def stored_titles(engine: sa.Engine, table: sa.Table, name: str) -> set[tuple[str, int | None]]:
    query = (
        sa.select(films.c.title, films.c.release_year)
        .join(table, table.c.film_id == films.c.id)
        .join(users, users.c.id == table.c.user_id)
        .where(users.c.letterboxd_username == name)
    )
    with engine.connect() as connection:
        return {(row.title, row.release_year) for row in connection.execute(query)}


def test_an_archive_tells_all_of_its_member(engine: sa.Engine, world: World, tmp_path: Path) -> None:
    keep(engine, put(tmp_path, world, "otto_reels"))
    member, rows = world.member("otto_reels"), by_title(engine)
    by_film = {(row[1], row[2]): row for row in rows}
    assert by_film.keys() == titles(world, {*member.ratings, *member.likes, *member.favourites})
    days = rating_days(member)
    for slug, stars in member.ratings.items():
        row = by_film[world.films[slug].title, world.films[slug].year]
        assert (row[3], row[6].date()) == (stars, days[slug])
        assert (row[4], row[5]) == (slug in member.likes, slug in member.favourites)
        logged = any(entry.film == slug for entry in member.diary)
        assert (row[8] is not None) is logged
    assert stored_titles(engine, watched, "otto_reels") == titles(world, member.watched)
    assert stored_titles(engine, watchlist, "otto_reels")
    with engine.connect() as connection:
        slugs = set(connection.scalars(sa.select(films.c.slug)))
        user = connection.execute(sa.select(users)).one()
    assert slugs == {None}  # an archive knows none
    assert EMAIL not in str(user)


def test_a_later_archive_proves_what_has_gone(engine: sa.Engine, world: World, tmp_path: Path) -> None:
    member = world.member("otto_reels")
    first = put(tmp_path, world, "otto_reels")
    rated = [slug for slug in member.ratings if slug not in member.likes and slug not in member.favourites]
    world.unrate("otto_reels", rated[0])
    world.rate("otto_reels", rated[1], 0.5)
    world.unlike("otto_reels", next(iter(member.likes)))
    changed = {rated[1].replace("-", "_"): "2026-02-10"}
    second = put(tmp_path, world, "otto_reels", "2026-02-21-11-21", **changed)
    keep(engine, first, second)
    after = by_title(engine)
    marks = {(row[1], row[2]): row[3:6] for row in after}
    assert marks == {
        (world.films[slug].title, world.films[slug].year): (stars, liked, favourite)
        for _, slug, stars, liked, favourite in world.truth(["otto_reels"])
    }
    keep(engine, first)  # the older one once more: nothing comes back
    assert by_title(engine) == after


@on_sqlite
def test_the_order_of_sources_makes_no_difference(
    snapshots: Any, world: World, tmp_path: Path, database_kind: str
) -> None:
    member = world.member("junebug")
    paths, changed = [], {}
    for number, moment in enumerate(("2026-01-01-00-00", "2026-02-01-00-00", "2026-03-01-00-00")):
        slugs = list(member.ratings)
        world.rate("junebug", slugs[number], 0.5 + number)
        changed[slugs[number].replace("-", "_")] = moment[:10]
        world.unrate("junebug", slugs[number + 5])
        world.like("junebug", slugs[number + 8])
        world.favourite("junebug", slugs[number : number + 3])
        paths.append(put(tmp_path, world, "junebug", moment, **changed))
    sources = [read_archive(path, NOW).snapshot for path in paths]
    # Saved pages give no days and no links: such a source between the second and the third.
    undated = tuple(replace(one, day=None) for one in sources[1].ratings or ())
    middle = datetime(2026, 2, 15, tzinfo=UTC)
    sources.append(replace(sources[1], ratings=undated, links=(), watched=None, as_of=middle))
    outcomes = []
    # One in four of all orders.
    for number, order in enumerate(islice(permutations(sources), 0, None, 4)):
        with snapshots.copy(database_kind, tmp_path / f"{number}.db", "schema") as engine:
            for source in order:
                with engine.begin() as connection:
                    save(source, connection, Provenance(NOW))
            watched_films = stored_titles(engine, watched, "junebug")
            outcomes.append((by_title(engine), watched_films, stored_titles(engine, watchlist, "junebug")))
    assert all(one == outcomes[0] for one in outcomes)


@pytest.mark.slow
@on_sqlite
def test_parts_of_different_days_in_any_order(snapshots: Any, tmp_path: Path, database_kind: str) -> None:
    """Likes, favourites and diaries are told apart from ratings: none is newer knowledge of a rating."""
    film, other = NamedFilm("Ordet", 1955, "oRd"), NamedFilm("Vampyr", 1932, "vAm")

    def source(day: int, **parts: Any) -> Snapshot:
        return Snapshot("ann", datetime(2026, 3, day, tzinfo=UTC), "a test", **parts)

    sources = [
        source(5, ratings=(RatedFilm(film, 3.0, date(2026, 3, 1)),), likes=(), favourites=()),
        source(10, favourites=(film, other)),
        source(12, viewings=(Viewed(film, date(2026, 3, 8), 4.0, "https://letterboxd.com/ann/film/ordet/"),)),
        source(20, ratings=(RatedFilm(film, 4.0, date(2026, 3, 9)),), likes=()),
        source(25, likes=(film,)),
    ]
    outcomes = []
    # One in four of all orders.
    for number, order in enumerate(islice(permutations(sources), 0, None, 4)):
        with snapshots.copy(database_kind, tmp_path / f"{number}.db", "schema") as engine:
            for one in order:
                with engine.begin() as connection:
                    save(one, connection, Provenance(NOW))
            outcomes.append({row[1:6] for row in by_title(engine)})
        (tmp_path / f"{number}.db").unlink()
    expected = {("Ordet", 1955, 4.0, True, True), ("Vampyr", 1932, None, False, True)}
    assert all(one == expected for one in outcomes)


def test_a_film_without_a_link_is_not_gone(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(with_row("ratings.csv", f"2026-02-03,Snatch,2000,{FILM},5"))
    keep(engine, path)
    path.write_bytes(with_row("ratings.csv", "2026-02-04,Snatch,2000,,5"))
    keep(engine, path)
    assert ("Snatch", 2000, 5.0) in {row[1:4] for row in by_title(engine)}


@on_sqlite
def test_a_feed_names_the_films_of_an_archive(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / file_name("kip")
    path.write_bytes(with_row("ratings.csv", f"2026-01-03,Snatch,2000,{FILM},4"))
    keep(engine, path)
    published = datetime(2026, 3, 3, tzinfo=UTC)
    url = "https://letterboxd.com/kip/film/snatch/"
    entry = FeedEntry(
        "letterboxd-watch-1", Film("snatch", "Snatch", 2000), published.date(), published, 5.0, None, url
    )
    with engine.begin() as connection:
        save(FeedNews("kip", (entry,), (), None, None), connection, Provenance(NOW))
    with engine.connect() as connection:
        named = connection.execute(
            sa.select(films.c.slug, films.c.letterboxd_lid).where(films.c.title == "Snatch")
        )
        assert named.all() == [("snatch", "2b7U")]
    assert ("Snatch", 2000, 5.0) in {row[1:4] for row in by_title(engine)}


def test_a_cohort_of_archives_is_ranked_without_a_request(
    shell: Shell, site: Site, engine: sa.Engine, tmp_path: Path
) -> None:
    names = list(site.world.circle("marla"))[:5]
    paths = [str(put(tmp_path, site.world, name)) for name in names if site.world.member(name).state == "ok"]
    site.clear_log()
    assert_ended(shell.letterboxd("import", "zip", *paths, "--cohort", "friends"), 0)
    assert_ended(shell.letterboxd("rank", "compute", "--cohort", "friends"), 0)
    printed = shell.letterboxd("rank", "show", "--cohort", "friends", "--limit", "3")
    assert_ended(printed, 0)
    assert len(printed.stdout.splitlines()) == 4
    assert site.log == []
    assert EMAIL not in printed.stderr


@on_sqlite
def test_crawled_and_imported_films_are_the_same(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, tmp_path: Path
) -> None:
    before = stored_facts(crawled_engine)
    paths = [str(put(tmp_path, site.world, name)) for name in ("otto_reels", "junebug")]
    assert_ended(crawled.letterboxd("import", "zip", *paths), 0)
    # Older than the crawl, they change nothing but days and links.
    assert stored_facts(crawled_engine) == before
    days = {row for row in by_title(crawled_engine) if row[0] in ("otto_reels", "junebug")}
    assert all(row[6] for row in days if row[3])
    with crawled_engine.connect() as connection:
        # What only they named was never seen on a page.
        codes = connection.scalar(sa.select(sa.func.count()).where(films.c.slug.is_(None)))
    assert codes is not None
    assert codes < 40


def test_a_film_known_without_a_code_is_found_by_title_and_year(
    engine: sa.Engine, world: World, tmp_path: Path
) -> None:
    slug, other = list(world.member("ebb").ratings)[:2]
    with engine.begin() as connection:
        film = world.films[slug]
        add_film(connection, slug, title=film.title, release_year=film.year)
        twin = world.films[other]
        for name in ("one", "two"):
            add_film(connection, name, title=twin.title, release_year=twin.year)
    keep(engine, put(tmp_path, world, "ebb"))
    with engine.connect() as connection:
        codes = dict(connection.execute(sa.select(films.c.slug, films.c.letterboxd_lid)).all())
    assert codes[slug] == world.films[slug].lid
    assert (codes["one"], codes["two"]) == (None, None)  # either could be meant


@pytest.mark.slow
@on_sqlite
def test_a_large_archive_is_read_in_seconds(engine: sa.Engine, tmp_path: Path) -> None:
    rows = [f"2026-01-01,Film {n},19{n % 100:02},https://boxd.it/{n:05}" for n in range(10_000)]
    head = ",".join(HEAD)
    texts = {
        "profile.csv": "Username,Favorite Films\r\nbig,\r\n",
        "ratings.csv": "\r\n".join([f"{head},Rating", *(f"{row},4.5" for row in rows)]),
        "watched.csv": "\r\n".join([head, *rows]),
    }
    path = tmp_path / "archive.zip"
    path.write_bytes(packed(texts))
    began = time.process_time()  # on a busy machine the hour says nothing
    keep(engine, path)
    assert time.process_time() - began < 15
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ratings)) == 10_000
