"""`letterboxd import` on a server's database, and two of one member at once."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import sqlalchemy as sa

from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members.sources import Outcome, fold_stale
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.save import save_sources
from letterboxd_scraper.store.schema import member_sources, metadata
from tests.conftest import Shell, assert_ended, on_postgresql, stored_facts
from tests.imports.test_reading import ARCHIVE, IMDB, packed, write
from tests.store import lives

# How long the second import gets to come as far as the first lets it, in seconds.
A_WHILE = 0.3


def take_in(connection: sa.Connection, sources: Sequence[Snapshot], provenance: Provenance) -> Outcome:
    return save_sources(sources, connection, provenance)


def test_two_imports_of_one_member_at_once_end_as_one_after_the_other(engine: sa.Engine) -> None:
    states = lives.live(random.Random(7), days=30)
    early, middle, late = (replace(lives.archive(states[day], day), member="ada") for day in (9, 19, 29))
    first, second = [early, late], [middle, late]  # one source comes twice
    has_begun = Event()

    def import_second() -> None:
        has_begun.set()
        transact(engine, take_in, second, lives.IMPORTED)

    thread = Thread(target=import_second)
    with engine.begin() as connection:
        save_sources(first, connection, lives.IMPORTED)
        thread.start()
        assert has_begun.wait(60)
        thread.join(A_WHILE)
        assert thread.is_alive()  # it waits for the member's row
    thread.join(60)
    assert not thread.is_alive()
    fold_stale(engine)
    alone = make_engine("sqlite://")
    metadata.create_all(alone)
    with alone.connect() as connection:
        expected = lives.end_state(connection, [(source, lives.IMPORTED) for source in (early, middle, late)])
    with engine.connect() as connection:
        assert lives.stored(connection) == expected
        assert connection.scalar(sa.select(sa.func.count()).select_from(member_sources)) == 3
    alone.dispose()


@on_postgresql
def test_files_are_taken_in_on_postgresql(shell: Shell, engine: sa.Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "downloads", {"gus.zip": packed(ARCHIVE), "imdb.csv": IMDB})
    words = ("import", str(folder), "--member", "ida", "--cohort", "friends")
    preview = shell.letterboxd(*words, "--preview")
    assert_ended(preview, 0)
    assert not stored_facts(engine)
    for said in ("gus: 1 new rating, 2 films new here", "gus: known already: nothing changes"):
        ended = shell.letterboxd(*words)
        assert_ended(ended, 0)
        assert said in ended.stderr
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(member_sources)) == 2
    assert_ended(shell.letterboxd("rank", "compute", "--cohort", "friends", "--param", "min_votes=1"), 0)
    assert "Persona" in shell.letterboxd("rank", "show", "--cohort", "friends").stdout
