"""`python -m ranking`: the rank commands, without Scrapy."""

import sys

from letterboxd_scraper.cli.rank_alone import run

if __name__ == "__main__":
    sys.exit(run())
