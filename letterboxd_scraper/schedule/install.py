"""Installing what calls the jobs: in the user's crontab, or among the user's units of systemd."""

import subprocess
from pathlib import Path

from platformdirs import user_config_path

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.machine.files import write_file
from letterboxd_scraper.schedule.timers import cron_lines, unit_names, with_cron_block

CRON, SYSTEMD = "cron", "systemd"
_SYSTEMD_RUNS = Path("/run/systemd/system")


def usual() -> str:
    """Return what this machine has: systemd, else cron."""
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
    return [name for name in unit_names(label) if (units_folder() / name).exists()]


def units_folder() -> Path:
    """Return where systemd looks for a user's own units."""
    return user_config_path("systemd") / "user"


def into_units(label: str, units: dict[str, str]) -> bool:
    """Make these files a cohort's units, and remove others that it had; False if nothing changes.

    Raises InputError where they cannot be written.
    """
    folder = units_folder()
    changed = False
    try:
        for name in unit_names(label):
            file, text = folder / name, units.get(name)
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
