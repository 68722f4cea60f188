"""The kinds of options that commands have, and what a shell completes them to."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
import typer

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.store.schema import cohorts, films, users

# So many names are offered at most.
_OFFERED = 200


def flag(names: str, help: str) -> Any:
    """Return an option that is set or not, as ``--full`` or ``--write/--print``."""
    return typer.Option(names, help=help)


def value(metavar: str, help: str, *names: str, **more: Any) -> Any:
    """Return an option with a value, by the parameter's name or by ``names``."""
    return typer.Option(*names, help=help, metavar=metavar, **more)


def cohort(help: str = "Label or number of the cohort.") -> Any:
    """Return an option that takes a cohort; a shell completes the stored ones."""
    return value("LABEL", help, autocompletion=labels)


def cohort_argument(help: str = "Label or number of the cohort.") -> Any:
    """Return an argument that takes a cohort; a shell completes the stored ones."""
    return typer.Argument(help=help, metavar="LABEL", autocompletion=labels)


def member(
    help: str = "One member, by the name in their profile's address.", *names: str, **more: Any
) -> Any:
    """Return an option that takes a member; a shell completes the stored ones."""
    return value("MEMBER", help, *names, autocompletion=members, **more)


def film(help: str, *names: str) -> Any:
    """Return an option that takes a film, by ``names``, or by --film and --slug; a shell completes slugs."""
    return value("FILM", help, *(names or ("--film", "--slug")), autocompletion=slugs)


def count(help: str, *, least: int = 1, **more: Any) -> Any:
    """Return an option that takes a whole number, at least ``least`` and small enough for the database."""

    def read(text: str | int) -> int:
        if not re.fullmatch(r"\d{1,10}", str(text), re.ASCII) or not least <= int(text) <= LARGEST_INTEGER:
            raise typer.BadParameter(f"{text!r} is not a whole number from {least} to {LARGEST_INTEGER}")
        return int(text)

    return value("N", help, parser=read, **more)


def word(words: Sequence[str], help: str, *names: str) -> Any:
    """Return an option that takes one of these words, by the parameter's name or by ``names``."""

    def read(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}")
        return text

    return value("|".join(words), help, *names, parser=read, autocompletion=one_of(*words))


def labels(incomplete: str) -> list[str]:
    """Return the cohorts' labels that begin so."""
    return _stored(cohorts.c.label, incomplete)


def members(incomplete: str) -> list[str]:
    """Return the stored members whose names begin so."""
    return _stored(users.c.letterboxd_username, incomplete.lower())


def slugs(incomplete: str) -> list[str]:
    """Return the slugs of stored films that begin so."""
    return _stored(films.c.slug, incomplete.lower())


def one_of(*words: str) -> Callable[[str], list[str]]:
    """Return a completion to one of these words."""
    return lambda incomplete: beginning(words, incomplete)


def beginning(words: Iterable[str], incomplete: str) -> list[str]:
    """Return the words that begin so."""
    return [word for word in words if word.startswith(incomplete)]


def _stored(column: sa.Column[str], incomplete: str) -> list[str]:
    """Return stored names that begin so; none where there is no database to look at.

    It is only looked at: pressing the tab key makes and changes no database.
    """
    query = (
        sa.select(column)
        .where(column.startswith(incomplete, autoescape=True))
        .order_by(column)
        .limit(_OFFERED)
    )
    try:
        url = sa.make_url(config.load().DATABASE_URL)
        if url.get_backend_name() == "sqlite":
            url = url.set(database=f"file:{quote(str(url.database))}", query={"mode": "ro", "uri": "true"})
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            return list(connection.scalars(query))
    except (InputError, sa.exc.SQLAlchemyError):
        return []  # the command itself will say what is wrong; a message here would tear the prompt
