"""scrapyd-deploy sends the project to a Scrapyd that does not have it, and jobs run out of the zipped egg."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, revision_of
from letterboxd_scraper.store.schema import REVISION
from tests import deployed, scrapyd
from tests.conftest import ROOT, environment_for, stored_facts
from tests.deployed import MARK, deploy, outside
from tests.scrapyd import Scrapyd
from tests.site import FEW, Fault, Site, own_world

pytestmark = pytest.mark.slow

USER, PASSWORD = "operator", "dollar$HOME%s&more"
DATA = {
    "letterboxd_scraper/default.toml",
    "letterboxd_scraper/report/templates/report.html",
    "letterboxd_scraper/server/templates/index.html",
    "migrations/env.py",
    "migrations/script.py.mako",
    "ranking/exports/templates/ranking.html",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(own_world(follows=FEW)) as site:
        yield site


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployed.clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def egg(checkout: Path) -> Path:
    return deployed.build(checkout, checkout.with_name("project.egg"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployed.bare_python(tmp_path_factory.mktemp("node") / "venv")


def shipped_configuration(folder: Path, slots: int = 4) -> None:
    """Give a server the configuration of deploy/, with another folder; it is read after the tests' own."""
    text = (ROOT / "deploy" / "scrapyd.conf").read_text()
    assert "\nmax_proc = 4\n" in text
    own = text.replace("/var/lib/letterboxd", str(folder)).replace("max_proc = 4", f"max_proc = {slots}")
    (folder / ".scrapyd.conf").write_text(own)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('data') / 'new' / 'letterboxd.db'}"


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, checkout: Path, bare: Path, site: Site, database: str
) -> Iterator[Scrapyd]:
    """A node with the shipped configuration and a password, to which the clone was deployed."""
    folder = tmp_path_factory.mktemp("scrapyd")
    shipped_configuration(folder)
    environment = outside(environment_for(site.url, database)) | {"TMPDIR": str(folder)}
    with scrapyd.server(
        folder, environment, username=USER, password=PASSWORD, deployed=True, python=bare
    ) as node:
        targets = checkout / "scrapy.cfg"
        targets.write_text(targets.read_text().replace("http://127.0.0.1:6800/", f"{node.url}/"))
        sent = deploy(checkout, SCRAPYD_USERNAME=USER, SCRAPYD_PASSWORD=PASSWORD)
        assert sent.returncode == 0, sent.stderr
        answer = json.loads(sent.stdout)
        assert (answer["status"], answer["project"], answer["spiders"]) == ("ok", "letterboxd", 5), answer
        yield node


@pytest.fixture(scope="module")
def crawled(node: Scrapyd) -> Scrapyd:
    """The node, after it has crawled marla's circle."""
    for spider, arguments in (
        ("follow_graph", {"seed": "marla", "label": "friends"}),
        ("profile", {"cohort": "friends"}),
    ):
        assert node.exit_code(node.schedule(spider, {}, **arguments)) == 0, node.told()
    return node


def test_the_egg_has_all_that_runs_and_nothing_else(egg: Path) -> None:
    names = set(zipfile.ZipFile(egg).namelist())
    folders = ("letterboxd_scraper", "migrations", "ranking")
    listed = subprocess.check_output(["git", "ls-files", *folders], cwd=ROOT, text=True)
    assert set(listed.split()) | DATA <= names
    assert {name.split("/")[0] for name in names} == {*folders, "EGG-INFO"}


def test_a_wrong_password_sends_nothing(node: Scrapyd, checkout: Path, egg: Path) -> None:
    before = node.ask("listversions.json?project=letterboxd")["versions"]
    for given in ({}, {"SCRAPYD_USERNAME": USER, "SCRAPYD_PASSWORD": "guess"}):
        refused = deploy(checkout, "--egg", egg, **given)
        assert refused.returncode == 1
        assert "Deploy failed (401)" in refused.stderr
    assert node.ask("listversions.json?project=letterboxd")["versions"] == before
    assert PASSWORD not in node.told()


def test_a_circle_is_crawled_by_what_is_in_the_egg(
    crawled: Scrapyd, bare: Path, site: Site, database: str
) -> None:
    engine = make_engine(database)  # the first job made the file, and its tables
    assert stored_facts(engine) == set(site.world.truth(site.world.circle("marla")))
    engine.dispose()
    assert not list(crawled.folder.glob("letterboxd-*"))  # the migrations had to be unpacked for that
    assert {hit.agent for hit in site.log} == {f"letterboxd-scraper/{MARK}"}
    elsewhere = (bare, "-c", "import letterboxd_scraper")
    assert subprocess.run(elsewhere, cwd=crawled.folder, env=outside(), check=False).returncode == 1


def test_an_egg_goes_before_an_installed_project(node: Scrapyd) -> None:
    """As on a node where the commands are installed, too."""
    told = subprocess.check_output(
        [sys.executable, "-m", "scrapyd.runner", "settings", "--get", "USER_AGENT"],
        cwd=node.folder,
        env=outside() | {"SCRAPY_PROJECT": "letterboxd", "HOME": str(node.folder)},
        text=True,
    )
    assert told.strip() == f"letterboxd-scraper/{MARK}"


