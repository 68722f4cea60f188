"""From the words of a command line to an exit code; an error is one line on stderr.

Every help page loads this module: it imports neither the settings nor the database.
"""

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from letterboxd_scraper.errors import ExitCode, ProjectError
from letterboxd_scraper.terminal.harmless import harmless

_FLAGS = {"--json", "--quiet"}
_WITH_VALUES = {"--config", "--db-url", "--log-level"}


def global_options(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(help="A TOML file with settings.")] = None,
    db_url: Annotated[str | None, typer.Option(help="The database: sqlite:///FILE or postgresql://…")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")] = False,
) -> None:
    """Make the session of a command from the options that every command understands."""
    # It brings the libraries of settings and database, half a second that no help page shall wait for.
    from letterboxd_scraper.terminal.session import Session

    at_the_end: ExitStack = context.obj
    context.obj = Session(config, db_url, log_level, as_json, quiet)
    at_the_end.callback(context.obj.close)


def run(command: Callable[..., Any], name: str, arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``name``; return its exit code. An error is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a title that cannot be written ends nothing
    if sys.stdout is None:  # closed by who called us: what is printed then is an error
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    words = hoisted(arguments or sys.argv[1:])
    code: int = ExitCode.INTERNAL_ERROR  # if not even the error can be written
    with suppress(BrokenPipeError), ExitStack() as at_the_end:
        try:
            end = command(words, prog_name=name, standalone_mode=False, obj=at_the_end)
            code = end if isinstance(end, int) else ExitCode.DONE
            sys.stdout.flush()  # what cannot be written is told by us, and not by Python's end
        except ProjectError as error:
            code = _fail(name, str(error), error.exit_code)
        except TyperException as error:
            message = f"{error.format_message()} (`{name} --help` shows what there is)"
            code = _fail(name, message, ExitCode.BAD_INPUT)
        except (KeyboardInterrupt, typer.Abort):
            code = ExitCode.INTERRUPTED
        except Exception as error:
            if (refusal := _from_outside(error)) is None:
                raise
            code = _fail(name, refusal, ExitCode.BAD_INPUT)
    return code


def _from_outside(error: Exception) -> str | None:
    """Return what a database, a disk or a terminal refused, in one line; None for an error of ours."""
    if isinstance(error, OSError):
        return _of_disk(error)
    if "sqlalchemy" not in sys.modules:
        return None
    from letterboxd_scraper.store.outside_errors import in_words  # brings SQLAlchemy

    return in_words(error)


def _of_disk(error: OSError) -> str:
    if error.filename is not None:
        return f"cannot use {error.filename}: {error.strerror}"
    _drop_output()
    return f"cannot write the output: {error.strerror or error}"


def _drop_output() -> None:
    """Let go of what could not be printed: Python would try it once more, and say so, at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _fail(name: str, message: str, code: int) -> int:
    from letterboxd_scraper.terminal import json_log  # brings the settings, as global_options does

    line = harmless(f"{name}: {' '.join(message.split())}")
    if json_log.is_wanted():
        json_log.write(line, "ERROR")
    else:
        typer.echo(line, err=True)
    return code


def hoisted(arguments: Sequence[str]) -> list[str]:
    """Return the words of a command line with the global options first: they may stand anywhere.

    >>> hoisted(["rank", "show", "--json", "--db-url", "sqlite:///x.db", "--cohort", "a"])
    ['--json', '--db-url', 'sqlite:///x.db', 'rank', 'show', '--cohort', 'a']
    >>> hoisted(["rank", "list", "--db-url"])  # nothing else becomes its value
    ['--db-url']
    """
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in _WITH_VALUES:
            value = next(words, None)
            if value is None:
                return [*first, word]
            first += word, value
        elif word in _FLAGS or word.split("=")[0] in _WITH_VALUES:
            first.append(word)
        else:
            rest.append(word)
    return first + rest
