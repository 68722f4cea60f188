"""Files of every kind, mixed: what each of them is, and what is said of those that are none."""

import io
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from letterboxd_scraper.imports import files as import_files
from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles, read_paths
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm
from tests.imports.test_saved_pages import diary

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FILMS = "Date,Name,Year,Letterboxd URI"
PERSONA, STALKER = (
    "2026-01-02,Persona,1966,https://boxd.it/pE1",
    "2026-01-03,Stalker,1979,https://boxd.it/sT2",
)
RATINGS = f"{FILMS},Rating\r\n{PERSONA},4.5\r\n"
ARCHIVE = {
    "profile.csv": "Date Joined,Username,Favorite Films\r\n2020-01-01,Gus,\r\n",
    "ratings.csv": RATINGS,
    "likes/films.csv": f"{FILMS}\r\n{STALKER}\r\n",
    "reviews.csv": f"{FILMS},Rating,Rewatch,Review,Tags,Watched Date\r\n",
    "comments.csv": "Date,Content,Comment\r\n",
    "likes/lists.csv": "Date,Content\r\n",
    "lists/mine.csv": "Letterboxd list export v7\r\nDate,Name,Tags,URL,Description\r\n",
    "deleted/diary.csv": f"{FILMS},Rating,Rewatch,Tags,Watched Date\r\n{STALKER},5,,,2026-01-01\r\n",
}
IMDB = "Const,Your Rating,Date Rated,Title,Year,Title Type\ntt0060827,9,2026-02-01,Persona,1966,Movie\n"
FILM_PAGE = (
    '<html><head><meta property="og:url" content="https://letterboxd.com/film/ordet/">'
    '<meta property="og:title" content="Ordet (1955)"></head><body class="film">'
    '<p class="text-footer"><a href="http://www.themoviedb.org/movie/48035/"></a></p></body></html>'
)


