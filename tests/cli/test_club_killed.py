"""`letterboxd club` killed while it stores: each member whole or not at all, and the next one finishes."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.server import running
from letterboxd_scraper.store.checks import findings
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import member_sources, ratings, users
from tests import in_process, warm
from tests.conftest import ROOT, Snapshots, address, on_postgresql
from tests.imports.test_reading import write
from tests.postgres import wait_for_waiting
from tests.server.dropped import FIVE
from tests.stored_state import differences, stored_state


def of_member(engine: sa.Engine, table: sa.Table) -> dict[str, int]:
    query = sa.select(users.c.letterboxd_username, sa.func.count()).join(table)
    with engine.connect() as connection:
        return {name: count for name, count in connection.execute(query.group_by(users.c.id))}


@on_postgresql
@pytest.mark.slow
def test_who_is_stored_is_whole_and_the_next_club_stores_the_others(
    engine: sa.Engine, snapshots: Snapshots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "serve", lambda app, listening: None)
    began = datetime.now(UTC) - timedelta(hours=1)
    folder = write(tmp_path / "downloads", dict(FIVE[:3]))
    command = [sys.executable, "-m", "letterboxd_scraper", "club", str(folder), "--yes", "--no-open"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}

    def environment(database: sa.Engine) -> dict[str, str]:
        return others | {"DATABASE_URL": address(database), "PYTHONPATH": str(ROOT)}

    with engine.begin() as connection:
        cohorts.add_names(connection, "friends", ["bob"], began)
    with engine.begin() as other:
        other.execute(sa.select(users).where(users.c.letterboxd_username == "bob").with_for_update())
        killed = warm.Process(command, tmp_path, environment(engine))
        wait_for_waiting(engine, 1)
        killed.kill()
        killed.wait()
    wait_for_waiting(engine, 0)
    assert of_member(engine, ratings).keys() == of_member(engine, member_sources).keys() == {"ann"}
    again = in_process.run(command, tmp_path, environment(engine))
    assert again.returncode == 0, again.stderr
    with snapshots.copy("sqlite", tmp_path / "undisturbed.db", "schema") as undisturbed:
        whole = in_process.run(command, tmp_path, environment(undisturbed))
        assert whole.returncode == 0, whole.stderr
        assert differences(stored_state(undisturbed, began), stored_state(engine, began)) == []
    with engine.connect() as connection:
        assert [finding for finding in findings(connection) if finding.wrong] == []
