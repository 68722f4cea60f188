"""What is unpacked of an answer, and what is left of one that is too large."""

import gzip

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from letterboxd_scraper.downloader.unpacking import Unpacking


def unpack(size: int) -> Response | Request:
    middleware = Unpacking.from_crawler(get_crawler(settings_dict={"DOWNLOAD_MAXSIZE": 1000}))
    headers = {"Content-Encoding": "gzip"}
    response = Response("https://site.test/", headers=headers, body=gzip.compress(b" " * size))
    return middleware.process_response(Request(response.url), response)


def test_an_answer_is_unpacked() -> None:
    response = unpack(1000)
    assert isinstance(response, Response)
    assert response.body == b" " * 1000


def test_one_that_is_too_large_leaves_nothing_in_its_error() -> None:
    with pytest.raises(IgnoreRequest, match="more than DOWNLOAD_MAXSIZE allows") as raised:
        unpack(1001)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