def packed(contents: Mapping[str, str | bytes], method: int = ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with ZipFile(body, "w", method) as file:
        for name, content in contents.items():
            file.writestr(name, content)
    return body.getvalue()


def within(folder: str, contents: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": content for name, content in contents.items()}


def write(folder: Path, contents: Mapping[str, str | bytes]) -> Path:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(*paths: Path, member: str | None = None, scale: int | None = None) -> ReadFiles:
    return read_paths(paths, NOW, member=member, scale=scale)


def only(files: ReadFiles) -> ReadFile:
    (file,) = files.files
    assert file.error is None
    return file


# What a folder holds that is asked for: in each the same archive.
SHAPES: dict[str, Mapping[str, str | bytes]] = {
    "a zip": {"a.zip": packed(ARCHIVE)},
    "not compressed": {"a.zip": packed(ARCHIVE, ZIP_STORED)},
    "unpacked": ARCHIVE,
    "unpacked, in two folders": within("letterboxd-gus/export", ARCHIVE),
    "a zip in a zip": {"a.zip": packed({"b.zip": packed(ARCHIVE)})},
    "a zip in a folder in a zip": {"a.zip": packed({"x/b.zip": packed(within("y", ARCHIVE))})},
    "three folders in a zip": {"a.zip": packed(within("x/y/z", ARCHIVE))},
    "packed on Windows": {"a.zip": packed({name.replace("/", "\\"): text for name, text in ARCHIVE.items()})},
    "unpacked by who does not know Windows": {n.replace("/", "\\"): text for n, text in ARCHIVE.items()},
    "capitals": {"a.zip": packed({name.upper(): text for name, text in ARCHIVE.items()})},
    "litter": {
        "a.zip": packed({**within("x", ARCHIVE), "__MACOSX/x/._ratings.csv": "x", "x/.DS_Store": "y"}),
        "Thumbs.db": "z",
        ".hidden/ratings.csv": RATINGS,
    },
    "folders that look like files": {"a.zip": packed({**ARCHIVE, "x\\": "", "y/": ""})},
    "a later form, with more files": {"a.zip": packed({**ARCHIVE, "likes/actors.csv": "A,B\n1,2\n"})},
}


@pytest.mark.parametrize("contents", SHAPES.values(), ids=SHAPES)
def test_an_archive_is_read_in_whatever_it_is_wrapped(contents: Mapping[str, str], tmp_path: Path) -> None:
    files = read(write(tmp_path, contents))
    archive = only(files)
    assert archive.kind is Kind.ARCHIVE
    assert files.unknown == archive.left_out == archive.notes == ()
    (snapshot,) = archive.snapshots
    assert snapshot.member == "gus"
    assert snapshot.complete
    assert snapshot.ratings == (RatedFilm(NamedFilm("Persona", 1966, "pE1"), 4.5, date(2026, 1, 2)),)
    assert snapshot.likes == (NamedFilm("Stalker", 1979, "sT2"),)
    assert snapshot.links == ()


def test_a_path_says_the_place_inside_a_zip(tmp_path: Path) -> None:
    write(tmp_path, {"a.zip": packed({"x/b.zip": packed(within("y", ARCHIVE))}), "mine/ratings.csv": RATINGS})
    files = read(tmp_path, member="gus").files
    assert [file.path for file in files] == [f"{tmp_path}/a.zip/x/b.zip/y", f"{tmp_path}/mine/ratings.csv"]
    assert [snapshot.source for file in files for snapshot in file.snapshots] == ["y", "ratings.csv"]


@pytest.mark.parametrize(
    "name",
    [
        "letterboxd-gus-2026-05-06-07-08-utc/ratings.csv",
        "letterboxd-gus-2026-05-06-07-08-utc (2)/export/ratings.csv",
    ],
)
def test_the_folder_of_an_unpacked_archive_says_when_it_was_made(name: str, tmp_path: Path) -> None:
    write(tmp_path, {name: RATINGS})
    (snapshot,) = read(tmp_path / name, member="gus").snapshots
    assert snapshot.as_of == datetime(2026, 5, 6, 7, 8, tzinfo=UTC)


def test_a_zip_says_when_the_archive_in_it_was_made(tmp_path: Path) -> None:
    name = "letterboxd-gus-2026-05-06-07-08-utc.zip"
    write(tmp_path, {"a.zip": packed({name: packed(ARCHIVE)}), name: packed({"mine.zip": packed(ARCHIVE)})})
    moments = [snapshot.as_of for snapshot in read(tmp_path).snapshots]
    assert moments == [datetime(2026, 5, 6, 7, 8, tzinfo=UTC)] * 2


def test_lone_ratings_need_a_member_whatever_they_are_called(tmp_path: Path) -> None:
    path = write(tmp_path, {"ratings (1).csv": RATINGS}) / "ratings (1).csv"
    assert read(path).errors == (f"{path}: it does not say whose it is: give --member NAME",)
    (snapshot,) = read(path, member="Gus").snapshots
    assert (snapshot.member, len(snapshot.ratings or ())) == ("gus", 1)
    assert snapshot.watched is None


def test_a_lone_list_of_films_says_by_its_name_which_it_is(tmp_path: Path) -> None:
    films = f"{FILMS}\n{STALKER}\n"
    write(tmp_path, {"a/watchlist.csv": films, "b/Watched.csv": films, "c/likes/films.csv": films})
    first, second, third = read(tmp_path, member="gus").snapshots
    assert [bool(part) for part in (first.watchlist, second.watched, third.likes)] == [True] * 3
    path = write(tmp_path, {"films (1).csv": films}) / "films (1).csv"
    files = read(path, member="gus")
    assert files.files == ()
    assert "its name does not say which" in files.unknown[0]


def test_files_given_one_by_one_are_one_archive(tmp_path: Path) -> None:
    write(tmp_path, ARCHIVE)
    archive = only(read(*(tmp_path / name for name in ARCHIVE)))
    assert archive.path == str(tmp_path)
    assert archive.snapshots[0].likes


def test_the_same_file_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.zip": packed(ARCHIVE)})
    assert len(read(tmp_path, tmp_path / "x", tmp_path / "x" / "a.zip").files) == 1


def test_a_folder_of_downloads(tmp_path: Path) -> None:
    other = packed({"readme.txt": "hello", "tool.exe": b"\0\1\2"})
    write(
        tmp_path,
        {
            "a.zip": packed(ARCHIVE),
            "b.zip": packed({**ARCHIVE, "profile.csv": "Username,Favorite Films\nHal,\n"}),
            "ratings.csv": IMDB,
            "ordet.html": FILM_PAGE,
            "list.csv": "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n",
            "tool.zip": other,
            "letter.pdf": b"%PDF-1.4\n",
            "bank.csv": "Date,Amount\n2026-01-01,12\n",
            "news.html": "<!doctype html><html><body>news</body></html>",
            "huge.zip": packed({f"{n}.txt": "" for n in range(3)}),
            "nothing": b"",
        },
    )
    files = read(tmp_path, member="gus")
    assert files.errors == ()
    assert [snapshot.member for snapshot in files.snapshots] == ["gus", "hal", "gus"]
    assert [file.kind for file in files.files] == [Kind.ARCHIVE, Kind.ARCHIVE, Kind.PAGES, Kind.IMDB_RATINGS]
    (facts,) = [facts for file in files.files for facts, _ in file.films]
    assert facts.film.slug == "ordet"
    list_line, others = files.unknown
    assert "--in-list" in list_line
    assert others == f"{tmp_path}: 6 of another kind, not taken: huge.zip, tool.zip, bank.csv, …"


# A file that is asked for by itself: what is said of it.
UNKNOWN: dict[str, tuple[str | bytes, str]] = {
    "photo.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a picture"),
    "tool.bin": (b"\x01\x02\x03\0", "a file that is no text"),
    "letter.pdf": (b"%PDF-1.4\n", "a PDF file"),
    "a.zip": ("hello", "a text, and no table of films"),
    "empty.csv": ("", "an empty file"),
    "bank.csv": ("Date,Amount\n2026-01-01,12\n", "its columns are 'Date', 'Amount'"),
    "films.csv": ("Title,Year\nOrdet,1955\n", "a table of films without a member's own ratings"),
    "news.html": ("<!doctype html><html><body>news</body></html>", "another site"),
    "things.json": ('[{"a": 1}]', "no export of Trakt"),
    "zip.zip": (
        packed({"readme.txt": "x", "b": "y"}),
        "nothing of a known kind in it, but 'readme.txt' and 1 more",
    ),
    "sheet.xlsx": (
        packed({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}),
        "save the table as CSV",
    ),
    "none.zip": (packed({}), "nothing of a known kind in it"),
    "list.csv": ("\r\nDate,Name,Tags,URL,Description\r\n2020-01-01,a,,,\r\n", "--in-list"),
    "ranking.csv": ("rank,title,year,slug,score,low,high,watchers,mean,parameters,link\n", "this program"),
    "for-a-list.csv": ("LetterboxdURI,tmdbID,imdbID,Title,Year,Directors,Review\n", "without a member's own"),
    "criticker.xml": ("<?xml version='1.0'?><recentratings><film/></recentratings>", "own scale"),
    "criticker.csv": (
        "Score,Film Name,Year,URL\n80,Ordet,1955,https://www.criticker.com/film/Ordet/\n",
        "own scale",
    ),
    "scores.py": ("import csv, json\n\nSITE = 'https://www.criticker.com'\n", "a table that names no films"),
    "feed.xml": ("<?xml version='1.0'?><rss><channel><title>Letterboxd - Gus", "letterboxd watch"),
    "page.mhtml": (
        "From: <Saved by Blink>\nSubject: Letterboxd\nContent-Type: multipart/related;",
        "save it as HTML",
    ),
}


@pytest.mark.parametrize(("name", "content", "said"), [(n, *row) for n, row in UNKNOWN.items()], ids=UNKNOWN)
def test_what_is_not_recognised_is_described(
    name: str, content: str | bytes, said: str, tmp_path: Path
) -> None:
    path = write(tmp_path, {name: content}) / name
    files = read(path, member="gus")
    (line,) = files.unknown
    assert line.startswith(f"{path}: ")
    assert said in line
    assert files.files == ()


def test_a_folder_may_hold_nothing(tmp_path: Path) -> None:
    assert read(tmp_path).unknown == (f"{tmp_path}: there are no files in it",)


FEW_BYTES, FEW_FILES = 1_000_000, 20


def nested(depth: int) -> bytes:
    body = packed(ARCHIVE)
    for _ in range(depth):
        body = packed({"in.zip": body})
    return body


def damaged() -> bytes:
    body = bytearray(packed(ARCHIVE))
    start = body.index(b"ratings.csv") + 15
    body[start : start + 20] = b"\xff" * 20
    return bytes(body)


# Zip archives of which nothing is taken: what is said.
BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "a bomb": (lambda: packed({**ARCHIVE, "ratings.csv": RATINGS + " " * FEW_BYTES}), "1 MB unpacked"),
    "a bomb in a zip": (
        lambda: packed({"b.zip": packed({"c.csv": "x" * FEW_BYTES}, ZIP_STORED)}),
        "1 MB unpacked",
    ),
    "nested too deep": (lambda: nested(3), "3 zip archives around it"),
    "too many files": (lambda: packed({str(n): "" for n in range(21)}), "21 are more files than any export"),
    "cut short": (lambda: packed(ARCHIVE)[:-100], "not a zip archive that can be read"),
    "damaged inside": (damaged, "ratings.csv cannot be read"),
    "packed otherwise": (lambda: packed(ARCHIVE, ZIP_BZIP2), "packed in a way"),
    "one part written otherwise": (
        lambda: packed(
            {**ARCHIVE, "ratings.csv": f"{FILMS},Rating\n2026-01-01,Am\xe9lie,2001,x,5".encode("latin-1")}
        ),
        "ratings.csv is not written in UTF-8",
    ),
    "one part with another head": (
        lambda: packed({**ARCHIVE, "ratings.csv": "Position,Name\n1,Ordet\n"}),
        "ratings.csv has no column 'Date'",
    ),
    "one part twice": (
        lambda: packed({**ARCHIVE, "RATINGS.csv": RATINGS}),
        "two files in it are called 'ratings.csv'",
    ),
}


