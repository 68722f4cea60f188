"""Log lines as JSON, one object a line, for whoever collects them: LOG_FORMAT=json.

Of a record's ``extra`` the fields below are written, and nothing else; no line holds a secret.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import IO, Any

from letterboxd_scraper.config import JSON, load
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import interrupts
from letterboxd_scraper.terminal.harmless import harmless_lines

# What a line may tell beside its time, level and event: in which crawl, about whom, and about which answer.
FIELDS = ("run", "spider", "cohort", "member", "film", "url", "status", "seconds", "attempt")
HIDDEN = "***"
# A shorter one would be found in ordinary words; addresses and tokens are hidden by their form anyway.
SHORTEST_SECRET = 4
_SECRET_FORMS = (
    re.compile(r"(?<=://)([^\s/:@]*:)[^\s/]+(?=@)"),
    re.compile(r"(?i)((?:api_key|password)=)[^&\s'\"]+"),
    re.compile(r"(?i)\b(bearer |basic )[\w.~+/=-]+"),
)


class JsonLines(logging.Formatter):
    """Formats records as JSON; ``secrets`` are hidden wherever they stand, and what looks like one."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self.crawl: dict[str, Any] = {}
        # The longest first: one may be a part of another.
        long_enough = (text for text in secrets if len(text) >= SHORTEST_SECRET)
        self._secrets = sorted(long_enough, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return a line: time, level and event, what is known of the crawl, and the record's own fields."""
        time = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "event": self.hide(record.getMessage()),
        }
        fields = self.crawl | _fields(record)
        line |= {
            name: self.hide(value) if isinstance(value, str) else value
            for name in FIELDS
            if (value := fields.get(name)) is not None
        }
        if record.exc_info:
            line["traceback"] = self.hide(self.formatException(record.exc_info))
        # In ASCII: a letter that ends a line for some reader, or that a stream cannot write, breaks no line.
        return json.dumps(line, default=str)

    def hide(self, text: str) -> str:
        """Return a text without secrets.

        >>> JsonLines(["hunter22"]).hide("postgresql://me:pass@host/db refused 'hunter22'")
        "postgresql://me:***@host/db refused '***'"
        """
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for form in _SECRET_FORMS:
            text = form.sub(rf"\g<1>{HIDDEN}", text)
        return text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that a record has of itself, or that stand among the arguments of its message."""
    fields = {name: value for name, value in vars(record).items() if name in FIELDS}
    if not isinstance(fields.get("spider"), str):
        fields.pop("spider", None)  # Scrapy's lines have the spider itself
    if isinstance(record.args, Mapping):
        arguments: Mapping[str, Any] = record.args
        fields |= arguments.get("fields", {})
    return fields


def is_wanted() -> bool:
    """Say whether the settings ask for JSON; where they are wrong, the environment."""
    try:
        return load().LOG_FORMAT == JSON
    except InputError:
        return os.environ.get("LOG_FORMAT") == JSON


def install(
    secrets: Collection[str], *, stream: IO[str] | None = None, level: int | str = logging.NOTSET
) -> None:
    """Have this process's log records from ``level`` on written as JSON: to ``stream``, or else to stderr."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(secrets))
    handler.setLevel(level)
    logging.root.setLevel(level)
    logging.root.addHandler(handler)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        interrupts.end()
    logging.getLogger(__name__).critical("%s: %s", kind.__name__, error, exc_info=(kind, error, traceback))


def installed() -> JsonLines | None:
    """Return what formats this process's log records as JSON; None where nothing does."""
    formatters = (handler.formatter for handler in logging.root.handlers)
    return next((formatter for formatter in formatters if isinstance(formatter, JsonLines)), None)


def tell_crawl(**fields: Any) -> None:
    """Have each line from now on tell in which crawl it was written: run, spider, cohort."""
    if formatter := installed():
        formatter.crawl |= fields


def write_either(message: str, level: str, *, as_json: bool) -> None:
    """Write a line to stderr, wherever the log goes: as JSON, or as it is."""
    if as_json:
        write(message, level)
    else:
        print(harmless_lines(message), file=sys.stderr)  # noqa: T201


def write(message: str, level: str = "INFO", **fields: Any) -> None:
    """Write a line of JSON to stderr, wherever the log goes; ``fields`` stand in it as they are."""
    formatter = installed() or JsonLines()
    line = formatter.format(logging.makeLogRecord({"msg": message, "levelname": level}))
    if fields:
        line = json.dumps(json.loads(line) | fields)
    print(line, file=sys.stderr)  # noqa: T201
