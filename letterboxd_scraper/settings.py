"""Scrapy's settings: our configuration (see default.toml) and what differs from Scrapy's defaults."""

import logging
import os
import sys

# Else the cookie middleware tries to download the public-suffix list at its first use.
os.environ.setdefault("TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS", "")

from letterboxd_scraper.machine import interrupts, systems

systems.refuse_windows()
sys.excepthook = interrupts.end_quietly  # until here, Ctrl-C is Python's and Scrapy's

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.terminal import json_log

try:
    _config = config.load()
except InputError as error:
    json_log.write_either(f"letterboxd-scraper: {error}", "ERROR", as_json=json_log.is_wanted())
    sys.exit(error.exit_code)
# A command of ours that starts a crawl, or loads these settings, has said so.
if not os.environ.get(config.STOP_WITH_PARENT) and "letterboxd_scraper.cli" not in sys.modules:
    for _line in config.ignored({}):
        json_log.write_either(_line, "WARNING", as_json=_config.LOG_FORMAT == config.JSON)

# Our settings, for `scrapy settings` and `-s NAME=VALUE`; secrets are read by `config.from_settings` alone.
DATABASE_URL = _config.DATABASE_URL
LETTERBOXD_BASE_URL = _config.LETTERBOXD_BASE_URL
LETTERBOXD_CONTACT = _config.LETTERBOXD_CONTACT
LETTERBOXD_MEMBER = _config.LETTERBOXD_MEMBER
LETTERBOXD_TERMS_ACCEPTED = _config.LETTERBOXD_TERMS_ACCEPTED
LETTERBOXD_NOW = _config.LETTERBOXD_NOW
LETTERBOXD_NODE = _config.LETTERBOXD_NODE
LEASE_SECONDS = _config.LEASE_SECONDS
DATABASE_PATIENCE = _config.DATABASE_PATIENCE
LETTERBOXD_BROWSER = _config.LETTERBOXD_BROWSER
LETTERBOXD_CHROMIUM = _config.LETTERBOXD_CHROMIUM
ROBOTSTXT_OBEY = _config.ROBOTSTXT_OBEY
DOWNLOAD_DELAY = _config.DOWNLOAD_DELAY
CONCURRENT_REQUESTS = _config.CONCURRENT_REQUESTS
AUTOTHROTTLE_ENABLED = _config.AUTOTHROTTLE_ENABLED
AUTOTHROTTLE_START_DELAY = _config.AUTOTHROTTLE_START_DELAY
AUTOTHROTTLE_MAX_DELAY = _config.AUTOTHROTTLE_MAX_DELAY
AUTOTHROTTLE_TARGET_CONCURRENCY = _config.AUTOTHROTTLE_TARGET_CONCURRENCY
DOWNLOAD_TIMEOUT = _config.DOWNLOAD_TIMEOUT
RETRY_TIMES = _config.RETRY_TIMES
RETRY_BACKOFF_BASE = _config.RETRY_BACKOFF_BASE
CHALLENGE_PAUSE = _config.CHALLENGE_PAUSE
DELTA_KNOWN_RUN = _config.DELTA_KNOWN_RUN
DELTA_AUDIT_DAYS = _config.DELTA_AUDIT_DAYS
DELTA_MAX_PAGES = _config.DELTA_MAX_PAGES
FAR_CIRCLE_DAYS = _config.FAR_CIRCLE_DAYS
TMDB_BASE_URL = _config.TMDB_BASE_URL
TMDB_REQUESTS_PER_SECOND = _config.TMDB_REQUESTS_PER_SECOND
TMDB_TIMEOUT = _config.TMDB_TIMEOUT
TMDB_REFRESH_DAYS = _config.TMDB_REFRESH_DAYS
HISTOGRAM_REFRESH_DAYS = _config.HISTOGRAM_REFRESH_DAYS
KEEP_RUNS_DAYS = _config.KEEP_RUNS_DAYS
KEEP_FAILURES_DAYS = _config.KEEP_FAILURES_DAYS
LETTERBOXD_PUBLIC_URL = _config.LETTERBOXD_PUBLIC_URL
SCRAPYD_TARGETS = _config.SCRAPYD_TARGETS
SCRAPYD_USERNAME = _config.SCRAPYD_USERNAME
SCHEDULE_POLL_SECONDS = _config.SCHEDULE_POLL_SECONDS
CRAWL_ANEW = _config.CRAWL_ANEW
LOG_LEVEL = _config.LOG_LEVEL
if _config.LOG_FORMAT != config.TEXT:  # for Scrapy it is the pattern of a line of text
    LOG_FORMAT = _config.LOG_FORMAT

