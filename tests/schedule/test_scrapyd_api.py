"""What `ScrapydApi` relies on in scrapyd-client: all calls go through two methods that are private there."""

from typing import Any

import pytest

from letterboxd_scraper.schedule.scrapyd_api import ScrapydApi


class Recorder(ScrapydApi):
    """Answers what a Scrapyd would, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__("http://node.invalid", "somebody", "secret")
        self.requests: list[tuple[str, str, Any]] = []

    def _ask(self, method: str, basename: str, **content: Any) -> dict[str, Any]:
        self.requests.append((method, basename, content))
        return {
            "projects": ["letterboxd"],
            "jobid": "1",
            "currstate": "running",
            "pending": [],
            "running": [],
        }


@pytest.mark.parametrize(
    ("call", "arguments", "request_"),
    [
        ("projects", (), ("GET", "listprojects", {"params": None})),
        ("jobs", ("letterboxd",), ("GET", "listjobs", {"params": {"project": "letterboxd"}})),
        (
            "status",
            ("1", "letterboxd"),
            ("GET", "status", {"params": {"job": "1", "project": "letterboxd"}}),
        ),
        ("cancel", ("letterboxd", "1"), ("POST", "cancel", {"data": {"project": "letterboxd", "job": "1"}})),
        (
            "schedule",
            ("letterboxd", "profile", [("cohort", "friends")]),
            (
                "POST",
                "schedule",
                {"data": [("cohort", "friends"), ("project", "letterboxd"), ("spider", "profile")]},
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_call_that_is_used_can_be_given_a_time_limit(
    call: str, arguments: tuple[Any, ...], request_: tuple[str, str, Any]
) -> None:
    api = Recorder()
    getattr(api, call)(*arguments)
    assert api.requests == [request_]
