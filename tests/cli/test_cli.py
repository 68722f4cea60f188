"""`letterboxd …` as a user types it, in processes of its own."""

import csv
import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.open import open_store
from letterboxd_scraper.store.schema import films, watched
from tests.conftest import Shell, assert_ended, make_shell, on_both, stored_facts
from tests.site import Fault, Site
from tests.spiders.test_crawl import expected_requests


@pytest.fixture
def laptop(tmp_path: Path, site: Site, sqlite_url: str) -> Shell:
    """A user with nothing but the program: the database does not exist yet."""
    return make_shell(tmp_path, site, sa.create_engine(sqlite_url))


def one_line(process: "subprocess.CompletedProcess[str]") -> str:
    """Return the error of a command that was refused: one line with its name, besides the database's."""
    lines = [line for line in process.stderr.splitlines() if not line.startswith("database: ")]
    assert len(lines) == 1, process.stderr
    assert process.stdout == ""
    return lines[0]


def test_sync_goes_from_a_name_to_a_ranking(laptop: Shell, site: Site) -> None:
    process = laptop.in_processes().letterboxd("sync", "--seed", "marla", "--limit", "5", DOWNLOAD_DELAY=0.01)
    assert_ended(process, 0)
    assert "marla: 12 members, about" in process.stderr  # the seed's own films are not counted yet
    assert "first ranking, from" in process.stderr
    assert process.stderr.splitlines()[-1].startswith("database: sqlite:///")
    header, *films = process.stdout.splitlines()
    columns = ["rank", "title", "year", "score", "Letterboxd", "difference", "ratings", "also", "link"]
    assert header.split() == columns
    assert len(films) == 5
    with (laptop.folder / "marla.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["title"] in films[0]
    ratings = site.world.truth(site.world.circle("marla"))
    votes = Counter(slug for _, slug, rating, _, _ in ratings if rating)
    assert {row["slug"] for row in rows} == {slug for slug, count in votes.items() if count >= 2}


def test_an_interrupted_sync_keeps_what_is_there_and_goes_on(
    laptop: Shell, site: Site, sqlite_url: str
) -> None:
    process = laptop.start("letterboxd_scraper", "sync", "--seed", "marla", DOWNLOAD_DELAY=0.05)
    while len(site.log) < 20:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "interrupted: the same command goes on from here" in told
    asked = len(site.log)
    site.clear_log()
    assert_ended(laptop.letterboxd("sync", "--seed", "marla"), 0)
    engine = sa.create_engine(sqlite_url)
    assert stored_facts(engine) == site.world.truth(site.world.circle("marla"))
    engine.dispose()
    # The rest, and who belongs to the circle.
    assert len(site.log) <= expected_requests(site.world, "marla") - asked + 10


def test_unknown_seeds_and_lonely_ones_are_told_in_one_line(laptop: Shell) -> None:
    unknown = laptop.letterboxd("sync", "--seed", "nobody_at_all", "--quiet")
    assert_ended(unknown, 2)
    assert "no member 'nobody_at_all' on the site" in one_line(unknown)
    lonely = laptop.letterboxd("sync", "--seed", "hermit", "--quiet")
    assert_ended(lonely, 2)
    assert "hermit follows nobody" in lonely.stderr
    assert "Traceback" not in unknown.stderr + lonely.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("scrape --cohort nothing", "there is no cohort yet; make one with"),
        ("scrape", "there is no cohort yet"),
        ("scrape --user nobody", "no member 'nobody' in the database"),
        ("cohort build --seed marla --label 12", "--label: '12' is not a label"),
        ("cohort build --seed marla --label a/b", "--label: 'a/b' is not a label"),
        ("cohort build --seed ../marla --label x", "is not a member name"),
        ("cohort build --seed marla --label x --depth 0", "--depth: '0' is not a whole number from 1"),
        ("cohort build --seed marla --label x --depth two", "--depth: "),
        (
            "cohort build --seed marla --label x --via friends",
            "--via: 'friends' is not one of following, followers",
        ),
        ("cohort build --label x", "give --seed NAME or --members FILE"),
        ("cohort build --members nowhere.txt --label x", "cannot read the member names in nowhere.txt"),
        ("cohort refresh nothing", "there is no cohort yet"),
        ("cohort show nothing", "there is no cohort yet"),
        ("cohort delete nothing", "there is no cohort yet"),
        ("rank compute --cohort nothing", "there is no cohort yet"),
        ("rank compute --cohort nothing --strategy best", "no strategy 'best': there are"),
        ("rank compute --cohort nothing --param m", "--param m: write NAME=NUMBER"),
        ("rank show --cohort nothing --limit 0", "--limit: "),
        ("export csv --cohort nothing", "there is no cohort yet"),
        ("export csv", "there is no cohort yet"),
        ("fly", "no command 'fly'"),
        (
            "--db-url mysql://u:secret@h/d cohort list",
            "DATABASE_URL (command line) must be sqlite:///FILE or postgresql://",
        ),
        ("--db-url postgresql://u:secret@127.0.0.1:1/d cohort list", "cannot use the database postgresql"),
        ("--log-level loud cohort list", "setting LOG_LEVEL (command line) is 'loud', but must be DEBUG,"),
        ("cohort list --db-url", "give --db-url URL"),
        ("--config nowhere.toml cohort list", "cannot read the configuration file nowhere.toml"),
    ],
)
def test_bad_input_is_one_clear_line_before_any_request(
    shell: Shell, site: Site, arguments: str, message: str
) -> None:
    process = shell.letterboxd(*arguments.split())
    assert_ended(process, 2)
    assert message in one_line(process)
    assert "secret" not in process.stderr
    assert site.log == []