def test_what_shows_the_data_finds_its_templates_in_the_egg(
    crawled: Scrapyd, egg: Path, bare: Path, database: str, tmp_path: Path
) -> None:
    environment = outside() | {"PYTHONPATH": str(egg), "DATABASE_URL": database}
    for command in (
        ("rank", "compute", "--cohort", "friends"),
        ("export", "html", "--cohort", "friends", "--output", "table.html"),
        ("report", "--cohort", "friends", "--output", "report.html"),
    ):
        done = subprocess.run(
            [bare, "-m", "letterboxd_scraper", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "Ordet" in (tmp_path / "table.html").read_text()
    assert "Ordet" in (tmp_path / "report.html").read_text()


def test_exit_codes_come_through_and_the_job_says_why(crawled: Scrapyd, site: Site) -> None:
    unknown = crawled.schedule("profile", {}, cohort="nobody")
    typo = crawled.schedule("profile", {}, cohrt="friends")
    assert crawled.exit_code(unknown) == crawled.exit_code(typo) == 2
    assert "no cohort 'nobody'" in last_line(crawled, unknown)
    assert "unknown argument 'cohrt'" in last_line(crawled, typo)
    site.faults.add(Fault("status", path="/marla/", code=500))
    assert crawled.exit_code(crawled.schedule("profile", {}, user="marla")) == 3
    site.faults.replace([Fault("challenge")])
    blocked = crawled.schedule("profile", {}, user="marla")
    assert crawled.exit_code(blocked) == 4
    assert "Traceback" not in crawled.job_log(unknown) + crawled.job_log(typo) + crawled.job_log(blocked)
    site.faults.clear()


def last_line(node: Scrapyd, job: str) -> str:
    return node.job_log(job).splitlines()[-1]


def test_an_unknown_spider_is_refused_at_once(node: Scrapyd) -> None:
    with pytest.raises(AssertionError, match="spider 'profil' not found"):
        node.schedule("profil", {}, cohort="friends")


def test_an_old_file_is_brought_up_to_date_out_of_the_egg(node: Scrapyd, tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'old.db'}")
    migrate.upgrade(engine, "0001")
    job = node.schedule("profile", {"DATABASE_URL": engine.url}, cohort="nobody")
    assert node.exit_code(job) == 2
    assert revision_of(engine) == REVISION
    engine.dispose()
    assert len(list(tmp_path.glob("old.db.before-*.backup"))) == 1


def test_a_postgresql_that_is_behind_is_named_in_one_line(
    node: Scrapyd, egg: Path, bare: Path, postgres_url: str
) -> None:
    settings = {"DATABASE_URL": postgres_url}
    job = node.schedule("follow_graph", settings, seed="marla", label="friends")
    assert node.exit_code(job) == 2
    assert last_line(node, job).endswith("is behind: run `letterboxd db upgrade`")
    environment = outside() | {"PYTHONPATH": str(egg)} | settings
    subprocess.run(
        [bare, "-m", "letterboxd_scraper", "db", "upgrade"], cwd=node.folder, env=environment, check=True
    )
    job = node.schedule("follow_graph", settings, seed="marla", label="friends")
    assert node.exit_code(job) == 0


def test_a_cancelled_job_is_an_interrupted_one(crawled: Scrapyd, site: Site) -> None:
    site.clear_log()
    job = crawled.schedule("profile", {"DOWNLOAD_DELAY": "0.5"}, cohort="friends", watched="true")
    crawled.wait_for(job, "running")
    while len(site.log) < 2:
        assert crawled.ask(f"status.json?job={job}")["currstate"] == "running", crawled.told()
    crawled.ask("cancel.json", {"project": "letterboxd", "job": job})
    assert crawled.exit_code(job) == 130


def test_a_server_that_was_killed_knows_its_jobs_and_starts_those_that_waited(
    tmp_path: Path, egg: Path, bare: Path, site: Site
) -> None:
    shipped_configuration(tmp_path, slots=1)
    (tmp_path / "eggs" / "letterboxd").mkdir(parents=True)
    (tmp_path / "eggs" / "letterboxd" / "1.egg").write_bytes(egg.read_bytes())
    environment = outside(environment_for(site.url, f"sqlite:///{tmp_path / 'letterboxd.db'}"))
    with scrapyd.server(tmp_path, environment, deployed=True, python=bare) as node:
        ended = node.schedule("profile", {}, cohort="nobody")
        node.wait(ended)
        lost = node.schedule("follow_graph", {"DOWNLOAD_DELAY": "60"}, seed="marla", label="friends")
        node.wait_for(lost, "running")
        waiting = node.schedule("profile", {}, cohort="nobody")
    with scrapyd.server(tmp_path, environment, deployed=True, python=bare, port=node.port) as node:
        assert node.exit_code(ended) == 2
        assert node.exit_code(waiting) == 2
