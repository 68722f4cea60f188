"""Archives of all years, and what spreadsheets, browsers and people made of them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.imports.archive import Archive, read_archive
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm
from tests.imports.test_archive import DIARY, FILMS, NAME, PROFILE, RATINGS, table, zipped

NOW = datetime(2026, 11, 24, tzinfo=UTC)
JANUARY = date(2026, 1, 2)
ORDET = NamedFilm("Ordet", 1955, "aB1")
ROW = "2026-01-02,Ordet,1955,https://boxd.it/aB1,4.5"


def read(folder: Path, name: str = NAME, **texts: str) -> Archive:
    return read_archive(zipped(folder, name, **texts), NOW)


def read_bytes(folder: Path, ratings: bytes) -> Archive:
    with ZipFile(folder / NAME, "w") as file:
        file.writestr("profile.csv", table(PROFILE, "Ann,"))
        file.writestr("ratings.csv", ratings)
    return read_archive(folder / NAME, NOW)


# The generations.


def test_until_2020_links_name_films_by_slug(tmp_path: Path) -> None:
    film = "2018-03-23,Ordet,1955,https://letterboxd.com/film/ordet/"
    archive = read(
        tmp_path,
        "letterboxd-ann-2019-11-21-07-11-utc.zip",
        profile=table(
            PROFILE,
            'Ann,"https://letterboxd.com/film/ordet/, https://letterboxd.com/film/vampyr/, '
            'https://letterboxd.com/film/m/"',
        ),
        ratings=table(RATINGS, f"{film},4"),
        watched=table(FILMS, film),
        watchlist=table(FILMS, "2018-03-24,Gertrud,1964,http://www.letterboxd.com/film/gertrud"),
        diary=table(
            f"{FILMS},Rating,Watched Date",
            "2018-03-23,Ordet,1955,https://letterboxd.com/Ann/film/ordet/,3,2018-03-20",
            "2018-03-24,Ordet,1955,https://letterboxd.com/ann/film/ordet/1/,4,2018-03-22",
            "2018-03-24,Vampyr,1932,https://letterboxd.com/ann/film/vampyr/,,2018-03-21",
        ),
    )
    ordet, vampyr = NamedFilm("Ordet", 1955, slug="ordet"), NamedFilm("Vampyr", 1932, slug="vampyr")
    snapshot = archive.snapshot
    assert snapshot.as_of == datetime(2019, 11, 21, 7, 11, tzinfo=UTC)
    assert snapshot.ratings == (RatedFilm(ordet, 4.0, date(2018, 3, 23)),)
    assert snapshot.watched == (DatedFilm(ordet, date(2018, 3, 23)),)
    assert [dated.film.slug for dated in snapshot.watchlist or ()] == ["gertrud"]
    assert snapshot.favourites == (ordet, vampyr, NamedFilm("", slug="m"))
    assert dict(snapshot.links) == {
        vampyr: "https://letterboxd.com/ann/film/vampyr/",
        ordet: "https://letterboxd.com/ann/film/ordet/1/",
    }
    assert archive.left_out == ()
    assert archive.unclear == ("profile.csv: 1 favourite known by link alone",)


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (f"{FILMS},Rating,Watched Date", "2013-05-06,Ordet,1955,https://boxd.it/d0tt,4,2013-05-05"),
        (
            f"{FILMS},Rating,Rewatch,Watched Date",
            "2015-05-06,Ordet,1955,https://boxd.it/d0tt,4,Yes,2015-05-05",
        ),
        (f"{FILMS},Rating,Tags,Watched Date", "2017-05-06,Ordet,1955,https://boxd.it/d0tt,4,x,2017-05-05"),
        (DIARY, '2026-01-06,Ordet,1955,https://boxd.it/d0tt,4,Yes,"x, y",2026-01-05'),
        (FILMS, "2026-01-06,Ordet,1955,https://boxd.it/d0tt"),
    ],
)
def test_a_diary_may_lack_columns(head: str, row: str, tmp_path: Path) -> None:
    snapshot = read(tmp_path, ratings=table(RATINGS, ROW), diary=table(head, row)).snapshot
    assert snapshot.links == ((ORDET, "https://boxd.it/d0tt"),)


def test_a_profile_of_before_favourites_tells_none(tmp_path: Path) -> None:
    assert read(tmp_path, profile=table("Date Joined,Username", "2013-01-01,Ann")).snapshot.favourites is None


# Links that name the same film.
LINKS = {
    "https://boxd.it/aB1": "aB1",
    "http://www.boxd.it/aB1/": "aB1",
    "https://boxd.it/aB1?utm_source=x": "aB1",
    "boxd.it/aB1": "aB1",
}


@pytest.mark.parametrize(("link", "code"), LINKS.items())
def test_links_name_the_film_however_they_are_written(link: str, code: str, tmp_path: Path) -> None:
    ratings = table(RATINGS, f"2026-01-02,Ordet,1955,{link},4.5")
    assert read(tmp_path, ratings=ratings).snapshot.ratings == (RatedFilm(ORDET, 4.5, JANUARY),)


# What programs make of a file: each tells the same.
WRITTEN = {
    "as the site writes it": table(RATINGS, ROW).replace("\n", "\r\n").encode(),
    "semicolons": table(RATINGS, ROW).replace(",", ";").encode(),
    "tabs": table(RATINGS, ROW).replace(",", "\t").encode(),
    "the separator said": ("sep=,\r\n" + table(RATINGS, ROW)).encode(),
    "another separator said": ("sep=;\r\n" + table(RATINGS, ROW).replace(",", ";")).encode(),
    "a mark before it": table(RATINGS, ROW).encode("utf-8-sig"),
    "UTF-16": table(RATINGS, ROW).replace(",", "\t").encode("utf-16"),
    "UTF-16, the other way round": b"\xfe\xff" + table(RATINGS, ROW).encode("utf-16-be"),
    "UTF-16 without a mark": table(RATINGS, ROW).encode("utf-16-le"),
    "a head in capitals": table(RATINGS.upper(), ROW).encode(),
    "a head in small letters": table(RATINGS.lower(), ROW).encode(),
    "years as numbers": table(RATINGS, ROW.replace("1955", "1955.0")).encode(),
    "stars as numbers": table(RATINGS, ROW.replace("4.5", "4.50")).encode(),
    "a decimal comma": table(RATINGS, ROW).replace(",", ";").replace("4.5", "4,5").encode(),
    "dates with a time": table(RATINGS, ROW.replace("01-02", "01-02 00:00:00")).encode(),
    "dates with a zone": table(RATINGS, ROW.replace("01-02", "01-02T10:11:12.000Z")).encode(),
    "all in quotes": table(*('"' + line.replace(",", '","') + '"' for line in (RATINGS, ROW))).encode(),
    "blank lines": table("", RATINGS, "", ROW, "", "").encode(),
    "other columns, in another order": table(
        "Rating,x,Name,Letterboxd URI,Year,Date", "4.5,,Ordet,https://boxd.it/aB1,1955,2026-01-02"
    ).encode(),
}


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
def test_a_file_that_a_program_has_rewritten_tells_the_same(body: bytes, tmp_path: Path) -> None:
    archive = read_bytes(tmp_path, body)
    assert archive.snapshot.ratings == (RatedFilm(ORDET, 4.5, JANUARY),)
    assert archive.snapshot.complete


def test_titles_come_through_another_encoding_unharmed(tmp_path: Path) -> None:
    row = '2026-01-02,"Amélie, ""Das Haus"" 裸の島",2001,https://boxd.it/aB1,4'
    (rating,) = read_bytes(tmp_path, table(RATINGS, row).encode("utf-16")).snapshot.ratings or ()
    assert rating.film.title == 'Amélie, "Das Haus" 裸の島'


# Odd rows.

ODD = {
    "2026-30-01,Alien,1979,https://boxd.it/cD2,4": "the date '2026-30-01'",
    "01/02/2026,Alien,1979,https://boxd.it/cD2,4": "a spreadsheet may have changed it",
    ",Alien,1979,https://boxd.it/cD2,4": "the date ''",
    "2026-01-02,Alien,1979,https://boxd.it/cD2,6": "a rating of '6'",
    "2026-01-02,Alien,1979,https://boxd.it/cD2,0": "a rating of '0'",
    "2026-01-02,Alien,1979,https://boxd.it/cD2,2.25": "a rating of '2.25'",
    "2026-01-02,Alien,79,https://boxd.it/cD2,4": "the year '79'",
    "2026-01-02,Alien,1979,https://example.org/,4": "the link 'https://example.org/'",
    "2026-01-02,,1979,https://boxd.it/cD2,4": "a film without a name",
    "2026-01-02,Alien,19": "cut short",
    '2026-01-02,"Alien" x,1979,https://boxd.it/cD2,4': "a quotation mark too many",
}


@pytest.mark.parametrize(("row", "said"), ODD.items())
def test_a_lone_odd_row_is_named_and_left_out(row: str, said: str, tmp_path: Path) -> None:
    archive = read(tmp_path, ratings=table(RATINGS, ROW, row), watched=table(FILMS, ROW[:-4]))
    (line,) = archive.left_out
    assert line.startswith("ratings.csv, row 3 ")
    assert said in line
    whole, rest = archive.snapshots
    assert (whole.complete, whole.ratings, len(whole.watched or ())) == (True, None, 1)
    assert (rest.complete, rest.ratings, rest.watched) == (False, (RatedFilm(ORDET, 4.5, JANUARY),), None)


def test_links_to_the_diary_stay_with_the_ratings(tmp_path: Path) -> None:
    diary = table(DIARY, "2026-01-03,Ordet,1955,https://boxd.it/gH4,,,,2026-01-01")
    archive = read(tmp_path, ratings=table(RATINGS, ROW, "2026-01-02,Alien,1979,,4"), diary=diary)
    assert [bool(snapshot.links) for snapshot in archive.snapshots] == [False, True]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path) -> None:
    ratings = table("sep=,", RATINGS, ROW, "", "2026-01-02,Alien,1979,https://boxd.it/cD2,9", ROW, ROW)
    assert read(tmp_path, ratings=ratings).left_out == ("ratings.csv, row 5 has a rating of '9'",)


@pytest.mark.parametrize(
    ("odd", "sound", "is_refused"), [(1, 0, True), (1, 1, False), (2, 4, False), (2, 3, True)]
)
def test_a_file_of_which_much_is_odd_is_refused(
    odd: int, sound: int, is_refused: bool, tmp_path: Path
) -> None:
    rows = [ROW.replace("aB1", f"x{number}") for number in range(sound)] + [
        "1/2/2026,A,1979,https://boxd.it/c,4"
    ] * odd
    if is_refused:
        with pytest.raises(InputError, match="a spreadsheet may have changed it"):
            read(tmp_path, ratings=table(RATINGS, *rows))
    else:
        assert len(read(tmp_path, ratings=table(RATINGS, *rows)).left_out) == odd


def test_a_favourite_that_is_no_films_link_is_named(tmp_path: Path) -> None:
    profile = table(PROFILE, 'Ann,"https://boxd.it/aB1, https://example.org/x"')
    archive = read(tmp_path, profile=profile, ratings=table(RATINGS, ROW))
    assert archive.left_out == ("profile.csv: the favourite 'https://example.org/x' is no film's link",)
    whole, rest = archive.snapshots
    assert (whole.favourites, rest.favourites) == (None, (ORDET,))


def test_the_diary_of_another_is_refused(tmp_path: Path) -> None:
    diary = table(DIARY, "2018-03-23,Ordet,1955,https://letterboxd.com/bo/film/ordet/,3,,,2018-03-20")
    with pytest.raises(InputError, match="archive of 'ann', but others' diaries are in it"):
        read(tmp_path, diary=diary)


def test_what_was_deleted_or_is_orphaned_is_not_said_any_more(tmp_path: Path) -> None:
    row = "2026-01-02,Ordet,1955,https://boxd.it/gH4,5,,,2026-01-01"
    archive = read(
        tmp_path,
        ratings=table(RATINGS, ROW),
        deleted__diary=table(DIARY, row),
        orphaned__diary=table(DIARY, row.replace("https://boxd.it/gH4", "")),
    )
    assert (archive.snapshot.links, archive.unclear, archive.left_out) == ((), (), ())
