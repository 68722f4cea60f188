"""`python -m ranking`: the rank commands, without Scrapy."""

import sys

from letterboxd_scraper.cli.main import run_ranking

if __name__ == "__main__":
    sys.exit(run_ranking())
