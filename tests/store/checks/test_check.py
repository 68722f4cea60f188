"""`letterboxd db check`: a sound database is found to be so, and each kind of damage is found and named."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store import checks, statistics
from letterboxd_scraper.store.checks.checksums import checksums
from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_members,
    film_histograms,
    film_rankings,
    films,
    ratings,
    users,
)
from tests.conftest import Shell, Snapshots, address, assert_ended, on_sqlite
from tests.served import furnish, furnished
from tests.site import FEW

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def sound(
    request: pytest.FixtureRequest, snapshots: Snapshots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A crawled circle with statistics, all rankings and histograms, which every test leaves as it was."""
    with furnished(request.param, snapshots, tmp_path_factory.mktemp("sound")) as engine:
        yield engine


def findings_by_check(connection: sa.Connection) -> dict[str, Finding]:
    return {finding.check: finding for finding in checks.findings(connection)}


@contextmanager
def damaging(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction, rolled back at its end, in which no constraint holds and no trigger fires."""
    other = sa.create_engine(engine.url, poolclass=sa.NullPool)
    with other.connect() as connection:
        if engine.dialect.name == "sqlite":
            for name in ("foreign_keys=off", "ignore_check_constraints=on"):
                connection.exec_driver_sql(f"PRAGMA {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
            _drop_constraints(connection)
        yield connection
        connection.rollback()


def _drop_constraints(connection: sa.Connection) -> None:
    names = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' "
        "AND conrelid = 'ratings'::regclass"
    )
    for table, name in names.all():
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def a_rating(connection: sa.Connection) -> sa.ColumnElement[bool]:
    row = connection.execute(sa.select(ratings).where(ratings.c.rating > 1).limit(1)).one()
    return sa.and_(ratings.c.user_id == row.user_id, ratings.c.film_id == row.film_id)


def two(connection: sa.Connection, table: sa.Table) -> tuple[int, int]:
    first, second = connection.scalars(sa.select(table.c.id).order_by(table.c.id).limit(2))
    return first, second


def same(table: sa.Table, *columns: str) -> Callable[[sa.Connection], object]:
    """Give two rows of a table the same values."""

    def plant(connection: sa.Connection) -> None:
        for one in two(connection, table):
            values = (
                dict.fromkeys(columns, "same")
                if columns[0] == "letterboxd_lid"
                else dict.fromkeys(columns, 1)
            )
            connection.execute(table.update().where(table.c.id == one).values(values))

    return plant


def rename(table: sa.Table, column: str) -> Callable[[sa.Connection], object]:
    """Call two rows the same but for the case."""

    def plant(connection: sa.Connection) -> None:
        for one, name in zip(two(connection, table), ("twin", "Twin"), strict=True):
            connection.execute(table.update().where(table.c.id == one).values({column: name}))

    return plant


def rank_of(strategy: str, rank: int) -> sa.ColumnElement[bool]:
    return sa.and_(film_rankings.c.strategy == strategy, film_rankings.c.rank == rank)


@dataclass(frozen=True)
class Damage:
    """What goes wrong, which check has to say so, and what of its line tells where."""

    plant: Callable[[sa.Connection], object]
    check: str
    says: str
    places: int = 1


ORPHANS = "no row lacks its parent"
GRID = "every rating is half a star to five"
NOTHING = "every row is rated, liked or a favourite"
MEMBERS, FILMS = "no member is stored twice", "no film is stored twice"
STATISTICS = "statistics agree with the ratings"
HISTOGRAMS = "circles' histograms agree with the ratings"
SITE = "Letterboxd's histograms have ten levels"
RANKS, SCORES = "ranks are 1, 2, 3 … without gaps", "scores descend with the ranks"
RANKED = "every ranked film has statistics"

DAMAGES = {
    "a membership of nobody": Damage(
        lambda c: c.execute(
            cohort_members.insert().values(cohort_id=1, user_id=999_999, depth=1, followed_at=NOW)
        ),
        ORPHANS,
        "cohort_members.user_id 999999",
    ),
    "a ranking of no cohort": Damage(
        lambda c: c.execute(film_rankings.update().where(rank_of("wilson", 1)).values(cohort_id=77)),
        ORPHANS,
        "film_rankings.cohort_id 77",
    ),
    "a rating between": Damage(
        lambda c: c.execute(ratings.update().where(a_rating(c)).values(rating=3.7)), GRID, "rating 3.7"
    ),
    "a rating above": Damage(
        lambda c: c.execute(ratings.update().where(a_rating(c)).values(rating=5.5)), GRID, "rating 5.5"
    ),
    "a row without anything": Damage(
        lambda c: c.execute(
            ratings.update().where(a_rating(c)).values(rating=None, liked=False, favorite=False)
        ),
        NOTHING,
        "member ",
    ),
    "one member's code twice": Damage(same(users, "letterboxd_lid"), MEMBERS, "code same"),
    "one member's name twice": Damage(rename(users, "letterboxd_username"), MEMBERS, "name twin", places=2),
    "one film of TMDB's twice": Damage(
        same(films, "tmdb_id", "tmdb_media_type"), FILMS, "same tmdb, value 1"
    ),
    "one slug twice": Damage(rename(films, "slug"), FILMS, "same slug, value twin"),
    "a rating not counted": Damage(
        lambda c: c.execute(ratings.update().where(a_rating(c)).values(rating=0.5)), STATISTICS, "film ", 2
    ),
    "a date not counted": Damage(
        lambda c: c.execute(ratings.update().where(a_rating(c)).values(rated_at=NOW)), STATISTICS, "film ", 2
    ),
    "a histogram's level": Damage(
        lambda c: c.execute(
            film_histograms.update()
            .where(film_histograms.c.id == c.scalar(_of_cohort()))
            .values(count=film_histograms.c["count"] + 1)
        ),
        HISTOGRAMS,
        "bucket label ",
    ),
    "a histogram's level lost": Damage(
        lambda c: c.execute(film_histograms.delete().where(film_histograms.c.id == c.scalar(_of_cohort()))),
        HISTOGRAMS,
        "bucket label ",
    ),
    "a level of Letterboxd's lost": Damage(
        lambda c: c.execute(
            film_histograms.delete().where(
                film_histograms.c.id == c.scalar(_of_site())
            )
        ),
        SITE,
        "levels 9",
    ),
    "a gap in the ranks": Damage(
        lambda c: c.execute(film_rankings.delete().where(rank_of("bayesian", 2))), RANKS, "strategy bayesian"
    ),
    "two firsts": Damage(
        lambda c: c.execute(film_rankings.update().where(rank_of("wilson", 2)).values(rank=1)),
        RANKS,
        "strategy wilson",
    ),
    "a score that climbs": Damage(
        lambda c: c.execute(film_rankings.update().where(rank_of("wilson", 3)).values(score=9)),
        SCORES,
        "strategy wilson, rank 3",
    ),
    "a ranked film that nobody has rated": Damage(
        lambda c: c.execute(
            film_rankings.update()
            .where(rank_of("circle", 1))
            .values(film_id=c.scalar(_unseen().returning(films.c.id)))
        ),
        RANKED,
        "film unseen",
    ),
}  # fmt: skip


def _unseen() -> sa.Insert:
    return films.insert().values(slug="unseen", title="Unseen")


def _of_site() -> sa.Select[Any]:
    return sa.select(film_histograms.c.id).where(film_histograms.c.cohort_id.is_(None)).limit(1)


def _of_cohort() -> sa.Select[Any]:
    return sa.select(film_histograms.c.id).where(film_histograms.c.cohort_id.is_not(None)).limit(1)


def test_a_sound_database_is_all_right(sound: sa.Engine) -> None:
    with read_transaction(sound) as connection:
        after = findings_by_check(connection)
    assert [finding for name, finding in after.items() if finding != Finding(name)] == []
    assert len(after) == (13 if sound.dialect.name == "sqlite" else 12)


def test_what_was_not_counted_yet_is_not_compared(crawled_engine: sa.Engine) -> None:
    with read_transaction(crawled_engine) as connection:
        before = findings_by_check(connection)
    assert {finding.wrong for finding in before.values()} == {0}
    assert "refresh stats" in before[STATISTICS].remark


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_named(sound: sa.Engine, name: str) -> None:
    damage = DAMAGES[name]
    with damaging(sound) as connection:
        damage.plant(connection)
        connection.execute(changed_facts.delete())  # as if it had gone unnoticed
        finding = findings_by_check(connection)[damage.check]
    assert finding.wrong == damage.places, finding
    assert damage.says in finding.example
    assert finding.advice


def test_films_that_nobody_rates_any_more_are_no_damage(crawled_engine: sa.Engine) -> None:
    """They stay in a ranking until it is made anew."""
    furnish(crawled_engine)
    with crawled_engine.begin() as connection:
        connection.execute(ratings.update().where(a_film(connection)).values(rating=None, liked=True))
        assert findings_by_check(connection)[RANKED].remark
    statistics.refresh(crawled_engine, NOW.replace(year=2027))
    with read_transaction(crawled_engine) as connection:
        assert {finding.wrong for finding in findings_by_check(connection).values()} == {0}


def a_film(connection: sa.Connection) -> sa.ColumnElement[bool]:
    return ratings.c.film_id == connection.scalar(sa.select(film_rankings.c.film_id).limit(1))


@on_sqlite
def test_a_broken_file_is_found(crawled_engine: sa.Engine) -> None:
    file = Path(str(crawled_engine.url.database))
    with crawled_engine.connect() as connection:
        index = sa.text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_ratings_film_id'")
        page = connection.execute(index).scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    crawled_engine.dispose()
    with file.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)
    with read_transaction(crawled_engine) as connection:
        found_wrong = [finding for finding in findings_by_check(connection).values() if finding.wrong]
    assert {finding.check for finding in found_wrong} == {"the database file is whole"}
    assert "backup" in found_wrong[0].advice


def test_the_command_prints_a_line_for_each_check_and_writes_nothing(
    crawled_engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    url = address(crawled_engine)
    assert run(["db", "check", "--db-url", url]) == 0
    told = capsys.readouterr().out
    with read_transaction(crawled_engine) as connection:
        lines = [line.split()[0] for line in told.splitlines()]
        assert sorted(lines) == sorted(
            "skip" if one.remark else "ok" for one in findings_by_check(connection).values()
        )
    assert "WRONG" not in told
    with crawled_engine.begin() as connection:
        rename(films, "slug")(connection)
        before = rows_of(connection)
    assert run(["db", "check", "--db-url", url]) == 3
    (line,) = [line for line in capsys.readouterr().out.splitlines() if FILMS in line]
    assert line.startswith("WRONG ")
    assert "film Twin, other twin" in line
    assert "letterboxd enrich" in line
    with crawled_engine.connect() as connection:
        assert rows_of(connection) == before


def rows_of(connection: sa.Connection) -> list[Any]:
    tables = (ratings, film_rankings, users, films)
    return [sorted(map(repr, connection.execute(sa.select(table)))) for table in tables]


def test_checksums_are_equal_where_rankings_are(sound: sa.Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["db", "check", "--json", "--db-url", address(sound)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["wrong"] for one in told["checks"]} == {0}
    assert len({one["checksum"] for one in told["rankings"]}) == len(told["rankings"]) >= 5

    def sums(connection: sa.Connection) -> dict[str, str]:
        return {one.strategy: one.checksum for one in checksums(connection)}

    score = film_rankings.c.score
    with sound.connect() as connection:
        assert sums(connection) == {one["strategy"]: one["checksum"] for one in told["rankings"]}
        # Scores that are not at the border between two that are rounded.
        connection.execute(film_rankings.update().values(score=10 - film_rankings.c.rank / 8.0))
        first = sums(connection)
        connection.execute(film_rankings.update().values(score=score + 1e-14))
        assert sums(connection) == first  # what rounding hides is no difference
        connection.execute(film_rankings.update().where(rank_of("wilson", 1)).values(score=score + 1e-6))
        changed = sums(connection)
        connection.rollback()
    assert {name for name in first if first[name] != changed[name]} == {"wilson"}


@pytest.mark.slow
def test_both_databases_have_the_same_checksums(snapshots: Snapshots, tmp_path: Path) -> None:
    sums = []
    for kind in ("sqlite", "postgresql"):
        with snapshots.copy(kind, tmp_path / f"{kind}.db", "crawled", FEW) as engine:
            furnish(engine)
            with read_transaction(engine) as connection:
                sums.append({one.strategy: one for one in checksums(connection)})
    assert sums[0].keys() == sums[1].keys()
    # What depends on when a member was read may differ: the two were crawled one after the other.
    for strategy in ("bayesian", "wilson"):
        assert sums[0][strategy] == sums[1][strategy]


@on_sqlite
def test_no_database_is_made(shell: Shell, tmp_path: Path) -> None:
    told = shell.letterboxd("db", "check", DATABASE_URL=f"sqlite:///{tmp_path / 'missing.db'}")
    assert_ended(told, 2)
    assert not (tmp_path / "missing.db").exists()
