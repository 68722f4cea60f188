"""`scrapy crawl NAME -a …`: Scrapy's command, with arguments checked first and telling exit codes."""

import argparse
import logging
import os
import signal
import sys
from threading import Thread

from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError

from letterboxd_scraper import config
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import ExitCode, InputError, ProjectError
from letterboxd_scraper.extensions.run import EXIT_CODE, TARGET
from letterboxd_scraper.extensions.start import JOB, Target
from letterboxd_scraper.spiders.site import SiteSpider

logger = logging.getLogger(__name__)


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return "Run a spider of this project, by name"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            super().process_options(args, opts)
        except UsageError as error:  # Scrapy would add its whole help
            print(f"scrapy crawl: {error}", file=sys.stderr)  # noqa: T201
            sys.exit(ExitCode.BAD_INPUT)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            self._crawl(args, opts)
        except ProjectError as error:
            print(f"scrapy crawl: {error}", file=sys.stderr)  # noqa: T201
            if self.settings and self.settings["LOG_FILE"]:  # on Scrapyd, all that is shown of a job
                logger.error(error)
            self.exitcode = error.exit_code

    def _crawl(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise InputError("give the name of one spider")
        settings = config.from_settings(self.settings or {})
        if job := opts.spargs.get("_job"):
            os.environ[JOB] = job  # today's Scrapyd tells its jobs their name in this way
        spider = self._spider_class(args[0])
        target = Target.find(settings, spider.read_arguments(opts.spargs))
        refuse_without_terms(settings)
        self.settings.set("USER_AGENT", config.user_agent(settings.LETTERBOXD_CONTACT), "project")  # type: ignore[union-attr]
        if settings.LETTERBOXD_BROWSER:
            self.settings.setdict(chromium.scrapy_settings(settings), "cmdline")  # type: ignore[union-attr]
        if os.environ.get(config.STOP_WITH_PARENT):
            Thread(target=_interrupt_at_end_of_input, daemon=True).start()
        crawler = self._create_crawler(spider)
        crawler.settings.set(TARGET, target, "cmdline")
        self.crawler_process.crawl(crawler, **opts.spargs)  # type: ignore[union-attr]
        self.crawler_process.start()  # type: ignore[union-attr]
        error = ExitCode.INTERNAL_ERROR
        self.exitcode = crawler.stats.get_value(EXIT_CODE, error) if crawler.stats else error

    def _spider_class(self, name: str) -> type[SiteSpider]:
        loader = self.crawler_process.spider_loader  # type: ignore[union-attr]
        if name not in loader.list():
            raise InputError(f"no spider {name!r}: there are {', '.join(sorted(loader.list()))}")
        return loader.load(name)  # type: ignore[return-value]


def _interrupt_at_end_of_input() -> None:
    # Not through sys.stdin: a thread that waits in there would be in the way when Python ends.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)