@pytest.mark.parametrize(("body", "said"), BROKEN.values(), ids=BROKEN)
def test_one_bad_zip_costs_no_other(
    body: Callable[[], bytes], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "MOST_BYTES", FEW_BYTES)
    monkeypatch.setattr(import_files, "MOST_FILES", FEW_FILES)
    write(tmp_path, {"bad.zip": body(), "good.zip": packed(ARCHIVE)})
    files = read(tmp_path / "bad.zip", tmp_path / "good.zip", tmp_path / "missing.zip")
    bad, missing = files.errors
    assert bad.startswith(str(tmp_path / "bad.zip"))
    assert said in bad
    assert "\n" not in bad
    assert missing == f"{tmp_path}/missing.zip: no such file or folder"
    assert [snapshot.member for snapshot in files.snapshots] == ["gus"]


def test_a_file_without_a_name_is_no_trouble(tmp_path: Path) -> None:
    body = bytearray(packed({**ARCHIVE, "z": ""}))
    entry = body.rindex(b"PK\x01\x02")
    body[entry + 28], body[entry + 32] = 0, 1  # its name becomes a remark
    write(tmp_path, {"a.zip": bytes(body)})
    assert only(read(tmp_path)).snapshots


def test_two_zips_around_an_archive_are_not_too_many(tmp_path: Path) -> None:
    assert only(read(write(tmp_path, {"a.zip": nested(2)}))).snapshots


