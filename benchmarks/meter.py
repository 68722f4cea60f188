"""A Scrapy extension that reports what the crawl's own process used, from the spider's start to its end."""

import json
import resource
import time
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler


class Meter:
    """Writes JSON to the file that the setting METER_REPORT names."""

    def __init__(self, crawler: Crawler) -> None:
        self.report = Path(crawler.settings["METER_REPORT"])

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        meter = cls(crawler)
        crawler.signals.connect(meter.spider_opened, signals.spider_opened)
        crawler.signals.connect(meter.engine_stopped, signals.engine_stopped)
        return meter

    def spider_opened(self) -> None:
        self._cpu = time.process_time()  # of all threads

    def engine_stopped(self) -> None:
        used = {"ended": time.time(), "cpu": time.process_time() - self._cpu, "memory": peak_memory()}
        self.report.write_text(json.dumps(used))


def peak_memory(process: int | None = None) -> float:
    """Return the most memory that this process, or on Linux another (its id), ever had resident, in MB."""
    status = Path(f"/proc/{process or 'self'}/status")
    if status.exists():
        # Not ru_maxrss: on Linux that begins with the memory of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
