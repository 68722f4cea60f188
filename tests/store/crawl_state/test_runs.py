"""The log of runs: what a new run carries on, and what earlier ones say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.arguments import Shard
from letterboxd_scraper.store.crawl_state import liveness, runs
from letterboxd_scraper.store.crawl_state.liveness import RunState
from letterboxd_scraper.store.crawl_state.runs import Work
from letterboxd_scraper.store.schema import scrape_failures, scrape_runs, users
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_run, add_user

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def row(connection: sa.Connection, run: int) -> Any:
    return connection.execute(sa.select(scrape_runs).where(scrape_runs.c.id == run)).one()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [("profile", 0), ("when_rated", 0), ("rss", 0), ("follow_graph", None), ("film", None)],
)
def test_a_run_is_opened(connection: sa.Connection, kind: str, changed: int | None) -> None:
    before = datetime.now(UTC)
    run, work = runs.begin(
        connection, Work(kind, "friends", "ada", "1/2", "diary"), MONDAY, job="job1", node="attic"
    )
    stored = row(connection, run)
    assert work is None
    assert stored[:6] == (run, kind, "friends", "ada", "diary", MONDAY)
    assert (stored.work_run, stored.work_began_at, stored.status, stored.requests) == (
        run,
        MONDAY,
        "running",
        0,
    )
    assert (stored.job, stored.node, stored.shard, stored.rows_changed) == ("job1", "attic", "1/2", changed)
    assert before <= stored.seen_at <= datetime.now(UTC)
    assert runs.began(connection, run) == MONDAY
    assert runs.began(connection, run + 1) is None


# What differs from an interrupted run of Monday on friends, and whether the new one carries it on.
@pytest.mark.parametrize(
    ("last", "new", "carries_on"),
    [
        ({}, {}, True),
        ({"status": "running"}, {}, True),
        ({"status": "failed"}, {}, True),
        ({"status": "blocked"}, {}, True),
        ({"status": "finished"}, {}, False),
        ({"status": "failures"}, {}, False),
        ({"type": "when_rated"}, {}, False),
        ({"cohort": "others"}, {}, False),
        ({"member": "ada"}, {}, False),
        ({"shard": "1/2"}, {}, False),
        ({"options": "diary"}, {}, False),
        ({"shard": "1/2"}, {"shard": "1/2"}, True),
        ({"shard": "1/2"}, {"shard": "2/2"}, False),
        ({"options": "diary"}, {"options": "diary"}, True),
        ({"work_began_at": MONDAY - 2 * DAY}, {}, True),
        ({"work_began_at": MONDAY - 2 * DAY - SECOND}, {}, False),
    ],
)
def test_interrupted_work_is_carried_on(
    connection: sa.Connection, last: dict[str, Any], new: dict[str, str], carries_on: bool
) -> None:
    values = {"status": "interrupted", "cohort": "friends", "work_began_at": MONDAY - HOUR} | last
    first = add_run(connection, **values)
    run, work = runs.begin(connection, Work("profile", "friends", **new), MONDAY)
    assert work == (first if carries_on else None)
    stored = row(connection, run)
    began = values["work_began_at"] if carries_on else MONDAY
    assert (stored.work_run, stored.work_began_at) == (work or run, began)


def test_nothing_is_carried_on_where_all_is_to_be_read_anew(connection: sa.Connection) -> None:
    add_run(connection, status="interrupted", cohort="friends", work_began_at=MONDAY - HOUR)
    assert runs.begin(connection, Work("profile", "friends"), MONDAY, anew=True)[1] is None


def test_only_the_last_run_is_carried_on_and_its_work_is_the_first_ones(connection: sa.Connection) -> None:
    first, _ = runs.begin(connection, Work("profile", "friends"), MONDAY)
    second, work = runs.begin(connection, Work("profile", "friends"), MONDAY)
    assert work == first
    third, work = runs.begin(connection, Work("profile", "friends"), MONDAY)
    assert work == first
    runs.finish(connection, third, "finished", 1, MONDAY, "")
    assert runs.begin(connection, Work("profile", "friends"), MONDAY)[1] is None
    assert second


def test_a_run_shows_life_counts_and_ends(connection: sa.Connection) -> None:
    run, other = add_run(connection, rows_changed=0), add_run(connection)
    before = datetime.now(UTC)
    runs.show_life(connection, run, 7)
    assert row(connection, run).requests == 7
    assert before <= row(connection, run).seen_at <= datetime.now(UTC)
    for rows in (2, 3):
        runs.add_changes(connection, run, rows)
        runs.add_changes(connection, other, rows)
    assert (row(connection, run).rows_changed, row(connection, other).rows_changed) == (5, None)
    connection.execute(scrape_runs.update().values(seen_at=None))
    runs.finish(connection, run, "failures", 9, MONDAY + HOUR, "so it went")
    ended = row(connection, run)
    assert (ended.status, ended.requests, ended.finished_at) == ("failures", 9, MONDAY + HOUR)
    assert (ended.notes, ended.seen_at >= before) == ("so it went", True)
    untouched = row(connection, other)
    assert (untouched.status, untouched.requests, untouched.notes, untouched.seen_at) == (
        "running",
        0,
        None,
        None,
    )


# How many of a cohort are done


def test_members_are_done_by_the_latest_work(connection: sa.Connection) -> None:
    names = ["ada", "ben", "cleo", "dan", "eve"]
    old = add_run(connection, cohort="friends")
    work = add_run(connection, cohort="friends", options="diary")
    for name, run, status in zip(
        names, (old, work, work + 3, None, None), ("ok", "ok", "ok", "ok", "private"), strict=True
    ):
        add_user(connection, name, last_full_scrape_run=run, status=status)
    add_user(connection, "stranger", last_full_scrape_run=work)
    cohort = add_cohort(connection, "friends", names)
    add_run(connection, cohort="friends", options="diary", work_run=work)
    add_run(connection, type="film", cohort="friends")
    add_run(connection, cohort="others", options="diary", id=work + 3)
    assert runs.members_done(connection, cohort.id, "friends") == (3, 5)
    assert runs.members_done(connection, cohort.id, "nobody's") == (1, 5)


def test_on_shards_each_ones_latest_work_counts(connection: sa.Connection) -> None:
    names = [f"member-{number}" for number in range(8)]
    for name in names:
        add_user(connection, name)
    cohort = add_cohort(connection, "friends", names)
    first = {shard: add_run(connection, cohort="friends", shard=shard) for shard in ("1/2", "2/2", "1/3")}
    whole = add_run(connection, cohort="friends")
    second = add_run(connection, cohort="friends", shard="1/2")

    def read_by(run: int) -> int:
        connection.execute(users.update().values(last_full_scrape_run=run))
        return runs.members_done(connection, cohort.id, "friends")[0]

    in_first = sum(Shard(1, 2).holds(name) for name in names)
    assert 0 < in_first < 8
    assert read_by(second) == 8, "its options are those of the work on the other shard"
    assert read_by(whole) == 8 - in_first
    assert read_by(first["2/2"]) == 8 - in_first
    assert read_by(first["1/2"]) == 0
    assert read_by(first["1/3"]) == 8 - in_first


# What the last run says


@pytest.mark.parametrize(
    ("last", "is_unfinished"),
    [
        ({}, True),
        ({"status": "finished"}, False),
        ({"options": "diary"}, False),
        ({"shard": "1/2", "status": "finished"}, True),
        ({"member": "ada", "status": "finished"}, True),
        ({"work_began_at": MONDAY - 3 * DAY}, False),
    ],
)
def test_a_cohorts_work_is_unfinished(
    connection: sa.Connection, last: dict[str, Any], is_unfinished: bool
) -> None:
    usual = {"cohort": "friends", "status": "interrupted"}
    if {"shard", "member"} & last.keys():  # such runs are none on the whole cohort
        add_run(connection, **usual)
    add_run(connection, **usual | last)
    assert runs.has_unfinished(connection, "profile", "friends", MONDAY) is is_unfinished
    assert not runs.has_unfinished(connection, "film", "friends", MONDAY)
    assert not runs.has_unfinished(connection, "profile", "others", MONDAY)


FINISHED = {"type": "follow_graph", "cohort": "friends", "status": "finished", "finished_at": MONDAY}


@pytest.mark.parametrize(
    ("last", "are_fresh"),
    [
        ([FINISHED], True),
        ([FINISHED | {"finished_at": MONDAY - SECOND}], False),
        ([FINISHED | {"finished_at": MONDAY + SECOND}], True),
        ([FINISHED | {"status": "failures"}], False),
        ([FINISHED | {"cohort": "others"}], False),
        ([], False),
        # Somebody was read by them already.
        ([FINISHED, FINISHED | {"type": "when_rated"}], False),
        ([FINISHED, FINISHED | {"type": "when_rated", "status": "failures"}], False),
        ([FINISHED | {"type": "when_rated"}, FINISHED], True),
        # What did not end counts for nothing.
        ([FINISHED, FINISHED | {"type": "profile", "status": "interrupted"}], True),
    ],
)
def test_counts_are_fresh(connection: sa.Connection, last: list[dict[str, Any]], are_fresh: bool) -> None:
    for values in last:
        add_run(connection, **values)
    assert runs.has_fresh_counts(connection, "friends", MONDAY) is are_fresh


def test_the_latest_run_on_the_whole_of_it(connection: sa.Connection) -> None:
    of_cohort = [add_run(connection, cohort="friends", notes=notes) for notes in ("first", "second")]
    add_run(connection, cohort="friends", shard="1/2", notes="of a shard")
    add_run(connection, cohort="friends", type="film", notes="of films")
    of_none = add_run(connection, notes="of none")
    assert runs.latest(connection, "profile", "friends") == of_cohort[1]
    assert runs.latest(connection, "profile", None) == of_none
    assert runs.latest(connection, "profile", "others") is None
    assert runs.notes_of_latest(connection, "profile", "friends") == "second"
    assert runs.notes_of_latest(connection, "profile", None) == "of none"
    assert runs.notes_of_latest(connection, "profile", "others") is None


# Whether a run is alive


@pytest.mark.parametrize(
    ("values", "is_alive", "has_ended"),
    [
        ({"seen_at": timedelta(0)}, True, False),
        ({"seen_at": 4 * MINUTE}, True, False),
        ({"seen_at": 6 * MINUTE}, False, False),
        ({"seen_at": -24 * 60 * MINUTE}, False, False),  # the clock was set back
        ({"seen_at": None}, False, False),
        ({"seen_at": timedelta(0), "status": "finished"}, False, True),
    ],
)
def test_a_run_that_shows_no_life_for_so_long_is_not_alive(
    connection: sa.Connection, values: dict[str, Any], is_alive: bool, has_ended: bool
) -> None:
    ago = values["seen_at"]
    values = values | {"seen_at": None if ago is None else datetime.now(UTC) - ago}
    whole = {"job": "job1", "node": "attic", "shard": "1/2", "requests": 7, "rows_changed": 3, "notes": "so"}
    run = add_run(connection, cohort="friends", **whole | values)
    failure = {"url": "u", "error": "e", "first_seen_at": MONDAY, "last_seen_at": MONDAY}
    for stage, of_run in (("a", run), ("b", run), ("c", None)):
        connection.execute(scrape_failures.insert().values(failure | {"stage": stage, "run_id": of_run}))
    status = values.get("status", "running")
    state = RunState(run, "job1", "attic", "1/2", status, 7, 3, "so", 2, is_alive)
    assert liveness.of_run(connection, run, 5 * MINUTE) == state
    assert state.has_ended is has_ended
    assert liveness.of_job(connection, "job1", 5 * MINUTE) == state
    assert liveness.alive(connection, "profile", "friends", 5 * MINUTE) == [state] * is_alive


def test_of_a_job_the_latest_run_counts(connection: sa.Connection) -> None:
    add_run(connection, job="job1")
    second = add_run(connection, job="job1")
    add_run(connection, job="job2")
    state = liveness.of_job(connection, "job1", MINUTE)
    assert state
    assert state.id == second
    assert liveness.of_job(connection, "job3", MINUTE) is None
    assert liveness.of_run(connection, second + 2, MINUTE) is None


def test_alive_are_the_runs_of_that_kind_on_that_cohort(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    ours = [add_run(connection, cohort="friends", seen_at=now) for _ in range(2)]
    add_run(connection, cohort="others", seen_at=now)
    add_run(connection, cohort="friends", type="film", seen_at=now)
    assert [state.id for state in liveness.alive(connection, "profile", "friends", MINUTE)] == ours


@pytest.mark.parametrize(
    ("parts", "number"),
    [
        ([], None),
        ([("1/3", "finished"), ("2/3", "interrupted"), ("3/3", "finished")], 3),
        ([("1/2", "finished"), ("2/2", "failures")], None),
        ([("1/2", "interrupted"), ("2/2", "finished"), ("1/2", "finished")], None),
        ([("1/2", "finished"), ("2/2", "finished"), ("1/2", "interrupted")], 2),
        # The last work was in two parts, whatever became of that in three.
        ([("1/3", "interrupted"), ("1/2", "finished"), ("2/2", "finished")], None),
        ([("1/3", "finished"), ("1/2", "running")], 2),
        ([("1/12", "finished"), ("2/2", "failed")], 2),
    ],
)
def test_in_how_many_parts_work_is_carried_on(
    connection: sa.Connection, parts: list[tuple[str, str]], number: int | None
) -> None:
    for shard, status in parts:
        add_run(connection, cohort="friends", shard=shard, status=status)
    add_run(connection, cohort="friends", status="interrupted")
    add_run(connection, cohort="others", shard="1/9", status="interrupted")
    add_run(connection, cohort="friends", type="film", shard="1/9", status="interrupted")

    def at(moment: datetime) -> int | None:
        return liveness.shards_to_carry_on(connection, "profile", "friends", moment)

    assert at(MONDAY) == number
    assert at(MONDAY + 2 * DAY) == number
    assert at(MONDAY + 2 * DAY + SECOND) is None


def test_who_begins_the_same_notes_that_an_earlier_run_without_life_was_interrupted(
    connection: sa.Connection,
) -> None:
    ago = {name: datetime.now(UTC) - minutes for name, minutes in (("dead", 9 * MINUTE), ("alive", MINUTE))}
    numbers = {name: add_run(connection, cohort="friends", seen_at=moment) for name, moment in ago.items()}
    numbers["other"] = add_run(connection, cohort="others", seen_at=ago["dead"])
    runs.begin(connection, Work("profile", "friends"), MONDAY, silence=5 * MINUTE)
    rows = {name: row(connection, run) for name, run in numbers.items()}
    ends = {name: (stored.status, stored.finished_at) for name, stored in rows.items()}
    assert ends == {"dead": ("interrupted", MONDAY), "alive": ("running", None), "other": ("running", None)}


SILENT, NOT_SILENT = timedelta(minutes=9), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("run", "later", "is_superseded"),
    [
        ({"status": "interrupted"}, {}, True),  # another took note of it
        ({}, {"status": "finished"}, True),
        ({}, {}, True),
        ({}, {"cohort": "others"}, False),
        ({}, {"type": "rss"}, False),
        ({}, {"shard": "1/2"}, False),
        ({}, {"member": "ada"}, False),
        ({}, None, False),
    ],
)
def test_who_showed_no_life_while_another_did_the_same_is_superseded(
    connection: sa.Connection, run: dict[str, Any], later: dict[str, Any] | None, is_superseded: bool
) -> None:
    number = add_run(connection, **{"cohort": "friends", "seen_at": datetime.now(UTC) - SILENT} | run)
    lively = add_run(connection, cohort="friends", type="film", seen_at=datetime.now(UTC) - NOT_SILENT)
    if later is not None:
        add_run(connection, **{"cohort": "friends"} | later)
        add_run(connection, cohort="friends", type="film")
    assert runs.is_superseded(connection, number, 5 * MINUTE) is is_superseded
    assert not runs.is_superseded(connection, lively, 5 * MINUTE)
    assert not runs.is_superseded(connection, 99, 5 * MINUTE), "it is not stored any more"
