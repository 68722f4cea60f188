"""What a command is given: its global options, the settings, the database, and ways to answer.

The database's tables are imported where one is opened: they take a tenth of a second, for which a command
without a database does not wait.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.config import CONFIG_VARIABLE, JSON, Config, ignored, load
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.engine import masked_url, read_transaction
from letterboxd_scraper.store.patience import Patience
from letterboxd_scraper.terminal import json_log
from letterboxd_scraper.terminal.harmless import harmless_lines


@dataclass
class Session:
    """One command's global options, and what it opened."""

    config_file: str | None = None
    db_url: str | None = None
    log_level: str | None = None
    as_json: bool = False
    quiet: bool = False
    # Set by a command that does what timers and scripts call.
    is_job: bool = False
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
        """The database, ready for use; a job waits for it. Raises StoreNotReady."""
        from letterboxd_scraper.store.open import open_store

        # A person who has mistyped its address does not wait.
        is_typed = sys.stdin is not None and sys.stdin.isatty()
        return open_store(self.database(), Patience.of(self.config), wait=self.is_job and not is_typed)

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """Begin a transaction that only reads. Raises StoreNotReady."""
        return read_transaction(self.engine)

    def open_read_only(self) -> sa.Engine:
        """Return the database as it is: neither made nor changed. Raises StoreNotReady."""
        from letterboxd_scraper.store.open import open_read_only

        return open_read_only(self.database())

    def say(self, message: str) -> None:
        """Tell the user something that is not the result itself."""
        if self.quiet:
            return
        if self.logs_json:
            json_log.write(message)
        else:
            typer.echo(harmless_lines(message), err=True)

    def tell(self, lines: str = "") -> None:
        """Print lines of a result for people."""
        typer.echo(harmless_lines(lines))

    def print_json(self, result: Any, default: Callable[[Any], str] = str) -> None:
        """Print a result for programs; ``default`` writes what JSON has no form for."""
        typer.echo(json.dumps(result, default=default, indent=1))

    def show(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        title: str | None = None,
        links: Sequence[str] = (),
    ) -> None:
        """Print a table, or with --json a list of objects; ``links`` lead to the films of a table's rows."""
        if self.as_json:
            self.print_json([dict(zip(columns, row, strict=True)) for row in rows])
            return
        # A twentieth of a second that only tables need.
        from letterboxd_scraper.terminal.tables import print_table

        print_table(columns, rows, title, links)

    def close(self) -> None:
        """Name the database that was used."""
        if self._database:
            self.say(f"database: {masked_url(self._database)}")
