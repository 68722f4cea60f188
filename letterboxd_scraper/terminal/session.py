"""What a command is given: its global options, the settings, the database, and ways to answer.

The database's tables are imported where one is opened: they take a tenth of a second, for which a command
without a database does not wait.
"""

import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.config import CONFIG_VARIABLE, JSON, Config, ignored, load
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.files import is_stdout, write_file
from letterboxd_scraper.store.engine import masked_url, read_transaction
from letterboxd_scraper.store.patience import Patience
from letterboxd_scraper.terminal import json_log
from letterboxd_scraper.terminal.columns import Column
from letterboxd_scraper.terminal.harmless import harmless, harmless_lines
from letterboxd_scraper.terminal.paragraphs import for_stream


@dataclass
class Session:
    """One command's global options, and what it opened."""

    config_file: str | None = None
    db_url: str | None = None
    log_level: str | None = None
    as_json: bool = False
    quiet: bool = False
    # Set by a command that does what timers and scripts call: it writes, and waits for the database.
    is_job: bool = False
    # Set by one that brings something in: where there is no database, it makes one.
    is_beginning: bool = False
    # The spiders that it has run, in their order.
    spiders: list[str] = field(default_factory=list)
    # Whether the command's result has been printed.
    has_answered: bool = False
    _database: str | None = None

    @cached_property
    def config(self) -> Config:
        """The settings. Raises InputError."""
        if self.config_file:
            os.environ[CONFIG_VARIABLE] = self.config_file
        config = load(**self.overrides)
        if config.LOG_FORMAT == JSON:
            json_log.install(config.secrets, level="WARNING")
        for line in ignored(self.overrides):
            json_log.write_either(line, "WARNING", as_json=config.LOG_FORMAT == JSON)
        return config

    @property
    def logs_json(self) -> bool:
        """Say whether stderr gets lines of JSON."""
        try:
            return self.config.LOG_FORMAT == JSON
        except InputError:  # `init` mends them
            return json_log.is_wanted()

    @property
    def overrides(self) -> dict[str, str]:
        """The settings that stand on the command line."""
        options = {"DATABASE_URL": self.db_url, "LOG_LEVEL": self.log_level}
        return {name: value for name, value in options.items() if value}

    def database(self) -> str:
        """Return the database's address, and have it named when the command ends."""
        self._database = self.config.DATABASE_URL
        return self._database

    @cached_property
    def engine(self) -> sa.Engine:
        """The database, ready to be written to; a job waits for it. Raises StoreNotReady."""
        from letterboxd_scraper.store.open import open_store, refuse_missing

        if not self.is_beginning:
            refuse_missing(self.config.DATABASE_URL)
        # A person who has mistyped its address does not wait.
        return open_store(
            self.database(), Patience.of(self.config), wait=self.is_job and not is_typed(sys.stdin)
        )

    @cached_property
    def read_only(self) -> sa.Engine:
        """The database as it is, neither made nor changed. Raises StoreNotReady."""
        from letterboxd_scraper.store.open import open_read_only, refuse_missing

        refuse_missing(self.config.DATABASE_URL)  # one that is not there is named once
        return open_read_only(self.database())

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that only reads. Raises StoreNotReady.

        Only a job has the database brought up to date for it: it will write. What brings something in reads
        an empty one where none is made yet, which comes with what is stored.
        """
        from letterboxd_scraper.store.open import is_missing, nothing_stored

        if self.is_beginning and is_missing(self.config.DATABASE_URL):
            return read_transaction(nothing_stored())
        return read_transaction(self.engine if self.is_job else self.read_only)

    def say(self, message: str) -> None:
        """Tell the user something that is not the result itself."""
        if self.quiet:
            return
        if self.logs_json:
            json_log.write(message)
        else:
            typer.echo(for_stream(message, sys.stderr), err=True)

    def tell(self, lines: str = "") -> None:
        """Print lines of a result for people."""
        typer.echo(for_stream(lines, sys.stdout))

    def print_json(self, result: Any, indent: int | None = 1) -> None:
        """Print a result for programs: a list or an object; moments are in UTC, as ISO 8601 has it.

        It is one document; without an ``indent`` it is one line.
        """
        self.has_answered = True
        typer.echo(json.dumps(result, default=_as_json, indent=indent, allow_nan=False))

    def print_text(self, text: str) -> None:
        """Print a document: a file and a pipe get it as it is."""
        self.has_answered = True
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as in a file, whatever the terminal's own is
        # A terminal would do what is written in a title.
        sys.stdout.write(harmless_lines(text) if sys.stdout.isatty() else text)

    def refuse_two_documents(self, file: Path | None) -> None:
        """Raise InputError where standard output would get a document beside that of --json."""
        if self.as_json and (file is None or is_stdout(file)):
            raise InputError("--json prints a result of its own: give --output FILE for the document")

    def write(self, file: Path | None, text: str) -> None:
        """Write a document to a file, or print it. Raises InputError if that cannot be done."""
        if file is None or is_stdout(file):
            self.print_text(text)
        else:
            write_file(file, text)

    def conclude(self, result: Any, *lines: str) -> None:
        """Say what a command has done: in ``lines``, or with --json as one result for programs."""
        if self.as_json:
            self.print_json(result)
        else:
            for line in lines:
                self.say(line)

    def confirm(self, going: str, *, yes: bool) -> None:
        """Have it agreed to that something goes: by the option --yes, or by the answer to a question.

        ``going`` says what, in a sentence without its stop. Raises InputError where nobody can be asked, and
        Exit where the answer is no.
        """
        if yes:
            return
        if self.as_json or not (is_typed(sys.stdin) and is_typed(sys.stderr)):
            raise InputError(f"{going}; nothing is removed yet: add --yes to have it done")
        if not typer.confirm(f"{harmless(going)}. Go on?", err=True):
            self.say("nothing is removed")
            raise typer.Exit

    def show(
        self,
        columns: Sequence[Column | str],
        rows: Sequence[Sequence[Any]],
        title: str | None = None,
        links: Sequence[str] = (),
    ) -> None:
        """Print a table, or with --json a list of objects; ``links`` lead to the films of a table's rows.

        Where a table says less than programs are told, or in other words, `print_json` tells these.
        The most important columns come first: those for which a terminal has no room are named on stderr.
        """
        if self.as_json:
            names = [column if isinstance(column, str) else column.name for column in columns]
            self.print_json([dict(zip(names, row, strict=True)) for row in rows])
            return
        # A twentieth of a second that only tables need.
        from letterboxd_scraper.terminal.tables import print_table

        if left_out := print_table(columns, rows, title, links):
            self.say(f"no room on this terminal for: {', '.join(left_out)}")

    def close(self) -> None:
        """Name the database that was used."""
        if self._database:
            self.say(f"database: {masked_url(self._database)}")


def is_typed(stream: Any) -> bool:
    """Say whether a stream is a terminal, and somebody may sit there."""
    return stream is not None and bool(stream.isatty())


def _as_json(value: Any) -> str:
    """Return what JSON has no form for as a text.

    >>> _as_json(datetime(2026, 1, 2, tzinfo=UTC)), _as_json(date(2026, 1, 2)), _as_json(Path("x"))
    ('2026-01-02T00:00:00+00:00', '2026-01-02', 'x')
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{value!r} is not told to programs")
