"""`letterboxd import PATH…`: what files are, what they would change, and what cannot be matched."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer

from letterboxd_scraper.cli import import_files, import_store
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.imports.unmatched import COLUMNS
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import films, member_sources, ratings, users
from tests.cli.conftest import Run
from tests.imports.test_reading import ARCHIVE, IMDB, packed, write
from tests.site import Site, own_world
from tests.site.cinema import details, oddity

HEAD = "Title,Year,Rating,WatchedDate"


def stored(folder: Path, *columns: Any) -> set[tuple[Any, ...]]:
    """Return columns of all ratings, with their members and films."""
    engine = sa.create_engine(f"sqlite:///{folder / 'letterboxd.db'}")
    try:
        with engine.connect() as connection:
            joined = ratings.join(users).join(films)
            return {tuple(row) for row in connection.execute(sa.select(*columns).select_from(joined))}
    finally:
        engine.dispose()


def rated(folder: Path) -> set[tuple[Any, ...]]:
    columns = (users.c.letterboxd_username, films.c.title, ratings.c.rating)
    return {row for row in stored(folder, *columns) if row[2] is not None}


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A folder with an archive of gus, IMDb's ratings of a person it does not name, and something else."""
    return write(
        tmp_path / "downloads", {"gus.zip": packed(ARCHIVE), "imdb.csv": IMDB, "bill.pdf": "%PDF-1.7"}
    )


def test_a_folder_of_all_kinds(empty: Run, downloads: Path, tmp_path: Path) -> None:
    ended = empty("import", str(downloads), "--member", "ida", "--cohort", "friends")
    assert ended.code == ExitCode.DONE, ended.err
    for line in (
        f"{downloads}/gus.zip: Letterboxd archive of gus, as of 2026-01-03: 1 rating, 1 like, 0 favourites",
        f"{downloads}/imdb.csv: IMDb ratings of ida, as of 2026-02-01: 1 rating",
        f"{downloads}: 1 of another kind, not taken: bill.pdf",
        "gus: 1 new rating, 2 films new here",
        "ida: 1 new rating",
        "now: letterboxd rank compute --cohort friends",
    ):
        assert line in ended.err.splitlines()
    assert rated(tmp_path) == {("gus", "Persona", 4.5), ("ida", "Persona", 4.5)}
    assert empty("rank", "compute", "--cohort", "friends", "--param", "min_votes=1").code == 0
    assert "Persona" in empty("rank", "show", "--cohort", "friends").out


def test_what_was_taken_in_before_changes_nothing(empty: Run, downloads: Path, tmp_path: Path) -> None:
    for _ in range(2):
        ended = empty("import", str(downloads / "gus.zip"))
    assert ended.code == ExitCode.DONE
    assert "gus: known already: nothing changes" in ended.err
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(member_sources)) == 1
    engine.dispose()


