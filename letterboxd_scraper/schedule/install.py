"""Installing what calls the jobs: in a user's crontab, units of systemd, or agents of launchd."""

import subprocess
import sys
from pathlib import Path

from platformdirs import user_config_path

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.machine.files import write_file
from letterboxd_scraper.schedule.timers import agent_names, cron_lines, unit_names, with_cron_block

CRON, SYSTEMD, LAUNCHD = "cron", "systemd", "launchd"
_SYSTEMD_RUNS = Path("/run/systemd/system")


def usual() -> str:
    """Return what this machine has: launchd on macOS, else systemd or cron."""
    if sys.platform == "darwin":
        return LAUNCHD
    return SYSTEMD if _SYSTEMD_RUNS.exists() else CRON


def into_crontab(label: str, block: str) -> bool:
    """Make this block a cohort's in the user's crontab ("": none); False if it is already.

    Raises InputError where there is no crontab to be read or written.
    """
    before = _read_crontab()
    after = with_cron_block(before, label, block)
    if after == before:
        return False
    process = _crontab("-", after)
    if process.returncode:
        raise InputError(f"crontab -: {process.stderr.strip()}")
    return True


def _read_crontab() -> str:
    process = _crontab("-l")
    if process.returncode and "no crontab" not in process.stderr:
        raise InputError(f"crontab -l: {process.stderr.strip() or f'exit code {process.returncode}'}")
    return process.stdout if not process.returncode else ""


def _crontab(argument: str, text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["crontab", argument],
            input=text,
            check=False,
            capture_output=True,
            # A crontab may hold any bytes: what is not ours comes out as it went in.
            encoding="utf-8",
            errors="surrogateescape",
        )
    except OSError:
        raise InputError("there is no `crontab` here: install cron, or use --as systemd") from None


def installed(label: str, kind: str) -> list[str]:
    """Return what calls a cohort's jobs: lines of the crontab, or the names of units. Raises InputError."""
    if kind == CRON:
        return cron_lines(_read_crontab(), label)
    folder = folder_of(kind)
    return [name for name in _names(label, kind) if (folder / name).exists()]


def folder_of(kind: str) -> Path:
    """Return where systemd looks for a user's own units, or launchd for their agents."""
    if kind == LAUNCHD:
        return Path.home() / "Library" / "LaunchAgents"
    return user_config_path("systemd") / "user"


def _names(label: str, kind: str) -> list[str]:
    return agent_names(label) if kind == LAUNCHD else unit_names(label)


def into_files(label: str, kind: str, texts: dict[str, str]) -> bool:
    """Make these files a cohort's units or agents, and remove others that it had; False if nothing changes.

    Raises InputError where they cannot be written.
    """
    folder = folder_of(kind)
    changed = False
    try:
        for name in _names(label, kind):
            file, text = folder / name, texts.get(name)
            if (file.read_text() if file.exists() else None) == text:
                continue
            changed = True
            if text is None:
                file.unlink()
                (folder / "timers.target.wants" / name).unlink(missing_ok=True)  # the link of an enabled unit
            else:
                folder.mkdir(parents=True, exist_ok=True)
                write_file(file, text)
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {refusal(error)}") from None
    return changed
