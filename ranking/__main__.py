"""`python -m ranking`: the rank commands, without Scrapy."""

import sys

from letterboxd_scraper import console
from ranking.cli import rank, refresh
from ranking.cli_export import export

console.add_global_options(rank)
rank.add_typer(export, name="export")
rank.add_typer(refresh, name="refresh")

if __name__ == "__main__":
    sys.exit(console.run(rank, "python -m ranking"))
