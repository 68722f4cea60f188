"""`python -m ranking`: the rank commands, without Scrapy."""

from letterboxd_scraper.cli.main import main, run_ranking

if __name__ == "__main__":
    main(run_ranking)
