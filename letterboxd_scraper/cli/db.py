"""`letterboxd db …`: the database itself."""

from collections.abc import Sequence
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from humanize import naturalsize

from letterboxd_scraper.errors import ExitCode, InputError, StoreDamaged
from letterboxd_scraper.machine.files import STDOUT
from letterboxd_scraper.store import checks
from letterboxd_scraper.store.backup import back_up
from letterboxd_scraper.store.checks.checksums import Checksum, checksums
from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.checks.references import FILE, RESTORE
from letterboxd_scraper.store.crawl_state import retention
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.open import not_ready
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.columns import Column, Fit, count
from letterboxd_scraper.terminal.session import Session


def upgrade(context: typer.Context) -> None:
    """Bring the database to this program's schema.

    SQLite files do so by themselves, after a copy was made beside them.

    \b
    Examples:
      letterboxd db upgrade --db-url postgresql://user:password@host/name
    """
    # Alembic takes a quarter of a second to load, which no other command for the database needs.
    from letterboxd_scraper.store import migrate

    session: Session = context.obj
    url = session.database()
    try:
        changed = migrate.upgrade(make_engine(url))
    except sa.exc.DBAPIError as error:
        raise not_ready(error, url) from None
    head = migrate.head()
    words = f"schema {head}: {'upgraded' if changed else 'nothing to do'}"
    session.conclude({"schema": head, "upgraded": changed}, words)


def backup(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to; default: a name with the day and time, here.", metavar="FILE"),
    ] = None,
    force: Annotated[bool, options.flag("--force", "Replace a file of that name.")] = False,
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
    session: Session = context.obj
    if file == STDOUT:
        raise InputError("a backup is a file that only you can read: give its name")
    url = session.database()
    ending = "db" if url.startswith("sqlite") else "dump"
    copy = file or Path(f"letterboxd-{session.config.now():%Y%m%dT%H%M%SZ}.{ending}")
    size = back_up(url, copy, force=force)
    how = _how_to_restore(copy, url)
    session.conclude(
        {"file": copy, "bytes": size, "to_restore": how},
        f"{copy}: {naturalsize(size)}, readable for you alone; to restore it: {how}",
    )


def _how_to_restore(copy: Path, url: str) -> str:
    if url.startswith("sqlite"):
        target = sa.make_url(url).database
        return f"end what uses {target}, delete {target}-wal and {target}-shm, and copy {copy} over it"
    return f"createdb NAME && pg_restore --no-owner --dbname=NAME {copy}"


def check(context: typer.Context) -> None:
    """Say whether what is stored hangs together. Nothing is changed.

    Rows without their parents, counts against a fresh count, members and films that are stored twice,
    ratings that cannot be, rankings with gaps. Rankings are told with checksums, which are equal where two
    databases have the same ranking. The exit code is 3 if anything is wrong.

    \b
    Examples:
      letterboxd db check
      letterboxd db check --json
    """
    session: Session = context.obj
    findings: list[Finding] = []
    sums: list[Checksum] = []
    try:
        with session.reading() as connection:
            for finding in checks.findings(connection):
                findings.append(finding)
                if not session.as_json:
                    session.tell(_line(finding))
            if not _is_broken(findings):  # else the checks have said so already
                sums = checksums(connection)
    except StoreDamaged as error:  # so that nothing can be looked at
        findings.append(Finding(FILE, 1, error.reason, RESTORE))
        if not session.as_json:
            session.tell(_line(findings[-1]))
    if session.as_json:
        session.print_json({"checks": _as_dicts(findings), "rankings": _as_dicts(sums)})
    elif sums:
        columns = ("cohort", "strategy", count("films"), Column("checksum", fit=Fit.SHORTENED))
        session.show(columns, [astuple(checksum) for checksum in sums])
    raise typer.Exit(ExitCode.FAILURES if any(finding.wrong for finding in findings) else ExitCode.DONE)


def _is_broken(findings: Sequence[Finding]) -> bool:
    return any(finding.check == FILE and finding.wrong for finding in findings)


def _line(finding: Finding) -> str:
    if finding.remark:
        return f"skip   {finding.check}: {finding.remark}"
    if not finding.wrong:
        return f"ok     {finding.check}"
    return f"WRONG  {finding.check}: {finding.wrong}, as {finding.example}; {finding.advice}"


def _as_dicts(results: Sequence[Finding] | Sequence[Checksum]) -> list[dict[str, Any]]:
    return [asdict(result) for result in results]


def tidy(
    context: typer.Context,
    dry_run: Annotated[bool, options.flag("--dry-run", "Only say what would go.")] = False,
    yes: Annotated[bool, options.yes()] = False,
) -> None:
    """Remove old runs, failures that were made good, and rankings of before.

    Runs that ended more than KEEP_RUNS_DAYS ago, unless something still refers to them; failures that were
    resolved, and invitations that ended without anybody, more than KEEP_FAILURES_DAYS ago; 0 keeps them for
    ever. Of the rankings that `letterboxd news` compares with, those of 60 days stay, then one a week, for a
    year. Nothing else is touched. What goes is said, and asked about.

    \b
    Examples:
      letterboxd db tidy --dry-run
      letterboxd db tidy --yes
    """
    session: Session = context.obj
    config = session.config
    days = config.now(), config.KEEP_RUNS_DAYS, config.KEEP_FAILURES_DAYS
    going = ask(session.engine, retention.tidy, *days)  # what is asked is not committed
    if not dry_run and going:
        session.confirm(going.in_words("would be removed"), yes=yes)
        going = transact(session.engine, retention.tidy, *days)
    words = going.in_words("would be removed" if dry_run else "removed")
    session.conclude(asdict(going) | {"removed": not dry_run}, words)
