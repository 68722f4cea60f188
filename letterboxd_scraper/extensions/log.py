"""How log lines name items: a page of films would fill the screen."""

from dataclasses import dataclass
from typing import Any

from itemadapter import ItemAdapter
from scrapy.logformatter import LogFormatter, LogFormatterResult


@dataclass(frozen=True)
class Brief:
    """An item as a log line names it: its kind, and its fields that are single words and numbers."""

    item: Any

    def __str__(self) -> str:
        short = [f"{name}={value}" for name, value in ItemAdapter(self.item).items() if _is_short(value)]
        return f"{type(self.item).__name__}({', '.join(short)})"


class BriefItems(LogFormatter):
    """Scrapy's lines, with items in brief."""

    def scraped(self, item: Any, *where: Any) -> LogFormatterResult:
        return super().scraped(Brief(item), *where)

    def dropped(self, item: Any, *where: Any) -> LogFormatterResult:
        return super().dropped(Brief(item), *where)

    def item_error(self, item: Any, *where: Any) -> LogFormatterResult:
        return super().item_error(Brief(item), *where)


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int)
