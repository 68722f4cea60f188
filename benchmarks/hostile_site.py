"""What can a site do to a crawl that it does not mean well with? ``python -m benchmarks.hostile_site``.

Every spider is run against every attack, in a process of its own. What must hold: it ends, in less than
300 MB, nobody else is asked for anything, no member is dropped, no fact is lost, and what happened is said,
once, and by the exit code. With ``--browser`` some attacks are made on a crawl that loads pages in Chromium,
whose own memory is not counted.
"""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.hostile_attacks import CERTIFICATES, SPIDERS, Attack, attacks
from letterboxd_scraper import settings
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import cohort_members, robots_txt, scrape_failures
from tests.conftest import environment_for, stored_facts
from tests.site import FEW, Site, own_world
from tests.site.certificates import Authority

MOST_MEMORY = 300  # in MB
# In seconds; a crawl that takes longer goes on for ever.
PATIENCE = 600
LONGEST_LINE = 800
SETTINGS: Mapping[str, Any] = {
    "DOWNLOAD_TIMEOUT": 2,
    "RETRY_TIMES": 1,
    "TMDB_TIMEOUT": 1,
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Ending:
    """How a crawl ended; ``code`` is None for one that did not, ``memory`` its peak in MB.

    ``elsewhere`` counts requests to a site that was not to be asked, ``dropped`` members, ``lost`` facts, and
    ``failures`` what was recorded as such.
    """

    code: int | None
    seconds: float
    memory: float
    requests: int
    elsewhere: int
    dropped: int
    lost: int
    failures: int
    said: str

    def problems(self, right_codes: Collection[int]) -> list[str]:
        """Return what is not as it must be."""
        lines = self.said.splitlines()
        wrong = {
            "exit code": self.code not in right_codes,
            "memory": math.isnan(self.memory) or self.memory > MOST_MEMORY,
            "asked elsewhere": self.elsewhere > 0,
            "members dropped": self.dropped > 0,
            "facts lost": self.lost > 0,
            "silent": bool(self.code) and not lines,
            # What went wrong with each page, and why that was the end.
            "said twice": len(lines) > self.failures + 2,
            "no clear line": "Traceback" in self.said or any(len(line) > LONGEST_LINE for line in lines),
        }
        return [problem for problem, is_so in wrong.items() if is_so]


class Victim:
    """A crawled circle, of which each attack gets a copy; ``other`` is not to be asked.

    ``sites`` are all the same, but for the name of their certificate; None has none.
    """

    def __init__(
        self, folder: Path, sites: Mapping[str | None, Site], other: Site, authority: Authority
    ) -> None:
        self.folder, self.sites, self.other, self.authority = folder, sites, other, authority
        self.crawled = folder / "crawled.db"
        with _engine(self.crawled) as engine:
            migrate.upgrade(engine)
        for spider, arguments in (
            ("follow_graph", {"seed": "marla", "label": "friends"}),
            ("profile", {"cohort": "friends"}),
        ):
            crawl = self._run(self.crawled, spider, arguments)
            assert crawl.returncode == 0, crawl.stderr
        with _engine(self.crawled) as engine, engine.begin() as connection:
            connection.execute(robots_txt.delete())

    def suffer(self, attack: Attack, spider: str, *options: str) -> Ending:
        """Run a spider on a copy of the circle while the site does this; ``options`` are those of Scrapy."""
        database = self.folder / "copy.db"
        shutil.copy(self.crawled, database)
        site = self.sites[attack.certificate]
        site.faults.replace(attack.faults)
        site.clear_log()
        self.other.clear_log()
        report = self.folder / "meter.json"
        report.unlink(missing_ok=True)
        began = time.monotonic()
        try:
            metered = (*_metered(report), *options)
            crawl = self._run(database, spider, SPIDERS[spider], metered, attack.certificate)
            code, said = crawl.returncode, crawl.stderr
        except subprocess.TimeoutExpired as error:
            code, said = None, (error.stderr or b"").decode()
        seconds = time.monotonic() - began
        members, facts, _ = _stored(self.crawled)
        members_left, facts_left, failures = _stored(database)
        return Ending(
            code,
            seconds,
            json.loads(report.read_text())["memory"] if report.exists() else math.nan,
            len(site.log),
            len(self.other.log),
            len(members - members_left),
            len(facts - facts_left),
            failures,
            said,
        )

    def _run(
        self,
        database: Path,
        spider: str,
        arguments: Mapping[str, str],
        options: tuple[str, ...] = (),
        certificate: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        environment = environment_for(self.sites[certificate].url, f"sqlite:///{database}")
        environment |= {name: str(value) for name, value in SETTINGS.items()}
        if certificate and CERTIFICATES[certificate][2]:
            environment["SSL_CERT_FILE"] = str(self.authority.file)
        command = [sys.executable, "-m", "scrapy", "crawl", spider, *options]
        for name, value in arguments.items():
            command += ["-a", f"{name}={value}"]
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE
        )


def _metered(report: Path) -> tuple[str, ...]:
    # Added to ours: a setting from the command line would take their place.
    extensions = json.dumps({**settings.EXTENSIONS, "benchmarks.meter.Meter": 1})
    return "-s", f"METER_REPORT={report}", "-s", f"EXTENSIONS={extensions}"


@contextmanager
def _engine(file: Path) -> Iterator[sa.Engine]:
    engine = make_engine(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        engine.dispose()


def _stored(file: Path) -> tuple[set[int], set[Any], int]:
    """Return who belongs to the cohort, all facts of members' films, and how many failures there are."""
    with _engine(file) as engine:
        with engine.connect() as connection:
            members = set(connection.scalars(sa.select(cohort_members.c.user_id)))
            failures = connection.scalar(sa.select(sa.func.count()).select_from(scrape_failures)) or 0
        return members, set(stored_facts(engine)), failures


def line(name: str, spider: str, ending: Ending, problems: list[str]) -> str:
    code = "—" if ending.code is None else ending.code
    return (
        f"{name:<34}{spider:<13}{code!s:>4}{ending.memory:>6.0f}{ending.seconds:>8.1f}{ending.requests:>9}"
        f"{ending.elsewhere:>10}{ending.dropped:>8}{ending.lost:>5}{ending.failures:>9}"
        f"{len(ending.said.splitlines()):>6}  {', '.join(problems) or 'ok'}"
    )


HEAD = (
    f"{'attack':<34}{'spider':<13}{'exit':>4}{'MB':>6}{'seconds':>8}{'requests':>9}"
    f"{'elsewhere':>10}{'dropped':>8}{'lost':>5}{'failures':>9}{'lines':>6}"
)


@contextmanager
def victim() -> Iterator[Victim]:
    """Give a crawled circle, whose sites, and the site that is not to be asked, run meanwhile."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = Authority(folder)
        sites: dict[str | None, Site] = {None: stack.enter_context(Site(own_world(follows=FEW)))}
        for name, (host, lasts, _) in CERTIFICATES.items():
            certificate = authority.certificate(host, lasts)  # read at once: the next may have the same name
            sites[name] = stack.enter_context(Site(own_world(follows=FEW), certificate=certificate))
        other = stack.enter_context(Site(own_world(follows=())))
        yield Victim(folder, sites, other, authority)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile_site", description=__doc__)
    parser.add_argument("--attack", default="", help="only those whose name has this in it")
    parser.add_argument("--spider", choices=SPIDERS, help="only this one")
    parser.add_argument("--browser", action="store_true", help="load pages in Chromium")
    parser.add_argument("--verbose", action="store_true", help="print what each crawl says")
    chosen = parser.parse_args()
    # In two seconds a page has not done its worst.
    options = ("-s", "LETTERBOXD_BROWSER=true", "-s", "DOWNLOAD_TIMEOUT=8") if chosen.browser else ()
    bad = 0
    print(HEAD)
    with victim() as ready:
        for name, attack in attacks(ready.other.url).items():
            right_codes = attack.in_browser if chosen.browser else attack.codes
            if chosen.attack not in name or not right_codes:
                continue
            for spider in attack.spiders:
                if chosen.spider not in (None, spider):
                    continue
                ending = ready.suffer(attack, spider, *options)
                problems = ending.problems(right_codes)
                bad += bool(problems)
                print(line(name, spider, ending, problems), flush=True)
                if chosen.verbose:
                    print(ending.said, flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