def test_a_postgresql_database_that_is_behind_is_upgraded_on_request(
    tmp_path: Path, site: Site, postgres_url: str
) -> None:
    server = make_shell(tmp_path, site, sa.create_engine(postgres_url))
    refused = server.letterboxd("cohort", "build", "--seed", "hermit", "--label", "alone")
    assert_ended(refused, 2)
    assert "is behind: run `letterboxd db upgrade`" in one_line(refused)
    assert site.log == []
    assert_ended(server.letterboxd("db", "upgrade"), 0)
    assert "nothing to do" in server.letterboxd("db", "upgrade").stderr
    assert_ended(server.letterboxd("cohort", "build", "--seed", "hermit", "--label", "alone"), 0)


def test_the_real_site_needs_accepted_terms_and_a_contact(laptop: Shell) -> None:
    real = {"LETTERBOXD_BASE_URL": "https://letterboxd.com", "LETTERBOXD_TERMS_ACCEPTED": "false"}
    shell = Shell(laptop.folder, laptop.environment | real | {"LETTERBOXD_CONTACT": ""})
    refused = shell.scrapy("follow_graph", seed="marla", label="x")
    assert_ended(refused, 2)
    assert "terms" in refused.stderr
    assert "--accept-terms" in refused.stderr
    assert len(refused.stderr.splitlines()) == 2
    accepted = shell.letterboxd("cohort", "build", "--seed", "marla", "--label", "x", "--accept-terms")
    assert_ended(accepted, 2)
    assert "set LETTERBOXD_CONTACT" in accepted.stderr


def test_a_cohort_from_a_list_of_names(laptop: Shell, site: Site, sqlite_url: str) -> None:
    (laptop.folder / "names.txt").write_text("# my friends\nKip\nzuzu  # both\n\nkip\n")
    assert_ended(laptop.letterboxd("cohort", "build", "--members", "names.txt", "--label", "two"), 0)
    assert_ended(laptop.letterboxd("scrape", "--cohort", "two"), 0)
    engine = sa.create_engine(sqlite_url)
    assert stored_facts(engine) == site.world.truth(["kip", "zuzu"])
    engine.dispose()
    refused = laptop.letterboxd("cohort", "refresh", "two")
    assert_ended(refused, 2)
    assert "is a list of names" in one_line(refused)


def test_what_was_watched_is_read_where_it_is_asked_for(laptop: Shell, site: Site, sqlite_url: str) -> None:
    (laptop.folder / "names.txt").write_text("zuzu")
    assert_ended(laptop.letterboxd("cohort", "build", "--members", "names.txt", "--label", "one"), 0)
    assert_ended(laptop.letterboxd("scrape", "--cohort", "one", "--watched"), 0)
    engine = sa.create_engine(sqlite_url)
    query = sa.select(films.c.slug).join(watched, watched.c.film_id == films.c.id)
    with engine.connect() as connection:
        assert set(connection.scalars(query)) == site.world.member("zuzu").watched
    engine.dispose()


