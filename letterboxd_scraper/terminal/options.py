"""The options and arguments of commands: one word for a thing, in every command.

A command takes a cohort by `cohort()`, a member by `member()`, and so on: it spells no name by itself that
another command has, too.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from letterboxd_scraper.items.limits import LARGEST_INTEGER, MOST_STEPS
from letterboxd_scraper.items.names import cohort_label, member_name, short_code
from letterboxd_scraper.machine.files import STDOUT, refuse_unwritable, refuse_unwritable_folder
from letterboxd_scraper.terminal import completion

# What a command does without --cohort: see `letterboxd_scraper.terminal.chosen`.
ASSUMED = "default: the only one, or yours"
_COHORT = f"Label or number of the cohort; {ASSUMED}."
_MEMBER = "One member: a name, @name or the profile's address."
_FILM = "One film: its title, slug, address or code."


def flag(names: str, help: str) -> Any:
    """Return an option that is set or not, as ``--full`` or ``--write/--print``."""
    return typer.Option(names, help=help)


def value(metavar: str, help: str, *names: str, **more: Any) -> Any:
    """Return an option with a value, by the parameter's name or by ``names``."""
    return typer.Option(*names, help=help, metavar=metavar, **more)


def cohort(help: str = _COHORT, *more_names: str) -> Any:
    """Return the option that takes a stored cohort; a shell completes their labels."""
    return value("LABEL", help, *more_names, "--cohort", "-c", autocompletion=completion.labels)


def cohort_argument() -> Any:
    """Return an argument that takes a stored cohort, of a command that has `cohort()`, too."""
    return typer.Argument(help=_COHORT, metavar="LABEL", autocompletion=completion.labels)


def cohort_to_fill(help: str, *more_names: str) -> Any:
    """Return the option that takes a cohort's label, be it a new one."""
    names = (*more_names, "--cohort", "-c")
    return value("LABEL", help, *names, autocompletion=completion.labels, parser=_reader(cohort_label))


def member(help: str = _MEMBER) -> Any:
    """Return the option that takes the member whom a command is about; a shell completes the stored ones."""
    return member_who(help, "--member", "--user")


def seed(help: str) -> Any:
    """Return the option that takes the member whose circle it is."""
    return member_who(help, "--seed", "--member", "--user")


def member_who(help: str, *names: str, **more: Any) -> Any:
    """Return an option that takes another member, by the parameter's name or by ``names``."""
    return value("MEMBER", help, *names, autocompletion=completion.members, callback=_read_members, **more)


def member_argument(help: str) -> Any:
    """Return an argument that takes a member."""
    return typer.Argument(
        help=help, metavar="MEMBER", autocompletion=completion.members, callback=_read_members
    )


def film(help: str = _FILM) -> Any:
    """Return the option that takes a film; a shell completes slugs."""
    return value("FILM", help, "--film", "--slug", autocompletion=completion.slugs)


def limit(help: str) -> Any:
    """Return the option that takes how many of something are shown, or looked at."""
    return count(help, "--limit", "-n")


def output(help: str, *names: str) -> Any:
    """Return the option that takes the file to write, by ``names``, or by --output and -o.

    It is refused at once where it cannot be written.
    """
    return value("FILE", help, *(names or ("--output", "-o")), callback=_refuse_unwritable)


def output_folder(help: str) -> Any:
    """Return the option that takes the folder to write into; it is refused as a file is."""
    return value("DIR", help, "--output", "-o", callback=_refuse_unwritable_folder)


def parameters(help: str, *more_names: str) -> Any:
    """Return the option that takes a strategy's parameters."""
    return value("NAME=NUMBER", help, *more_names, "--param")


def without(help: str) -> Any:
    """Return the option that takes a member whose ratings are left out."""
    return member_who(help, "--without")


def yes(help: str = "Do not ask.") -> Any:
    """Return the option that answers each question with yes."""
    return flag("--yes", help)


def count(
    help: str,
    *names: str,
    least: int = 1,
    most: int = LARGEST_INTEGER,
    metavar: str = "N",
    **more: Any,
) -> Any:
    """Return an option that takes a whole number, small enough for the database."""

    def read(text: str | int) -> int:
        if not re.fullmatch(r"\d{1,10}", str(text), re.ASCII) or not least <= int(text) <= most:
            raise typer.BadParameter(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return value(metavar, help, *names, parser=read, **more)


def number(metavar: str, help: str, *names: str) -> Any:
    """Return an option that takes a number with decimals."""

    def read(text: str | float) -> float:
        try:
            number = float(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not a number") from None
        if not math.isfinite(number):  # nothing is less than `nan`, and nothing more
            raise typer.BadParameter(f"{text!r} is not a number")
        return number

    return value(metavar, help, *names, parser=read)


def day(help: str, *names: str) -> Any:
    """Return an option that takes a day, which begins in UTC."""

    def read(text: str) -> datetime:
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not a day such as 2026-01-31") from None

    return value("YYYY-MM-DD", help, *names, parser=read)


def word(words: Sequence[str], help: str, *names: str, **more: Any) -> Any:
    """Return an option that takes one of these words, by the parameter's name or by ``names``."""

    def read(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}")
        return text

    complete = completion.one_of(*words)
    return value("|".join(words), help, *names, parser=read, autocompletion=complete, **more)


def names(help: str = "Say who the members are: for you, not for sharing.") -> Any:
    """Return the option by which members are named, who are numbers else."""
    return flag("--names", help)


def depth() -> Any:
    """Return the option that takes how many steps from its seed a cohort reaches."""
    return count("1, as usual: whom the seed follows; 2: whom those follow, too.", most=MOST_STEPS)


def _refuse_unwritable(context: typer.Context, file: Any) -> Any:
    if file is not None and file != STDOUT and not context.resilient_parsing:
        refuse_unwritable(file)
    return file


def _refuse_unwritable_folder(context: typer.Context, folder: Any) -> Any:
    if folder is not None and not context.resilient_parsing:
        if folder == STDOUT:
            raise typer.BadParameter("several files are written: name a folder")
        refuse_unwritable_folder(folder)
    return folder


def _read_members(context: typer.Context, names: Any) -> Any:
    """Return a name, or several, as they are stored; a short address is that of somebody stored."""
    if not isinstance(names, str):
        return names and [_read_members(context, name) for name in names]
    if code := short_code(names):
        from letterboxd_scraper.terminal.chosen import member_of_code  # the database, seldom needed

        names = member_of_code(context.obj, code) or names
    return _reader(member_name)(names)


def _reader(read: Callable[[str], str]) -> Callable[[str], str]:
    """Return what reads an option's value, and says what is wrong with it as options do."""

    def reading(text: str) -> str:
        try:
            return read(text)
        except ValueError as error:
            raise typer.BadParameter(f"{text!r} {error}") from None

    return reading
