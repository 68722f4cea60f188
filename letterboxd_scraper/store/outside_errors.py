"""What a database cannot do for us, in one line that says what, where and what to do next."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.store.engine import DATABASE, first_line, masked_url
from letterboxd_scraper.store.patience import is_passing

# SQLite's codes: https://sqlite.org/rescode.html
_DAMAGED, _MOVED = frozenset({11, 26}), 1032
_OF_FILES = {
    8: "give yourself the right to write to the file and to its folder",
    10: "look after the disk",
    13: "make room on the disk",
    14: "look whether the file and its folder are there, and may be read and written",
    **dict.fromkeys(_DAMAGED, "see `letterboxd db check`; {backup}"),
}
# PostgreSQL's: https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_SERVERS = {
    "25006": "this database only lets itself be read: name the one that is written to",
    "42501": "give this role the rights that it lacks",
    "3F000": "name a schema that is there in the role's search_path",
    "53100": "make room on the server's disk",
    "57014": "raise the role's statement_timeout, or try again when the server is less busy",
    "58030": "look after the server's disk",
    "XX001": "see `letterboxd db check`, and restore a backup",
    "XX002": "REINDEX the database, see `letterboxd db check`, and restore a backup if need be",
}


def in_words(error: Exception) -> str | None:
    """Return what a database, or the way to it, refused; None for an error of ours."""
    if isinstance(error, sa.exc.TimeoutError):
        return f"the database is in use for too long: {first_line(error)}"
    if not isinstance(error, sa.exc.DBAPIError) or (advice := _advice(error)) is None:
        return None
    url: sa.URL | None = getattr(error, DATABASE, None)
    where = f" {masked_url(url)}" if url is not None else ""
    return f"cannot use the database{where}: {first_line(error)}; {advice}"


def is_damage(error: Exception) -> bool:
    """Say whether an SQLite file is damaged, or none at all."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def _advice(error: sa.exc.DBAPIError) -> str | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == _MOVED:
        return "its file was replaced while it was in use: begin again"
    if code is not None and (advice := _OF_FILES.get(code & 0xFF)):
        return advice.format(backup=_backup(getattr(error, DATABASE, None)))
    if is_passing(error):
        return "try again when it answers"
    state = getattr(error.orig, "pgcode", None)
    if state in _OF_SERVERS:
        return _OF_SERVERS[state]
    about_the_connection = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return "mend that first" if about_the_connection and code is None else None


def _backup(url: Any) -> str:
    """Say which the newest backup is of those beside a file and in the current folder."""
    if url is None or not url.database:
        return "restore a backup"
    file = Path(url.database)
    beside = [*file.parent.glob(f"{file.name}.before-*.backup"), *file.parent.glob("letterboxd-*.db")]
    backups = {copy.absolute() for copy in (*beside, *Path.cwd().glob("letterboxd-*.db"))} - {file.absolute()}
    if not backups:
        return "no backup is beside it or here"
    return f"the newest backup is {max(backups, key=lambda copy: copy.stat().st_mtime)}"