def test_what_is_known_already_is_not_asked_about(
    empty: Run, downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert empty("import", str(downloads / "gus.zip")).code == ExitCode.DONE
    monkeypatch.setattr(import_files, "_is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: pytest.fail("there is nothing to ask"))
    ended = empty("import", str(downloads / "gus.zip"), "--cohort", "friends")
    assert ended.code == ExitCode.DONE
    assert ended.err.count("gus: known already: nothing changes") == 1
    assert "so far" not in ended.err
    assert "gus" in empty("cohort", "show", "friends").out


def test_those_who_were_imported_without_a_cohort_become_one(empty: Run, downloads: Path) -> None:
    nobody = empty("cohort", "build", "--imported", "--label", "club")
    assert nobody.code == ExitCode.BAD_INPUT
    assert "nobody's files are stored yet" in nobody.err
    ended = empty("import", str(downloads), "--member", "ida")
    (advice,) = (line for line in ended.err.splitlines() if "to make a circle of them" in line)
    assert advice.endswith(
        "letterboxd cohort build --imported --label LABEL, then letterboxd rank compute --cohort LABEL"
    )
    built = empty("cohort", "build", "--imported", "--label", "club")
    assert built.code == ExitCode.DONE, built.err
    assert "club: 2 members; now: letterboxd rank compute --cohort club" in built.err
    assert empty("rank", "compute", "--cohort", "club", "--param", "min_votes=1").code == ExitCode.DONE
    assert empty("cohort", "build", "--imported", "--seed", "a", "--label", "b").code == ExitCode.BAD_INPUT


def test_an_interrupted_import_says_who_is_stored_and_goes_on(
    empty: Run, downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Any] = []

    def interrupt_the_second(told: Any, connection: sa.Connection, provenance: Any) -> Any:
        outcome = save_sources(told, connection, provenance)
        saved.append(told)
        if len(saved) == 2:
            raise KeyboardInterrupt  # all is written, and not kept
        return outcome

    monkeypatch.setattr(import_store, "save_sources", interrupt_the_second)
    ended = empty("import", str(downloads), "--member", "ida", "--cohort", "friends")
    assert ended.code == ExitCode.INTERRUPTED
    assert "interrupted, 1 of 2 members stored; the same command goes on from here" in ended.err
    assert "Traceback" not in ended.err
    assert rated(tmp_path) == {("gus", "Persona", 4.5)}
    assert empty("import", str(downloads), "--member", "ida", "--cohort", "friends").code == ExitCode.DONE
    assert rated(tmp_path) == {("gus", "Persona", 4.5), ("ida", "Persona", 4.5)}


def test_a_preview_makes_no_database(empty: Run, downloads: Path, tmp_path: Path) -> None:
    ended = empty("import", str(downloads), "--member", "ida", "--preview")
    assert ended.code == ExitCode.DONE
    assert "gus: 1 new rating, 2 films new here" in ended.err
    assert "so far, nothing is stored" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["downloads"]


def test_a_preview_changes_no_database(club: Run, downloads: Path, tmp_path: Path) -> None:
    before = stored(tmp_path, users.c.letterboxd_username, films.c.title, ratings.c.rating)
    ended = club("--json", "import", str(downloads), "--member", "ida", "--preview")
    result = json.loads(ended.out)
    assert not result["stored"]
    assert [(one["member"], one["added"], one["new_films"]) for one in result["members"]] == [
        ("gus", 1, 2),
        ("ida", 1, 0),
    ]
    assert [file["kind"] for file in result["files"]] == ["Letterboxd archive", "IMDb ratings"]
    assert stored(tmp_path, users.c.letterboxd_username, films.c.title, ratings.c.rating) == before


@pytest.mark.parametrize("answer", [True, False])
def test_a_person_is_asked(
    empty: Run, downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answer: bool
) -> None:
    monkeypatch.setattr(import_files, "_is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    ended = empty("import", str(downloads / "gus.zip"))
    assert ended.code == ExitCode.DONE
    assert ended.err.count("gus: 1 new rating, 2 films new here") == 1
    assert (tmp_path / "letterboxd.db").exists() is answer


def test_one_bad_file_costs_no_other(empty: Run, downloads: Path, tmp_path: Path) -> None:
    ended = empty("import", str(downloads))  # nobody says whose IMDb's ratings are
    assert ended.code == ExitCode.FAILURES
    assert f"{downloads}/imdb.csv: it does not say whose it is: give --member NAME" in ended.err.splitlines()
    assert rated(tmp_path) == {("gus", "Persona", 4.5)}


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_where_nothing_can_be_taken_in_it_says_what_is_there(
    empty: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = write(tmp_path, {"bill.pdf": "%PDF-1.7"}) / "bill.pdf"
    ended = empty(*words, "import", str(file))
    assert ended.code == ExitCode.BAD_INPUT
    assert f"{file}: a PDF file" in ended.err
    assert not (tmp_path / "letterboxd.db").exists()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of ida's with a film that nothing stored tells, which it names by title alone."""
    return write(tmp_path, {"mine.csv": f"{HEAD}\nPersona,1966,4.5,2026-02-01\n"}) / "mine.csv"


def test_what_cannot_be_matched_is_filled_in_and_taken_in(empty: Run, table: Path, tmp_path: Path) -> None:
    ended = empty("import", str(table), "--member", "ida")
    assert ended.code == ExitCode.DONE
    assert "ida: 1 film that cannot be matched" in ended.err
    assert "unmatched.csv: 1 line of films that are not known" in ended.err
    with (tmp_path / "unmatched.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["Member"], row["Title"], row["Rating"], row["WatchedDate"]) == (
        "ida",
        "Persona",
        "4.5",
        "2026-02-01",
    )
    with (tmp_path / "unmatched.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(row | {"LetterboxdURI": "https://letterboxd.com/film/persona/"})
    assert empty("import", "unmatched.csv").code == ExitCode.DONE
    assert rated(tmp_path) == {("ida", "Persona", 4.5)}


def test_an_older_list_of_what_could_not_be_matched_is_kept(empty: Run, table: Path, tmp_path: Path) -> None:
    write(tmp_path, {"unmatched.csv": "half filled in"})
    assert "unmatched-2.csv: 1 line of" in empty("import", str(table), "--member", "ida").err
    assert (tmp_path / "unmatched.csv").read_text() == "half filled in"


def test_a_film_that_tmdb_alone_has_is_that_one(
    empty: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Site(own_world(follows=())) as site:
        monkeypatch.setenv("TMDB_BASE_URL", f"{site.url}/3")
        monkeypatch.setenv("TMDB_API_KEY", Site.tmdb_key)
        film = next(film for film in site.world.films.values() if oddity(film) == "ordinary")
        answer, link = details(film).tmdb, details(film).at_tmdb
        assert answer
        assert link
        row = f"{film.title},{answer['release_date'][:4]},4.5,2026-02-01"
        table = write(tmp_path, {"mine.csv": f"{HEAD}\n{row}\nNobody's,1900,3,2026-02-01\n"}) / "mine.csv"
        ended = empty("import", str(table), "--member", "ida")
    assert ended.code == ExitCode.DONE
    assert "ida: 1 new rating, 1 film new here, 1 film that cannot be matched" in ended.err
    assert stored(tmp_path, films.c.tmdb_id, ratings.c.rating) == {(link.id, 4.5)}
    assert "Nobody's" in (tmp_path / "unmatched.csv").read_text(encoding="utf-8-sig")


def test_a_wrong_name_is_said_at_once(empty: Run, downloads: Path, tmp_path: Path) -> None:
    ended = empty("import", str(downloads), "--member", "not a name")
    assert ended.code == ExitCode.BAD_INPUT
    assert not (tmp_path / "letterboxd.db").exists()


@pytest.mark.parametrize("usual", ["", "ida"])
def test_a_person_is_asked_whose_a_file_is_that_does_not_say_it(
    empty: Run, downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str
) -> None:
    asked = []

    def prompt(question: str, default: str | None, **_: Any) -> str:
        asked.append(question)
        return default or "@Ida"

    monkeypatch.setattr(import_files, "_is_terminal", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
    monkeypatch.setenv("LETTERBOXD_MEMBER", usual)
    assert empty("import", str(downloads)).code == ExitCode.DONE
    assert asked == [f"{downloads}/imdb.csv does not say it: whose is it?"]
    assert rated(tmp_path) == {("gus", "Persona", 4.5), ("ida", "Persona", 4.5)}


@pytest.mark.parametrize("words", [(), ("--preview",)])
def test_where_no_unmatched_could_be_written_nothing_is_taken_in(
    empty: Run, table: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Also where its file is the usual one."""
    (tmp_path / "unmatched.csv").symlink_to(tmp_path / "nowhere" / "unmatched.csv")
    ended = empty("import", str(table), "--member", "ida", *words)
    assert ended.code == ExitCode.BAD_INPUT
    assert "cannot write unmatched.csv: " in ended.err
    assert not (tmp_path / "letterboxd.db").exists()
