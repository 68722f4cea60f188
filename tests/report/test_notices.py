"""The report embeds others' work with its copyright and licences, of the versions that are installed."""

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from letterboxd_scraper.report import libraries


def test_the_notice_of_the_repository_has_the_text_beside_the_bundle() -> None:
    assert libraries.notice() in (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")


def test_a_notice_may_stand_in_a_comment_of_a_page() -> None:
    assert "--" not in libraries.notice()


def test_the_page_has_the_notice_in_a_comment_before_its_scripts() -> None:
    template = (files("letterboxd_scraper.report") / "templates" / "report.html").read_text(encoding="utf-8")
    assert "<!--\n{{ libraries.notice() | safe }}-->\n{% for script in table_scripts %}" in template


def test_versions_are_those_of_what_is_installed() -> None:
    table = libraries.notice()
    assert f"itables {version('itables')} " in table
    script = libraries.table_script()
    for library in re.findall(r'\.version="(\d+\.\d+\.\d+)"', script):
        # Classes of SearchBuilder's and SearchPanes' own, within these.
        assert library in table or library in ("1.1.0", "2.1.2"), library
    assert re.search(r'"4\.0\.0"', script)
