"""DuckDB on exported files, against the database; and what `rank compute --engine` says."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import cohort_members, ratings
from ranking.engines.base import opened
from ranking.engines.java import java_problem
from ranking.strategies.base import SqlStrategy
from tests.conftest import on_sqlite
from tests.ranking.engines.engines import CLOSED, NOW, TIED, assert_all_agree, exported, fill

pytestmark = pytest.mark.slow

# What a pattern, a text or an address would take for something else.
ODD = "it's [1] {a,b} *?%20"


def test_duckdb_ranks_as_the_database_does(engine: sa.Engine, tmp_path: Path) -> None:
    cohort = fill(engine)
    export = exported(engine, cohort, tmp_path / ODD)
    with opened("duckdb", export) as running:
        assert_all_agree(engine, cohort, running, export)


@pytest.fixture
def folder(engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An export of the cohort, on a machine that has no database."""
    cohort = fill(engine)
    with engine.begin() as connection:
        cohorts.redefine(connection, cohort, {"rank": {"m": 7}}, NOW)
    with engine.connect() as connection:
        exported(engine, cohorts.find(connection, "friends"), tmp_path / "data")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none/letterboxd.db")
    monkeypatch.setenv("LETTERBOXD_NOW", NOW.isoformat())
    return tmp_path / "data"


def compute(folder: Path, *more: str, cohort: str = "friends") -> int:
    words = ["rank", "compute", "--cohort", cohort, "--engine", "duckdb", "--data", str(folder)]
    return run([*words, *more])


@on_sqlite
def test_rankings_are_files_that_say_what_they_are(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compute(folder, "--strategy", "bayesian") == 0
    file = folder / "rankings" / "bayesian.parquet"
    table = pq.read_table(file)
    assert (
        f"bayesian: {table.num_rows} films ranked with duckdb, written to {file}" in capsys.readouterr().err
    )
    first = table.slice(0, 1).to_pylist()[0]
    assert first["rank"] == 1
    assert first["title"].startswith("Film")
    assert first["watchers"] > 0
    assert first["computed_at"] == NOW
    assert json.loads(first["params"]) == {"m": 7, "min_votes": 1}
    assert [one.name for one in folder.glob("rankings/*")] == ["bayesian.parquet"]
    assert not (tmp_path / "none").exists(), "no database is needed, and none is made"


@on_sqlite
def test_equal_scores_stand_in_the_order_of_their_slugs_bytes(folder: Path) -> None:
    assert compute(folder, "--strategy", "wilson") == 0
    slugs = pq.read_table(folder / "rankings" / "wilson.parquet")["slug"].to_pylist()
    assert [slug for slug in slugs if slug in TIED] == TIED


@on_sqlite
def test_all_closed_forms_are_computed_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compute(folder, "--strategy", "all", "--param", "m=3") == 0
    told = capsys.readouterr().err
    for name, strategy in CLOSED.items():
        assert f"{name}: " in told
        params = json.loads(pq.read_table(folder / "rankings" / f"{name}.parquet")["params"][0].as_py())
        assert params == strategy.settle({"m": 3})


@on_sqlite
def test_what_cannot_be_ranked_keeps_the_file_of_before(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compute(folder, "--strategy", "bayesian") == 0
    before = (folder / "rankings" / "bayesian.parquet").read_bytes()
    assert compute(folder, "--strategy", "bayesian", "--param", "min_votes=1000") == 2
    assert "no film of friends can be ranked by bayesian: no film has enough" in capsys.readouterr().err
    assert (folder / "rankings" / "bayesian.parquet").read_bytes() == before


@on_sqlite
def test_what_is_wrong_is_said_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*more: str, cohort: str = "friends") -> str:
        assert compute(folder, *more, cohort=cohort) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        return told

    assert "no strategy 'best': there are" in refused("--strategy", "best")
    assert "--engine" in refused("--engine", "excel")
    assert "has no parameter 'x'" in refused("--strategy", "wilson", "--param", "x=1")
    assert "holds the cohort 'friends', not 'others'" in refused("--strategy", "wilson", cohort="others")
    assert "--data is read by another engine" in refused("--engine", "database")
    nowhere = folder / "nowhere"
    message = f"no ratings.parquet in {nowhere}: run `letterboxd export parquet --cohort LABEL"
    assert message in refused("--strategy", "wilson", "--data", str(nowhere))
    assert run(["rank", "compute", "--cohort", "friends", "--engine", "duckdb"]) == 2
    assert "name the folder of `export parquet` by --data" in capsys.readouterr().err


@on_sqlite
def test_a_strategy_that_is_not_sql_is_refused_or_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fitted:
        """Something that is no SqlStrategy."""

        name = "fitted"
        parameters: dict[str, object] = {}  # noqa: RUF012

    assert not issubclass(Fitted, SqlStrategy)
    monkeypatch.setitem(base_strategies(), "fitted", Fitted())
    assert compute(folder, "--strategy", "fitted") == 2
    assert "fitted is fitted in Python, from the database: leave --engine out" in capsys.readouterr().err
    assert compute(folder, "--strategy", "all") == 0
    assert "fitted is fitted in Python" in capsys.readouterr().err
    assert not (folder / "rankings" / "fitted.parquet").exists()


def base_strategies() -> dict[str, object]:
    from ranking.strategies import STRATEGIES

    return STRATEGIES  # type: ignore[return-value]


@on_sqlite
def test_files_of_different_exports_are_not_taken_together(
    engine: sa.Engine, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with engine.connect() as connection:
        exported(engine, cohorts.find(connection, "friends"), tmp_path / "later")
    (tmp_path / "later" / "films.parquet").replace(folder / "films.parquet")
    assert compute(folder, "--strategy", "bayesian") == 2
    assert "come from different exports" in capsys.readouterr().err
    (folder / "films.parquet").write_bytes(b"PAR1 and no more")
    assert compute(folder, "--strategy", "bayesian") == 2
    assert "was not written by `export parquet`" in capsys.readouterr().err


@on_sqlite
def test_a_file_that_is_no_ranking_of_ours_is_not_replaced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "rankings" / "wilson.parquet"
    file.parent.mkdir()
    file.write_text("mine")
    assert compute(folder, "--strategy", "wilson") == 2
    assert f"{file} was not written by this program" in capsys.readouterr().err
    assert file.read_text() == "mine"


@on_sqlite
def test_a_cohort_without_ratings_says_what_is_missing(
    engine: sa.Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cohort = fill(engine)
    with engine.begin() as connection:
        connection.execute(ratings.delete())
    exported(engine, cohort, tmp_path / "empty")
    assert compute(tmp_path / "empty", "--strategy", "all") == 2
    assert "can be ranked by hybrid: no film has enough ratings" in capsys.readouterr().err
    with engine.begin() as connection:
        connection.execute(cohort_members.delete())
    exported(engine, cohort, tmp_path / "empty")
    assert compute(tmp_path / "empty", "--strategy", "bayesian") == 2


def test_without_java_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_problem() == "Spark needs Java 17 or newer, and JAVA_HOME has none: install one"
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "and the PATH has none" in str(java_problem())
    java = tmp_path / "java"
    for version, suits in (("1.8.0_392", False), ("11.0.2", False), ("17.0.15", True), ("25", True)):
        java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2019-01-15' >&2\n")
        java.chmod(0o755)
        assert (java_problem() is None) == suits
        assert suits or f'java is openjdk version "{version}"' in str(java_problem())
