"""`python -m letterboxd_scraper.commands crawl NAME …`: Scrapy's command line with this project's settings.

It is what a command of ours starts: `scrapy` would add the folder of a scrapy.cfg, here or above, to the
places where Python looks for modules.
"""

import gc
import sys

from letterboxd_scraper.machine import interrupts


def main() -> None:
    interrupts.leave_at_once()
    gc.disable()  # a tenth of the start: what modules make stays; the crawl has it on again
    from scrapy.cmdline import execute
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("letterboxd_scraper.settings", priority="project")
    try:
        execute(["scrapy", *sys.argv[1:]], settings)
    finally:
        interrupts.ignore()


if __name__ == "__main__":
    main()
