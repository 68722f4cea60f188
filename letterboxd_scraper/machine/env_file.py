"""The file .env in the current folder, as far as it may be trusted: the folder may be anybody's."""

import os
import stat
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

FILE = Path(".env")
# What no folder may say.
NOT_HERE = {
    "LETTERBOXD_CHROMIUM": "it names a program to be run",
    "SCRAPYD_TARGETS": "it names a file that says where passwords are sent",
}
# Addresses, and the secret that is sent to each.
_SENT_TO = {"TMDB_BASE_URL": "TMDB_API_KEY"}


def read() -> tuple[dict[str, str], str | None]:
    """Return what the file says, and why it was not read, None where it was, or where there is none.

    Raises OSError and UnicodeDecodeError.
    """
    if not FILE.exists() or FILE.is_dir():  # as which some keep a virtual environment
        return {}, None
    problem, text = _problem(FILE.lstat()), ""
    if problem is None:
        with FILE.open(encoding="utf-8") as opened:
            # Of what was opened, not of what stands there under the same name a moment later.
            problem = _problem(os.fstat(opened.fileno()))
            text = "" if problem else opened.read()
    values = dotenv_values(stream=StringIO(text))
    line = f"ignoring {FILE.absolute()}: {problem}" if problem else None
    return {name.upper(): value for name, value in values.items() if value}, line


def _problem(status: os.stat_result) -> str | None:
    if not hasattr(os, "geteuid"):
        return None  # Windows tells neither
    if status.st_uid != os.geteuid():
        return "it belongs to somebody else"
    # The mode of a link says nothing.
    if not stat.S_ISLNK(status.st_mode) and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others than you can write it: chmod 600 .env"
    return None


def refused(values: Mapping[str, str], above: Mapping[str, Any], below: Mapping[str, Any]) -> dict[str, str]:
    """Return which settings the file may not make, and why.

    ``above`` are those of environment and command line, ``below`` those of the file given by --config.
    A secret from there shall not be sent where a folder wants it.
    """
    reasons = {name: reason for name, reason in NOT_HERE.items() if name in values}
    for address, secret in _SENT_TO.items():
        is_foreign = bool(above.get(secret)) or (secret not in values and bool(below.get(secret)))
        if address in values and is_foreign:
            reasons[address] = f"{secret}, which comes from elsewhere, would be sent there"
    return {name: reason for name, reason in reasons.items() if not above.get(name)}


def without_addresses(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without the addresses that are no more than what the file says.

    Scrapy's settings hold them like any other, and do not tell where they come from.
    """
    values, _ = read()
    return {
        name: value for name, value in chosen.items() if name not in _SENT_TO or value != values.get(name)
    }
