"""What the reference says, made of the program itself each time the documents are built.

A page of the folder `reference` says where: a line `<!-- made by: commands -->` is replaced by what the
function of that name in `PARTS` returns. So nothing here can be older than the program.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.resources import files
from typing import Any, cast, get_args, get_origin

import sqlalchemy as sa
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, SecretStr

from letterboxd_scraper import arguments
from letterboxd_scraper.cli.command_line import letterboxd
from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.imports import columns, kinds
from letterboxd_scraper.server.app import unguarded
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store import schema
from letterboxd_scraper.terminal.help import LazyCommand
from ranking.parquet import columns as parquet_columns
from ranking.strategies import STRATEGIES

_PLACE = re.compile(r"^<!-- made by: (\w+) -->$", re.MULTILINE)
_HELP_WIDTH = 100
_SPIDERS: dict[str, type[BaseModel]] = {
    "follow_graph": arguments.FollowGraphArguments,
    "profile": arguments.ProfileArguments,
    "when_rated": arguments.WhenRatedArguments,
    "film": arguments.FilmArguments,
    "rss": arguments.RssArguments,
}


def filled(page: str) -> str:
    """Return a page with every place filled in. Raises KeyError for one that nothing here fills."""
    return _PLACE.sub(lambda place: PARTS[place[1]](), page)


def commands() -> str:
    """Return every command's help page under a heading of its own."""
    return "\n".join(_command_pages(letterboxd(), ()))


def _command_pages(command: Any, above: tuple[Any, ...]) -> Iterator[str]:
    context: Any = None
    for one in (*above, command):
        settings = {"terminal_width": _HELP_WIDTH, **one.context_settings}
        context = one.context_class(one, parent=context, info_name=one.name, **settings)
    yield f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
    for below in getattr(command, "commands", {}).values():
        loaded = below.load() if isinstance(below, LazyCommand) else below
        yield from _command_pages(loaded, (*above, command))


def settings() -> str:
    """Return every setting with its default and its bounds, under the remarks of `default.toml`."""
    text = files("letterboxd_scraper").joinpath("default.toml").read_text(encoding="utf-8")
    defaults = tomllib.loads(text)
    parts = []
    for block in text.split("\n\n")[1:]:
        lines = block.strip().splitlines()
        remark = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
        heading, *rest = re.split(r"[:.] ?", remark, maxsplit=1)
        rows = [_setting(line, defaults) for line in lines if re.match(r"[A-Z]", line)]
        table = _table(("setting", "default", "takes", "what it is"), rows)
        parts.append(
            "\n\n".join(
                filter(None, (f"## {heading}", *(text[:1].upper() + text[1:] for text in rest), table))
            )
        )
    return "\n\n".join(parts)


def _setting(line: str, defaults: dict[str, Any]) -> tuple[str, ...]:
    name = line.split(" ")[0]
    remark = re.search(r"\s{2,}# (.*)$", line)
    default = str(defaults[name]).lower() if isinstance(defaults[name], bool) else defaults[name]
    in_code = f"`{default}`" if default != "" else ""
    return f"`{name}`", in_code, _takes(name), remark[1] if remark else ""


def _takes(name: str) -> str:
    field = Config.model_fields[name]
    words = {bool: "true or false", int: "whole number", float: "number", SecretStr: "secret"}
    kind = next((word for kind, word in words.items() if field.annotation is kind), "text")
    signs = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le")}
    bounds = [
        f"{sign} {getattr(bound, attribute):g}"
        for bound in field.metadata
        for one, (sign, attribute) in signs.items()
        if isinstance(bound, one)
    ]
    return " ".join((kind, *bounds))


def tables() -> str:
    """Return every table with its columns."""
    names = ("members", "films", "rankings", "history", "crawling")
    modules = [import_module(f"{schema.__name__}.{name}") for name in names]
    tables = [one for module in modules for one in vars(module).values() if isinstance(one, sa.Table)]
    return "\n\n".join(
        f"## {table.name}\n\n{table.info['about']}\n\n"
        + _table(("column", "type", "", "what it is"), map(_column, table.columns))
        for table in tables
    )


