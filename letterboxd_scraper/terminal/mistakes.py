"""What was typed wrong, in one line: what, what it could be instead, and whose help says more."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from typer.exceptions import TyperException

# What every command understands; behind its name as well as before it.
FLAGS = ("--json", "--quiet")
WITH_VALUES = ("--config", "--db-url", "--log-level")
EVERYWHERE = (*FLAGS, *WITH_VALUES)


@contextmanager
def made_in(context: Any) -> Iterator[None]:
    """Have each mistake that is made meanwhile know the command that it is in."""
    try:
        yield
    except TyperException as error:
        if getattr(error, "ctx", context) is None:
            error.ctx = context  # type: ignore[attr-defined]
        raise


def in_words(error: TyperException, program: str) -> str:
    """Return a mistake in the words of a command line, with the call of the help of the command it is in."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else program
    return f"{_mistake(error, context)} (`{path} --help` shows what there is)"


def _mistake(error: Any, context: Any) -> str:
    if hasattr(error, "possibilities"):  # no such option
        return _no_such_option(error.option_name, context)
    if name := getattr(error, "option_name", None):
        asked = next((one for one in context.command.params if name in one.opts), None)
        return _give(asked) if asked else str(error.format_message())
    if hasattr(error, "param_type") and error.param is not None:  # it is missing
        return _give(error.param)
    if getattr(error, "param", None) is not None:
        return f"{_name(error.param)}: {error.message}"
    return str(error.format_message())


def _no_such_option(name: str, context: Any) -> str:
    own = [name for one in context.command.get_params(context) for name in (*one.opts, *one.secondary_opts)]
    return f"no option {name}{did_you_mean(name, [*own, *EVERYWHERE])}"


def did_you_mean(name: str, existing: Sequence[str]) -> str:
    """Return a question that names what is spelt alike, to be put behind a name that nothing has.

    >>> did_you_mean("--cohrt", ["--cohort", "--country"]), did_you_mean("--x", ["--cohort"])
    (': did you mean --cohort?', '')
    """
    alike = get_close_matches(name, existing, n=2, cutoff=0.7)
    return f": did you mean {' or '.join(alike)}?" if alike else ""


def no_such_command(name: str, context: Any) -> str:
    """Say that a group has no command of this name, and what may be meant: one of its own, or of another."""
    commands = context.command.commands
    alike = get_close_matches(name, commands, n=2)
    groups = {path: one.commands for path, one in commands.items() if hasattr(one, "commands")}
    elsewhere = [f"{path} {name}" for path, inner in groups.items() if name in inner]
    calls = " or ".join(f"`{context.command_path} {path}`" for path in elsewhere or alike)
    return f"no command {name!r}" + (f": did you mean {calls}?" if calls else "")


def names_a_command(word: str, commands: Sequence[str]) -> bool:
    """Say whether a word is a command, or was meant to be one: spelt alike, and no file."""
    is_alike = bool(get_close_matches(word, commands, n=1, cutoff=0.8)) and not word.startswith("-")
    return word in commands or (is_alike and not Path(word).exists())


def unexpected(word: str, command: Any) -> str:
    """Say that a command takes no such argument; a cohort or a member may be meant by it."""
    names = [name for one in command.params for name in one.opts]
    meant = next((name for name in ("--cohort", "--member") if name in names), None)
    takes = any(one.param_type_name == "argument" for one in command.params)
    hint = f": did you mean {meant} {word}?" if meant and not takes else ""
    return f"{word!r} is one word too many{hint}"


def _give(parameter: Any) -> str:
    """Say what was left out, and what it is: a sentence with one mark, behind the program's name."""
    value = f" {parameter.metavar}" if parameter.param_type_name == "option" and parameter.metavar else ""
    help = (parameter.help or "").rstrip(".")
    meaning = help if help[1:2].isupper() else help[:1].lower() + help[1:]
    what, _, more = meaning.partition(";")[0].partition(": ")
    besides = f" ({more})" if more else ""
    return f"give {_name(parameter)}{value}{', ' * bool(what)}{what}{besides}"


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name)
    return str(max(parameter.opts, key=lambda name: (name.startswith("--"), -parameter.opts.index(name))))
