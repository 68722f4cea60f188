"""What a circle thinks of films, as one HTML page that needs nothing else."""

from letterboxd_scraper.report.page import Options, render

__all__ = ["Options", "render"]
