"""What an export archive tells, row by row: small archives, written beside what is read from them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.archive import Archive, read_archive
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FILMS = "Date,Name,Year,Letterboxd URI"
RATINGS = f"{FILMS},Rating"
DIARY = f"{FILMS},Rating,Rewatch,Tags,Watched Date"
PROFILE = "Username,Favorite Films"
NAME = "letterboxd-ann-2026-01-21-11-21-utc.zip"
ORDET = NamedFilm("Ordet", 1955, "aB1")
ALIEN = NamedFilm("Alien", 1979, "cD2")


def table(head: str, *rows: str) -> str:
    return "\n".join((head, *rows)) + "\n"


def zipped(folder: Path, name: str = NAME, **texts: str) -> Path:
    """Write an archive of these texts (likes__films is likes/films.csv); unless given, of empty ratings."""
    texts = {"ratings": table(RATINGS), "profile": table(PROFILE, "Ann,")} | texts
    with ZipFile(folder / name, "w") as file:
        for part, text in texts.items():
            if text:
                file.writestr(part.replace("__", "/") + ".csv", text)
    return folder / name


@pytest.fixture
def read(tmp_path: Path) -> "Reader":
    return Reader(tmp_path)


class Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str = NAME, user: str | None = None, **texts: str) -> Archive:
        return read_archive(zipped(self.folder, name, **texts), NOW, user)


def test_every_part_of_an_archive(read: Reader) -> None:
    archive = read(
        ratings=table(RATINGS, "2026-01-02,Ordet,1955,https://boxd.it/aB1,4.5"),
        watched=table(
            FILMS,
            "2026-01-02,Ordet,1955,https://boxd.it/aB1",
            "2026-01-03,Alien,1979,https://boxd.it/cD2",
        ),
        likes__films=table(FILMS, "2026-01-03,Alien,1979,https://boxd.it/cD2"),
        watchlist=table(FILMS, "2026-01-04,Later,,http://boxd.it/eF3"),
        diary=table(DIARY, "2026-01-03,Alien,1979,https://boxd.it/gH4,,,,2026-01-01"),
        profile=table(PROFILE, 'Ann,"https://boxd.it/cD2, https://boxd.it/aB1"'),
    )
    snapshot = archive.snapshot
    assert (snapshot.member, snapshot.source, snapshot.complete) == ("ann", NAME, True)
    assert snapshot.as_of == datetime(2026, 1, 21, 11, 21, tzinfo=UTC)
    assert snapshot.ratings == (RatedFilm(ORDET, 4.5, date(2026, 1, 2)),)
    assert snapshot.watched == (DatedFilm(ORDET, date(2026, 1, 2)), DatedFilm(ALIEN, date(2026, 1, 3)))
    assert snapshot.likes == (ALIEN,)
    assert snapshot.watchlist == (DatedFilm(NamedFilm("Later", None, "eF3"), date(2026, 1, 4)),)
    assert snapshot.favourites == (ALIEN, ORDET)
    assert snapshot.links == ((ALIEN, "https://boxd.it/gH4"),)
    assert archive.unclear == ()


def test_files_that_are_missing_are_not_told(read: Reader) -> None:
    snapshot = read(user="ann", profile="").snapshot
    assert (snapshot.ratings, snapshot.links) == ((), ())
    parts = (snapshot.watched, snapshot.likes, snapshot.watchlist, snapshot.favourites)
    assert parts == (None, None, None, None)


# Two ratings of one film on these days: which counts.
@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [("01", "02", "second"), ("02", "01", "first"), ("01", "01", "second")],
    ids=["the later", "the later, though first in the file", "of one day, the later row"],
)
def test_of_two_ratings_of_a_film_the_newer_counts(
    read: Reader, first: str, second: str, counts: str
) -> None:
    rows = (
        f"2026-01-{first},Ordet,1955,https://boxd.it/aB1,1",
        f"2026-01-{second},Ordet,1955,https://boxd.it/aB1,5",
    )
    (rating,) = read(ratings=table(RATINGS, *rows)).snapshot.ratings or ()
    assert rating.stars == (1 if counts == "first" else 5)


@pytest.mark.parametrize("stars", [0.5, 1.0, 3.5, 5.0])
def test_stars_are_written_with_and_without_a_point(read: Reader, stars: float) -> None:
    for text in (f"{stars:g}", str(stars)):
        row = f"2026-01-01,Ordet,1955,https://boxd.it/aB1,{text}"
        (rating,) = read(ratings=table(RATINGS, row)).snapshot.ratings or ()
        assert rating.stars == stars


def test_a_film_stands_in_a_list_once(read: Reader) -> None:
    row = "2026-01-01,Ordet,1955,https://boxd.it/aB1"
    assert read(watched=table(FILMS, row, row)).snapshot.watched == (DatedFilm(ORDET, date(2026, 1, 1)),)


# Diary rows of one film: (written on, link, watched on); the link of which counts.
DIARIES = {
    "the later viewing": (("2026-01-09", "one", "2026-01-01"), ("2026-01-08", "two", "2026-01-02"), "two"),
    "whatever the order": (("2026-01-08", "one", "2026-01-02"), ("2026-01-09", "two", "2026-01-01"), "one"),
    "of one day, written later": (
        ("2026-01-09", "one", "2026-01-01"),
        ("2026-01-08", "two", "2026-01-01"),
        "one",
    ),
    "of one day, written later, last": (
        ("2026-01-08", "two", "2026-01-01"),
        ("2026-01-09", "one", "2026-01-01"),
        "one",
    ),
    "without a day of viewing, the day it was written": (
        ("2026-01-09", "one", ""),
        ("2026-01-10", "two", "2026-01-08"),
        "one",
    ),
}


@pytest.mark.parametrize(("first", "second", "counts"), DIARIES.values(), ids=DIARIES)
def test_the_newest_diary_entry_is_linked(
    read: Reader, first: tuple[str, ...], second: tuple[str, ...], counts: str
) -> None:
    rows = [f"{day},Ordet,1955,https://boxd.it/{link},,,,{seen}" for day, link, seen in (first, second)]
    snapshot = read(
        watched=table(FILMS, "2026-01-01,Ordet,1955,https://boxd.it/aB1"), diary=table(DIARY, *rows)
    ).snapshot
    assert snapshot.links == ((ORDET, f"https://boxd.it/{counts}"),)


# A link in the diary: whether it is one to an entry.
LINKS = {
    "https://boxd.it/gH4": True,
    "http://boxd.it/gH4": True,
    "": False,
    "https://www.boxd.it/gH4/": True,
    "https://BOXD.it/gH4?utm=1": True,
    "see https://boxd.it/gH4": False,
    "https://boxd.it/": False,
    "https://letterboxd.com/gH4": False,
    "https://letterboxd.com/ann/film/ordet/2/?utm=1": True,
    "https://letterboxd.com/film/ordet/": False,
    f"https://boxd.it/{'x' * 17}": False,
    f"https://boxd.it/{'x' * 16}": True,
}


@pytest.mark.parametrize(("link", "is_entry"), LINKS.items())
def test_a_link_in_the_diary_counts_as_a_whole(read: Reader, link: str, is_entry: bool) -> None:
    archive = read(
        watched=table(FILMS, "2026-01-01,Ordet,1955,https://boxd.it/aB1"),
        diary=table(DIARY, f"2026-01-01,Ordet,1955,{link},,,,2026-01-01"),
    )
    assert bool(archive.snapshot.links) is is_entry
    assert archive.snapshot.complete
    assert archive.left_out == (
        ()
        if is_entry or not link
        else (f"diary.csv, row 2 has the link {link!r}, which is no diary entry's",)
    )
    assert archive.unclear == (() if link else ("diary.csv: 1 entry no longer on the site: Ordet (1955)",))


def test_the_diary_names_films_among_the_watched_or_the_rated(read: Reader) -> None:
    rating = "2026-01-01,Ordet,1955,https://boxd.it/aB1,3"
    diary = table(DIARY, "2026-01-01,Ordet,1955,https://boxd.it/gH4,,,,2026-01-01")
    assert read(ratings=table(RATINGS, rating), diary=diary).snapshot.links
    archive = read(ratings=table(RATINGS, rating), diary=diary, watched=table(FILMS))
    assert archive.snapshot.links == ((ORDET, "https://boxd.it/gH4"),)  # nothing watched: the rated ones
    other = table(FILMS, "2026-01-01,Alien,1979,https://boxd.it/cD2")
    archive = read(ratings=table(RATINGS, rating), diary=diary, watched=other)
    assert archive.snapshot.links == ()
    assert archive.unclear == ("diary.csv: 1 entry of no film watched or rated: Ordet (1955)",)


def test_many_rows_of_a_kind_are_one_sentence(read: Reader) -> None:
    days = [f"2026-01-{day:02},F{day},1955,,,,,2026-01-01" for day in range(1, 13)]
    archive = read(
        diary=table(DIARY, *days), profile=table(PROFILE, 'Ann,"https://boxd.it/zZ9 https://boxd.it/zZ8"')
    )
    assert archive.unclear == (
        "diary.csv: 12 entries no longer on the site: F1 (1955), F2 (1955), F3 (1955), and 9 more",
        "profile.csv: 2 favourites known by link alone",
    )


def test_what_may_be_several_films_is_named_and_left_out(read: Reader) -> None:
    archive = read(
        watched=table(
            FILMS, "2026-01-01,Ordet,,https://boxd.it/aB1", "2026-01-01,Ordet,,https://boxd.it/cD2"
        ),
        likes__films=table(FILMS, "2026-01-01,Lost,1999,"),
        diary=table(DIARY, "2026-01-01,Ordet,,https://boxd.it/gH4,,,,2026-01-01"),
        profile=table(PROFILE, "Ann,https://boxd.it/zZ9"),
    )
    assert archive.unclear == (
        "likes/films.csv: 1 film without a link: Lost (1999)",
        "diary.csv: 1 entry whose title and year several films have: Ordet (no year)",
        "profile.csv: 1 favourite known by link alone",
    )
    assert archive.left_out == ()
    whole, rest = archive.snapshots
    assert (whole.complete, whole.likes, whole.links) == (True, None, ())
    assert whole.favourites == (NamedFilm("", None, "zZ9"),)
    assert (rest.complete, rest.likes, rest.watched) == (False, (), None)


def test_a_favourite_has_the_name_that_any_file_gives_it(read: Reader) -> None:
    profile = table(PROFILE, "Ann,https://boxd.it/aB1")
    row = "2026-01-01,Ordet,1955,https://boxd.it/aB1"
    for name in ("watched", "likes__films", "watchlist"):
        assert read(profile=profile, **{name: table(FILMS, row)}).snapshot.favourites == (ORDET,)
    assert read(profile=profile, ratings=table(RATINGS, row + ",3")).snapshot.favourites == (ORDET,)


# File name, days in it, --as-of: the moment as of which it counts.
MOMENTS = {
    "its name": (NAME, "2026-01-02", None, datetime(2026, 1, 21, 11, 21)),
    "its name, downloaded twice": (
        NAME.replace(".zip", " (1).zip"),
        "2026-01-02",
        None,
        datetime(2026, 1, 21, 11, 21),
    ),
    "its name, before --as-of": (NAME, "2026-01-02", datetime(2026, 3, 1), datetime(2026, 1, 21, 11, 21)),
    "--as-of": ("mine.zip", "2026-01-02", datetime(2026, 3, 1), datetime(2026, 3, 1)),
    "the newest day in it": ("mine.zip", "2026-01-02", None, datetime(2026, 1, 2)),
    "a name of no moment": (
        "letterboxd-ann-2026-13-21-11-21-utc.zip",
        "2026-01-02",
        None,
        datetime(2026, 1, 2),
    ),
    "a name before the site": (
        "letterboxd-ann-2010-12-31-11-21-utc.zip",
        "2026-01-02",
        None,
        datetime(2026, 1, 2),
    ),
    "a name of the site's first year": (
        "letterboxd-ann-2011-01-01-00-00-utc.zip",
        "2026-01-02",
        None,
        datetime(2011, 1, 1),
    ),
    "no day at all": ("mine.zip", "", None, datetime(2011, 1, 1)),
    "never later than now": ("letterboxd-ann-2027-01-21-11-21-utc.zip", "", None, NOW.replace(tzinfo=None)),
}


@pytest.mark.parametrize(("name", "day", "as_of", "moment"), MOMENTS.values(), ids=MOMENTS)
def test_an_archive_counts_as_of(
    tmp_path: Path, name: str, day: str, as_of: datetime | None, moment: datetime
) -> None:
    rows = [f"{day},Ordet,1955,https://boxd.it/aB1"] if day else []
    archive = read_archive(
        zipped(tmp_path, name, watched=table(FILMS, *rows)), NOW, as_of=as_of and as_of.replace(tzinfo=UTC)
    )
    assert archive.snapshot.as_of == moment.replace(tzinfo=UTC)


def test_the_newest_day_may_stand_in_any_file(read: Reader) -> None:
    older = "2026-01-01,Ordet,1955,https://boxd.it/aB1"
    newer = older.replace("2026-01-01", "2026-01-09")
    for texts in (
        {"ratings": table(RATINGS, newer + ",3"), "watched": table(FILMS, older)},
        {"ratings": table(RATINGS, older + ",3"), "watched": table(FILMS, newer, older)},
        {"watched": table(FILMS, older), "diary": table(DIARY, newer + ",,,,2026-01-01")},
    ):
        assert read("mine.zip", **texts).snapshot.as_of == datetime(2026, 1, 9, tzinfo=UTC)


def row_of(text: str) -> dict[str, str]:
    return {"watched": table(FILMS, text)}


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({"ratings": "", "profile": ""}, "there is no ratings.csv"),
    "nobody's": ({"profile": ""}, "give --member NAME"),
    "two profiles": ({"profile": table(PROFILE, "Ann,", "Bo,")}, "2 rows instead of one"),
    "no profile": ({"profile": table(PROFILE)}, "0 rows instead of one"),
    "no member's name": ({"profile": table(PROFILE, "ann@home.test,")}, "its Username is no member's name"),
    "no such stars": (
        {"ratings": table(RATINGS, "2026-01-01,Ordet,1955,https://boxd.it/aB1,5.5")},
        "ratings.csv, row 2 has a rating of '5.5'",
    ),
    "a link elsewhere": (row_of("2026-01-01,Ordet,1955,https://a.test/aB1"), "row 2 has the link"),
    "no name": (row_of("2026-01-01,,1955,https://boxd.it/aB1"), "row 2 has a film without a name"),
    "a spreadsheet's date": (row_of("01/02/2026,Ordet,1955,https://boxd.it/aB1"), "a spreadsheet"),
    "a date among other words": (row_of("2026-01-01 x,Ordet,1955,https://boxd.it/aB1"), "a spreadsheet"),
    "no such day": (row_of("2026-02-30,Ordet,1955,https://boxd.it/aB1"), "which does not exist"),
    "before the site": (row_of("2010-12-31,Ordet,1955,https://boxd.it/aB1"), "when nobody"),
    "after next year": (row_of("2028-01-01,Ordet,1955,https://boxd.it/aB1"), "when nobody"),
    "no column": (
        {"watched": table("Date,Name,Year", "2026-01-01,Ordet,1955")},
        "no column 'Letterboxd URI'",
    ),
    "a short row": (row_of("2026-01-01,Ordet"), "watched.csv, row 2 is cut short"),
    "no table": (
        row_of('2026-01-01,"Ordet\n2026-01-01,Alien,1979,https://boxd.it/cD2'),
        "watched.csv is no table",
    ),
}


@pytest.mark.parametrize(("texts", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_true_is_refused_with_its_place(
    read: Reader, texts: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as error:
        read(**texts)
    assert str(error.value).startswith(str(read.folder / NAME))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("day", ["2011-01-01", "2027-12-31"])
def test_days_from_the_sites_first_to_the_end_of_next_year_are_taken(read: Reader, day: str) -> None:
    assert read(**row_of(f"{day},Ordet,1955,https://boxd.it/aB1")).snapshot.watched


def test_the_user_given_must_be_the_archives(read: Reader) -> None:
    assert read(user="ANN").snapshot.member == "ann"
    assert read(user="Bo", profile="").snapshot.member == "bo"
    with pytest.raises(InputError, match="archive of 'ann', not of 'bo'"):
        read(user="bo")