@on_both
def test_ranking_and_export_of_a_crawled_cohort(crawled: Shell, tmp_path: Path) -> None:
    assert_ended(crawled.letterboxd("refresh", "stats"), 0)
    bayesian = ("--cohort", "friends", "--strategy", "bayesian")
    assert_ended(crawled.letterboxd("rank", "compute", *bayesian, "--param", "m=10"), 0)
    ranking = crawled.letterboxd("rank", "show", *bayesian, "--limit", "3", "--json")
    films = json.loads(ranking.stdout)
    assert [film["rank"] for film in films] == [1, 2, 3]
    assert films[0]["parameters"]["m"] == 10
    exported = crawled.letterboxd("export", "csv", *bayesian, "--min-score", "3.6")
    rows = list(csv.DictReader(exported.stdout.splitlines()))
    assert rows[0]["slug"] == films[0]["slug"]
    written = crawled.letterboxd("--quiet", "export", "csv", *bayesian, "--output", "nowhere/x.csv")
    assert_ended(written, 2)
    assert "cannot write nowhere/x.csv" in one_line(written)


def test_cohorts_are_listed_shown_changed_and_deleted(crawled: Shell) -> None:
    (listed,) = json.loads(crawled.letterboxd("cohort", "list", "--json").stdout)
    assert (listed["label"], listed["seed"], listed["members"]) == ("friends", "marla", 12)
    members = json.loads(crawled.letterboxd("cohort", "show", "friends", "--json").stdout)
    assert {m["member"]: m["status"] for m in members if m["status"] != "ok"} == {
        "wipe_left": "gone",
        "understudy": "private",
    }
    changed = crawled.letterboxd(
        "cohort", "set", "1", "--rank", "m=10", "--exclude", "kip", "--min-films", "20"
    )
    assert_ended(changed, 0)
    assert_ended(crawled.letterboxd("cohort", "refresh", "friends"), 0)
    after = {
        m["member"] for m in json.loads(crawled.letterboxd("cohort", "show", "friends", "--json").stdout)
    }
    assert "kip" not in after
    assert after < {m["member"] for m in members}
    assert min(m["films"] for m in members if m["member"] in after - {"marla"}) >= 20
    assert_ended(crawled.letterboxd("cohort", "delete", "friends", "--yes"), 0)
    assert json.loads(crawled.letterboxd("cohort", "list", "--json").stdout) == []


def test_runs_and_failures_are_listed(crawled: Shell, site: Site) -> None:
    runs = json.loads(crawled.letterboxd("runs", "--json").stdout)
    assert [(run["type"], run["status"]) for run in runs] == [
        ("profile", "finished"),
        ("follow_graph", "finished"),
    ]
    assert json.loads(crawled.letterboxd("failures", "--json").stdout) == []
    site.faults.add(Fault("status", path="/kip/", code=500))
    ended = crawled.letterboxd("scrape", "--cohort", "friends", "--full")
    assert_ended(ended, 3)
    assert "`letterboxd failures`" in ended.stderr
    (failure,) = json.loads(crawled.letterboxd("failures", "--json").stdout)
    assert (failure["member"], failure["stage"], failure["error"]) == ("kip", "profile", "status 500")
    site.faults.clear()
    assert_ended(crawled.letterboxd("scrape", "--cohort", "friends"), 0)
    assert json.loads(crawled.letterboxd("failures", "--json").stdout) == []
    assert len(json.loads(crawled.letterboxd("failures", "--all", "--json").stdout)) == 1


def test_quiet_commands_print_results_only(crawled: Shell) -> None:
    process = crawled.letterboxd("cohort", "list", "--quiet")
    assert process.stderr == ""
    assert "friends" in process.stdout


def test_the_second_processes_environment_wins_over_files(laptop: Shell) -> None:
    (laptop.folder / "my.toml").write_text('LOG_LEVEL = "ERROR"\nDATABASE_URL = "sqlite:///from-toml.db"\n')
    (laptop.folder / ".env").write_text("DATABASE_URL=sqlite:///from-env-file.db\n")
    for name in ("from-toml", "from-env-file", "letterboxd", "given"):
        open_store(f"sqlite:///{laptop.folder / name}.db").dispose()
    without = {name: value for name, value in laptop.environment.items() if name != "DATABASE_URL"}
    shell = Shell(laptop.folder, without)
    assert shell.letterboxd("--config", "my.toml", "cohort", "list").stderr.endswith("/from-env-file.db\n")
    (laptop.folder / ".env").unlink()
    assert shell.letterboxd("--config", "my.toml", "cohort", "list").stderr.endswith("/from-toml.db\n")
    assert laptop.letterboxd("--config", "my.toml", "cohort", "list").stderr.endswith("/letterboxd.db\n")
    listed = laptop.letterboxd("cohort", "list", "--db-url", "sqlite:///given.db")
    assert listed.stderr.endswith("/given.db\n")
