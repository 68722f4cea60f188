"""The picture of a report that stands in the README: ``python -m docs.picture PAGE PICTURE``."""

import os
import sys
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from letterboxd_scraper.downloader.browser import chromium

_SIZE = ViewportSize(width=1200, height=800)


def take(page: Path, picture: Path) -> None:
    """Open a report in Chromium, and write what is seen first of it as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(""), chromium_sandbox=os.geteuid() != 0
        )
        view = browser.new_page(viewport=_SIZE, color_scheme="light", reduced_motion="reduce")
        view.goto(page.resolve().as_uri())
        view.wait_for_selector("#films tbody tr")
        view.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
