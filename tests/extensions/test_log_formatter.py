"""Log lines about items are short, however much an item holds."""

import logging

import pytest
from scrapy.exceptions import DropItem
from scrapy.utils.log import logformatter_adapter

from letterboxd_scraper.config import STOP_WITH_PARENT
from letterboxd_scraper.extensions.log import BriefItems, HarmlessLines
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FilmsPage, Listing, Tile

PAGE = FilmsPage(
    "ada", Listing.RATED, 3, (Tile(Film("cure", "Cure", 1997), 4.5),) * 72, last=False, total=300
)


def test_a_line_of_text_does_what_no_name_wants() -> None:
    record = logging.makeLogRecord({"levelname": "INFO", "msg": "no %s", "args": ("\x1b[2J\u202ead\u200ba",)})
    assert HarmlessLines("[%(levelname)s] %(message)s").format(record) == "[INFO] no \ufffd[2J\ufffdada"


def test_who_typed_a_command_of_ours_is_refused_without_a_line_of_a_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = logging.makeLogRecord({"levelname": "ERROR", "msg": "no member 'ada'", "is_refusal": True})
    form = HarmlessLines("[%(levelname)s] %(message)s")
    assert form.format(record) == "[ERROR] no member 'ada'"
    monkeypatch.setenv(STOP_WITH_PARENT, "1")
    assert form.format(record) == "letterboxd: no member 'ada'"
    assert form.format(logging.makeLogRecord({"levelname": "ERROR", "msg": "lost"})) == "[ERROR] lost"


@pytest.mark.parametrize("kind", ["dropped", "item_error"])
def test_an_item_is_named_in_brief(kind: str) -> None:
    error = DropItem("no", log_level="ERROR")
    level, message, values = logformatter_adapter(getattr(BriefItems(), kind)(PAGE, error, None, None))
    line = message % values
    assert level == logging.ERROR
    assert "FilmsPage(member=ada, listing=rated, number=3, last=False, total=300)" in line
    assert "cure" not in line