BOT_NAME = "letterboxd-scraper"
SPIDER_MODULES = ["letterboxd_scraper.spiders"]
COMMANDS_MODULE = "letterboxd_scraper.commands"
USER_AGENT = config.user_agent(_config.LETTERBOXD_CONTACT)

# One client: what a site allows counts for the site, not for each of its addresses.
CONCURRENT_REQUESTS_PER_DOMAIN = _config.CONCURRENT_REQUESTS
# More than are ever found on one page, so that no request waits for an item to be stored; not the default of
# 100, for with every page Scrapy starts so many tasks.
CONCURRENT_ITEMS = 8
DOWNLOAD_DELAY_JITTER = 0  # else half of the gaps would be shorter than the delay we promise
COOKIES_ENABLED = False  # no page needs one
METAREFRESH_ENABLED = False  # no page of the site has one; what leads elsewhere is not the page asked for
REDIRECT_MAX_TIMES = 5  # the site needs two; with the default of 20 one page may cost 21 requests
# By default whoever stands between us and the site may answer in its place.
DOWNLOAD_VERIFY_CERTIFICATES = True
# In bytes, unpacked; the largest page of the site has half a megabyte. By default a small answer that unpacks
# to a gigabyte takes three of memory.
DOWNLOAD_MAXSIZE = 20 * 1000 * 1000
# The default knows IPv4 alone.
TWISTED_DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"

ITEM_PIPELINES = {
    "letterboxd_scraper.pipelines.CheckPipeline": 100,
    "letterboxd_scraper.pipelines.StorePipeline": 900,
}
DOWNLOADER_MIDDLEWARES = {
    # Knows domains, not schemes and ports, and drops what leads elsewhere without a word.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "letterboxd_scraper.downloader.one_site.OneSite": 50,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "letterboxd_scraper.downloader.robots.Robots": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "letterboxd_scraper.downloader.retries.Refusals": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "letterboxd_scraper.downloader.unpacking.Unpacking": 590,
}
# Each hands every item and request on by itself. Our addresses are short, and how deep a crawl may go is for
# us to say.
SPIDER_MIDDLEWARES = dict.fromkeys(
    (
        "scrapy.spidermiddlewares.depth.DepthMiddleware",
        "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
        "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    )
)
DOWNLOAD_HANDLERS = dict.fromkeys(
    ("http", "https"), "letterboxd_scraper.downloader.pace.PacedDownloadHandler"
)
FEED_STORAGES = {
    **dict.fromkeys(("", "file"), "letterboxd_scraper.extensions.feeds.FileFeed"),
    "stdout": "letterboxd_scraper.extensions.feeds.StdoutFeed",
}
EXTENSIONS = {
    "letterboxd_scraper.downloader.pace.SitePace": 0,
    "letterboxd_scraper.extensions.run.Run": 100,
    # Off by their settings below, and not even loaded.
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
}

ADDONS = {"letterboxd_scraper.extensions.log.LogForm": 0}
LOG_FORMATTER = "letterboxd_scraper.extensions.log.BriefItems"

# Both are on by default and run code that is sent to them.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False


# Alembic announces its dialect at every look at the database.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)
