"""The operator's own Chromium: where it is, and with which settings Scrapy loads pages in it."""

import os
import shutil
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from letterboxd_scraper.config import Config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# It shall load our pages, and send nothing else to anybody.
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Left to itself, playwright ends the browser at Ctrl-C, and with it the page in flight.
_OUR_OWN_SIGNALS = {"handle_sigint": False, "handle_sigterm": False, "handle_sighup": False}


def find(setting: str) -> str:
    """Return the path of the browser: of LETTERBOXD_CHROMIUM's ``setting``, or if that is empty of the first
    Chromium there is. Raises InputError.
    """
    for name in (setting,) if setting else _NAMES:
        if program := shutil.which(name):
            return program
    if setting:
        raise InputError(f"setting LETTERBOXD_CHROMIUM is {setting!r}, but there is no such program")
    raise InputError(
        f"LETTERBOXD_BROWSER wants a browser, and there is no {', '.join(_NAMES)}:"
        " install Chromium, or name its program in LETTERBOXD_CHROMIUM"
    )


def scrapy_settings(config: Config) -> dict[str, Any]:
    """Return the settings that send every request to the site through the browser. Raises InputError."""
    extras.require("browser", "LETTERBOXD_BROWSER")
    # Chromium's sandbox does not work for root.
    as_root = ("--no-sandbox",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()
    arguments = [*_ARGUMENTS, *as_root, _one_host(config.LETTERBOXD_BASE_URL)]
    options = {"executable_path": find(config.LETTERBOXD_CHROMIUM), "args": arguments}
    handlers = dict.fromkeys(("http", "https"), "letterboxd_scraper.downloader.pace.PacedDownloadHandler")
    # Each handler has a browser of its own: one is enough.
    handlers[urlsplit(config.LETTERBOXD_BASE_URL).scheme] = (
        "letterboxd_scraper.downloader.browser.handler.BrowserDownloadHandler"
    )
    return {
        "DOWNLOAD_HANDLERS": handlers,
        "PLAYWRIGHT_BROWSER_PROVIDER": "letterboxd_scraper.downloader.browser.handler.OneBrowser",
        "PLAYWRIGHT_LAUNCH_OPTIONS": options | _OUR_OWN_SIGNALS,
        # Scrapy's headers would contradict what the browser says of itself to the page's scripts.
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": config.DOWNLOAD_TIMEOUT * 1000,
    }


def _one_host(base_url: str) -> str:
    """Return the argument by which the browser finds the site's host, the way there, and nobody else.

    Pages make it connect ahead (preconnect, prefetch, reports of errors) without a request that we see.
    """
    proxies = [address for scheme, address in getproxies().items() if scheme != "no"]
    hosts = {urlsplit(address).hostname or "" for address in (base_url, *proxies)} - {""}
    others = "".join(f", EXCLUDE {f'[{host}]' if ':' in host else host}" for host in sorted(hosts))
    return f"--host-resolver-rules=MAP * ~NOTFOUND{others}"
