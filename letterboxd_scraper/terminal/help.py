"""Commands that are loaded when they are called, and help pages laid out under headings.

Plain text, laid out by Typer: its pictures of boxes take longer to load than all the rest of a help page.
"""

import gc
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from letterboxd_scraper.terminal import mistakes
from letterboxd_scraper.terminal.help_format import Context

# Longer than any first line of a help page: none is shortened.
_WHOLE = 200
_HELP = {"help_option_names": ["-h", "--help"]}


class Command(TyperCommand):
    """A command whose options stand under their headings (`rich_help_panel`), the rest under Options."""

    context_class = Context
    allow_extra_args = True  # which are refused here, in better words

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command's words."""
        with mistakes.made_in(ctx):
            rest = super().parse_args(ctx, args)
            if rest and not ctx.resilient_parsing:
                ctx.fail(mistakes.unexpected(rest[0], self))
            return rest

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return what follows the command's name: [OPTIONS], then its arguments."""
        return ["[OPTIONS]", *(_argument(one) for one in self.params if one.param_type_name == "argument")]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, one section for each heading."""
        rows: list[tuple[str, tuple[str, str]]] = []
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                is_argument = parameter.param_type_name == "argument"
                usual, name = ("Arguments", str(parameter.metavar)) if is_argument else ("Options", record[0])
                rows.append((getattr(parameter, "rich_help_panel", None) or usual, (name, record[1])))
        _write(formatter, rows)
        formatter.write_paragraph()
        everywhere, program = ", ".join(mistakes.EVERYWHERE), ctx.find_root().info_name
        formatter.write_text(f"Every command also takes {everywhere}: see `{program} -h`.")


def _argument(parameter: Any) -> str:
    return str(parameter.metavar) if parameter.required else f"[{parameter.metavar}]"


class LazyCommand(TyperCommand):
    """The name and one line of help of a command whose module is loaded when it is called.

    ``target`` is the command, or a function of which one is made, as ``package.module:name``. The session
    (the context's object) learns whether it is a job, and whether it is where one begins.
    """

    def __init__(
        self,
        name: str,
        target: str,
        short_help: str,
        heading: str | None = None,
        *,
        is_job: bool = False,
        is_beginning: bool = False,
    ) -> None:
        super().__init__(name, short_help=short_help, rich_help_panel=heading)
        self.target, self.is_job, self.is_beginning = target, is_job, is_beginning

    def load(self) -> TyperCommand:
        """Import the command's module; return the command itself."""
        module, name = self.target.split(":")
        target = getattr(import_module(module), name)
        command = target if isinstance(target, TyperCommand) else command_of(target)
        command.name = self.name
        return command

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Load the command and read its arguments, which comes before running, completing or its help."""
        command = self.load()
        if parent is not None and parent.obj is not None:  # else only its words are looked at
            parent.obj = session = parent.obj.begin()
            session.is_job, session.is_beginning = self.is_job, self.is_beginning
        gc.enable()  # `letterboxd_scraper.cli.main` has it off while modules are loaded
        return command.make_context(info_name, args, parent, **extra)


class Group(TyperGroup):
    """Commands under their headings (`rich_help_panel`), the rest under Commands.

    ``options`` is a command whose options the group has, too; its function runs before that of a command.
    ``usual`` is the command that is meant where none is named; with ``begins_alone`` also where nothing at
    all is said.
    """

    context_class = Context

    def __init__(
        self,
        name: str,
        help: str,
        commands: Sequence[LazyCommand | TyperGroup],
        heading: str | None = None,
        options: TyperCommand | None = None,
        usual: str | None = None,
        *,
        begins_alone: bool = False,
    ) -> None:
        self.usual, self.begins_alone = usual, begins_alone
        super().__init__(
            name=name,
            help=cleandoc(help) + (f"\n\nWhere no command is named, `{usual}` is meant." if usual else ""),
            commands=commands,
            rich_help_panel=heading,
            rich_markup_mode=None,
            context_settings=_HELP,
            params=options.params if options else None,
            callback=options.callback if options else None,
        )

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the group's own options; where no command is named, the group's help is printed.

        `help NAME` is `NAME --help`.
        """
        names = (*self.commands, "help", *ctx.help_option_names)
        alone = self.begins_alone and not ctx.resilient_parsing
        if self.usual and (not mistakes.names_a_command(args[0], names) if args else alone):
            args = [self.usual, *args]
        with mistakes.made_in(ctx):
            rest = super().parse_args(ctx, args)
        if ctx._protected_args == ["help"] and not {*rest[:1]} & {*ctx.help_option_names}:
            ctx._protected_args, ctx.args = rest[:1], [*rest[1:], "--help"]
        if not (ctx._protected_args or ctx.resilient_parsing):
            typer.echo(ctx.get_help())
            ctx.exit()
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called; where none has this name, the nearest is told."""
        if args[0] not in self.commands and not (args[0].startswith("-") or ctx.resilient_parsing):
            ctx.fail(mistakes.no_such_command(args[0], ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, one section for each heading."""
        commands: list[Any] = list(self.commands.values())
        rows = [(c.rich_help_panel or "Commands", (c.name, c.get_short_help_str(_WHOLE))) for c in commands]
        _write(formatter, rows)


@cache
def command_of(
    function: Callable[..., Any], cls: type[Command] = Command, *, completion: bool = False
) -> TyperCommand:
    """Return the command that Typer makes of a function's parameters and docstring, always the same.

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
