"""`letterboxd db …`: the database itself."""

from pathlib import Path
from typing import Annotated

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


@app.command("backup")
def backup(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Where to; default: a name with the day and time, here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Copy the whole database to one file, while crawls go on.

    The copy is the database at one moment, and only you can read it, for it tells of other people. One of
    PostgreSQL is made by your own pg_dump, which takes the password from DATABASE_URL, or from PGPASSWORD or
    PGPASSFILE in the environment.

    \b
    Examples:
      letterboxd db backup
      letterboxd db backup friends.backup --force
    """
    from humanize import naturalsize

    from letterboxd_scraper import clock
    from letterboxd_scraper.store.backup import back_up

    session: Session = context.obj
    url = session.config.DATABASE_URL
    is_file = url.startswith("sqlite")
    at = clock.now(session.config.LETTERBOXD_NOW)
    chosen = file or Path(f"letterboxd-{at:%Y%m%dT%H%M%SZ}.{'db' if is_file else 'dump'}")
    session.uses_store()
    size = back_up(url, chosen, force=force)
    session.say(f"{chosen}: {naturalsize(size)}, readable for you alone; to restore it: {_how(chosen, url)}")


def _how(copy: Path, url: str) -> str:
    if url.startswith("sqlite"):
        target = url.removeprefix("sqlite:///")
        return f"end what uses {target}, delete {target}-wal and {target}-shm, and copy {copy} over it"
    return f"createdb NAME && pg_restore --no-owner --dbname=NAME {copy}"


@app.command("tidy")
def tidy(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove old runs, and failures that were made good.

    Runs that ended more than KEEP_RUNS_DAYS ago, unless something still refers to them, and failures that
    were resolved more than KEEP_FAILURES_DAYS ago; 0 keeps them for ever. Nothing else is touched.

    \b
    Examples:
      letterboxd db tidy --dry-run
    """
    from letterboxd_scraper import clock
    from letterboxd_scraper.store import retention

    session: Session = context.obj
    config = session.config
    now = clock.now(config.LETTERBOXD_NOW)
    with session.store().connect() as connection:
        done = retention.tidy(connection, now, config.KEEP_RUNS_DAYS, config.KEEP_FAILURES_DAYS)
        if dry_run:
            connection.rollback()
        else:
            connection.commit()
    session.say(done.in_words("would be removed" if dry_run else "removed"))
