"""Putting timers where they work: the user's crontab, or the user's units of systemd."""

import subprocess
from pathlib import Path

from platformdirs import user_config_path

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.schedule import timers

CRON, SYSTEMD = "cron", "systemd"
_SYSTEMD_RUNS = Path("/run/systemd/system")


def usual() -> str:
    """Return what this machine has: systemd, else cron."""
    return SYSTEMD if _SYSTEMD_RUNS.exists() else CRON


def into_crontab(label: str, block: str) -> bool:
    """Make this block a cohort's in the user's crontab ("": none); False if it is already.

    Raises InputError where there is no crontab to be read or written.
    """
    before = _crontab()
    after = timers.in_crontab(before, label, block)
    if after == before:
        return False
    _run_crontab("-", after)
    return True


def _crontab() -> str:
    process = _run_crontab("-l", check=False)
    if process.returncode and "no crontab" not in process.stderr:
        raise InputError(f"crontab -l: {process.stderr.strip() or f'exit code {process.returncode}'}")
    return process.stdout if not process.returncode else ""


def _run_crontab(argument: str, given: str = "", *, check: bool = True) -> "subprocess.CompletedProcess[str]":
    # A crontab may hold any bytes: what is not ours comes out as it went in.
    how = {"encoding": "utf-8", "errors": "surrogateescape", "capture_output": True}
    try:
        process = subprocess.run(["crontab", argument], input=given, check=False, **how)  # type: ignore[call-overload]
    except OSError:
        raise InputError("there is no `crontab` here: install cron, or use --as systemd") from None
    if check and process.returncode:
        raise InputError(f"crontab {argument}: {process.stderr.strip()}")
    return process  # type: ignore[no-any-return]


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
        for name in timers.unit_names(label):
            file, text = folder / name, units.get(name)
            if (file.read_text() if file.exists() else None) == text:
                continue
            changed = True
            if text is None:
                file.unlink()
                (folder / "timers.target.wants" / name).unlink(missing_ok=True)  # enabled it was a link here
            else:
                folder.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
    except OSError as error:
        raise InputError(f"cannot write {error.filename}: {error.strerror}") from None
    return changed
