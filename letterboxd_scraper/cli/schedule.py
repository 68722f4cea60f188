"""`letterboxd schedule install|remove`: what calls the jobs at night."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper import config
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.cli.schedule_notify import NamesOption, NotifyOption, Telling, refuse_names_alone
from letterboxd_scraper.cli.schedule_run import LocalOption, TargetOption
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import env_file
from letterboxd_scraper.schedule import install as installation
from letterboxd_scraper.schedule import nodes, timers
from letterboxd_scraper.schedule.timers import Timetable
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise typer.BadParameter(f"{text!r} is not a time from 00:00 to 23:59")
    return text


def _day(text: str | int) -> int:
    if not re.fullmatch(r"\d{1,2}", str(text), re.ASCII) or int(text) > 28:
        raise typer.BadParameter(f"{text!r} is not a day from 1 to 28, or 0")
    return int(text)


AsOption = Annotated[
    str | None,
    options.word(
        ("cron", "systemd", "launchd"),
        "What calls the jobs; default: launchd on macOS, systemd where it runs.",
        "--as",
    ),
]


def install(
    context: typer.Context,
    cohort: CohortOption = None,
    nightly: Annotated[
        str, options.value("HH:MM", "When, by this machine's clock.", parser=_clock)
    ] = "03:30",
    monthly: Annotated[
        int,
        options.value("DAY", "Day of the monthly job, at the same time; 0: none.", parser=_day),
    ] = 1,
    kind: AsOption = None,
    local: LocalOption = False,
    target: TargetOption = None,
    notify: NotifyOption = False,
    names: NamesOption = False,
    write: Annotated[
        bool, options.flag("--write/--print", "Install it, or only print what would be.")
    ] = False,
) -> None:
    """Print, or install, what calls a cohort's jobs at night.

    Lines of the user's crontab, timers of systemd, or agents of launchd on macOS; those that the cohort
    has already are replaced. Jobs run in the folder where you are now, with the settings of its .env: no
    secret stands in the lines.

    \b
    Examples:
      letterboxd schedule install --cohort friends --local
      letterboxd schedule install --cohort friends --nightly 02:15 --write
      letterboxd schedule install --cohort friends --as systemd --monthly 0
      letterboxd schedule install --cohort friends --local --notify --write
    """
    session: Session = context.obj
    label = find_cohort(session, cohort).label
    refuse_names_alone(notify=notify, names=names)
    told = [option for option, chosen in {"--notify": notify, "--names": names}.items() if chosen]
    config_file = session.config_file or os.environ.get("LETTERBOXD_CONFIG")
    command = timers.command(label, config=config_file, local=local, target=target or (), more=told)
    hour, minute = map(int, nightly.split(":"))
    timetable = Timetable(label, command, Path.cwd(), hour, minute, monthly or None)
    kind = kind or installation.usual()
    if kind == installation.CRON:
        texts = _install_lines(session, timetable, write=write)
    else:
        texts = _install_files(session, timetable, kind, write=write)
    session.conclude({"cohort": label, "as": kind, "written": write, "texts": texts})
    _warn(session, target or (), local=local, notify=notify, names=names)


def _install_lines(session: Session, timetable: Timetable, *, write: bool) -> dict[str, str]:
    """Print or install the lines of a crontab; return them."""
    block = timers.cron_block(timetable)
    if not write:
        _print(session, block)
        session.say("now: the same command with --write puts these lines into your crontab")
    elif installation.into_crontab(timetable.label, block):
        session.say(f"written into your crontab: the jobs of {timetable.label}")
    else:
        session.say(f"your crontab has these lines for {timetable.label} already")
    session.say("cron makes up for no night that the machine slept through: there, --as systemd does")
    return {"crontab": block}


def _install_files(session: Session, timetable: Timetable, kind: str, *, write: bool) -> dict[str, str]:
    """Print or install units of systemd or agents of launchd; return the text of each, by its file."""
    if kind == installation.LAUNCHD:
        by_name = timers.launchd_agents(timetable, Path.home() / "Library" / "Logs")
    else:
        by_name = timers.systemd_units(timetable)
    folder = installation.folder_of(kind)
    texts = {str(folder / name): text for name, text in by_name.items()}
    if not write:
        _print(session, "\n".join(f"# {file}\n{text}" for file, text in texts.items()))
        session.say("now: the same command with --write writes these files")
        return texts
    changed = installation.into_files(timetable.label, kind, by_name)
    session.say(
        f"written into {folder}: {', '.join(by_name)}" if changed else f"{folder} has these files already"
    )
    if kind == installation.LAUNCHD:
        session.say(f"now: {_bootout(by_name)}        where it runs them already")
        session.say(f"     launchctl bootstrap gui/{os.getuid()} {shlex.join(texts)}")
        return texts
    names = " ".join(name for name in by_name if name.endswith(".timer"))
    session.say("now: systemctl --user daemon-reload")
    session.say(f"     systemctl --user enable --now {names}")
    session.say("     loginctl enable-linger          so that they run while you are not logged in, too")
    return texts


def _bootout(names: Iterable[str]) -> str:
    """Return the command by which launchd lets go of agents, by the names of their files."""
    domain = f"gui/{os.getuid()}"
    return " ; ".join(f"launchctl bootout {domain}/{name.removesuffix('.plist')}" for name in names)


def _print(session: Session, text: str) -> None:
    if not session.as_json:
        session.print_text(text)


def _warn(session: Session, targets: Sequence[str], *, local: bool, notify: bool, names: bool) -> None:
    """Say what will be missing at night: settings that only this shell knows, the terms accepted, a node."""
    origins = config.origins(session.overrides)
    lost = {name for name, origin in origins.items() if origin in ("environment", "command line")}
    refused = lost & env_file.NOT_HERE.keys()
    for file, settings in ((Path.cwd() / ".env", lost - refused), ("a file given by --config", refused)):
        if settings:
            listed = ", ".join(sorted(settings))
            session.say(f"only this shell knows these settings, write them into {file}: {listed}")
    if not local and (line := nodes.ignored(session.config)):
        session.say(line)
    try:
        Telling(session, "", notify=notify, names=names)
        if local:
            refuse_without_terms(session.config)
        else:
            nodes.configured(session.config, targets)
    except InputError as error:
        session.say(f"as it is, no job will start: {error}")


def remove(
    context: typer.Context,
    cohort: CohortOption = None,
    kind: AsOption = None,
    yes: Annotated[bool, options.yes()] = False,
) -> None:
    """Remove what calls a cohort's jobs.

    What goes is said, and asked about.

    \b
    Examples:
      letterboxd schedule remove --cohort friends
      letterboxd schedule remove --cohort friends --yes
    """
    session: Session = context.obj
    # By its label the cohort need not exist any more.
    label = find_cohort(session, cohort).label if cohort is None or cohort.isdigit() else cohort
    kind = kind or installation.usual()
    going = installation.installed(label, kind)
    if going:
        where = "your crontab" if kind == installation.CRON else str(installation.folder_of(kind))
        session.confirm(f"{', '.join(going)} in {where}: this goes", yes=yes)
    if kind == installation.CRON:
        changed = installation.into_crontab(label, "")
    else:
        changed = installation.into_files(label, kind, {})
        stop = f"systemctl --user stop 'letterboxd-{label}-*.timer' && systemctl --user daemon-reload"
        session.say(f"now: {stop if kind == installation.SYSTEMD else _bootout(timers.agent_names(label))}")
    words = f"removed: the jobs of {label}" if changed else f"no job of {label} was installed"
    session.conclude({"cohort": label, "as": kind, "removed": going}, words)
