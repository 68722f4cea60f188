"""Commands that are loaded when they are called, and help pages laid out under headings.

Plain text, laid out by Typer: its pictures of boxes take longer to load than all the rest of a help page.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from inspect import cleandoc
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command whose options stand under their headings (`rich_help_panel`), the rest under Options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, one section for each heading."""
        rows = []
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
                rows.append((getattr(parameter, "rich_help_panel", None) or usual, record))
        _write(formatter, rows)


class LazyCommand(TyperCommand):
    """The name and one line of help of a command whose module is loaded when it is called.

    ``target`` is the command, or a function of which one is made, as ``package.module:name``. The session
    (the context's object) learns whether it is a job.
    """

    def __init__(
        self, name: str, target: str, short_help: str, heading: str | None = None, *, is_job: bool = False
    ) -> None:
        super().__init__(name, short_help=short_help, rich_help_panel=heading)
        self.target, self.is_job = target, is_job

    def load(self) -> TyperCommand:
        """Import the command's module; return the command itself."""
        module, name = self.target.split(":")
        target = getattr(import_module(module), name)
        command = target if isinstance(target, TyperCommand) else command_of(target)
        command.name = self.name
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Load the command and read its arguments, which comes before running, completing or its help."""
        context = self.load().make_context(info_name, args, parent, **extra)
        if self.is_job and context.obj is not None:  # else only its words are looked at
            context.obj.is_job = True
        return context


class Group(TyperGroup):
    """Commands under their headings (`rich_help_panel`), the rest under Commands.

    ``options`` is a command whose options the group has, too; its function runs before that of a command.
    ``usual`` is the command that is meant where none is named.
    """

    def __init__(
        self,
        name: str,
        help: str,
        commands: Sequence[LazyCommand | TyperGroup],
        heading: str | None = None,
        options: TyperCommand | None = None,
        usual: str | None = None,
    ) -> None:
        self.usual = usual
        super().__init__(
            name=name,
            help=cleandoc(help),
            commands=commands,
            rich_help_panel=heading,
            rich_markup_mode=None,
            params=options.params if options else None,
            callback=options.callback if options else None,
        )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the group's own options; without anything behind its name, its help is printed."""
        if not args and not ctx.resilient_parsing:
            args = ["--help"]
        if self.usual and args and args[0] not in (*self.commands, "--help"):
            args = [self.usual, *args]
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, one section for each heading."""
        room = formatter.width - 6 - max(map(len, self.commands))
        commands: list[Any] = list(self.commands.values())
        rows = [(c.rich_help_panel or "Commands", (c.name, c.get_short_help_str(room))) for c in commands]
        _write(formatter, rows)


def command_of(
    function: Callable[..., Any], cls: type[Command] = Command, *, completion: bool = False
) -> TyperCommand:
    """Return the command that Typer makes of a function's parameters and docstring.

    With ``completion`` it also has the options by which a shell learns to complete.
    """
    app = typer.Typer(add_completion=completion, rich_markup_mode=None)
    app.command(cls=cls)(function)
    return cast(TyperCommand, typer.main.get_command(app))


def _write(formatter: Any, rows: Iterable[tuple[str, tuple[str, str]]]) -> None:
    by_heading: dict[str, list[tuple[str, str]]] = {}
    for heading, row in rows:
        by_heading.setdefault(heading, []).append(row)
    for heading, entries in by_heading.items():
        with formatter.section(heading):
            formatter.write_dl(entries)
