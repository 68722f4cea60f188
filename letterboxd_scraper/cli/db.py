"""`letterboxd db …`: the database itself."""

import typer

from letterboxd_scraper.console import Session
from letterboxd_scraper.help_pages import App

app = App(help="Look after the database.")


@app.command("upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the database to this program's schema.

    SQLite files do so by themselves, after a copy was made beside them.

    \b
    Examples:
      letterboxd db upgrade --db-url postgresql://user:password@host/name
    """
    import sqlalchemy as sa

    from letterboxd_scraper.errors import StoreNotReady
    from letterboxd_scraper.store import migrate
    from letterboxd_scraper.store.engine import first_line, make_engine, shown

    session: Session = context.obj
    session.uses_store()
    url = session.config.DATABASE_URL
    try:
        changed = migrate.upgrade(make_engine(url))
    except sa.exc.OperationalError as error:
        raise StoreNotReady(f"cannot use the database {shown(url)}: {first_line(error)}") from None
    session.say(f"schema {migrate.head()}: {'upgraded' if changed else 'nothing to do'}")
