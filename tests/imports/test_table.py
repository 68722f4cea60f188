"""Tables of any columns: the file that Letterboxd imports, others, and what could not be matched."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from letterboxd_scraper.imports.film_links import film_at
from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import ReadFile, read_paths
from letterboxd_scraper.imports.unmatched import COLUMNS, Unmatched, as_csv
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ORDET = NamedFilm("Ordet", 1955)


def read(folder: Path, *lines: str, scale: int | None = None) -> ReadFile:
    (folder / "mine.csv").write_text("\n".join(lines) + "\n")
    (file,) = read_paths([folder / "mine.csv"], NOW, member="gus", scale=scale).files
    return file


def snapshot_of(file: ReadFile) -> Snapshot:
    assert file.error is None
    (snapshot,) = file.snapshots
    assert (snapshot.member, snapshot.source, snapshot.complete) == ("gus", "mine.csv", False)
    return snapshot


def test_letterboxds_own_import_file(tmp_path: Path) -> None:
    file = read(
        tmp_path,
        "LetterboxdURI,tmdbID,imdbID,Title,Year,Directors,Rating,WatchedDate,Rewatch,Tags,Review",
        'https://boxd.it/aB1,48035,tt0048452,Ordet,1955,Dreyer,4.5,2026-01-02,false,"a, b",fine',
        "https://boxd.it/aB1,48035,tt0048452,Ordet,1955,Dreyer,5,2026-03-04,true,,",
        ",,tt0017423,Vampyr,1932,,,,,,",
        ",,,Gertrud,1964,,3,,,,",
    )
    assert (file.kind, file.left_out, file.notes) == (Kind.IMPORT_FILE, (), ())
    snapshot = snapshot_of(file)
    ordet = NamedFilm("Ordet", 1955, "aB1", imdb_id="tt0048452", tmdb_id=48035, tmdb_kind="movie")
    vampyr, gertrud = NamedFilm("Vampyr", 1932, imdb_id="tt0017423"), NamedFilm("Gertrud", 1964)
    assert set(snapshot.ratings or ()) == {
        RatedFilm(ordet, 5.0, date(2026, 3, 4)),
        RatedFilm(gertrud, 3.0, None),
    }
    assert set(snapshot.watched or ()) == {
        DatedFilm(ordet, date(2026, 1, 2)),
        DatedFilm(vampyr, None),
        DatedFilm(gertrud, None),
    }
    assert (snapshot.service, snapshot.as_of) == (Service.TABLE, datetime(2026, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("head", "ratings", "stars"),
    [("Rating,Rating10", "2,9", 4.5), ("Rating10,Rating", "9,2", 2.0), ("Rating,Rating10", "2,", 2.0)],
)
def test_of_two_ratings_the_later_column_counts(
    head: str, ratings: str, stars: float, tmp_path: Path
) -> None:
    (rating,) = snapshot_of(read(tmp_path, f"Title,Year,{head}", f"Ordet,1955,{ratings}")).ratings or ()
    assert rating.stars == stars


def test_viewings_without_ratings_are_taken(tmp_path: Path) -> None:
    snapshot = snapshot_of(read(tmp_path, "Title,Year,WatchedDate", "Ordet,1955,2026-01-02"))
    assert (snapshot.ratings, snapshot.watched) == (None, (DatedFilm(ORDET, date(2026, 1, 2)),))


# Names of a column of ratings, and what a 4 in it means without and with a scale that a person says.
SCALES: dict[str, tuple[float | None, float]] = {
    "Rating10": (2.0, 2.0),
    "rating 10": (2.0, 2.0),
    "Rating (out of 10)": (2.0, 2.0),
    "Rating (1-10)": (2.0, 2.0),
    "my_rating_10": (2.0, 2.0),
    "Your rating / 10": (2.0, 2.0),
    "Score (0–100)": (0.5, 0.5),
    "Rating %": (0.5, 0.5),
    "Rating (0.5-5)": (4.0, 4.0),
    "Stars out of 5": (4.0, 4.0),
    "rating": (None, 2.0),
    "My Rating": (None, 2.0),
    "score": (None, 2.0),
    "Stars": (None, 2.0),
}


@pytest.mark.parametrize(("column", "said"), SCALES.items())
def test_the_scale_is_said_and_never_guessed(
    column: str, said: tuple[float | None, float], tmp_path: Path
) -> None:
    lines = f"title,year,genre,{column}", "Ordet,1955,Drama,4"
    file = read(tmp_path, *lines)
    if said[0] is None:
        assert file.error == (
            f"{tmp_path}/mine.csv: the column {column!r} does not say its scale: call it '{column} / 10', or "
            "whatever is the best, or give --scale 5, 10 or 100"
        )
        assert read(tmp_path, f"title,year,genre,{column} / 10", "Ordet,1955,Drama,4").error is None
    else:
        assert [rating.stars for rating in snapshot_of(file).ratings or ()] == [said[0]]
    assert file.kind is (Kind.IMPORT_FILE if column == "Rating10" else Kind.TABLE)
    file = read(tmp_path, *lines, scale=10)
    assert [rating.stars for rating in snapshot_of(file).ratings or ()] == [said[1]]


def test_a_letterboxd_file_on_another_scale_needs_it_said(tmp_path: Path) -> None:
    lines = "Title,Year,Rating", "Ordet,1955,9", "Vampyr,1932,8"
    assert "a rating of '9' on a scale of 5" in str(read(tmp_path, *lines).error)
    assert "--scale 10" in str(read(tmp_path, *lines).error)
    ratings = snapshot_of(read(tmp_path, *lines, scale=10)).ratings or ()
    assert {rating.stars for rating in ratings} == {4.5, 4.0}


@pytest.mark.parametrize(
    ("text", "scale", "stars", "is_exact"),
    [
        ("100", 100, 5.0, True),
        ("87", 100, 4.5, False),
        ("85", 100, 4.5, False),
        ("84", 100, 4.0, False),
        ("1", 100, 0.5, False),
        ("7.5", 10, 4.0, False),
        ("7,0", 10, 3.5, True),
        ("8/10", 10, 4.0, True),
        ("80%", 100, 4.0, True),
        ("3.5", 5, 3.5, True),
    ],
)
def test_what_lies_between_half_stars_goes_to_the_nearest(
    text: str, scale: int, stars: float, is_exact: bool, tmp_path: Path
) -> None:
    file = read(tmp_path, "title;year;rating", f"Ordet;1955;{text}", scale=scale)
    assert [rating.stars for rating in snapshot_of(file).ratings or ()] == [stars]
    rounded = "1 rating between two half stars: the nearest counts, of two as near the higher"
    assert (rounded in file.notes) is not is_exact


def test_nothing_and_nought_are_no_ratings(tmp_path: Path) -> None:
    file = read(tmp_path, "imdb,rating10", "tt0048452,8", "tt0048453,0", "tt0048454,")
    assert len(snapshot_of(file).ratings or ()) == 1
    assert "not taken: films without a rating (2)" in file.notes


# A head and a row, and the film that it names.
FILMS: dict[str, tuple[str, str, NamedFilm]] = {
    "title and year": ("Title,Year", "Ordet,1955", ORDET),
    "other words": ("Movie Title,Release Year", "Ordet,1955.0", ORDET),
    "IMDb": ("imdb_id", "tt0048452", NamedFilm("", imdb_id="tt0048452")),
    "TMDB": ("tmdbId", "48035", NamedFilm("", tmdb_id=48035, tmdb_kind="movie")),
    "TMDB, a number of a spreadsheet": (
        "TMDb ID",
        "48035.0",
        NamedFilm("", tmdb_id=48035, tmdb_kind="movie"),
    ),
    "a series at TMDB": ("tmdb,type", "1399,TV Show", NamedFilm("", tmdb_id=1399, tmdb_kind="tv")),
    "its path at TMDB": ("tmdb", "tv/1399", NamedFilm("", tmdb_id=1399, tmdb_kind="tv")),
    "an address": ("URL", "https://letterboxd.com/film/ordet/", NamedFilm("", slug="ordet")),
    "an address at IMDb": (
        "url",
        "https://m.imdb.com/de/title/tt0048452/?r=1",
        NamedFilm("", imdb_id="tt0048452"),
    ),
    "a slug": ("slug,name,year", "ordet,Ordet,1955", NamedFilm("Ordet", 1955, slug="ordet")),
    "an address of something else beside a title": (
        "Title,Year,Link",
        "Ordet,1955,https://mubi.com/x",
        ORDET,
    ),
}


@pytest.mark.parametrize(("head", "row", "film"), FILMS.values(), ids=FILMS)
def test_films_are_named_in_many_ways(head: str, row: str, film: NamedFilm, tmp_path: Path) -> None:
    file = read(tmp_path, f"{head},Rating10", f"{row},9")
    assert snapshot_of(file).ratings == (RatedFilm(film, 4.5),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Ordet,1955,x,9,", "'x', which is no number of IMDB"),
        ("Ordet,55,,9,", "the year '55'"),
        (",,,9,", "nothing that names a film"),
        ("Ordet,1955,,11,", "a rating of '11' on a scale of 10"),
        ("Ordet,1955,,good,", "a rating of 'good' on a scale of 10"),
        ("Ordet", "cut short"),
    ],
)
def test_a_lone_odd_row_is_named(row: str, said: str, tmp_path: Path) -> None:
    file = read(tmp_path, "title,year,imdb,rating10,date", "Gertrud,1964,,5,2026-01-02", row)
    (sentence,) = file.left_out
    assert sentence.startswith("mine.csv, row 3 ")
    assert said in sentence
    snapshot = snapshot_of(file)
    assert snapshot.ratings == (RatedFilm(NamedFilm("Gertrud", 1964), 2.5, date(2026, 1, 2)),)
    assert snapshot.watched is None  # a bare date need not be one of a viewing


def test_days_of_ratings_and_of_viewings_are_told_apart(tmp_path: Path) -> None:
    head = "title,year,rating10,rated_at,watched_at"
    snapshot = snapshot_of(read(tmp_path, head, "Ordet,1955,9,2026-01-09T10:00:00Z,2026-01-05 20:15"))
    assert snapshot.ratings == (RatedFilm(ORDET, 4.5, date(2026, 1, 9)),)
    assert snapshot.watched == (DatedFilm(ORDET, date(2026, 1, 5)),)


def test_episodes_are_never_taken(tmp_path: Path) -> None:
    file = read(tmp_path, "title,year,type,rating10", "Ordet,1955,movie,9", "Pilot,1999,episode,9")
    assert len(snapshot_of(file).ratings or ()) == 1
    assert file.notes[0] == "not taken: episodes of series (1)"


# What could not be matched.


def unmatched(film: NamedFilm, stars: float | None = 4.5, day: date | None = None) -> Unmatched:
    return Unmatched("gus", Service.IMDB, film, stars, day, "ratings.csv", "3 films are called so")


def fill_in(path: Path, *links: str) -> None:
    head, *rows = path.read_text("utf-8-sig").splitlines()
    filled = [row + link for row, link in zip(rows, links, strict=True)]
    path.write_text("\n".join((head, *filled)), "utf-8")


def read_unmatched(path: Path) -> ReadFile:
    (file,) = read_paths([path], NOW).files
    assert (file.kind, file.error) == (Kind.UNMATCHED, None)
    return file


def write_unmatched(rows: list[Unmatched], file: Path) -> None:
    file.write_text(as_csv(rows), encoding="utf-8", newline="")


def test_what_could_not_be_matched_is_read_again_once_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "unmatched.csv"
    odd = NamedFilm('=HYPERLINK("x"), "é"', 1999, imdb_id="tt0000001")
    rows = [
        unmatched(odd, day=date(2026, 1, 2)),
        unmatched(NamedFilm("Series", 2000, tmdb_id=7, tmdb_kind="tv"), None, date(2026, 1, 3)),
        unmatched(NamedFilm("Still open", None)),
    ]
    write_unmatched(rows, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode())
    file = read_unmatched(path)
    assert file.snapshots == ()
    assert file.notes[0] == "3 films without LetterboxdURI so far, left unmatched"
    fill_in(path, "https://boxd.it/aB1", "https://letterboxd.com/film/some-series/", "")
    file = read_unmatched(path)
    (snapshot,) = file.snapshots
    assert (snapshot.member, snapshot.service, snapshot.complete) == ("gus", Service.IMDB, False)
    named = NamedFilm(odd.title, 1999, "aB1", imdb_id="tt0000001")
    assert snapshot.ratings == (RatedFilm(named, 4.5, date(2026, 1, 2)),)
    series = NamedFilm("Series", 2000, slug="some-series", tmdb_id=7, tmdb_kind="tv")
    assert snapshot.watched == (DatedFilm(series, date(2026, 1, 3)),)
    assert file.notes == ("1 film without LetterboxdURI so far, left unmatched",)


# What a person may write in the last column.
IDENTITIES = {
    "https://boxd.it/aB1": {"lid": "aB1"},
    "aB1x": {"lid": "aB1x"},
    "https://letterboxd.com/film/ordet/": {"slug": "ordet"},
    "https://letterboxd.com/dave/film/ordet/1/": {"slug": "ordet"},
    "ordet": {"slug": "ordet"},
    "first-film-2": {"slug": "first-film-2"},
    "1917": {"slug": "1917"},
    "https://letterboxd.com/film/film:48035/": {"film_id": 48035},
    "https://www.themoviedb.org/movie/48035-ordet?language=de": {"tmdb_id": 48035, "tmdb_kind": "movie"},
    "https://www.themoviedb.org/tv/1399-a-series/cast": {"tmdb_id": 1399, "tmdb_kind": "tv"},
    "https://letterboxd.com/tmdb/48035/": {"tmdb_id": 48035, "tmdb_kind": "movie"},
    "https://www.imdb.com/title/tt0048452/": {"imdb_id": "tt0048452"},
    "https://letterboxd.com/imdb/tt0048452": {"imdb_id": "tt0048452"},
    "tt0048452": {"imdb_id": "tt0048452"},
}


@pytest.mark.parametrize(("text", "identity"), IDENTITIES.items())
def test_a_person_may_say_in_many_ways_which_film_it_is(
    text: str, identity: dict[str, object], tmp_path: Path
) -> None:
    write_unmatched([unmatched(ORDET)], tmp_path / "u.csv")
    fill_in(tmp_path / "u.csv", text)
    (rating,) = read_unmatched(tmp_path / "u.csv").snapshots[0].ratings or ()
    assert rating.film == NamedFilm("Ordet", 1955, **identity)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "a5fa",
        "se7en",
        "https://example.org/",
        "https://letterboxd.com/dave/",
        "Ordet (1955)",
        "https://www.themoviedb.org/tv/1399/season/1",
    ],
)
def test_what_is_not_clear_is_not_guessed(text: str, tmp_path: Path) -> None:
    write_unmatched([unmatched(ORDET)], tmp_path / "u.csv")
    fill_in(tmp_path / "u.csv", text)
    (line,) = read_unmatched(tmp_path / "u.csv").left_out
    assert line.startswith(f"u.csv, row 2 has the LetterboxdURI {text!r}")


def test_filled_in_by_a_spreadsheet_it_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    write_unmatched([unmatched(ORDET, day=date(2026, 1, 2)), unmatched(ORDET)], path)
    fill_in(path, "https://boxd.it/aB1", "https://boxd.it/cD2")
    path.write_text(
        path.read_text().replace(",", ";").replace("4.5", "4,5").replace("2026-01-02", "02.01.2026")
    )
    file = read_unmatched(path)
    assert [rating.stars for rating in file.snapshots[0].ratings or ()] == [4.5, 4.5]
    assert file.notes[0] == "not taken: dates that are not written like 2026-01-31 (1)"


def test_rows_of_nobody_or_of_no_service_are_named(tmp_path: Path) -> None:
    path = tmp_path / "u.csv"
    write_unmatched([unmatched(ORDET)] * 3, path)
    fill_in(path, "aB1x", "cD2x", "eF3x")
    head, one, two, three = path.read_text().splitlines()
    path.write_text("\n".join((head, one, three, three, two.replace("gus", "g u s"))))
    file = read_unmatched(path)
    assert file.left_out == ("u.csv, row 5 has the member 'g u s', who can be none",)
    path.write_text("\n".join((head, one, three, three, two.replace("imdb", "vhs"))))
    assert "the service 'vhs', which is none of letterboxd," in read_unmatched(path).left_out[0]


@pytest.mark.parametrize(
    "link",
    [
        "",
        "ordet",
        "https://letterboxd.com/",
        "https://letterboxd.com/film/",
        "https://a.test/film/x/",
        "https://letterboxd.com/tmdb/99999999999/",
        "https://letterboxd.com/tmdb/2147483648/",
    ],
)
def test_other_addresses_name_no_film(link: str) -> None:
    assert film_at(link) is None
