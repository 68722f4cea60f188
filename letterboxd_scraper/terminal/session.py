"""What all commands share: global options, one-line errors, tables, and the database's name at the end."""

import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from letterboxd_scraper.errors import ExitCode, ProjectError

if TYPE_CHECKING:  # imported when used: a help text shall not wait for them
    import sqlalchemy as sa

    from letterboxd_scraper.config import Config

_FLAGS = {"--json", "--quiet"}
_VALUES = {"--config", "--db-url", "--log-level"}


@dataclass
class Session:
    """One command's global options, and what it opened."""

    config_file: str | None = None
    db_url: str | None = None
    log_level: str | None = None
    as_json: bool = False
    quiet: bool = False
    _config: "Config | None" = None
    _store_used: bool = False

    @property
    def config(self) -> "Config":
        """The settings. Raises InputError."""
        if self._config is None:
            from letterboxd_scraper import config

            if self.config_file:
                os.environ[config.CONFIG_VARIABLE] = self.config_file
            self._config = config.load(**self.overrides)
        return self._config

    @property
    def overrides(self) -> dict[str, str]:
        """The settings that stand on the command line."""
        given = {"DATABASE_URL": self.db_url, "LOG_LEVEL": self.log_level}
        return {name: value for name, value in given.items() if value}

    def store(self) -> "sa.Engine":
        """Return the database, ready for use. Raises StoreNotReady."""
        from letterboxd_scraper.store.open import open_store

        self._store_used = True
        return open_store(self.config.DATABASE_URL)

    def uses_store(self) -> None:
        """Have the database named at the end, though it is opened elsewhere."""
        self._store_used = True

    def say(self, message: str) -> None:
        """Tell the user something that is not the result itself."""
        if not self.quiet:
            typer.echo(message, err=True)

    def show(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
        """Print a table, or with --json a list of objects."""
        if self.as_json:
            typer.echo(
                json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=str, indent=1)
            )
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
        for column, sample in zip(columns, rows[0] if rows else columns, strict=True):
            is_number = isinstance(sample, int | float) and not isinstance(sample, bool)
            table.add_column(column, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        # A pipe has no width: there, a row is a line.
        width = None if sys.stdout.isatty() else 200
        Console(highlight=False, markup=False, emoji=False, width=width).print(table)

    def close(self) -> None:
        if self._store_used and self._config is not None:
            from letterboxd_scraper.store.engine import masked_url

            self.say(f"database: {masked_url(self._config.DATABASE_URL)}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else harmless(str(value))


def harmless(text: str) -> str:
    """Return a text without the control characters by which it could command a terminal.

    >>> harmless("a film\\x1b[31m")
    'a film\ufffd[31m'
    """
    return "".join("\ufffd" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def global_options(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(help="A TOML file with settings.")] = None,
    db_url: Annotated[str | None, typer.Option(help="The database: sqlite:///FILE or postgresql://…")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")] = False,
) -> None:
    """Read the options that every command understands, before or after its name."""
    session: Session = context.obj
    session.config_file, session.db_url, session.log_level = config, db_url, log_level
    session.as_json, session.quiet = as_json, quiet


def run(command: Callable[..., Any], name: str, arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``name``; return its exit code. An error is one line on stderr."""
    session = Session()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title that cannot be written ends nothing
    try:
        end = command(_hoisted(arguments or sys.argv[1:]), prog_name=name, standalone_mode=False, obj=session)
        code: int = end if isinstance(end, int) else ExitCode.DONE
    except ProjectError as error:
        code = _fail(name, str(error), error.exit_code)
    except TyperException as error:
        message = f"{error.format_message()} (`{name} --help` shows what there is)"
        code = _fail(name, message, ExitCode.BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    with suppress(BrokenPipeError):
        session.close()
    return code


def _fail(name: str, message: str, code: int) -> int:
    typer.echo(f"{name}: {' '.join(message.split())}", err=True)
    return code


def _hoisted(arguments: Sequence[str]) -> list[str]:
    """Move global options to the front, so that they may stand anywhere.

    >>> _hoisted(["rank", "show", "--json", "--db-url", "sqlite:///x.db", "--cohort", "a"])
    ['--json', '--db-url', 'sqlite:///x.db', 'rank', 'show', '--cohort', 'a']
    >>> _hoisted(["rank", "list", "--db-url"])  # nothing else becomes its value
    ['--db-url']
    """
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _FLAGS or word.split("=")[0] in _VALUES:
            first.append(word)
            if word in _VALUES:
                value = next(words, None)
                if value is None:
                    return first
                first.append(value)
        else:
            rest.append(word)
    return first + rest
