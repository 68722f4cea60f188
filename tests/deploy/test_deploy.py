"""scrapyd-deploy sends the project to a Scrapyd that does not have it, and jobs run out of the zipped egg."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, revision_of
from letterboxd_scraper.store.schema import REVISION
from tests import scrapyd
from tests.conftest import ROOT, environment_for, stored_facts
from tests.deploy import deployed
from tests.deploy.deployed import MARK, deploy, outside
from tests.scrapyd import Scrapyd
from tests.site import FEW, Fault, Site, own_world

pytestmark = pytest.mark.slow

PACKAGES = ("letterboxd_scraper", "ranking")
USER, PASSWORD = "operator", "dollar$HOME%s&more"
DATA = {
    "letterboxd_scraper/default.toml",
    "letterboxd_scraper/templating/templates/head.html",
    "letterboxd_scraper/report/templates/report.html",
    "letterboxd_scraper/server/templates/index.html",
    "letterboxd_scraper/migrations/env.py",
    "letterboxd_scraper/migrations/script.py.mako",
    "ranking/exports/templates/ranking.html",
    "ranking/exports/templates/ranking.css",
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(own_world(follows=FEW)) as site:
        yield site


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployed.clone(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployed.bare_python(tmp_path_factory.mktemp("node") / "venv")


def shipped_configuration(folder: Path) -> None:
    """Give a server the configuration of deploy/, with one slot and another folder.

    It is read after the tests' own.
    """
    text = (ROOT / "deploy" / "scrapyd.conf").read_text()
    assert "\nmax_proc = 4\n" in text
    own = text.replace("/var/lib/letterboxd", str(folder)).replace("max_proc = 4", "max_proc = 1")
    (folder / ".scrapyd.conf").write_text(own)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of the first version: the migrations of the egg have to bring it up to date."""
    url = f"sqlite:///{tmp_path_factory.mktemp('data') / 'letterboxd.db'}"
    engine = make_engine(url)
    migrate.upgrade(engine, "0001")
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def environment(site: Site, database: str) -> dict[str, str]:
    return outside(environment_for(site.url, database))


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, checkout: Path, bare: Path, environment: dict[str, str]
) -> Iterator[Scrapyd]:
    """A node with the shipped configuration and a password, to which the clone was deployed."""
    folder = tmp_path_factory.mktemp("scrapyd")
    shipped_configuration(folder)
    with started(folder, bare, environment) as node:
        targets = checkout / "scrapy.cfg"
        targets.write_text(targets.read_text().replace("http://127.0.0.1:6800/", f"{node.url}/"))
        sent = deploy(checkout, SCRAPYD_USERNAME=USER, SCRAPYD_PASSWORD=PASSWORD)
        assert sent.returncode == 0, sent.stderr
        answer = json.loads(sent.stdout)
        assert (answer["status"], answer["project"], answer["spiders"]) == ("ok", "letterboxd", 5), answer
        yield node


def started(
    folder: Path, python: Path, environment: dict[str, str], port: int | None = None
) -> AbstractContextManager[Scrapyd]:
    return scrapyd.server(
        folder,
        environment | {"TMPDIR": str(folder)},
        username=USER,
        password=PASSWORD,
        deployed=True,
        python=python,
        port=port,
    )


@pytest.fixture(scope="module")
def egg(node: Scrapyd) -> Path:
    """What the node was sent."""
    (egg,) = node.folder.glob("eggs/letterboxd/*.egg")
    return egg


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
    listed = subprocess.check_output(["git", "ls-files", *PACKAGES, "migrations"], cwd=ROOT, text=True)
    assert set(map(place_of_package_file, listed.split())) | DATA <= names
    assert {name.split("/")[0] for name in names} == {*PACKAGES, "EGG-INFO"}


def place_of_package_file(file: str) -> str:
    """Return where a file of the repository is installed."""
    return f"letterboxd_scraper/{file}" if file.startswith("migrations/") else file


