"""What `letterboxd sync` shows and writes once the circle is read: two lists."""

import csv
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.sync import rank_and_show
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import films
from letterboxd_scraper.terminal.session import Session
from ranking.results import ranking
from tests.conftest import on_sqlite

pytestmark = on_sqlite


def lists(
    engine: sa.Engine, capsys: pytest.CaptureFixture[str], files: list[Path], *, as_json: bool = False
) -> tuple[str, str]:
    """Rank and show; return what is printed to stdout and stderr."""
    session = Session(db_url=str(engine.url), as_json=as_json)
    with engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    rank_and_show(session, cohort, 3, files, 0)
    out, err = capsys.readouterr()
    return out, err


def test_without_averages_one_line_says_what_is_lacking(
    crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with crawled_engine.begin() as connection:
        connection.execute(films.update().values(letterboxd_weighted_average=None))
    files = [tmp_path / "friends.csv", tmp_path / "friends-discovery.csv"]
    out, err = lists(crawled_engine, capsys, files)
    assert "apart" not in out
    assert [line for line in err.splitlines() if "apart" in line] == [
        next(line for line in err.splitlines() if "letterboxd enrich --cohort friends" in line)
    ]
    assert [file.exists() for file in files] == [True, False]


def test_with_averages_both_lists_are_shown_and_written(
    crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with crawled_engine.begin() as connection:
        connection.execute(films.update().values(letterboxd_weighted_average=3 + films.c.id % 10 / 10))
    files = [tmp_path / "friends.csv", tmp_path / "friends-discovery.csv"]
    out, err = lists(crawled_engine, capsys, files)
    with crawled_engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
        circle, apart = (ranking(connection, cohort, name) for name in ("circle", "discovery"))
    first, second = out.split("What sets friends apart: films it likes that stand higher here")
    assert all(film.title in first for film in circle[:3])
    assert all(film.title in second for film in apart[:3])
    for file, expected in zip(files, (circle, apart), strict=True):
        with file.open(encoding="utf-8", newline="") as opened:
            assert [row["slug"] for row in csv.DictReader(opened)] == [film.slug for film in expected]
        assert str(file) in err
    # Programs get one list, in which films say where they stand in the other.
    out, _ = lists(crawled_engine, capsys, files[:1], as_json=True)
    ranks = {film.slug: film.rank for film in apart}
    assert [row["discovery"] for row in json.loads(out)] == [ranks.get(film.slug) for film in circle[:3]]
    # With --output there is one file, and both lists are shown.
    files[1].unlink()
    assert "What sets friends apart" in lists(crawled_engine, capsys, files[:1])[0]
    assert not files[1].exists()
