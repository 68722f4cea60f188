"""What a shell completes the options and arguments of commands to."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.schema import cohorts, films, users

# So many names are offered at most.
_OFFERED = 200


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


def _stored(column: sa.Column[Any], incomplete: str) -> list[str]:
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