def test_a_wrong_password_sends_nothing(node: Scrapyd, checkout: Path, egg: Path) -> None:
    before = node.ask("listversions.json?project=letterboxd")["versions"]
    refused = deploy(checkout, "--egg", egg, SCRAPYD_USERNAME=USER, SCRAPYD_PASSWORD="guess")
    assert refused.returncode == 1
    assert "Deploy failed (401)" in refused.stderr
    with pytest.raises(HTTPError, match="401"):
        replace(node, username=None).ask("daemonstatus.json")
    assert node.ask("listversions.json?project=letterboxd")["versions"] == before
    assert PASSWORD not in node.told()


def test_a_circle_is_crawled_by_what_is_in_the_egg(
    crawled: Scrapyd, bare: Path, site: Site, database: str
) -> None:
    engine = make_engine(database)
    assert stored_facts(engine) == set(site.world.truth(site.world.circle("marla")))
    assert revision_of(engine) == REVISION  # the first job brought the file up to date, and kept the old one
    engine.dispose()
    assert len(list(Path(str(engine.url.database)).parent.glob("letterboxd.db.before-*.backup"))) == 1
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


SHOW = """
from letterboxd_scraper.cli.main import run
for command in ("rank compute", "export html --output table.html", "report --output report.html"):
    assert run([*command.split(), "--cohort", "friends"]) == 0
"""


def test_what_shows_the_data_finds_its_templates_in_the_egg(
    crawled: Scrapyd, egg: Path, bare: Path, database: str, tmp_path: Path
) -> None:
    environment = outside() | {"PYTHONPATH": str(egg), "DATABASE_URL": database}
    done = subprocess.run(
        [bare, "-c", SHOW], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Ordet" in (tmp_path / "table.html").read_text()
    assert "Ordet" in (tmp_path / "report.html").read_text()


def test_exit_codes_come_through_and_the_job_says_why(
    crawled: Scrapyd, site: Site, postgres_url: str
) -> None:
    behind = crawled.schedule("profile", {"DATABASE_URL": postgres_url}, cohort="friends")
    assert crawled.exit_code(behind) == 2
    assert last_line(crawled, behind).endswith("is behind: run `letterboxd db upgrade`")
    site.faults.replace([Fault("challenge")])
    blocked = crawled.schedule("profile", {}, user="marla")
    assert crawled.exit_code(blocked) == 4
    assert "Traceback" not in crawled.job_log(behind) + crawled.job_log(blocked)
    site.faults.clear()


def last_line(node: Scrapyd, job: str) -> str:
    return node.job_log(job).splitlines()[-1]


def test_an_unknown_spider_is_refused_at_once(node: Scrapyd) -> None:
    with pytest.raises(AssertionError, match="spider 'profil' not found"):
        node.schedule("profil", {}, cohort="friends")


def test_a_server_that_was_killed_knows_its_jobs_and_starts_those_that_waited(
    crawled: Scrapyd, bare: Path, site: Site, environment: dict[str, str]
) -> None:
    """What waited is cancelled when it is under way, and has been interrupted."""
    ended = finished(crawled)
    assert ended
    site.clear_log()
    lost, waiting = (
        crawled.schedule("profile", {"DOWNLOAD_DELAY": "0.5"}, cohort="friends", watched="true")
        for _ in range(2)
    )
    wait_until_it_asks(crawled, lost, site)
    (job,) = crawled.ask("listjobs.json?project=letterboxd")["running"]
    os.killpg(os.getpgid(job["pid"]), signal.SIGKILL)  # the server, and its jobs
    while crawled.is_up():
        time.sleep(0.05)
    site.clear_log()
    with started(crawled.folder, bare, environment, crawled.port) as anew:
        assert finished(anew) == ended
        wait_until_it_asks(anew, waiting, site)
        anew.ask("cancel.json", {"project": "letterboxd", "job": waiting})
        assert anew.exit_code(waiting) == 130


def finished(node: Scrapyd) -> set[str]:
    return {job["id"] for job in node.ask("listjobs.json?project=letterboxd")["finished"]}


def wait_until_it_asks(node: Scrapyd, job: str, site: Site) -> None:
    """Return when a crawl has asked the site for something."""
    node.wait_for(job, "running")
    while len(site.log) < 2:
        assert node.ask(f"status.json?job={job}")["currstate"] == "running", node.told()
        time.sleep(0.05)
