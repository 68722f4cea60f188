"""A crawler without engine, reactor and database, for one part of the downloader at a time."""

from types import SimpleNamespace
from typing import Any

from scrapy.settings import Settings

from letterboxd_scraper import config
from letterboxd_scraper.downloader.pace import SitePace


class Stats(dict[str, Any]):
    """Counts and marks, as Scrapy's collector keeps them."""

    def get_value(self, key: str, default: Any = None) -> Any:
        return self.get(key, default)

    def set_value(self, key: str, value: Any) -> None:
        self[key] = value

    def inc_value(self, key: str, count: int = 1) -> None:
        self[key] = self.get(key, 0) + count


class Pace:
    """Notes the holds and the pauses that it is asked for."""

    def __init__(self) -> None:
        self.holds: list[tuple[str, float]] = []
        self.sleeps: list[float] = []
        self.delay = 0.0

    def slow_down(self, seconds: float) -> None:
        self.delay = max(self.delay, seconds)

    async def hold(self, url: str, seconds: float) -> None:
        self.holds.append((url, seconds))

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


def make_crawler(**settings: Any) -> Any:
    """Return a crawler with these settings; its ``pace`` only notes what it is asked for."""
    pace = Pace()
    return SimpleNamespace(
        settings=Settings(config.load(**settings).model_dump() | {"USER_AGENT": "tests"}),
        stats=Stats(),
        spider=None,
        crawling=True,
        engine=SimpleNamespace(_slot=SimpleNamespace(closing=None)),
        pace=pace,
        get_extension=lambda kind: pace if kind is SitePace else None,
    )
