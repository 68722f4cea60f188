"""Options that many commands have, with what a shell can complete them to."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

if TYPE_CHECKING:
    import sqlalchemy as sa

# What a database's whole number holds.
MOST = 2_147_483_647
# So many names are offered at most.
_OFFERED = 200


def cohort(help: str = "Label or number of the cohort.") -> Any:
    return typer.Option(help=help, metavar="LABEL", autocompletion=labels)


def cohort_argument(help: str = "Label or number of the cohort.") -> Any:
    return typer.Argument(help=help, metavar="LABEL", autocompletion=labels)


def member(help: str = "One member, by the name in their profile's address.", **more: Any) -> Any:
    return typer.Option(help=help, metavar="MEMBER", autocompletion=members, **more)


def strategy(help: str = "`letterboxd rank list` names them.") -> Any:
    return typer.Option(help=help, metavar="STRATEGY", autocompletion=strategies)


def count(help: str, *, least: int = 1, **more: Any) -> Any:
    def read(given: str | int) -> int:
        if not re.fullmatch(r"\d{1,10}", str(given), re.ASCII) or not least <= int(given) <= MOST:
            raise typer.BadParameter(f"{given!r} is not a whole number from {least} to {MOST}")
        return int(given)

    return typer.Option(help=help, metavar="N", parser=read, **more)


def labels(incomplete: str) -> list[str]:
    """Return the cohorts' labels that begin so."""
    from letterboxd_scraper.store.schema import cohorts

    return _stored(cohorts.c.label, incomplete)


def members(incomplete: str) -> list[str]:
    """Return the stored members whose names begin so."""
    from letterboxd_scraper.store.schema import users

    return _stored(users.c.letterboxd_username, incomplete.lower())


def strategies(incomplete: str) -> list[str]:
    from ranking.strategies import STRATEGIES

    return _beginning(STRATEGIES, incomplete)


def one_of(*words: str) -> Callable[[str], list[str]]:
    """Return a completion to one of these words."""
    return lambda incomplete: _beginning(words, incomplete)


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def _stored(column: "sa.Column[str]", incomplete: str) -> list[str]:
    """Return stored names that begin so; none where there is no database to look at.

    It is only looked at: pressing the tab key makes and changes no database.
    """
    import sqlalchemy as sa

    from letterboxd_scraper import config
    from letterboxd_scraper.errors import InputError

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
