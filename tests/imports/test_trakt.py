"""What Trakt exports, in both of its layouts."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import ReadFile, read_paths
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def ids(number: int) -> dict[str, Any]:
    return {"trakt": number, "slug": f"x-{number}", "imdb": f"tt{number:07}", "tmdb": number}


def about(kind: str, number: int, **more: Any) -> dict[str, Any]:
    """An entry about a movie or a show."""
    return {
        **more,
        "type": kind,
        kind: {"title": f"Film {number}", "year": 1950 + number, "ids": ids(number)},
    }


def rated(kind: str, number: int, rating: int, at: str = "2026-01-02T23:30:00.000Z") -> dict[str, Any]:
    return about(kind, number, rating=rating, rated_at=at)


EPISODE = {
    "rating": 9,
    "rated_at": "2026-01-02T00:00:00.000Z",
    "type": "episode",
    "episode": {"season": 1, "number": 1, "title": "One", "ids": {"trakt": 9}},
    "show": {"title": "Series", "year": 2000, "ids": ids(8)},
}
WATCHED_EPISODE = {key: value for key, value in EPISODE.items() if "rat" not in key} | {
    "watched_at": "2026-01-02T00:00:00.000Z"
}
LISTED = "2026-03-04T05:06:07.000Z"
EXPORT: dict[str, Any] = {
    "user-profile.json": {"username": "Gus Van", "ids": {"slug": "gus"}, "vip": False},
    "ratings-movies.json": [rated("movie", 1, 9), rated("movie", 2, 1)],
    "ratings-shows.json": [rated("show", 3, 8)],
    "ratings-episodes.json": [EPISODE],
    "ratings-seasons.json": [{**EPISODE, "type": "season", "season": {"number": 1, "ids": {"trakt": 9}}}],
    "watched-history-1.json": [
        about("movie", 1, id=7, action="watch", watched_at="2026-01-02T22:00:00.000Z"),
        about("movie", 1, id=6, action="watch", watched_at="2020-05-06T22:00:00.000Z"),
        WATCHED_EPISODE,
    ],
    "watched-history-2.json": [about("movie", 4, id=5, watched_at="1970-01-01T00:00:00.000Z")],
    "watched-shows.json": [{"plays": 3, "last_watched_at": LISTED, "show": {"ids": ids(3)}}],
    "lists-watchlist.json": [about("movie", 5, listed_at=LISTED), about("show", 6, listed_at=LISTED)],
    "lists-list-1-best.json": [about("movie", 7, rank=1, listed_at="2026-05-04T05:06:07.000Z")],
    "collection-movies.json": [{"collected_at": "2026-01-01T00:00:00.000Z", "movie": {"ids": ids(9)}}],
    "comments-movies.json": [],
}  # fmt: skip
OLDER = {
    "user/profile.json": EXPORT["user-profile.json"],
    "ratings/ratings-movies.json": [
        {key: value for key, value in entry.items() if key != "type"}
        for entry in EXPORT["ratings-movies.json"]
    ],
    "ratings/ratings-shows.json": EXPORT["ratings-shows.json"],
    "watched/watched-movies.json": [
        {
            "plays": 1,
            "last_watched_at": "2020-05-06T22:00:00.000Z",
            "movie": EXPORT["ratings-movies.json"][0]["movie"],
        }
    ],
    "lists/watchlist.json": EXPORT["lists-watchlist.json"],
}


def named(number: int, kind: str = "movie") -> NamedFilm:
    return NamedFilm(
        f"Film {number}", 1950 + number, imdb_id=f"tt{number:07}", tmdb_id=number, tmdb_kind=kind
    )


def read(path: Path, member: str | None = None) -> ReadFile:
    (file,) = read_paths([path], NOW, member=member).files
    return file


def unpacked(folder: Path, files: dict[str, Any]) -> Path:
    for name, entries in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entries, indent=1))
    return folder


def zipped(folder: Path, files: dict[str, Any]) -> Path:
    with ZipFile(folder / "trakt.zip", "w") as file:
        for name, entries in files.items():
            file.writestr(name, json.dumps(entries))
    return folder / "trakt.zip"


@pytest.mark.parametrize("put", [zipped, unpacked])
def test_an_export(put: Any, tmp_path: Path) -> None:
    file = read(put(tmp_path, EXPORT))
    assert (file.kind, file.error, file.left_out) == (Kind.TRAKT, None, ())
    assert file.notes == ("not taken: ratings of episodes (1)", "not taken: ratings of seasons (1)")
    (snapshot,) = file.snapshots
    assert (snapshot.member, snapshot.service, snapshot.complete) == ("gus", Service.TRAKT, False)
    day = date(2026, 1, 2)
    assert set(snapshot.ratings or ()) == {
        RatedFilm(named(1), 4.5, day),
        RatedFilm(named(2), 0.5, day),
        RatedFilm(named(3, "tv"), 4.0, day),
    }
    assert set(snapshot.watched or ()) == {DatedFilm(named(1), date(2020, 5, 6)), DatedFilm(named(4), None)}
    assert snapshot.watchlist == (
        DatedFilm(named(5), date(2026, 3, 4)),
        DatedFilm(named(6, "tv"), date(2026, 3, 4)),
    )
    assert snapshot.as_of == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_the_older_layout(tmp_path: Path) -> None:
    (snapshot,) = read(
        zipped(tmp_path, {f"gus/{name}": entries for name, entries in OLDER.items()})
    ).snapshots
    assert snapshot.member == "gus"
    assert len(snapshot.ratings or ()) == 3
    assert snapshot.watched == (DatedFilm(named(1), date(2020, 5, 6)),)
    assert len(snapshot.watchlist or ()) == 2


def test_the_name_there_may_be_another_than_here(tmp_path: Path) -> None:
    assert read(zipped(tmp_path, EXPORT), member="augustus").snapshots[0].member == "augustus"


def test_without_a_profile_it_must_be_said_whose_it_is(tmp_path: Path) -> None:
    path = unpacked(tmp_path, {"ratings-movies.json": EXPORT["ratings-movies.json"]}) / "ratings-movies.json"
    assert "give --member NAME" in str(read(path).error)
    assert read(path, member="gus").snapshots[0].ratings


def test_two_exports_lie_beside_each_other(tmp_path: Path) -> None:
    for name in ("gus", "hal"):
        unpacked(tmp_path / name, EXPORT | {"user-profile.json": {"username": name, "ids": {}}})
    assert [snapshot.member for snapshot in read_paths([tmp_path], NOW).snapshots] == ["gus", "hal"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (rated("movie", 3, 11), "ratings-movies.json, entry 4 has the rating 11"),
        (rated("movie", 3, 5, "yesterday"), "rated_at 'yesterday', which is no moment"),
        (
            {"rating": 5, "movie": {"title": None, "year": None, "ids": {"trakt": 3}}},
            "without a name and numbers",
        ),
    ],
)
def test_a_lone_odd_entry_is_named(entry: dict[str, Any], said: str, tmp_path: Path) -> None:
    sound = [rated("movie", number, 5) for number in (4, 5, 6)]
    file = read(zipped(tmp_path, EXPORT | {"ratings-movies.json": [*sound, entry]}))
    (line,) = file.left_out
    assert said in line
    assert len(file.snapshots[0].ratings or ()) == 4


# Files of which nothing is taken.
BROKEN = {
    "cut short": json.dumps(EXPORT["ratings-movies.json"])[:-5],
    "lists in lists": '{"trakt":' + "[" * 100_000,
    "mostly odd": json.dumps([rated("movie", n, 77) for n in range(9)]),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_said_to_be_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "ratings-movies.json").write_text(text)
    file = read(tmp_path, member="gus")
    assert (file.kind, file.snapshots) == (Kind.TRAKT, ())
    assert str(file.error).startswith(f"{tmp_path}/ratings-movies.json: ")


def test_numbers_that_no_database_holds_name_no_film(tmp_path: Path) -> None:
    film = {"title": "Film", "year": "1999", "ids": {"trakt": 1, "imdb": 12, "tmdb": 2**40}}
    entry = {"rating": 5, "rated_at": None, "movie": film}
    (snapshot,) = read(
        zipped(tmp_path, EXPORT | {"ratings-movies.json": [entry], "ratings-shows.json": []})
    ).snapshots
    assert snapshot.ratings == (RatedFilm(NamedFilm("Film", tmdb_kind="movie"), 2.5),)
