"""`scrapy crawl NAME -a …`: Scrapy's command, with arguments checked first and telling exit codes."""

import argparse
import gc
import logging
import os
import signal
import sys
from threading import Thread

from scrapy.commands import BaseRunSpiderCommand

# For its old names it looks at the whole stack of imports, which is twice as deep below ours: a tenth of a
# second of each crawl.
from scrapy.core.downloader import contextfactory  # noqa: F401
from scrapy.crawler import AsyncCrawlerProcess, CrawlerProcess
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from letterboxd_scraper import config
from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import ExitCode, InputError, ProjectError
from letterboxd_scraper.extensions import feeds
from letterboxd_scraper.extensions.interruption import Interruptible
from letterboxd_scraper.extensions.run import EXIT_CODES, OUTCOME, TARGET
from letterboxd_scraper.extensions.start import JOB, Target
from letterboxd_scraper.machine import certificates, interrupts
from letterboxd_scraper.spiders.site import SiteSpider
from letterboxd_scraper.terminal import json_log, outside

logger = logging.getLogger(__name__)


class Command(BaseRunSpiderCommand):
    """Scrapy's command, with this project's checks and exit codes."""

    requires_project = True
    settings: Settings
    crawler_process: CrawlerProcess | AsyncCrawlerProcess

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return "Run a spider of this project, by name"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take in the options before the spider is known; a wrong one ends the process with exit code 2."""
        try:
            super().process_options(args, opts)
        except UsageError as error:  # Scrapy would add its whole help
            self._print_error(str(error))
            sys.exit(ExitCode.BAD_INPUT)
        self._config = self._checked_settings()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, and leave the exit code for Scrapy, which ends the process with it."""
        try:
            if isinstance(self._config, InputError):
                raise self._config
            self.exitcode = self._crawl(self._config, args, opts)
        except KeyboardInterrupt:  # the crawl has not begun: nothing is to be ended
            interrupts.end()
        except ProjectError as error:
            self._refuse(str(error), error.exit_code)
        except Exception as error:
            if (words := outside.in_words(error)) is None:
                raise
            self._refuse(words, ExitCode.BAD_INPUT)

    def _refuse(self, words: str, code: int) -> None:
        self._print_error(words)
        if self.settings["LOG_FILE"]:  # on Scrapyd, all that is shown of a job
            logger.error(words)
        self.exitcode = code

    def _checked_settings(self) -> config.Config | InputError:
        """Return the configuration, or what is wrong with it, which `run` tells in the form of the log."""
        try:
            return config.from_settings(self.settings)
        except InputError as error:
            return error

    def _print_error(self, words: str) -> None:
        as_json = self.settings["LOG_FORMAT"] == config.JSON
        # Who typed a command of ours knows of no other.
        program = "letterboxd" if os.environ.get(config.STOP_WITH_PARENT) else "scrapy crawl"
        json_log.write_either(f"{program}: {words}", "ERROR", as_json=as_json)

    def _crawl(self, settings: config.Config, args: list[str], opts: argparse.Namespace) -> int:
        if len(args) != 1:
            raise InputError("give the name of one spider")
        if job := opts.spargs.get("_job"):
            os.environ[JOB] = job  # today's Scrapyd tells its jobs their name in this way
        spider = self._spider_class(args[0])
        target = Target.find(settings, spider.read_arguments(opts.spargs))
        label = target.cohort.label if target.cohort else opts.spargs.get("label")
        json_log.tell_crawl(spider=spider.name, cohort=label)
        if spider.arguments is not FilmArguments:  # TMDB may be all that is to be asked
            refuse_without_terms(settings)
        feeds.refuse_unwritable(self.settings.getdict("FEEDS"))
        certificates.trust_authorities()
        self.settings.set("USER_AGENT", config.user_agent(settings.LETTERBOXD_CONTACT), "project")
        if settings.LETTERBOXD_BROWSER:
            self.settings.setdict(chromium.scrapy_settings(settings), "cmdline")
        if os.environ.get(config.STOP_WITH_PARENT):
            Thread(target=_interrupt_at_end_of_input, daemon=True).start()
        crawler = self._create_crawler(spider)
        crawler.settings.set(TARGET, target, "cmdline")
        crawler.settings.set(config.CHECKED, settings, "cmdline")
        gc.enable()  # `letterboxd_scraper.commands` has it off while modules are loaded
        crawl = Interruptible(self.crawler_process, crawler)
        crawl.run(**opts.spargs)
        if crawl.interrupted:
            return ExitCode.INTERRUPTED
        code = EXIT_CODES[crawler.stats.get_value(OUTCOME, "failed")]
        # The last items may have been lost when the crawl had ended well.
        return ExitCode.BAD_INPUT if feeds.is_lost(crawler) else code

    def _spider_class(self, name: str) -> type[SiteSpider]:
        loader = self.crawler_process.spider_loader
        if name not in loader.list():
            raise InputError(f"no spider {name!r}: there are {', '.join(sorted(loader.list()))}")
        return loader.load(name)  # type: ignore[return-value]


def _interrupt_at_end_of_input() -> None:
    # Not through sys.stdin: a thread that waits in there would be in the way when Python ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
