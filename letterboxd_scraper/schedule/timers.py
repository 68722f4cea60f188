"""The texts by which cron, systemd or launchd (on macOS) calls a cohort's jobs."""

import plistlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule.jobs import JOBS, MONTHLY, NIGHTLY


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the jobs of a cohort run: ``command`` is called in ``folder``, with ``--job NAME`` after it.

    Nightly at ``hour``:``minute``; monthly at the same time on ``day``, None: never. Which of the two starts
    first does not matter: a monthly job waits for a nightly one, and a nightly one ends when it finds a
    monthly one. Raises InputError for a path with characters that neither cron nor systemd can call.
    """

    label: str
    command: tuple[str, ...]
    folder: Path
    hour: int
    minute: int
    day: int | None

    def __post_init__(self) -> None:
        for text in (str(self.folder), *self.command):
            if not text.isprintable():
                raise InputError(f"{text!r}: neither cron nor systemd takes a path with such signs")

    def jobs(self) -> Iterator[tuple[str, int | None]]:
        """Yield the jobs, with the day of the month on which each runs; None: every day."""
        yield NIGHTLY, None
        if self.day is not None:
            yield MONTHLY, self.day

    def words(self, job: str) -> list[str]:
        """Return the command that runs a job, word by word."""
        return [*self.command, "--job", job]


def command(
    label: str, *, config: str | None, local: bool, target: Sequence[str] = (), more: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the words that run a cohort's jobs with this very installation, wherever they are called.

    ``more`` are options that stand last.
    """
    script = Path(sys.executable).with_name("letterboxd")
    words = [str(script)] if script.exists() else [sys.executable, "-m", "letterboxd_scraper"]
    if config:
        words += ["--config", str(Path(config).absolute())]
    words += ["schedule", "run", "--cohort", label]
    words += [word for name in target for word in ("--target", name)]
    return (*words, *(["--local"] if local else []), *more)


def cron_marks(label: str) -> tuple[str, str]:
    """Return the lines between which a cohort's part of a crontab stands."""
    return f"# letterboxd, cohort {label}: begin", f"# letterboxd, cohort {label}: end"


def cron_block(timetable: Timetable) -> str:
    """Return the lines for a crontab, with the marks around them."""
    begin, end = cron_marks(timetable.label)
    lines = [_cron_line(timetable, job, day) for job, day in timetable.jobs()]
    return "\n".join([begin, *lines, end]) + "\n"


def _cron_line(timetable: Timetable, job: str, day: int | None) -> str:
    line = f"cd {shlex.quote(str(timetable.folder))} && {shlex.join(timetable.words(job))}"
    # To cron, a percent sign is the end of the line.
    line = line.replace("%", r"\%")
    return f"{timetable.minute} {timetable.hour} {day or '*'} * * {line}"


def with_cron_block(crontab: str, label: str, block: str) -> str:
    """Return a crontab in which a cohort's block is this one ("": none); all else stays as it is.

    A library that reads crontabs would write the other lines anew, in a form of its own. Raises InputError
    where the marks do not pair.
    """
    begin, end = cron_marks(label)
    lines = crontab.splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip() in (begin, end)]
    if not places:
        newline = "" if not crontab or crontab.endswith("\n") or not block else "\n"
        return crontab + newline + block
    if [lines[number].strip() for number in places] != [begin, end]:
        raise InputError(
            f"the crontab has {len(places)} of the two lines {begin!r} and {end!r}: mend it first"
        )
    return "".join(lines[: places[0]]) + block + "".join(lines[places[1] + 1 :])


def cron_lines(crontab: str, label: str) -> list[str]:
    """Return a cohort's lines in a crontab, without the marks around them."""
    begin, end = cron_marks(label)
    lines = [line.strip() for line in crontab.splitlines()]
    return lines[lines.index(begin) + 1 : lines.index(end)] if {begin, end} <= set(lines) else []


def unit_names(label: str) -> list[str]:
    """Return the names of all files that a cohort may have among systemd's units."""
    return [_unit_name(label, job, kind) for job in JOBS for kind in ("service", "timer")]


def systemd_units(timetable: Timetable) -> dict[str, str]:
    """Return the text of each unit, by the name of its file."""
    units = {}
    for job, day in timetable.jobs():
        values = {
            "job": job,
            "label": timetable.label,
            "folder": str(timetable.folder).replace("%", "%%"),
            "command": " ".join(map(_systemd_word, timetable.words(job))),
            "calendar": f"*-*-{f'{day:02}' if day else '*'} {timetable.hour:02}:{timetable.minute:02}:00",
        }
        for kind in ("service", "timer"):
            text = files(__package__).joinpath("templates", f"job.{kind}").read_text(encoding="utf-8")
            units[_unit_name(timetable.label, job, kind)] = Template(text).substitute(values)
    return units


def agent_names(label: str) -> list[str]:
    """Return the names of all files that a cohort may have among launchd's agents."""
    return [f"letterboxd-{label}-{job}.plist" for job in JOBS]


def launchd_agents(timetable: Timetable, logs: Path) -> dict[str, str]:
    """Return the text of each agent, by the name of its file; what a job says goes to a file in ``logs``."""
    agents = {}
    for job, day in timetable.jobs():
        name = f"letterboxd-{timetable.label}-{job}"
        log = str(logs / f"{name}.log")
        agent: dict[str, Any] = {
            "Label": name,
            "ProgramArguments": timetable.words(job),
            "WorkingDirectory": str(timetable.folder),
            "StartCalendarInterval": {
                "Hour": timetable.hour,
                "Minute": timetable.minute,
                **({"Day": day} if day else {}),
            },
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
        agents[f"{name}.plist"] = plistlib.dumps(agent, sort_keys=False).decode()
    return agents


def _unit_name(label: str, job: str, kind: str) -> str:
    return f"letterboxd-{label}-{job}.{kind}"


def _systemd_word(word: str) -> str:
    """Return a word as systemd reads it: quoted where needed, its own signs doubled.

    >>> _systemd_word("/opt/a b/100%/$x")
    '"/opt/a b/100%%/$$x"'
    """
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return word if word and not set(word) & set(" '\";\\") else f'"{word}"'
