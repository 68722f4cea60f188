"""What is no archive, or not whole, is refused or named; when one was made, and whose it is."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports import files as import_files
from letterboxd_scraper.imports.archive import read_archive
from letterboxd_scraper.store.schema import films, ratings, users
from tests.archives import FILM, NOW, altered, keep, put, with_row
from tests.conftest import Shell, assert_ended, on_sqlite
from tests.site import World, own_world
from tests.site.archive import HEAD, archive, packed, rating_days


@pytest.fixture
def world() -> World:
    return own_world()


def _remove(texts: dict[str, str], *names: str) -> None:
    for name in names:
        del texts[name]


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


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip": (lambda: b"Date,Name,Year\r\n", "a table of films without"),
    "empty": (lambda: b"", "an empty file"),
    "cut short": (lambda: archive(own_world(), "kip")[:-300], "not a zip archive"),
    "damaged inside": (broken_inside, "ratings.csv cannot be read"),
    "a zip of something else": (lambda: packed({"readme.txt": "hello"}), "no ratings.csv"),
    "an empty zip": (lambda: packed({}), "no ratings.csv"),
    "a bomb": (bomb, "MB unpacked"),
    "too many files": (lambda: packed({str(n): "" for n in range(10_001)}), "more files than any export"),
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


@on_sqlite
def test_an_odd_row_is_said_and_the_rest_is_stored(shell: Shell, engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(with_row("ratings.csv", f"2026-02-03,Snatch,2000,{FILM},11"))
    imported = shell.letterboxd("import", "zip", str(path))
    assert_ended(imported, 3)
    assert "archive.zip: left out: ratings.csv, row " in imported.stderr
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ratings))


def test_who_asked_to_be_forgotten_is_not_imported(
    shell: Shell, engine: sa.Engine, world: World, tmp_path: Path
) -> None:
    assert_ended(shell.letterboxd("forget", "kip", "--yes"), 0)
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
    snapshot = read_archive(renamed, NOW).snapshot
    assert snapshot.as_of.date() >= newest
    assert snapshot.as_of.date() < newest + timedelta(900)
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
    snapshot = read_archive(path, NOW).snapshot
    assert (snapshot.likes, snapshot.watchlist, snapshot.links) == (None, None, ())
    assert snapshot.ratings


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
        "watched.csv: 1 film without a link: Left the Site (1999)",
        "diary.csv: 1 entry whose title and year several films have: Twins (1999)",
    )
