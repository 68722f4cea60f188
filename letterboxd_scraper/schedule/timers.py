"""What calls the jobs at night: lines for cron, and timers for systemd, as texts."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule.jobs import JOBS, MONTHLY, NIGHTLY


@dataclass(frozen=True, slots=True)
class Plan:
    """When the jobs of a cohort run: ``command`` is called in ``folder``, with ``--job NAME`` after it.

    Nightly at ``hour``:``minute``; monthly at the same time on ``day``, None: never. Who comes first does
    not matter: a monthly job waits for a nightly one, and a nightly one steps back for it.
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
        """Yield each job with the day of the month on which it runs, None: every day."""
        yield NIGHTLY, None
        if self.day is not None:
            yield MONTHLY, self.day

    def words(self, job: str) -> list[str]:
        return [*self.command, "--job", job]


def command(label: str, *, config: str | None, local: bool, target: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words that run a cohort's jobs with this very installation, wherever they are called."""
    script = Path(sys.executable).with_name("letterboxd")
    words = [str(script)] if script.exists() else [sys.executable, "-m", "letterboxd_scraper"]
    if config:
        words += ["--config", str(Path(config).absolute())]
    words += ["schedule", "run", "--cohort", label]
    words += [word for name in target for word in ("--target", name)]
    return (*words, *(["--local"] if local else []))


def marks(label: str) -> tuple[str, str]:
    """Return the lines between which a cohort's part of a crontab stands."""
    return f"# letterboxd, cohort {label}: begin", f"# letterboxd, cohort {label}: end"


def cron_block(plan: Plan) -> str:
    """Return the lines for a crontab, with the marks around them."""
    begin, end = marks(plan.label)
    lines = [_cron_line(plan, job, day) for job, day in plan.jobs()]
    return "\n".join([begin, *lines, end]) + "\n"


def _cron_line(plan: Plan, job: str, day: int | None) -> str:
    called = f"cd {shlex.quote(str(plan.folder))} && {shlex.join(plan.words(job))}"
    # To cron, a percent sign is the end of the line.
    called = called.replace("%", r"\%")
    return f"{plan.minute} {plan.hour} {day or '*'} * * {called}"


def in_crontab(crontab: str, label: str, block: str) -> str:
    """Return a crontab in which a cohort's block is this one ("": none); all else stays as it is.

    Raises InputError where the marks do not pair.
    """
    begin, end = marks(label)
    lines = crontab.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if line.strip() in (begin, end)]
    marked = [lines[number].strip() for number in found]
    if not marked:
        apart = "" if not crontab or crontab.endswith("\n") or not block else "\n"
        return crontab + apart + block
    if marked != [begin, end]:
        raise InputError(
            f"the crontab has {len(found)} of the two lines {begin!r} and {end!r}: mend it first"
        )
    return "".join(lines[: found[0]]) + block + "".join(lines[found[1] + 1 :])


def unit(label: str, job: str, kind: str) -> str:
    """Return the name of a systemd unit's file."""
    return f"letterboxd-{label}-{job}.{kind}"


def unit_names(label: str) -> list[str]:
    """Return the names of all files that a cohort may have among systemd's units."""
    return [unit(label, job, kind) for job in JOBS for kind in ("service", "timer")]


def systemd_units(plan: Plan) -> dict[str, str]:
    """Return the text of each unit, by the name of its file."""
    found = {}
    for job, day in plan.jobs():
        found[unit(plan.label, job, "service")] = _service(plan, job)
        found[unit(plan.label, job, "timer")] = _timer(plan, job, day)
    return found


def _service(plan: Plan, job: str) -> str:
    called = " ".join(_quoted(word) for word in plan.words(job))
    return f"""[Unit]
Description=letterboxd: the {job} job of the cohort {plan.label}

[Service]
Type=oneshot
WorkingDirectory={str(plan.folder).replace("%", "%%")}
ExecStart={called}
# Some pages could not be read: the next job tries them again.
SuccessExitStatus=3
"""


def _timer(plan: Plan, job: str, day: int | None) -> str:
    days = f"*-*-{day:02}" if day else "*-*-*"
    return f"""[Unit]
Description=letterboxd: when the {job} job of the cohort {plan.label} runs

[Timer]
OnCalendar={days} {plan.hour:02}:{plan.minute:02}:00
# A night that the machine slept through, or was off, is made up for.
Persistent=true

[Install]
WantedBy=timers.target
"""


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: quoted where needed, its own signs doubled.

    >>> _quoted("/opt/a b/100%/$x")
    '"/opt/a b/100%%/$$x"'
    """
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return word if word and not set(word) & set(" '\";\\") else f'"{word}"'
