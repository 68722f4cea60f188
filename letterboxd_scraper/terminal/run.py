"""From the words of a command line to an exit code; an error is one line on stderr.

With --json the line is an object, {"error": {"message": …, "code": …}}, and the last one. A server's errors
(RFC 9457) are about HTTP: a command has no status, and no address, but an exit code. Of a command that was
not interrupted stdout has one result, or stderr one such object.

Every help page loads this module: it imports neither the settings nor the database.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from letterboxd_scraper import __version__
from letterboxd_scraper.errors import ExitCode, ProjectError
from letterboxd_scraper.terminal import mistakes, outside
from letterboxd_scraper.terminal.harmless import harmless
from letterboxd_scraper.terminal.paragraphs import for_stream

if TYPE_CHECKING:
    from letterboxd_scraper.terminal.session import Session

# As a shell tells of a program that wrote on when `head` had read enough.
NOBODY_READS = 141
# What is said with --json of a command that has told nothing by itself.
_ENDINGS: dict[int, str] = {
    ExitCode.INTERNAL_ERROR: "it did not come to its end: stderr says why",
    ExitCode.BAD_INPUT: "it was refused: stderr says why",
    ExitCode.FAILURES: "it came to its end, with failures: `letterboxd failures` lists them",
    ExitCode.BLOCKED: "the site blocked us: stderr says what can be done",
}


@dataclass
class Call:
    """One call of a command line, its ``name``, whether JSON is the answer, and its session, once made."""

    name: str
    as_json: bool
    session: "Session | None" = None
    options: tuple[Any, ...] = ()

    def begin(self) -> "Session":
        """Make the session, of the options that every command understands."""
        # It brings the libraries of settings and database, half a second that no help page shall wait for.
        from letterboxd_scraper.terminal.session import Session

        self.session = Session(*self.options)
        return self.session

    def close(self) -> None:
        """Name the database that was used, once."""
        session, self.session = self.session, None
        if session:
            session.close()

    def fail(self, message: str, code: int) -> int:
        """Tell an error; return its code."""
        from letterboxd_scraper.terminal import json_log  # brings the settings, as global_options does

        message = harmless(" ".join(message.split()))
        error = {"error": {"message": message, "code": int(code)}} if self.as_json else {}
        if error:
            self.close()
        if json_log.is_wanted():
            json_log.write(f"{self.name}: {message}", "ERROR", **error)
        else:
            line = for_stream(f"{self.name}: {message}", sys.stderr)
            typer.echo(json.dumps(error) if error else line, err=True)
        return code


def _print_version(context: typer.Context, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        typer.echo(f"letterboxd-scraper {__version__}")
        raise typer.Exit


def global_options(
    context: typer.Context,
    config: Annotated[str | None, typer.Option(help="A TOML file with settings.", metavar="FILE")] = None,
    db_url: Annotated[
        str | None,
        typer.Option(help="The database: sqlite:///FILE or postgresql://….", metavar="URL"),
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
    """Keep the options that every command understands, for the session of the one that is called."""
    call: Call = context.obj
    call.options = (config, db_url, log_level, as_json, quiet)


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
    call = Call(name, as_json="--json" in takewhile("--".__ne__, words))
    code: int = ExitCode.INTERNAL_ERROR  # if not even the error can be written
    try:
        try:
            code = _printed(call, _run(call, command, words))
        finally:
            call.close()
    except OSError:
        outside.let_go(sys.stderr)
    return code


def _run(call: Call, command: Callable[..., Any], words: Sequence[str]) -> int:
    try:
        end = command(words, prog_name=call.name, standalone_mode=False, obj=call)
    except ProjectError as error:
        return call.fail(str(error), error.exit_code)
    except TyperException as error:
        return call.fail(mistakes.in_words(error, call.name), ExitCode.BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        _end_line()
        return ExitCode.INTERRUPTED
    except SystemExit:  # of Click and of Rich, where nobody reads
        return NOBODY_READS
    except Exception as error:
        return _refused(call, error)
    code: int = end if isinstance(end, int) else ExitCode.DONE
    if call.as_json and call.session and not call.session.has_answered and code in _ENDINGS:
        return call.fail(_ENDINGS[code], code)
    return code


def _end_line() -> None:
    """Have what is said next begin a line: a terminal has written ^C, perhaps behind a question."""
    with suppress(OSError):  # it may have gone
        if sys.stderr.isatty():
            typer.echo(err=True)


def _printed(call: Call, code: int) -> int:
    """Print what is still to be printed: what cannot be is told by us, and not by Python's end."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _refused(call, error)
    return code


def _refused(call: Call, error: Exception) -> int:
    words = outside.in_words(error)
    if outside.is_of_output(error):
        outside.let_go(sys.stdout)
    if isinstance(error, BrokenPipeError) and error.filename is None:
        return NOBODY_READS
    if words is None:
        raise error
    return call.fail(words, ExitCode.BAD_INPUT)


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