def test_a_folder_has_not_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a/1": "x", "a/2": "x", "b/3": "x"})
    monkeypatch.setattr(import_files, "MOST_FILES", 2)
    assert read(tmp_path).errors == (f"{tmp_path}: 3 are more files than any export has",)


def test_no_more_is_read_of_a_zip_than_an_export_may_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_of_it = sum(len(ARCHIVE[name]) for name in ("profile.csv", "ratings.csv", "likes/films.csv"))
    write(tmp_path, {"a.zip": packed(ARCHIVE)})
    monkeypatch.setattr(import_files, "MOST_BYTES", read_of_it)
    assert read(tmp_path).errors == ()
    monkeypatch.setattr(import_files, "MOST_BYTES", read_of_it - 1)
    assert "0 MB unpacked" in read(tmp_path).errors[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"a/ratings.csv": RATINGS, "b/ratings.csv": RATINGS})
    (tmp_path / "a").chmod(0)
    files = read(tmp_path, member="gus")
    (tmp_path / "a").chmod(0o700)
    assert "Permission denied" in files.errors[0]
    assert len(files.snapshots) == 1


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe").errors == (f"{tmp_path}/pipe: no file",)
    assert read(tmp_path).unknown == (f"{tmp_path}: there are no files in it",)


def test_saved_pages_are_known_by_what_they_say(tmp_path: Path) -> None:
    page = diary("2026/01/03", NamedFilm("Alien", 1979, slug="alien"))
    write(
        tmp_path, {"saved": page, "more.htm": FILM_PAGE, "x_files/y.html": page, "z.zip": packed({"a": page})}
    )
    in_zip, on_disk = read(tmp_path).files
    assert (in_zip.path, on_disk.path) == (f"{tmp_path}/z.zip", str(tmp_path))
    for file in (in_zip, on_disk):
        assert file.kind is Kind.PAGES
        (snapshot,) = file.snapshots
        assert [str(viewing.day) for viewing in snapshot.viewings] == ["2026-01-03"]
        assert not snapshot.complete
    assert [facts.film.slug for facts, _ in on_disk.films] == ["ordet"]


def test_saved_pages_count_as_of_what_a_person_says(tmp_path: Path) -> None:
    write(tmp_path, {"a.html": diary("2026/01/03", NamedFilm("Alien", 1979, slug="alien"))})
    said = datetime(2026, 3, 1, tzinfo=UTC)
    (snapshot,) = read_paths([tmp_path], NOW, as_of=said).snapshots
    assert snapshot.as_of == said
    os.utime(tmp_path / "a.html", (said.timestamp(), said.timestamp()))
    (snapshot,) = read(tmp_path).snapshots
    assert snapshot.as_of == said
