"""What IMDb exports: ratings of all years and languages, watchlists, other lists."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from letterboxd_scraper.imports.imdb import no_film
from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import ReadFile, ReadFiles, read_paths
from letterboxd_scraper.imports.words import of_files, of_snapshot
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HEAD = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,"
    "Num Votes,Release Date,Directors"
)
PERSONA = NamedFilm("Persona", 1966, imdb_id="tt0060827")


def row(const: str = "tt0060827", rating: str = "9", rated: str = "2026-02-01", kind: str = "Movie") -> str:
    url = f"https://www.imdb.com/title/{const}/"
    rest = "8.1,83,1966,Drama,130000,1966-10-18,Ingmar Bergman"
    return f"{const},{rating},{rated},Persona,Persona,{url},{kind},{rest}"


def read(folder: Path, *lines: str, name: str = "ratings.csv", encoding: str = "utf-8") -> ReadFile:
    (folder / name).write_text("\n".join(lines) + "\n", encoding)
    (file,) = read_paths([folder / name], NOW, member="Gus").files
    return file


def test_ratings_from_1_to_10_are_stars(tmp_path: Path) -> None:
    rows = [row(f"tt000000{n}", str(n), f"2026-01-{n:02}") for n in range(1, 10)] + [row("tt12345678", "10")]
    file = read(tmp_path, HEAD, *rows)
    assert (file.kind, file.error, file.left_out, file.notes) == (Kind.IMDB_RATINGS, None, (), ())
    (snapshot,) = file.snapshots
    assert [rating.stars for rating in snapshot.ratings or ()] == [n / 2 for n in range(1, 11)]
    assert (snapshot.member, snapshot.service, snapshot.complete) == ("gus", Service.IMDB, False)
    assert (snapshot.source, snapshot.as_of) == ("ratings.csv", datetime(2026, 2, 1, tzinfo=UTC))
    assert (snapshot.watched, snapshot.watchlist, snapshot.likes, snapshot.favourites) == (None,) * 4


# All heads that ratings have had: each row says the same.
HEADS = {
    "2026": (HEAD, row()),
    "2018": (
        "Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes,"
        "Release Date,Directors",
        "tt0060827,9,2026-02-01,Persona,https://www.imdb.com/title/tt0060827/,movie,8.1,83,1966,Drama,1,,x",
    ),
    "2011": (
        '"position","const","created","modified","description","Title","Title type","Directors","You rated",'
        '"IMDb Rating","Runtime (mins)","Year","Genres","Num. Votes","Release Date (month/day/year)","URL"',
        '"1","tt0060827","Sun Feb  1 00:00:00 2026","","","Persona","Feature Film","x","9","8.1","83","1966",'
        '"","","1966-10-18","http://www.imdb.com/title/tt0060827/"',
    ),
    "semicolons": (HEAD.replace(",", ";"), row().replace(",", ";")),
}


@pytest.mark.parametrize(("head", "line"), HEADS.values(), ids=HEADS)
def test_ratings_of_all_years(head: str, line: str, tmp_path: Path) -> None:
    (snapshot,) = read(tmp_path, head, line).snapshots
    assert snapshot.ratings == (RatedFilm(PERSONA, 4.5, date(2026, 2, 1)),)


def test_old_files_are_not_in_utf_8(tmp_path: Path) -> None:
    (snapshot,) = read(tmp_path, HEAD, row().replace("Persona,", "Amélie,", 1), encoding="cp1252").snapshots
    assert [rating.film.title for rating in snapshot.ratings or ()] == ["Amélie"]


# What a title is, in the languages of its member: what it is no film for, if it is none.
WORDS = {
    "Movie": None,
    "TV Movie": None,
    "Short": None,
    "TV Short": None,
    "Video": None,
    "TV Mini Series": None,
    "TV Series": None,
    "TV Special": None,
    "tvMiniSeries": None,
    "Feature Film": None,
    "Documentary": None,
    "Spielfilm": None,
    "Spelfilm": None,
    "Speelfilm": None,
    "Fernsehserie": None,
    "Fernsehfilm": None,
    "Série télévisée": None,
    "Película": None,
    "Miniserie de TV": None,
    "Filme": None,
    "сериал": None,
    "映画": None,
    "something new": None,
    "": None,
    "TV Episode": "episodes of series",
    "tvEpisode": "episodes of series",
    "Fernsehfolge": "episodes of series",
    "Épisode télévisé": "episodes of series",
    "Episodio de TV": "episodes of series",
    "Episódio de TV": "episodes of series",
    "Odcinek serialu": "episodes of series",
    "Aflevering": "episodes of series",
    "TV-avsnitt": "episodes of series",
    "Dizi Bölümü": "episodes of series",
    "Эпизод": "episodes of series",
    "टीवी एपिसोड": "episodes of series",
    "テレビエピソード": "episodes of series",
    "Video Game": "games",
    "videoGame": "games",
    "Videospiel": "games",
    "Jeu vidéo": "games",
    "Videojuego": "games",
    "Podcast Series": "podcasts",
    "Podcast Episode": "podcasts",
    "podcastEpisode": "podcasts",
}


@pytest.mark.parametrize(("word", "what"), WORDS.items())
def test_episodes_games_and_podcasts_are_known_in_many_languages(word: str, what: str | None) -> None:
    assert no_film(word) == what


def test_what_is_no_film_is_counted_by_what_it_is(tmp_path: Path) -> None:
    kinds = ["TV Episode"] * 3 + ["Video Game", "Podcast Episode"]
    file = read(tmp_path, HEAD, row(), row("nm0000005", ""), *(row(kind=kind) for kind in kinds))
    assert len(file.snapshots[0].ratings or ()) == 1
    assert file.left_out == ()
    assert file.notes == (
        "not taken: episodes of series (3)",
        "not taken: games (1)",
        "not taken: people (1)",
        "not taken: podcasts (1)",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (row(rating="11"), "ratings.csv, row 3 has a rating of '11'"),
        (row(rating="8.5"), "a rating of '8.5'"),
        (row(const="0060827"), "'0060827', which is no film's number"),
        ("tt0060827,9", "cut short"),
    ],
)
def test_a_lone_odd_row_is_named(line: str, said: str, tmp_path: Path) -> None:
    file = read(tmp_path, HEAD, row("tt0000001"), line)
    assert len(file.snapshots[0].ratings or ()) == 1
    (sentence,) = file.left_out
    assert said in sentence


@pytest.mark.parametrize("rating", ["", "0"])
def test_no_rating_is_none(rating: str, tmp_path: Path) -> None:
    file = read(tmp_path, HEAD, row(rating=rating))
    assert file.snapshots == ()
    assert file.notes == ("not taken: films without a rating (1)", "it tells nothing that is taken in")


def test_a_date_that_cannot_be_read_costs_no_rating(tmp_path: Path) -> None:
    file = read(tmp_path, HEAD, row(rated="01/02/2026"))
    assert [(rating.stars, rating.day) for rating in file.snapshots[0].ratings or ()] == [(4.5, None)]
    assert file.notes[0] == "not taken: dates that are not written like 2026-01-31 (1)"
    assert file.snapshots[0].as_of == datetime(2011, 1, 1, tzinfo=UTC)
    assert "it has no dates" in file.notes[1]
    assert of_snapshot(file.snapshots[0]).startswith("of gus, without dates: ")
    *_, advice = of_files(ReadFiles((file,)))
    assert "--as-of" in advice


LIST = (
    "Position,Const,Created,Modified,Description,Title,Original Title,URL,Title Type,IMDb Rating,"
    "Runtime (mins),Year,Genres,Num Votes,Release Date,Directors,Your Rating,Date Rated"
)


def test_a_watchlist_is_known_by_its_name(tmp_path: Path) -> None:
    lines = (
        "1,tt0060827,2026-03-01,2026-03-01,,Persona,Persona,u,Movie,8,83,1966,,1,,x,,",
        "2,tt0000002,2026-03-02,2026-03-02,,Other,Other,u,TV Series,8,83,1999,,1,,x,7,2026-04-01",
    )
    file = read(tmp_path, LIST, *lines, name="WATCHLIST.csv")
    assert file.kind is Kind.IMDB_LIST
    (snapshot,) = file.snapshots
    assert (snapshot.watchlist or ())[0] == DatedFilm(PERSONA, date(2026, 3, 1))
    assert [(rating.stars, str(rating.day)) for rating in snapshot.ratings or ()] == [(3.5, "2026-04-01")]
    file = read(tmp_path, LIST, *lines, name="my-list.csv")
    (snapshot,) = file.snapshots
    assert (snapshot.watchlist, len(snapshot.ratings or ())) == (None, 1)
    assert file.notes == ("not taken: films without a rating (1)",)


def test_it_must_be_somebodys(tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(f"{HEAD}\n{row()}\n")
    assert "give --member NAME" in read_paths([tmp_path], NOW).errors[0]


def test_an_old_watchlist_has_the_columns_of_ratings(tmp_path: Path) -> None:
    head, line = HEADS["2011"]
    (snapshot,) = read(tmp_path, head, line, name="watchlist.csv").snapshots
    assert snapshot.watchlist == (DatedFilm(PERSONA, date(2026, 2, 1)),)
    assert [(rating.stars, rating.day) for rating in snapshot.ratings or ()] == [(4.5, None)]
