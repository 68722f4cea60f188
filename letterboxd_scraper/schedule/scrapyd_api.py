"""What a Scrapyd is asked, and what it answers."""

from typing import Any

import requests
from scrapyd_client.pyclient import HEADERS, ScrapydClient

from letterboxd_scraper.errors import NodeSilent, NodeUnusable

_PATIENCE = (5, 30)  # seconds for a connection, and for an answer: it may have to list its spiders first


class ScrapydApi(ScrapydClient):  # type: ignore[misc]
    """scrapyd-client's calls with time limits, and with errors that say what is wrong.

    Its own wait for ever and take a refusal for a malformed answer. `_get` and `_post`, through which all its
    calls go, are private there: `tests/schedule/test_scrapyd_api.py` fails where that changes.
    """

    def _get(self, basename: str, params: Any = None) -> dict[str, Any]:
        return self._ask("GET", basename, params=params)

    def _post(self, basename: str, data: Any) -> dict[str, Any]:
        return self._ask("POST", basename, data=data)

    def _ask(self, method: str, basename: str, **content: Any) -> dict[str, Any]:
        address = f"{self.url}/{basename}.json"
        try:
            response = requests.request(
                method, address, headers=HEADERS, auth=self.auth, timeout=_PATIENCE, **content
            )
        except requests.RequestException as error:
            may_have_heard = isinstance(error, requests.ReadTimeout)
            problem = f"does not answer ({type(error).__name__}): is its Scrapyd running?"
            raise NodeSilent(problem, may_have_heard=may_have_heard) from None
        if response.status_code in (401, 403):
            how = "set SCRAPYD_USERNAME and SCRAPYD_PASSWORD, in the environment or in .env"
            raise NodeUnusable(f"does not accept our user name and password: {how}")
        if response.status_code >= 500:
            raise NodeSilent(f"answers with an error ({response.status_code})")
        return _answer(response)


def _answer(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
        status = answer["status"]
    except (ValueError, KeyError, TypeError):
        raise NodeUnusable("answers, but not as a Scrapyd does: look at its url in scrapy.cfg") from None
    if status != "ok":
        message = str(answer.get("message")).strip().splitlines() or ["an error"]
        raise NodeUnusable(f"says: {message[-1]}")
    return dict(answer)
