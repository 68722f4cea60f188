"""`letterboxd`: the whole command line, put together."""

import sys
from collections.abc import Sequence

import typer

from letterboxd_scraper import console
from letterboxd_scraper.cli import cohort, db, doctor, enrich, forget, import_, log, plan, scrape, sync, watch
from ranking.cli import rank, refresh
from ranking.cli_export import export

app = typer.Typer(
    name="letterboxd",
    help="Rank films by what a Letterboxd member's circle thinks. Begin with: letterboxd sync --seed NAME",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # an internal error is shown as Python shows it
)
console.add_global_options(app)
app.command("sync")(sync.sync)
app.command("scrape")(scrape.scrape)
app.command("enrich")(enrich.enrich)
app.command("watch")(watch.watch)
app.command("plan")(plan.plan)
app.command("runs")(log.runs)
app.command("failures")(log.failures)
app.command("doctor")(doctor.doctor)
app.command("forget")(forget.forget)
app.add_typer(cohort.app, name="cohort")
app.add_typer(import_.app, name="import")
app.add_typer(refresh, name="refresh")
app.add_typer(rank, name="rank")
app.add_typer(export, name="export")
app.add_typer(db.app, name="db")


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `letterboxd` and return its exit code."""
    return console.run(app, "letterboxd", arguments)


def main() -> None:
    sys.exit(run())
