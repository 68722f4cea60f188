"""Who may send anything to which site; and how a request is repeated."""

from typing import Any

import pytest
from scrapy import Request

from letterboxd_scraper import config
from letterboxd_scraper.downloader.stops import retried
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import InputError, TermsNotAccepted

REAL = "https://letterboxd.com"
TERMS: dict[str, tuple[dict[str, Any], type[Exception] | None]] = {
    "the real site": ({"LETTERBOXD_BASE_URL": REAL}, TermsNotAccepted),
    "accepted, without a contact": (
        {"LETTERBOXD_BASE_URL": REAL, "LETTERBOXD_TERMS_ACCEPTED": True},
        InputError,
    ),
    "accepted, with a contact": (
        {
            "LETTERBOXD_BASE_URL": REAL,
            "LETTERBOXD_TERMS_ACCEPTED": True,
            "LETTERBOXD_CONTACT": "me@here.test",
        },
        None,
    ),
    "a contact alone": (
        {"LETTERBOXD_BASE_URL": REAL, "LETTERBOXD_CONTACT": "me@here.test"},
        TermsNotAccepted,
    ),
    "this machine": ({"LETTERBOXD_BASE_URL": "http://127.0.0.1:8000"}, None),
}


@pytest.mark.parametrize(("settings", "error"), TERMS.values(), ids=TERMS)
def test_the_real_site_has_terms(settings: dict[str, Any], error: type[Exception] | None) -> None:
    usual = {"LETTERBOXD_TERMS_ACCEPTED": False, "LETTERBOXD_CONTACT": ""}
    loaded = config.load(**usual | settings)
    if error is None:
        refuse_without_terms(loaded)
    else:
        with pytest.raises(error) as raised:
            refuse_without_terms(loaded)
        assert type(raised.value) is error


def test_a_request_is_repeated_with_its_count() -> None:
    request = Request("https://site.test/", meta={"path": "/"})
    once = retried(request)
    assert (once.url, once.dont_filter) == (request.url, True)
    assert once.meta == {"path": "/", "retry_times": 1}
    assert retried(once).meta["retry_times"] == 2
    assert "retry_times" not in request.meta
