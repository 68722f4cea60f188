"""What can a site do to a crawl that it does not mean well with? ``python -m benchmarks.hostile_site``.

Every spider is run against every attack, in a process of its own. What must hold: it ends, in less than
300 MB, nobody else is asked for anything, no member is dropped, no fact is lost, and what happened is said.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import cohort_members, robots_txt
from tests.conftest import environment_for, stored_facts
from tests.site import FEW, Fault, Site, own_world

MOST_MEMORY = 300  # in MB
# In seconds; a crawl that takes longer goes on for ever.
PATIENCE = 120
SPIDERS: Mapping[str, Mapping[str, str]] = {
    "follow_graph": {"cohort": "friends"},
    "profile": {"cohort": "friends"},
    "when_rated": {"cohort": "friends", "audit": "all"},
    "rss": {"cohort": "friends"},
    "film": {"cohort": "friends", "histograms": "true", "limit": "5"},
}
SETTINGS: Mapping[str, Any] = {
    "DOWNLOAD_TIMEOUT": 2,
    "RETRY_TIMES": 1,
    "TMDB_TIMEOUT": 1,
    "PYTHONWARNINGS": "ignore",
}
PAGES = r"/(?!robots\.txt|3/).*"
ROBOTS = r"/robots\.txt"
# Almost as much as is let through, of what costs most when it is read.
_MARKUP = 19_000_000


def attacks(elsewhere: str) -> dict[str, list[Fault]]:
    """Return the faults of each attack; ``elsewhere`` is the address of a site that is not to be asked."""

    def rewritten(pattern: str, by: str, path: str = PAGES) -> list[Fault]:
        return [Fault("rewrite", path, pattern=pattern, by=by)]

    ends = r"(?=</body>|</channel>)"
    return {
        "redirects elsewhere": [Fault("elsewhere", PAGES, to=elsewhere)],
        "robots.txt elsewhere": [Fault("elsewhere", ROBOTS, to=elsewhere)],
        "robots.txt that is a page": rewritten(".+", "<html><body>Sorry</body></html>", ROBOTS),
        "robots.txt: a bomb": [Fault("bomb", ROBOTS, megabytes=900)],
        "robots.txt: wait a million": rewritten(".+", "User-agent: *\nCrawl-delay: 1000000\n", ROBOTS),
        "TMDB: a bomb": [Fault("bomb", "/3/.*", megabytes=900)],
        **{
            f"bomb, {encoding}": [Fault("bomb", PAGES, encoding=encoding, megabytes=900)]
            for encoding in ("gzip", "gzip, gzip", "deflate", "br", "zstd")
        },
        "100 MB, not packed": [Fault("huge", PAGES, megabytes=100)],
        "19 MB of elements": rewritten(ends, "<b></b>" * (_MARKUP // 7)),
        "19 MB of attributes": rewritten(ends, f"<b {_attributes()}></b>"),
        "19 MB of pictures of faces": rewritten(ends, "😀" * (_MARKUP // 4)),
        "drips": [Fault("drip", PAGES, seconds=0.05)],
        "headers without an end": [Fault("endless-head", PAGES)],
        "the same page for ever": [Fault("endless", PAGES)],
        "other pages for ever": [Fault("endless", PAGES, anew=True)],
        "renamed links to the next page": rewritten('class="next"', 'class="pager-next"'),
        "renamed pagers": rewritten('class="pagination"', 'class="pager"'),
        "shortened numbers": rewritten(r"\b(\d)[,.\u00a0](\d)\d\d\b", r"\1.\2K"),
        "somebody else's pages": [Fault("wrong-member", PAGES)],
        "the sign-in page": [Fault("login", PAGES)],
        "bytes": [Fault("garbage", PAGES, size=1_000_000)],
    }


def _attributes() -> str:
    return " ".join(f'a{number}="1"' for number in range(_MARKUP // 13))


@dataclass(frozen=True)
class Ending:
    """How a crawl ended; ``code`` is None for one that did not, ``memory`` its peak in MB."""

    code: int | None
    seconds: float
    memory: float
    requests: int
    elsewhere: int
    dropped: int
    lost: int
    said: str

    @property
    def is_bad(self) -> bool:
        known = self.code in (0, 2, 3, 4)
        harmed = self.elsewhere or self.dropped or self.lost or "Traceback" in self.said
        return not known or bool(harmed) or self.memory > MOST_MEMORY or not (self.said or self.code == 0)


class Victim:
    """A crawled circle on one site, of which each attack gets a copy; ``other`` is not to be asked."""

    def __init__(self, folder: Path, site: Site, other: Site) -> None:
        self.folder, self.site, self.other = folder, site, other
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

    def suffer(self, faults: Sequence[Fault], spider: str) -> Ending:
        """Run a spider on a copy of the circle while the site has these faults."""
        database = self.folder / "copy.db"
        shutil.copy(self.crawled, database)
        self.site.faults.replace(faults)
        self.site.clear_log()
        self.other.clear_log()
        report = self.folder / "meter.json"
        report.unlink(missing_ok=True)
        began = time.monotonic()
        try:
            crawl = self._run(database, spider, SPIDERS[spider], report)
            code, said = crawl.returncode, crawl.stderr
        except subprocess.TimeoutExpired as error:
            code, said = None, (error.stderr or b"").decode()
        seconds = time.monotonic() - began
        members, facts = _stored(self.crawled)
        members_left, facts_left = _stored(database)
        return Ending(
            code,
            seconds,
            json.loads(report.read_text())["memory"] if report.exists() else float("nan"),
            len(self.site.log),
            len(self.other.log),
            len(members - members_left),
            len(facts - facts_left),
            said,
        )

    def _run(
        self, database: Path, spider: str, arguments: Mapping[str, str], report: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = environment_for(self.site.url, f"sqlite:///{database}")
        environment |= {name: str(value) for name, value in SETTINGS.items()}
        command = [sys.executable, "-m", "scrapy", "crawl", spider]
        for name, value in arguments.items():
            command += ["-a", f"{name}={value}"]
        if report:
            extensions = json.dumps({"benchmarks.meter.Meter": 1})
            # Added to ours: a setting from the command line would take their place.
            command += ["-s", f"METER_REPORT={report}", "-s", f"EXTENSIONS={_with_ours(extensions)}"]
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE
        )


def _with_ours(extensions: str) -> str:
    from letterboxd_scraper import settings

    return json.dumps({**settings.EXTENSIONS, **json.loads(extensions)})


@contextmanager
def _engine(file: Path) -> Iterator[sa.Engine]:
    engine = make_engine(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        engine.dispose()


def _stored(file: Path) -> tuple[set[int], set[Any]]:
    """Return who belongs to the cohort, and all facts of members' films."""
    with _engine(file) as engine:
        with engine.connect() as connection:
            members = set(connection.scalars(sa.select(cohort_members.c.user_id)))
        return members, set(stored_facts(engine))


