"""The machines that crawl: deploy targets of scrapy.cfg, each with a Scrapyd of ours."""

import configparser
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.utils.conf import closest_scrapy_cfg, get_sources

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError, NodeUnusable
from letterboxd_scraper.machine import extras, safe_path

if TYPE_CHECKING:  # jobs of this machine alone do without scrapyd-client
    from letterboxd_scraper.schedule.scrapyd_api import ScrapydApi
from letterboxd_scraper.words import counted

PROJECT = "letterboxd"


@dataclass(frozen=True, slots=True)
class Node:
    """One Scrapyd, under its name in scrapy.cfg. What it is asked may raise NodeUnusable or NodeSilent."""

    name: str
    url: str
    project: str
    client: "ScrapydApi" = field(repr=False, compare=False)

    def refuse_unready(self) -> None:
        """Raise NodeUnusable unless it answers, accepts us, and has the project."""
        if self.project not in self.client.projects():
            how = f"deploy it there: scrapyd-deploy {self.name}"
            raise NodeUnusable(f"has no project {self.project!r}: {how}")

    def schedule(self, spider: str, arguments: dict[str, str], job: str) -> None:
        """Have a spider run, under the name ``job``."""
        self.client.schedule(self.project, spider, [*arguments.items(), ("jobid", job)])

    def state(self, job: str) -> str | None:
        """Return "pending", "running" or "finished"; None for a job that it does not know (any more)."""
        state: str | None = self.client.status(job, self.project)["currstate"]
        return state

    def jobs(self) -> list[str]:
        """Return the jobs that have not ended."""
        jobs = self.client.jobs(self.project)
        return [job["id"] for job in [*jobs["pending"], *jobs["running"]]]

    def cancel(self, job: str) -> None:
        """End a job that it may have: pages in flight are finished."""
        self.client.cancel(self.project, job)

    def log_of(self, spider: str, job: str) -> str:
        """Return the address of a job's log."""
        return f"{self.url}/logs/{self.project}/{spider}/{job}.log"


def configured(settings: Config, names: Sequence[str] = ()) -> list[Node]:
    """Return the nodes with these ``names``, by default all that scrapy.cfg has. Raises InputError."""
    extras.require("schedule", "a job on nodes (all but --local)")
    try:
        targets = _deploy_targets(settings.SCRAPYD_TARGETS)
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputError(f"cannot read scrapy.cfg: {_problem(error)}") from None
    if not targets:
        where = "~/.config/scrapy.cfg, or in a file that SCRAPYD_TARGETS names"
        raise InputError(f"no node: name one as [deploy] with a url in {where}; or crawl here: --local")
    for name in names:
        if name not in targets:
            raise InputError(f"--target {name}: scrapy.cfg has {', '.join(sorted(targets))}")
    return [_node(name, targets[name], settings) for name in names or sorted(targets)]


def ignored(settings: Config) -> str | None:
    """Return a line about the scrapy.cfg here or above, if it is not read though it names nodes."""
    path, text = closest_scrapy_cfg(), ""
    if path and path not in _sources(settings.SCRAPYD_TARGETS):
        with suppress(OSError):
            text = Path(path).read_text(encoding="utf-8", errors="replace")
    if not re.search(r"^\[deploy", text, re.MULTILINE):
        return None
    return (
        f"ignoring {path}, which would say where passwords are sent: if it is yours, SCRAPYD_TARGETS={path}"
    )


def _deploy_targets(named: str) -> dict[str, dict[str, str]]:
    """Return the deploy targets by name, as scrapyd-deploy reads them; a file may be ``named``."""
    from scrapyd_client.utils import EnvInterpolation

    config = configparser.ConfigParser(interpolation=EnvInterpolation())
    read = config.read(_sources(named), encoding="utf-8")
    if named and read[-1:] != _sources(named)[-1:]:
        raise InputError(f"cannot read {named}, which SCRAPYD_TARGETS names")
    common = dict(config.items("deploy")) if config.has_section("deploy") else {}
    names = [section for section in config.sections() if section.startswith("deploy:")]
    targets = {name.removeprefix("deploy:"): common | dict(config.items(name)) for name in names}
    return ({"default": common} if "url" in common else {}) | targets


def _sources(named: str) -> list[str]:
    """Return the files that may name nodes: the user's, and one that is ``named``, else the project's own.

    They say to whom our password is sent, and any variable of the environment may stand in them: what merely
    lies in the current folder is none of them.
    """
    closest = str(Path(named).expanduser().absolute()) if named else closest_scrapy_cfg()
    is_trusted = closest and (named or safe_path.is_ours(str(Path(closest).parent)))
    return [*get_sources(use_closest=False), *([closest] if is_trusted else [])]


def _problem(error: Exception) -> str:
    """Return what is wrong with a configuration, in one line that shows no value: it may be a password."""
    if isinstance(error, configparser.InterpolationError):
        return f"[{error.section}], {error.option}: a percent sign is written %%"
    if isinstance(error, configparser.ParsingError):
        line = (
            error.lineno if isinstance(error, configparser.MissingSectionHeaderError) else error.errors[0][0]
        )
        how = "a section is written [NAME], and what stands in it NAME = VALUE"
        return f"{error.source}, line {line}: {how}"
    return str(error)


def _node(name: str, target: dict[str, str], settings: Config) -> Node:
    url = target.get("url", "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise InputError(f"scrapy.cfg, [deploy:{name}]: url = {url!r} must start with http:// or https://")
    if "@" in urlsplit(url).netloc:  # addresses are shown
        raise InputError(
            f"scrapy.cfg, [deploy:{name}]: user name and password belong into lines of their own"
        )
    user, password = _credentials(target, settings)
    from letterboxd_scraper.schedule.scrapyd_api import ScrapydApi

    # Without a user name the client looks into ~/.netrc.
    return Node(name, url, target.get("project") or PROJECT, ScrapydApi(url, user, password))


def _credentials(target: dict[str, str], settings: Config) -> tuple[str | None, str]:
    if settings.SCRAPYD_USERNAME:
        return settings.SCRAPYD_USERNAME, settings.SCRAPYD_PASSWORD.get_secret_value()
    user = target.get("username", "")
    # A variable that is not set is left as it stands.
    return (None, "") if not user or user.startswith("$") else (user, target.get("password", ""))


def ready(nodes: Iterable[Node]) -> tuple[list[Node], list[str]]:
    """Return the nodes that can be given work, and what is wrong with the others, a line for each.

    Raises NodeUnusable, saying what is wrong with the first, where there is none.
    """
    usable, wrong = [], []
    for node in nodes:
        try:
            node.refuse_unready()
        except NodeUnusable as error:
            wrong.append(f"node {node.name} ({node.url}) {error}")
        else:
            usable.append(node)
    if not usable:
        others = (
            f" (and {counted(len(wrong) - 1, 'other node')} cannot be used either)" if len(wrong) > 1 else ""
        )
        raise NodeUnusable(wrong[0] + others)
    return usable, wrong
