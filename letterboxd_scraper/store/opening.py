"""Opening a database: one query when its schema is the current one, as nearly always."""

import sqlalchemy as sa

from letterboxd_scraper.errors import StoreNotReady
from letterboxd_scraper.store.engine import first_line, make_engine, reading, shown
from letterboxd_scraper.store.schema import REVISION

_STORED = sa.select(sa.column("version_num", sa.Text)).select_from(sa.table("alembic_version"))


def open_store(url: str) -> sa.Engine:
    """Return an engine for a database that is ready for use.

    A new SQLite file is made, an older one is backed up beside itself and migrated. Raises
    StoreNotReady for a PostgreSQL database that is behind, and for any that is unreachable or
    newer than this program.
    """
    engine = make_engine(url)
    try:
        if (revision := revision_of(engine)) != REVISION:
            # Alembic takes a quarter of a second to load: only here, where it is needed.
            from letterboxd_scraper.store import migrate

            if engine.dialect.name != "sqlite":
                raise migrate.behind(url, revision)
            migrate.upgrade(engine)
    except sa.exc.DBAPIError as error:
        raise StoreNotReady(f"cannot use the database {shown(url)}: {first_line(error)}") from None
    return engine


def revision_of(engine: sa.Engine) -> str | None:
    """Return the revision of a database's schema; None if there is none yet."""
    with reading(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(_STORED)
        return found
