"""`python -m letterboxd_scraper` is `letterboxd`."""

import sys

from letterboxd_scraper.cli.main import run

if __name__ == "__main__":
    sys.exit(run())