def line(attack: str, spider: str, ending: Ending) -> str:
    code = "—" if ending.code is None else ending.code
    flag = "BAD" if ending.is_bad else ""
    return (
        f"{attack:<32}{spider:<14}{code!s:>4}{ending.memory:>8.0f}{ending.seconds:>8.1f}{ending.requests:>9}"
        f"{ending.elsewhere:>10}{ending.dropped:>8}{ending.lost:>6}{len(ending.said.splitlines()):>7} {flag}"
    )


HEAD = (
    f"{'attack':<32}{'spider':<14}{'exit':>4}{'MB':>8}{'seconds':>8}{'requests':>9}"
    f"{'elsewhere':>10}{'dropped':>8}{'lost':>6}{'lines':>7}"
)


@contextmanager
def victim() -> Iterator[Victim]:
    """Give a crawled circle, whose site and the site that is not to be asked run meanwhile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Site(own_world(follows=FEW)) as site,
        Site(own_world(follows=())) as other,
    ):
        yield Victim(Path(folder), site, other)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile_site", description=__doc__)
    parser.add_argument("--attack", help="only those whose name has this in it")
    parser.add_argument("--spider", choices=SPIDERS, help="only this one")
    parser.add_argument("--verbose", action="store_true", help="print what each crawl says")
    chosen = parser.parse_args()
    bad = 0
    print(HEAD)
    with victim() as ready:
        for attack, faults in attacks(ready.other.url).items():
            for spider in SPIDERS:
                if (chosen.attack or "") in attack and chosen.spider in (None, spider):
                    ending = ready.suffer(faults, spider)
                    bad += ending.is_bad
                    print(line(attack, spider, ending), flush=True)
                    if chosen.verbose:
                        print(ending.said)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
