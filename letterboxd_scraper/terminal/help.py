"""How help is laid out: commands and options under headings, examples as they are typed.

Plain text, laid out by Typer: its pictures of boxes take longer to load than all the rest of a help page.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose options stand under their headings (`rich_help_panel`), the rest under Options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        rows = []
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
                rows.append((getattr(parameter, "rich_help_panel", None) or usual, record))
        _write(formatter, rows)


class Group(TyperGroup):
    """Commands that stand under the headings of ``sections``, in that order; the rest under Commands."""

    sections: ClassVar[Mapping[str, str]] = {}

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        headings = {name: heading for heading, names in self.sections.items() for name in names.split()}
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = {name: command for name, command in commands.items() if command and not command.hidden}
        room = formatter.width - 6 - max(map(len, shown), default=0)
        order = [*headings, *shown]
        rows = [
            (headings.get(name, "Commands"), (name, shown[name].get_short_help_str(room)))
            for name in sorted(shown, key=order.index)
        ]
        _write(formatter, rows)


class App(typer.Typer):
    """A Typer application whose help looks so."""

    def __init__(self, **given: Any) -> None:
        usual = {"cls": Group, "rich_markup_mode": None, "no_args_is_help": True}
        # An internal error is shown as Python shows it.
        super().__init__(**usual | {"pretty_exceptions_enable": False} | given)

    def command(self, name: str | None = None, **given: Any) -> Callable[[_Function], _Function]:
        return super().command(name, **{"cls": Command} | given)


def _write(formatter: Any, rows: Iterable[tuple[str, tuple[str, str]]]) -> None:
    by_heading: dict[str, list[tuple[str, str]]] = {}
    for heading, row in rows:
        by_heading.setdefault(heading, []).append(row)
    for heading, entries in by_heading.items():
        with formatter.section(heading):
            formatter.write_dl(entries)
