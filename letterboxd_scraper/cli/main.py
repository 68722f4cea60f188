"""`letterboxd`: the whole command line, put together."""

import sys
from collections.abc import Mapping, Sequence
from typing import ClassVar

from letterboxd_scraper.cli import (
    cohort,
    config,
    db,
    doctor,
    enrich,
    forget,
    import_,
    init,
    plan,
    report,
    runs,
    schedule,
    scrape,
    serve,
    status,
    sync,
    taste,
    watch,
)
from letterboxd_scraper.cli.export import export
from letterboxd_scraper.cli.rank import rank, refresh
from letterboxd_scraper.terminal import session
from letterboxd_scraper.terminal.help import App, Group


class _Sections(Group):
    sections: ClassVar[Mapping[str, str]] = {
        "Begin here": "init sync doctor",
        "Read the site": "cohort plan scrape enrich watch import schedule",
        "See what they think": "rank taste report export serve",
        "Look after it": "status config runs failures refresh db forget",
    }


app = App(
    name="letterboxd",
    cls=_Sections,
    help="""Rank films by what a Letterboxd member's circle thinks.

    \b
    Examples:
      letterboxd sync --seed marla           everything, from a name to a ranking
      letterboxd rank show --cohort marla --unseen-by marla
      letterboxd rank show --help            what a command does, with examples
    """,
)
session.add_global_options(app)
app.command("init")(init.init)
app.command("sync")(sync.sync)
app.command("doctor")(doctor.doctor)

app.add_typer(cohort.app, name="cohort")
app.command("plan")(plan.plan)
app.command("scrape")(scrape.scrape)
app.command("enrich")(enrich.enrich)
app.command("watch")(watch.watch)
app.add_typer(import_.app, name="import")
app.add_typer(schedule.app, name="schedule")

app.add_typer(rank, name="rank")
app.command("taste")(taste.taste)
app.command("report")(report.report)
app.add_typer(export, name="export")
app.command("serve")(serve.serve)

app.command("status")(status.status)
app.add_typer(config.app, name="config")
app.command("runs")(runs.runs)
app.command("failures")(runs.failures)
app.add_typer(refresh, name="refresh")
app.add_typer(db.app, name="db")
app.command("forget")(forget.forget)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `letterboxd` and return its exit code."""
    return session.run(app, "letterboxd", arguments)


def main() -> None:
    sys.exit(run())
