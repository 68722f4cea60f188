"""The form of log lines; how they name items, for a page of films would fill the screen."""

import logging
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from itemadapter import ItemAdapter
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from scrapy.settings import BaseSettings
from scrapy.settings.default_settings import LOG_FORMAT as PATTERN
from twisted.python.failure import Failure

from letterboxd_scraper import config
from letterboxd_scraper.config import JSON
from letterboxd_scraper.downloader import log_fields
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.terminal import json_log
from letterboxd_scraper.terminal.harmless import harmless_lines


@dataclass(frozen=True)
class Brief:
    """An item as a log line names it: its kind, and its fields that are single words and numbers."""

    item: Any

    def __str__(self) -> str:
        short = [f"{name}={value}" for name, value in ItemAdapter(self.item).items() if _is_short(value)]
        return f"{type(self.item).__name__}({', '.join(short)})"


class BriefItems(LogFormatter):
    """Scrapy's lines, with items in brief; ``as_json``: and with the fields that a line of JSON has.

    These stand among the arguments of the message, of which a text uses those that it names.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(as_json=crawler.settings["LOG_FORMAT"] == JSON)

    def crawled(self, request: Request, response: Response, spider: Spider) -> LogFormatterResult:
        """Return the line about an answer."""
        return self._with_fields(super().crawled(request, response, spider), request, response)

    def scraped(self, item: Any, response: Any, spider: Spider) -> LogFormatterResult:
        """Return the line about an item that was stored, in brief."""
        return self._with_fields(super().scraped(Brief(item), response, spider), item=item)

    def dropped(self, item: Any, exception: Any, response: Any, spider: Spider) -> LogFormatterResult:
        """Return the line about an item that was dropped, in brief, and why."""
        return self._with_fields(super().dropped(Brief(item), exception, response, spider), item=item)

    def item_error(self, item: Any, exception: Any, response: Any, spider: Spider) -> LogFormatterResult:
        """Return the line about an item that could not be stored, in brief."""
        return self._with_fields(super().item_error(Brief(item), exception, response, spider), item=item)

    def spider_error(self, failure: Failure, request: Request, response: Any, spider: Spider) -> Any:
        """Return the line about an error of ours in what was made of an answer."""
        return self._with_fields(super().spider_error(failure, request, response, spider), request)

    def download_error(self, failure: Failure, request: Request, spider: Spider, errmsg: Any = None) -> Any:
        """Return the line about a request without an answer."""
        return self._with_fields(super().download_error(failure, request, spider, errmsg), request)

    def _with_fields(
        self,
        line: LogFormatterResult,
        request: Request | None = None,
        response: Response | None = None,
        item: Any = None,
    ) -> LogFormatterResult:
        if self.as_json:
            fields = log_fields.of_request(request, response) if request else _of_item(item)
            line["args"] = {**line["args"], "fields": fields}  # type: ignore[dict-item]
        return line


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int)


def _of_item(item: Any) -> dict[str, Any]:
    """Return the member or film, and the address, that an item tells of."""
    adapter = ItemAdapter(item)
    film = adapter.get("film")
    return {
        "member": adapter.get("member"),
        "film": film.slug if isinstance(film, Film) else film,
        "url": adapter.get("url"),
    }


class HarmlessLines(logging.Formatter):
    """Lines of text, whose messages may name what strangers wrote."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, in which nothing steers a terminal.

        Who typed a command of ours is refused as by any other of them, and not by a line of a log.
        """
        if getattr(record, "is_refusal", False) and os.environ.get(config.STOP_WITH_PARENT):
            return harmless_lines(f"letterboxd: {record.getMessage()}")
        return harmless_lines(super().format(record))


class LogForm:
    """Add-on: what Scrapy's commands log has the form that LOG_FORMAT names, from their first line on.

    The handler is ours, for Scrapy's writes what it is given. Scrapy's setting of that name is the pattern of
    a line of text: where ours is another word, it is Scrapy's own.
    """

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Prepare the log of this process, before Scrapy installs its own handler."""
        settings.set("LOG_INSTALL_ROOT_HANDLER", False, "cmdline")
        as_json = settings["LOG_FORMAT"] == JSON
        if not as_json and "%(" not in settings["LOG_FORMAT"]:
            settings.set("LOG_FORMAT", PATTERN, "cmdline")
        if not settings.getbool("LOG_ENABLED") or _is_installed():
            return
        stream, level = _log_file(settings), settings["LOG_LEVEL"]
        if as_json:
            json_log.install(_secrets(settings), stream=stream, level=level)
        else:
            handler = logging.StreamHandler(stream)
            handler.setFormatter(HarmlessLines(settings["LOG_FORMAT"], settings["LOG_DATEFORMAT"]))
            handler.setLevel(level)
            logging.root.setLevel(logging.NOTSET)
            logging.root.addHandler(handler)


def _is_installed() -> bool:
    formatters = (handler.formatter for handler in logging.root.handlers)
    return any(isinstance(formatter, HarmlessLines | json_log.JsonLines) for formatter in formatters)


def _secrets(settings: BaseSettings) -> Collection[str]:
    try:
        return config.from_settings(settings).secrets
    except InputError:  # `crawl` tells of it
        return ()


def _log_file(settings: BaseSettings) -> IO[str] | None:
    """Return Scrapy's LOG_FILE, opened; None for stderr."""
    if not settings["LOG_FILE"]:
        return None
    mode = "a" if settings.getbool("LOG_FILE_APPEND") else "w"
    return Path(settings["LOG_FILE"]).open(mode, encoding=settings["LOG_ENCODING"])
