"""What holds for every command there is: answers for programs, no database by a look, deletions that ask."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests.cli.conftest import Run
from tests.cli.every_command import COMMANDS, DELETING, Place, Use, content, files_in
from tests.cli.test_lazy_commands import COMMANDS as LOADABLE
from tests.site import FEW, Site, own_world

# A text, and a job, which asks for hundreds of films: its tests read nothing but its JSON.
_OTHERS = {"help", "schedule run"}
# They make a database, or bring one up to date; what `sync` makes, tests/cli/test_cli.py sees.
_MAKES_ONE = {"db upgrade", "sync"}
# How every key of a result is written; members' names, files and settings may be keys, too.
_KEY = re.compile(r"[a-z][a-z0-9_]*|[A-Z_]+|/.*")
_UNIT = "config/systemd/user/letterboxd-club-nightly.timer"


@pytest.fixture(scope="module")
def small_site() -> Iterator[Site]:
    with Site(own_world(follows=FEW)) as site:
        yield site


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in _OTHERS])
def test_with_json_stdout_is_one_document_and_moments_have_their_zone(
    name: str, place: Place, small_site: Site
) -> None:
    ended = place.call(f"letterboxd {name}", "--json", site=small_site.url)
    assert ended.returncode in (0, 3), ended.stderr
    assert [wrong for wrong in wrong_in(json.loads(ended.stdout)) if wrong] == []
    assert '{"error"' not in ended.stderr


def wrong_in(result: Any, key: str = "") -> Iterator[str]:
    """Yield what is not as programs expect it in a result."""
    if isinstance(result, dict):
        for name, value in result.items():
            yield "" if _KEY.fullmatch(name) else f"key {name!r}"
            yield from wrong_in(value, name)
    elif isinstance(result, list):
        for value in result:
            yield from wrong_in(value, key)
    elif isinstance(result, str) and re.match(r"\d{4}-\d\d-\d\d[ T]\d", result):
        yield "" if datetime.fromisoformat(result).utcoffset() == timedelta() else f"{key}: {result}"
    elif key.endswith("_at") or key == "crawled":
        yield "" if result is None or isinstance(result, bool) else f"{key}: {result}"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in _MAKES_ONE])
def test_without_a_database_nothing_is_made_but_by_what_brings_something_in(name: str, place: Place) -> None:
    use, is_beginning = COMMANDS[name].use, LOADABLE[name].is_beginning
    before = files_in(place.folder)
    ended = place.call(f"letterboxd {name}", "--json", url=f"sqlite:///{place.folder}/new/x.db")
    made = files_in(place.folder) - before
    if use is Use.NOTHING:
        assert (ended.returncode, "new/" in made) == (0, False)
    elif is_beginning:
        assert ("new/x.db" in made) == (ended.returncode != 2)  # who is refused makes none, either
    else:
        error = json.loads(ended.stderr.splitlines()[-1])["error"]
        assert (ended.returncode, error["code"], ended.stdout, made) == (2, 2, "", set())
        assert error["message"].startswith(f"no database sqlite:///{place.folder}/new/x.db: ")


@pytest.mark.parametrize(
    "words", ["sync", "watch", "forget kip --undo", "cohort build --label few", "import nowhere.zip"]
)
def test_who_is_refused_makes_no_database(words: str, empty: Run, tmp_path: Path) -> None:
    assert empty(*words.split()).code == 2
    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_not_migrated_by_who_reads(place: Place) -> None:
    engine = make_engine(f"sqlite:///{place.database}")
    migrate.downgrade(engine, "0007")
    engine.dispose()
    before = content(place.database)
    for name, row in COMMANDS.items():
        if row.use in (Use.READS, Use.ASKS) and name not in (*_MAKES_ONE, "db backup"):
            ended = place.call(f"letterboxd {name}")
            assert ended.returncode == 2, name
            assert "is behind: run `letterboxd db upgrade`" in ended.stderr, name
    assert content(place.database) == before


def test_what_takes_yes_deletes_or_asks() -> None:
    with_yes = {name for name, one in LOADABLE.items() if any(p.name == "yes" for p in one.load().params)}
    assert with_yes == {*DELETING, "import files", "club make"}
    assert all("--yes" in COMMANDS[name].words.split() for name in DELETING)


@pytest.mark.parametrize("name", DELETING)
def test_where_nobody_can_be_asked_nothing_is_deleted_without_yes(name: str, place: Place) -> None:
    (place.folder / _UNIT).write_text("a timer")
    before = content(place.database), files_in(place.folder)
    for form in ((), ("--json",)):
        ended = place.call(f"letterboxd {name}", *form, without="--yes")
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
        assert "nothing is removed yet: add --yes to have it done" in ended.stderr
        assert (content(place.database), files_in(place.folder)) == before
    assert place.call(f"letterboxd {name}").returncode == 0
    assert (content(place.database), files_in(place.folder)) != before
    again = place.call(f"letterboxd {name}", without="--yes")
    assert (again.returncode, "add --yes" in again.stderr) == (2 if name == "cohort delete" else 0, False)


@pytest.mark.parametrize("name", [name for name, row in COMMANDS.items() if "--output" in row.words])
def test_a_hyphen_is_standard_output(name: str, place: Place, small_site: Site) -> None:
    before = files_in(place.folder)
    words = ("--output", "-")
    ended = place.call(f"letterboxd {name}", *words, site=small_site.url)
    if name == "export parquet":
        assert (ended.returncode, "name a folder" in ended.stderr) == (2, True)
        return
    assert (ended.returncode, len(ended.stdout) > 50, files_in(place.folder)) == (0, True, before), (
        ended.stderr
    )
    with_json = place.call(f"letterboxd {name}", *words, "--json")
    if name == "export json":
        assert len(json.loads(with_json.stdout)) == len(json.loads(ended.stdout))
    else:
        assert (with_json.returncode, with_json.stdout) == (2, "")
        assert "--json prints a result of its own" in with_json.stderr
