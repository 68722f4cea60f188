"""Export archives: what they tell, what they prove, and what is refused in one line."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import files as import_files
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FeedNews
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, users, watched, watchlist
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts
from tests.site import Site, World, own_world
from tests.site.archive import EMAIL, HEAD, archive, file_name, packed, rating_days

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """The world of the site, where everybody has watched their favourites: no other file would name them."""
    world = own_world()
    for member in world.members.values():
        member.watched |= set(member.favourites)
    return world


def put(folder: Path, world: World, name: str, moment: str = "2026-01-21-11-21", **rated: str) -> Path:
    """Write a member's archive; ``rated`` are days that are not those of the world as it was at first."""
    file = folder / file_name(name, moment)
    days = rating_days(own_world().member(name))
    days |= {slug.replace("_", "-"): date.fromisoformat(day) for slug, day in rated.items()}
    file.write_bytes(archive(world, name, days))
    return file


def keep(engine: sa.Engine, *archives: Path) -> None:
    for path in archives:
        with engine.begin() as connection:
            save(read_archive(path, NOW).snapshot, connection, Provenance(NOW))


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
    known = {(row[1], row[2]): row for row in rows}
    assert known.keys() == titles(world, {*member.ratings, *member.likes, *member.favourites})
    days = rating_days(member)
    for slug, stars in member.ratings.items():
        row = known[world.films[slug].title, world.films[slug].year]
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
    undated = tuple(replace(each, day=None) for each in sources[1].ratings or ())
    middle = datetime(2026, 2, 15, tzinfo=UTC)
    sources.append(replace(sources[1], ratings=undated, links=(), watched=None, as_of=middle))
    found = []
    # One in four of all orders.
    for number, order in enumerate(islice(permutations(sources), 0, None, 4)):
        with snapshots.copy(database_kind, tmp_path / f"{number}.db", "schema") as engine:
            for source in order:
                with engine.begin() as connection:
                    save(source, connection, Provenance(NOW))
            watched_films = stored_titles(engine, watched, "junebug")
            found.append((by_title(engine), watched_films, stored_titles(engine, watchlist, "junebug")))
    assert all(each == found[0] for each in found)


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
    found = []
    # One in four of all orders.
    for number, order in enumerate(islice(permutations(sources), 0, None, 4)):
        with snapshots.copy(database_kind, tmp_path / f"{number}.db", "schema") as engine:
            for each in order:
                with engine.begin() as connection:
                    save(each, connection, Provenance(NOW))
            found.append({row[1:6] for row in by_title(engine)})
        (tmp_path / f"{number}.db").unlink()
    wanted = {("Ordet", 1955, 4.0, True, True), ("Vampyr", 1932, None, False, True)}
    assert all(each == wanted for each in found)


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
    shown = shell.letterboxd("rank", "show", "--cohort", "friends", "--limit", "3")
    assert_ended(shown, 0)
    assert len(shown.stdout.splitlines()) == 4
    assert site.log == []
    assert EMAIL not in shown.stderr


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


# What is refused.


def altered(change: Callable[[dict[str, str]], None], folder: str = "") -> bytes:
    body = archive(own_world(), "kip")
    with zipfile.ZipFile(io.BytesIO(body)) as zipped:
        texts = {name: zipped.read(name).decode() for name in zipped.namelist()}
    change(texts)
    return packed(texts, folder)


def _remove(texts: dict[str, str], *names: str) -> None:
    for name in names:
        del texts[name]


def with_row(name: str, row: str) -> bytes:
    return altered(lambda texts: texts.update({name: texts[name] + row + "\r\n"}))


def bomb() -> bytes:
    return altered(
        lambda texts: texts.update({"ratings.csv": texts["ratings.csv"] + " " * import_files.MOST_BYTES})
    )


def broken_inside() -> bytes:
    body = bytearray(archive(own_world(), "kip"))
    with zipfile.ZipFile(io.BytesIO(bytes(body))) as zipped:
        start = zipped.getinfo("ratings.csv").header_offset + 60
    body[start : start + 40] = b"\xff" * 40
    return bytes(body)


