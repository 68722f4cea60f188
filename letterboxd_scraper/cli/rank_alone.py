"""`python -m ranking`: the commands `rank …`, `export …` and `refresh …` alone."""

from letterboxd_scraper.cli.export import export
from letterboxd_scraper.cli.rank import rank, refresh
from letterboxd_scraper.terminal import session


def run() -> int:
    """Run the command line and return its exit code."""
    session.add_global_options(rank)
    rank.add_typer(export, name="export")
    rank.add_typer(refresh, name="refresh")
    return session.run(rank, "python -m ranking")
