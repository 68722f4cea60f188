"""What a log line in JSON tells of a request and its answer."""

from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from letterboxd_scraper.downloader.log_fields import of_request
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.tasks import FilmStart

URL = "https://site.invalid/ada/films/"
ALIEN = Film("alien", "Alien", 1979)


@pytest.mark.parametrize(
    ("about", "meta", "fields"),
    [
        ({}, {}, {"attempt": 1}),
        ({}, {"retry_times": 2}, {"attempt": 3}),
        ({"member": "ada"}, {}, {"attempt": 1, "member": "ada"}),
        ({"film": ALIEN}, {}, {"attempt": 1, "film": "alien"}),
        ({"start": FilmStart(ALIEN)}, {}, {"attempt": 1, "film": "alien"}),
        ({"start": "not a film"}, {}, {"attempt": 1}),
    ],
)
def test_a_request_tells_its_address_its_attempt_and_whose_page_it_is(
    about: dict[str, Any], meta: dict[str, Any], fields: dict[str, Any]
) -> None:
    assert of_request(Request(URL, cb_kwargs=about, meta=meta)) == {"url": URL} | fields


def test_an_answer_tells_its_status_and_how_long_it_took() -> None:
    answer = Response(URL, status=404)
    assert of_request(Request(URL), answer)["status"] == 404
    assert "seconds" not in of_request(Request(URL), answer)
    waited = of_request(Request(URL, meta={"download_latency": 1.23456}), answer)
    assert waited["seconds"] == 1.235