FILM = "https://boxd.it/2b7U"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"Date,Name,Year\r\n", "a table of films without"),
    "empty": (lambda: b"", "an empty file"),
    "cut short": (lambda: archive(own_world(), "kip")[:-300], "not a zip archive"),
    "damaged inside": (broken_inside, "ratings.csv cannot be read"),
    "a zip of something else": (lambda: packed({"readme.txt": "hello"}), "no ratings.csv"),
    "an empty zip": (lambda: packed({}), "no ratings.csv"),
    "a bomb": (bomb, "MB unpacked"),
    "too many files": (lambda: packed({str(n): "" for n in range(10_001)}), "more than any export"),
    "not UTF-8": (
        lambda: packed({"ratings.csv": "x", "profile.csv": "x"}).replace(b"x", b"x") and _latin(),
        "not written in UTF-8",
    ),
    "another head": (
        lambda: altered(lambda texts: texts.update({"ratings.csv": "Position,Name\r\n1,Ordet\r\n"})),
        "no column 'Date'",
    ),
    "no member's": (
        lambda: altered(lambda texts: texts.update({"profile.csv": "Username,Favorite Films\r\na b,\r\n"})),
        "profile.csv: its Username is no member's name",
    ),
    "packed otherwise": (lambda: _bzip2(), "packed in a way"),
    "nobody's": (lambda: altered(lambda texts: _remove(texts, "profile.csv")), "--member NAME"),
}


def _bzip2() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_BZIP2) as zipped:
        zipped.writestr("profile.csv", "Username,Favorite Films\r\nkip,\r\n")
        zipped.writestr("ratings.csv", " " * 1000)
    return body.getvalue()


def _latin() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as zipped:
        zipped.writestr("profile.csv", "Username,Favorite Films\r\nkip,\r\n")
        zipped.writestr(
            "ratings.csv", ",".join((*HEAD, "Rating")).encode() + b"\r\n2026-01-01,Am\xe9lie,2001,,5"
        )
    return body.getvalue()