def _column(column: sa.Column[Any]) -> tuple[str, ...]:
    marks = ("key",) if column.primary_key else ("may be NULL",) if column.nullable else ()
    leads_to = [f"`{key.target_fullname}`" for key in column.foreign_keys]
    described = column.doc or ""
    return (
        f"`{column.name}`",
        _type(column),
        ", ".join(marks),
        "; ".join(filter(None, (described, *leads_to))),
    )


def _type(column: sa.Column[Any]) -> str:
    names = {"UTCDateTime": "moment (UTC)", "REAL": "number", "Double": "number", "Hundredths": "number"}
    kind = type(column.type).__name__
    return names.get(kind, kind.lower())


def parquet() -> str:
    """Return every file of a Parquet export with its columns."""
    names = {
        "ratings": parquet_columns.RATINGS,
        "films": parquet_columns.FILMS,
        "members": parquet_columns.MEMBERS,
        "watched": parquet_columns.LIST,
        "watchlist": parquet_columns.LIST,
    }
    files = [(f"{name}.parquet", schema) for name, schema in names.items()]
    ranking = ("rankings/STRATEGY.parquet", parquet_columns.RANKING)
    return parquet_columns.tables_in_words([*files, ranking])


def exit_codes() -> str:
    """Return every exit code with its meaning."""
    return _table(("code", "meaning"), [(f"{code.value}", code.meaning) for code in ExitCode])


def strategies() -> str:
    """Return every ranking with its formula and parameters."""
    return "\n\n".join(
        f"## {strategy.name}\n\n{strategy.meaning[0].upper()}{strategy.meaning[1:]}.\n\n"
        f"*Source:* {strategy.source}\n\n"
        + _table(
            ("parameter", "default", "takes", "what it does"),
            [
                (f"`{name}`", one.default_in_words, one.takes, one.meaning)
                for name, one in strategy.parameters.items()
            ],
        )
        for strategy in STRATEGIES.values()
    )


def spiders() -> str:
    """Return every spider's arguments."""
    return "\n\n".join(
        f"## {name}\n\n" + _table(("argument", "default", "takes"), _arguments(model))
        for name, model in _SPIDERS.items()
    )


def _arguments(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        default = "" if field.default is None else str(field.default).lower()
        yield f"`{name}`", default, _in_words(field.annotation)


def _in_words(kind: Any) -> str:
    words = {bool: "true or false", int: "whole number", str: "text", arguments.Shard: "part, as 1/3"}
    if kind in words:
        return words[kind]
    inner = [one for one in get_args(kind) if one is not type(None)]
    if all(isinstance(one, str) for one in inner):
        return " or ".join(f"`{one}`" for one in inner)
    return _in_words(inner[0] if get_origin(kind) is not None or len(inner) == 1 else str)


def import_kinds() -> str:
    """Return every kind of file that is told apart, and what becomes of it."""
    rows = [(str(kind), kinds.HINTS.get(kind, "taken in")) for kind in kinds.Kind]
    return _table(("kind", "what becomes of it"), rows)


def import_columns() -> str:
    """Return the names that columns of a table of ratings may have."""
    rows = [(name, ", ".join(f"`{one}`" for one in names)) for name, names in columns.NAMES.items()]
    return _table(("it holds", "it is called, whatever the case, blanks and signs"), rows)


def api() -> str:
    """Return every address of the server with its parameters."""
    # Nothing is served: it is asked for its document alone.
    paths = unguarded(cast(Served, None), token="").openapi()["paths"]
    return "\n\n".join(
        f"## GET {path}\n\n{_sentence(methods['get'])}\n\n{_parameters(methods['get'])}".rstrip()
        for path, methods in paths.items()
    )


def _sentence(operation: dict[str, Any]) -> str:
    return str(operation.get("description") or operation.get("summary", ""))


def _parameters(operation: dict[str, Any]) -> str:
    rows = [
        (
            f"`{one['name']}`",
            one.get("description") or one["schema"].get("description", ""),
        )
        for one in operation.get("parameters", ())
        if one["in"] == "query"
    ]
    return _table(("parameter", "what it is"), rows) if rows else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    lines = [list(head), ["---"] * len(head), *cells] if cells else []
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PARTS: dict[str, Callable[[], str]] = {
    function.__name__: function
    for function in (
        commands, settings, tables, parquet, exit_codes, strategies, spiders, import_kinds, import_columns,
        api,
    )
}  # fmt: skip
