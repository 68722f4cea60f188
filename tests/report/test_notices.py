"""The report embeds others' work with its copyright and licences, of the versions that are installed."""

import re
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest
import vl_convert

from letterboxd_scraper.report import libraries

BUNDLES = ("table", "charts")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_the_notice_of_the_repository_has_the_text_beside_each_bundle(bundle: str) -> None:
    assert libraries.notice(bundle) in (Path(__file__).parents[2] / "NOTICE").read_text(encoding="utf-8")


@pytest.mark.parametrize("bundle", BUNDLES)
def test_a_notice_may_stand_in_a_comment_of_a_page(bundle: str) -> None:
    assert "--" not in libraries.notice(bundle)


def test_the_page_has_each_notice_in_a_comment_before_its_scripts() -> None:
    template = (files("letterboxd_scraper.report") / "templates" / "report.html").read_text(encoding="utf-8")
    for bundle, scripts in (("table", "table_scripts"), ("charts", "chart_scripts")):
        comment = f'<!--\n{{{{ libraries.notice("{bundle}") | safe }}}}-->\n{{% for script in {scripts} %}}'
        assert comment in template


def test_versions_are_those_of_what_is_installed() -> None:
    table, charts = map(libraries.notice, BUNDLES)
    assert f"itables {version('itables')} " in table
    script = libraries.table_script()
    for library in re.findall(r'\.version="(\d+\.\d+\.\d+)"', script):
        # Classes of SearchBuilder's and SearchPanes' own, within these.
        assert library in table or library in ("1.1.0", "2.1.2"), library
    assert re.search(r'"4\.0\.0"', script)
    assert f"vl-convert {version('vl-convert-python').split('.post')[0]} " in charts
    assert f"Vega {vl_convert.get_vega_version()} " in charts
    assert f"Vega-Lite {vl_convert.get_vegalite_versions()[-1]}." in charts
    assert f"Vega-Embed {vl_convert.get_vega_embed_version()}" in charts