@pytest.mark.parametrize(("body", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_archive_is_refused_in_one_line(
    body: Callable[[], bytes], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(body())
    with pytest.raises(InputError, match=r"archive\.zip") as refusal:
        read_archive(path, NOW)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


LEFT_OUT = {
    "a spreadsheet's date": ("ratings.csv", f"6/30/2022,Snatch,2000,{FILM},5", "6/30/2022"),
    "a day that is none": ("ratings.csv", f"2026-02-30,Snatch,2000,{FILM},5", "2026-02-30"),
    "eleven stars": ("ratings.csv", f"2026-02-03,Snatch,2000,{FILM},11", "'11'"),
    "no stars": ("ratings.csv", f"2026-02-03,Snatch,2000,{FILM},", "a rating of ''"),
    "a link elsewhere": ("watched.csv", "2026-02-03,Snatch,2000,https://example.org/x", "no film"),
    "half a row": ("ratings.csv", "2026-02-03,Snatch", "cut short"),
    "an open quotation": ("ratings.csv", '2026-02-03,"Snatch', "cut short"),
    "a day before the site": ("ratings.csv", f"0001-01-01,Snatch,2000,{FILM},5", "0001"),
    "no year": ("ratings.csv", f"2026-02-03,Snatch,20000,{FILM},5", "'20000'"),
}


@pytest.mark.parametrize(("name", "row", "said"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_lone_odd_row_costs_no_other_and_proves_nothing_of_its_part(
    name: str, row: str, said: str, tmp_path: Path
) -> None:
    path, sound = tmp_path / "archive.zip", tmp_path / "sound.zip"
    path.write_bytes(with_row(name, row))
    sound.write_bytes(altered(lambda texts: None))
    odd = read_archive(path, NOW)
    (line,) = odd.left_out
    assert line.startswith(f"{name}, row ")
    assert said in line
    whole, rest = odd.snapshots
    assert (whole.complete, rest.complete) == (True, False)
    part = name.removesuffix(".csv")
    assert getattr(whole, part) is None
    assert getattr(rest, part) == getattr(read_archive(sound, NOW).snapshot, part)


@on_sqlite
def test_one_bad_archive_of_many_changes_nothing(
    shell: Shell, engine: sa.Engine, world: World, tmp_path: Path
) -> None:
    good, bad = put(tmp_path, world, "kip"), tmp_path / "bad.zip"
    bad.write_bytes(b"PK not really")
    refused = shell.letterboxd("import", "zip", str(good), str(bad), "--cohort", "friends")
    assert refused.returncode == 2
    assert [line for line in refused.stderr.splitlines() if "bad.zip" in line]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(users)) == 0


def test_who_asked_to_be_forgotten_is_not_imported(
    shell: Shell, engine: sa.Engine, world: World, tmp_path: Path
) -> None:
    assert_ended(shell.letterboxd("forget", "kip"), 0)
    imported = shell.letterboxd("import", "zip", str(put(tmp_path, world, "kip")), "--cohort", "friends")
    assert_ended(imported, 0)
    assert "kip asked to be forgotten" in imported.stderr
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(users)) == 0


@on_sqlite
def test_what_no_database_stores_is_left_out_of_names(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(with_row("ratings.csv", f"2026-02-03,Sna\0tch,2000,{FILM},5"))
    keep(engine, path)
    with engine.connect() as connection:
        titles = set(connection.scalars(sa.select(films.c.title).where(films.c.letterboxd_lid == "2b7U")))
    assert titles == {"Snatch"}


def test_files_without_a_name_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(altered(lambda texts: texts.update({".": "x", "lists/../x.csv": "y", "/etc/x": "z"})))
    assert read_archive(path, NOW).snapshot.ratings


# When an archive was made, and whose it is.


def test_an_archive_says_when_it_was_made(world: World, tmp_path: Path) -> None:
    named = put(tmp_path, world, "wide_angle")
    assert read_archive(named, NOW).snapshot.as_of == datetime(2026, 1, 21, 11, 21, tzinfo=UTC)
    renamed = named.rename(tmp_path / "mine.zip")
    newest = max(rating_days(world.member("wide_angle")).values())
    found = read_archive(renamed, NOW).snapshot
    assert found.as_of.date() >= newest
    assert found.as_of.date() < newest + timedelta(900)
    chosen = datetime(2026, 5, 1, tzinfo=UTC)
    assert read_archive(renamed, NOW, as_of=chosen).snapshot.as_of == chosen
    again = put(tmp_path, world, "wide_angle")
    assert read_archive(again, NOW, as_of=chosen).snapshot.as_of == datetime(2026, 1, 21, 11, 21, tzinfo=UTC)
    earlier = datetime(2025, 2, 1, tzinfo=UTC)  # nobody knows what comes
    assert read_archive(renamed, earlier).snapshot.as_of == earlier


def test_the_members_name_is_checked(world: World, tmp_path: Path) -> None:
    named = put(tmp_path, world, "otto_reels")
    assert read_archive(named, NOW, user="Otto_Reels").snapshot.member == "otto_reels"
    with pytest.raises(InputError, match="not of 'kip'"):
        read_archive(named, NOW, user="kip")


def test_packed_again_with_a_folder_it_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(altered(lambda texts: texts.update({"__MACOSX/._ratings.csv": "x"}), "letterboxd-kip/"))
    assert read_archive(path, NOW).snapshot.ratings


def test_parts_that_are_missing_are_not_told(tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(altered(lambda texts: _remove(texts, "likes/films.csv", "watchlist.csv", "diary.csv")))
    found = read_archive(path, NOW).snapshot
    assert (found.likes, found.watchlist, found.links) == (None, None, ())
    assert found.ratings


def test_what_is_unclear_is_named_and_not_guessed(tmp_path: Path) -> None:
    rows = (
        "2026-01-01,Twins,1999,https://boxd.it/aaaa\r\n2026-01-01,Twins,1999,https://boxd.it/bbbb\r\n"
        "2026-01-01,Left the Site,1999,\r\n"
    )

    def change(texts: dict[str, str]) -> None:
        texts["watched.csv"] += rows
        texts["diary.csv"] += "2026-01-01,Twins,1999,https://boxd.it/eeeeee,4,,,2026-01-01\r\n"

    path = tmp_path / "archive.zip"
    path.write_bytes(altered(change))
    assert read_archive(path, NOW).unclear == (
        "watched.csv: Left the Site (1999) has no link",
        "diary.csv: Twins (1999): 2 films",
    )


def test_a_film_known_without_a_code_is_found_by_title_and_year(
    engine: sa.Engine, world: World, tmp_path: Path
) -> None:
    slug, other = list(world.member("ebb").ratings)[:2]
    with engine.begin() as connection:
        film = world.films[slug]
        named = {"title": film.title, "release_year": film.year}
        connection.execute(films.insert().values(slug=slug, **named))
        twin = {"title": world.films[other].title, "release_year": world.films[other].year}
        connection.execute(films.insert(), [{"slug": "one", **twin}, {"slug": "two", **twin}])
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
    began = datetime.now(UTC)
    keep(engine, path)
    assert datetime.now(UTC) - began < timedelta(seconds=15)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ratings)) == 10_000
