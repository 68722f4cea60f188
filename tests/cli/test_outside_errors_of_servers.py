"""What a PostgreSQL server refuses is one line and changes nothing, for every command alike."""

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from letterboxd_scraper.schedule import job_lock
from letterboxd_scraper.store.schema import metadata
from tests.cli.every_command import EVERY, Place, Use, files_in, fill_club, what_is_wrong
from tests.cli.test_outside_errors import SERVERS
from tests.conftest import on_postgresql

ROLE = f"tests_refused_{os.getpid()}"
ALL = {Use.READS, Use.ASKS, Use.WRITES, Use.CRAWLS}
WRITES = {Use.WRITES, Use.CRAWLS}
# Of what is the same commands again, one is enough; and pg_dump has words of its own: `test_backup_command`.
NAMES = [name for name in EVERY if name.startswith("letterboxd ")] + ["ranking show", "crawl profile"]
NAMES.remove("letterboxd db backup")
# They bring a limit of their own.
UNLIMITED = {"letterboxd status", "letterboxd serve", "letterboxd db check"}

pytestmark = on_postgresql


@pytest.fixture
def refused(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a club's database, for a role that has no rights there."""
    monkeypatch.setattr(job_lock, "_FOR_OLD_HOLDERS", 0.0)
    fill_club(engine)
    run(engine, f"CREATE ROLE {ROLE} LOGIN")
    yield engine.url.set(username=ROLE).render_as_string(hide_password=False)
    run(engine, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def run(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_role_without_rights_is_told_so(refused: str, engine: sa.Engine, place: Place) -> None:
    said = "permission denied for table alembic_version; give this role the rights that it lacks"
    assert wrong_with(place, engine, refused, ALL, said) == {}


def test_a_role_that_may_only_read_is_told_so(refused: str, engine: sa.Engine, place: Place) -> None:
    run(engine, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    said = "; give this role the rights that it lacks"
    assert wrong_with(place, engine, refused, WRITES, said) == {}


def test_a_server_that_is_to_write_does_not_start_where_it_may_only_read(
    refused: str, engine: sa.Engine, place: Place
) -> None:
    run(engine, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
    for words in SERVERS:
        ended = place.run(words, url=refused, LETTERBOXD_PUBLIC_URL="https://films.example.org")
        assert what_is_wrong(ended, "; give this role the rights that it lacks") is None


def test_a_statement_that_may_not_take_its_time_is_told_so(
    refused: str, engine: sa.Engine, place: Place
) -> None:
    rights = f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}"
    run(engine, rights, f"ALTER ROLE {ROLE} SET statement_timeout = '20ms'")
    said = "canceling statement due to statement timeout; raise the role's statement_timeout"
    with engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE cohorts, users, alembic_version IN ACCESS EXCLUSIVE MODE")
        names = [name for name in NAMES if name not in UNLIMITED]
        assert wrong_with(place, engine, refused, ALL, said, names) == {}


def wrong_with(
    place: Place, engine: sa.Engine, url: str, uses: set[Use], said: str, names: list[str] = NAMES
) -> dict[str, str]:
    before, files = counted(engine), files_in(place.folder)
    struck = [name for name in names if EVERY[name].use in uses]
    wrong = {name: what_is_wrong(place.call(name, url=url), said) for name in struck}
    assert (counted(engine), files_in(place.folder)) == (before, files)
    return {name: words for name, words in wrong.items() if words}


def counted(engine: sa.Engine) -> dict[str, int]:
    names = [table.name for table in metadata.sorted_tables if table.name not in ("cohorts", "users")]
    with engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in names
        }
