"""`python -m letterboxd_scraper` is `letterboxd`."""

from letterboxd_scraper.cli.main import main

if __name__ == "__main__":
    main()
