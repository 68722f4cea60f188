"""From the words of a command line to an exit code; an error is one line on stderr.

Every help page loads this module: it imports neither the settings nor the database.
"""

import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from letterboxd_scraper import __version__
from letterboxd_scraper.errors import ExitCode, ProjectError
from letterboxd_scraper.terminal import mistakes, outside
from letterboxd_scraper.terminal.harmless import harmless


def _print_version(context: typer.Context, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        typer.echo(f"letterboxd-scraper {__version__}")
        raise typer.Exit


def global_options(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(help="A TOML file with settings.", metavar="FILE")] = None,
    db_url: Annotated[
        str | None, typer.Option(help="The database: sqlite:///FILE or postgresql://…", metavar="URL")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.", metavar="LEVEL")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print results and errors only.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
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
    # Closed by who called us: what is printed then is an error, and what is said is lost.
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    words = hoisted(arguments or sys.argv[1:])
    code: int = ExitCode.INTERNAL_ERROR  # if not even the error can be written
    try:
        with ExitStack() as at_the_end:
            code = _printed(name, _run(command, name, words, at_the_end))
    except OSError:
        outside.let_go(sys.stderr)
    return code


def _run(command: Callable[..., Any], name: str, words: Sequence[str], at_the_end: ExitStack) -> int:
    try:
        end = command(words, prog_name=name, standalone_mode=False, obj=at_the_end)
    except ProjectError as error:
        return _fail(name, str(error), error.exit_code)
    except TyperException as error:
        return _fail(name, mistakes.in_words(error, name), ExitCode.BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _refused(name, error)
    return end if isinstance(end, int) else ExitCode.DONE


def _printed(name: str, code: int) -> int:
    """Print what is still to be printed: what cannot be is told by us, and not by Python's end."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _refused(name, error)
    return code


def _refused(name: str, error: Exception) -> int:
    words = outside.in_words(error)
    if outside.is_of_output(error):
        outside.let_go(sys.stdout)
    if words is None or isinstance(error, BrokenPipeError):
        raise error
    return _fail(name, words, ExitCode.BAD_INPUT)


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
    >>> hoisted(["import", "--", "--json"])  # a file of this name
    ['import', '--', '--json']
    """
    first: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += word, *words
        elif word in mistakes.WITH_VALUES:
            value = next(words, None)
            if value is None:
                return [*first, word]
            first += word, value
        elif word in mistakes.FLAGS or word.split("=")[0] in mistakes.WITH_VALUES:
            first.append(word)
        else:
            rest.append(word)
    return first + rest
