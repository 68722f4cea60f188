"""`export parquet`: what stands in the files, on both databases; whose names; what a failure leaves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts, naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.schema import (
    cohort_members,
    countries,
    film_countries,
    film_genres,
    film_people,
    films,
    genres,
    people,
    ratings,
    users,
    watched,
    watchlist,
)
from ranking.parquet import export
from ranking.parquet import films as parquet_films
from ranking.parquet.columns import FILMS, MEMBERS, NAMES, RANKING, RATINGS
from ranking.parquet.folder import find
from tests.conftest import address, on_sqlite
from tests.ranking.engines.engines import MEMBERS as SIZE
from tests.ranking.engines.engines import NOW, fill

LISTS = {"watched.parquet", "watchlist.parquet"}
FILES = {"ratings.parquet", "films.parquet", "members.parquet", "COLUMNS.md", *LISTS}


@pytest.fixture
def cohort(engine: sa.Engine) -> Cohort:
    return fill(engine)


def written(engine: sa.Engine, cohort: Cohort, folder: Path, *, names: bool = False) -> dict[str, pa.Table]:
    export.export(engine, cohort, folder, NOW, names=names)
    return {name: pq.read_table(folder / f"{name}.parquet") for name in ("ratings", "films", "members")}


def rows(engine: sa.Engine, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_the_files_hold_what_the_database_does(engine: sa.Engine, cohort: Cohort, tmp_path: Path) -> None:
    tables = written(engine, cohort, tmp_path, names=True)
    names = dict(zip(*(tables["members"][name].to_pylist() for name in ("number", "user_name")), strict=True))
    assert set(names.values()) == {f"member_{number}" for number in range(SIZE)}
    r = ratings.c
    stored = sa.select(
        users.c.letterboxd_username,
        *(r.film_id, r.rating, r.liked, r.favorite, r.rated_at, r.first_seen_at, r.seen_after),
    ).join(users, users.c.id == r.user_id)
    with engine.connect() as connection:
        number = parquet_films.numbers(connection, cohort.id)
    expected = [
        (name, number[film], *facts)
        for name, film, *facts in rows(engine, stored.where(users.c.letterboxd_username != "stranger"))
    ]
    read = [(names[row.pop("member")], *row.values()) for row in tables["ratings"].to_pylist()]
    assert sorted(read, key=lambda row: row[:2]) == sorted(expected, key=lambda row: row[:2])
    for member in tables["members"].to_pylist():
        own = [row for row in expected if row[0] == member["user_name"]]
        assert member["rated"] == sum(row[2] is not None for row in own)
        assert member["liked"] == sum(row[3] for row in own)
        assert member["favorites"] == sum(row[4] for row in own)
    assert tables["films"]["id"].to_pylist() == sorted({row[1] for row in expected})
    slugs = [slug or "" for slug in tables["films"]["slug"].to_pylist()]
    assert slugs == sorted(slugs)


def test_columns_have_their_types_and_say_what_they_mean(
    engine: sa.Engine, cohort: Cohort, tmp_path: Path
) -> None:
    written(engine, cohort, tmp_path)
    explained = (tmp_path / "COLUMNS.md").read_text()
    for name, schema in (("ratings", RATINGS), ("films", FILMS), ("members", MEMBERS)):
        file = tmp_path / f"{name}.parquet"
        assert pq.read_schema(file).equals(schema)
        assert [one.metadata for one in pq.read_schema(file)] == [one.metadata for one in schema]
        about = pq.read_metadata(file)
        assert {about.row_group(0).column(n).compression for n in range(about.num_columns)} == {"ZSTD"}
        for column in schema:
            assert f"| `{column.name}` | {column.type} |" in explained
    assert all(b"description" in one.metadata for schema in (RANKING, NAMES) for one in schema)
    assert "not endorsed, certified,\nor otherwise approved by TMDB" in explained


def test_films_have_what_is_known_of_them(engine: sa.Engine, cohort: Cohort, tmp_path: Path) -> None:
    facts = {
        "runtime_minutes": 126,
        "tmdb_media_type": "movie",
        "tmdb_id": 48_035,
        "imdb_id": "tt0048452",
        "letterboxd_weighted_average": 4.21,
        "letterboxd_rating_count": 31_000,
        "letterboxd_fan_count": 700,
    }
    with engine.begin() as connection:
        film = connection.scalar(sa.select(sa.func.min(ratings.c.film_id)))
        connection.execute(films.update().where(films.c.id == film).values(facts))
        for number, name in enumerate(("Drama", "Comedy"), start=1):
            connection.execute(genres.insert().values(id=number, name=name))
            connection.execute(film_genres.insert().values(film_id=film, genre_id=number))
            times = {"created_at": NOW, "updated_at": NOW}
            connection.execute(people.insert().values(id=number, name=f"Person {number}", **times))
            credit = {"film_id": film, "person_id": number, "role": "Director", "credit_order": 3 - number}
            connection.execute(film_people.insert().values(credit))
        connection.execute(film_people.insert().values(film_id=film, person_id=1, role="Writer"))
        connection.execute(countries.insert().values(code="DK", name="Denmark"))
        connection.execute(film_countries.insert().values(film_id=film, country_code="DK"))
    with engine.connect() as connection:
        number = parquet_films.numbers(connection, cohort.id)[film]
    exported = {row["id"]: row for row in written(engine, cohort, tmp_path)["films"].to_pylist()}
    row = exported[number]
    assert row["genres"] == ["Comedy", "Drama"]
    assert row["directors"] == ["Person 2", "Person 1"]
    assert row["countries"] == ["DK"]
    renamed = {"tmdb_media_type": "media_type", "letterboxd_weighted_average": "letterboxd_average"}
    assert {name: row[renamed.get(name, name)] for name in facts} == facts
    (other, *_) = [one for one in exported.values() if one["id"] != number]
    assert other["genres"] == other["directors"] == other["countries"] == []
    assert other["imdb_id"] is None


@on_sqlite
def test_nobody_is_named_unless_names_are_asked_for(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    with engine.begin() as connection:
        connection.execute(users.update().values(display_name="A. Nonymous"))
        connection.execute(ratings.update().values(diary_entry_url="https://letterboxd.com/member_3/film/x/"))
    tables = written(engine, cohort, tmp_path)
    assert "friends" in (tmp_path / "COLUMNS.md").read_text()
    secrets = ("member_", "Nonymous")
    for name, table in tables.items():
        text = json.dumps(table.to_pylist(), default=str) + str(pq.read_schema(tmp_path / f"{name}.parquet"))
        assert not any(secret in text for secret in secrets), name
    assert not any(secret in (tmp_path / "COLUMNS.md").read_text() for secret in secrets)
    # Neither the numbers nor the order of the rows follow the ids, which follow the site's lists.
    ids = [user for (user,) in rows(engine, sa.select(cohort_members.c.user_id).order_by("user_id"))]
    named = written(engine, cohort, tmp_path / "named", names=True)["members"].to_pylist()
    by_name = dict(rows(engine, sa.select(users.c.letterboxd_username, users.c.id)))
    assert [by_name[member["user_name"]] for member in named] != ids
    assert [member["number"] for member in named] == list(range(1, SIZE + 1))
    assert tables["ratings"]["member"].to_pylist() == sorted(tables["ratings"]["member"].to_pylist())


@on_sqlite
def test_who_wishes_not_to_be_named_is_a_number(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    with engine.begin() as connection:
        connection.execute(users.update().values(display_name="A. Nonymous"))
        hidden, named = user_ids(connection, ["member_3", "member_4"]).values()
        naming.set_shows_name(connection, cohort.id, hidden, False)
        naming.set_shows_name(connection, cohort.id, named, True)
    members = written(engine, cohort, tmp_path, names=True)["members"].to_pylist()
    assert "member_3" not in json.dumps(members, default=str)
    unnamed = [(one["user_name"], one["number"]) for one in members if one["display_name"] is None]
    assert unnamed == [(f"member {number}", number) for _, number in unnamed]
    assert len(unnamed) == 1
    assert [one["number"] for one in members] == list(range(1, SIZE + 1))


@on_sqlite
def test_a_label_that_is_a_members_name_is_left_out(engine: sa.Engine, tmp_path: Path) -> None:
    fill(engine)
    with engine.begin() as connection:
        cohort = cohorts.make_from_names(connection, "member_3", ["member_3", "member_4"], NOW)
    written(engine, cohort, tmp_path / "shared")
    assert "member_3" not in (tmp_path / "shared" / "COLUMNS.md").read_text()
    assert b"member_3" not in pq.read_metadata(tmp_path / "shared" / "films.parquet").metadata[b"letterboxd"]
    # It can still be ranked: any label will do.
    words = ["rank", "compute", "--cohort", "member_3", "--engine", "duckdb", "--strategy", "bayesian"]
    assert run([*words, "--data", str(tmp_path / "shared")]) == 0
    written(engine, cohort, tmp_path / "own", names=True)
    assert "member_3" in (tmp_path / "own" / "COLUMNS.md").read_text()


def test_it_makes_no_difference_in_how_many_parts_rows_are_read(
    engine: sa.Engine, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(engine, cohort, tmp_path / "whole")
    monkeypatch.setattr(export, "_ROWS", 120)
    monkeypatch.setattr(parquet_films, "_FILMS", 7)
    parts = written(engine, cohort, tmp_path / "parts")
    assert pq.read_metadata(tmp_path / "parts" / "ratings.parquet").num_row_groups == SIZE / 2
    assert {name: table.to_pylist() for name, table in whole.items()} == {
        name: table.to_pylist() for name, table in parts.items()
    }


def test_all_files_show_one_moment(
    engine: sa.Engine, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = written(engine, cohort, tmp_path / "before")
    rest = parquet_films.film_rows

    def meanwhile(*arguments: Any) -> Iterator[pa.Table]:
        with engine.begin() as other:
            other.execute(films.update().values(title="another"))
        return rest(*arguments)

    monkeypatch.setattr(parquet_films, "film_rows", meanwhile)
    during = written(engine, cohort, tmp_path / "during")
    assert during["films"].to_pylist() == before["films"].to_pylist()
    after = written(engine, cohort, tmp_path / "after")
    assert set(after["films"]["title"].to_pylist()) == {"another"}


@on_sqlite
def test_what_fails_leaves_the_earlier_files_as_they_were(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort = fill(engine)
    written(engine, cohort, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    assert before.keys() >= FILES

    def fails(error: BaseException) -> None:
        def full(*arguments: Any) -> Iterator[pa.Table]:
            raise error

        monkeypatch.setattr(parquet_films, "film_rows", full)

    fails(OSError(28, "No space left on device"))
    with pytest.raises(InputError, match=f"cannot write to {tmp_path}: No space left on device"):
        export.export(engine, cohort, tmp_path, NOW, names=False)
    fails(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        export.export(engine, cohort, tmp_path, NOW, names=False)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before
    assert not list(tmp_path.glob(".unfinished*"))
    monkeypatch.undo()
    written(engine, cohort, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "films.parquet").read_bytes() != before[
        "films.parquet"
    ]  # it belongs to another export


@on_sqlite
def test_files_of_others_are_not_replaced(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    pq.write_table(pa.table({"user": ["a"], "rating": [3.5]}), tmp_path / "ratings.parquet")
    before = (tmp_path / "ratings.parquet").read_bytes()
    with pytest.raises(InputError, match="was not written by this program: move it, or"):
        export.export(engine, cohort, tmp_path, NOW, names=False)
    assert [file.name for file in tmp_path.glob("[!l]*")] == ["ratings.parquet"]
    assert (tmp_path / "ratings.parquet").read_bytes() == before
    (tmp_path / "ratings.parquet").unlink()
    (tmp_path / "COLUMNS.md").write_text("mine")
    with pytest.raises(InputError, match=r"COLUMNS.md is not from an earlier export"):
        export.export(engine, cohort, tmp_path, NOW, names=False)


def test_what_members_have_watched_and_want_to_see_is_exported(
    engine: sa.Engine, cohort: Cohort, tmp_path: Path
) -> None:
    with engine.begin() as connection:
        user = connection.scalar(sa.select(sa.func.min(cohort_members.c.user_id)))
        connection.execute(films.insert().values(id=9001, slug="wanted-only", title="Wanted Only"))
        listed = {"user_id": user, "film_id": 9001, "since": NOW, "as_of": NOW, "source": "file"}
        connection.execute(watchlist.insert().values(listed))
        seen = [{"user_id": user, "film_id": film} for film in (9001, 1)]
        connection.execute(watched.insert(), seen)
    tables = written(engine, cohort, tmp_path)
    named = {film["id"]: film["slug"] for film in tables["films"].to_pylist()}
    (row,) = pq.read_table(tmp_path / "watchlist.parquet").to_pylist()
    assert named[row["film_id"]] == "wanted-only"
    assert (row["since"], row["as_of"], row["source"]) == (NOW, NOW, "file")
    rows_watched = pq.read_table(tmp_path / "watched.parquet").to_pylist()
    assert [film["member"] for film in rows_watched] == [row["member"]] * 2
    assert "wanted-only" in {named[film["film_id"]] for film in rows_watched}
    # A folder that was written before there were these files is still an export.
    for name in ("watched", "watchlist"):
        (tmp_path / f"{name}.parquet").unlink()
    assert find(tmp_path).folder == tmp_path


@on_sqlite
def test_a_cohort_without_ratings_is_exported_empty(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    with engine.begin() as connection:
        connection.execute(ratings.delete())
    tables = written(engine, cohort, tmp_path)
    assert [table.num_rows for table in tables.values()] == [0, 0, SIZE]
    assert tables["ratings"].schema.equals(RATINGS)


@on_sqlite
def test_the_command_says_what_it_wrote(
    engine: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine)
    monkeypatch.setenv("DATABASE_URL", address(engine))
    output = tmp_path / "new" / "folder"
    words = ["export", "parquet", "--output", str(output), "--cohort"]
    assert run([*words, "friends"]) == 0
    stored = pq.read_table(output / "ratings.parquet").num_rows
    told = capsys.readouterr().err
    assert f"friends: {stored} ratings, 86 films, {SIZE} members written to {output}" in told
    assert run([*words, "enemies"]) == 2
    assert "no cohort 'enemies'" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run(["export", "parquet", "--cohort", "friends", "--output", str(tmp_path / "file")]) == 2
    assert f"cannot write {tmp_path / 'file'}: " in capsys.readouterr().err
