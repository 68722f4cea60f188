"""The page for files takes back what was taken in last."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.members import last_imports
from tests.asked import Reply
from tests.conftest import on_both, on_sqlite
from tests.imports.test_reading import ARCHIVE, FILMS, STALKER, packed
from tests.server.dropped import FIVE, OWN, Page, archive_of
from tests.stored_state import differences, stored_state

LATER = packed(
    {
        **ARCHIVE,
        "profile.csv": "Date Joined,Username,Favorite Films\r\n2020-01-01,ann,\r\n",
        "ratings.csv": f"{FILMS},Rating\r\n{STALKER},2\r\n",
        "watched.csv": f"{FILMS}\r\n{STALKER}\r\n",
    }
)


def undo(page: Page, **fields: str) -> Reply:
    hidden = page.hidden("/drop")
    return page.ask(
        "POST", "/drop/undo", OWN, data={name: hidden[name] for name in ("token", "mark")} | fields
    )


def take_in(page: Page, name: str, content: bytes) -> None:
    assert page.drop([(name, content)]).status == 303
    assert page.agree().status == 303


@on_both
def test_the_last_import_is_taken_back_and_the_circle_ranked_anew(page: Page) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    take_in(page, *FIVE[0])
    before = stored_state(page.engine, began)
    take_in(page, "letterboxd-ann-2026-05-05-00-00-utc.zip", LATER)
    take_in(page, *FIVE[1])
    assert page.members() == {"ann", "bob"}
    assert "For the circle friends" in page.ask("GET", "/drop").text
    assert "<h1>What ann and bob think</h1>" in page.ask("GET", "/cohorts/friends/report").text
    reply = undo(page)
    assert (reply.status, reply.headers["location"]) == (303, "/cohorts/friends/report")
    assert page.members() == {"ann"}
    assert "Taken in last" not in page.ask("GET", "/drop").text
    assert before["ratings"] != stored_state(page.engine, began)["ratings"]
    assert "<h1>What ann thinks</h1>" in page.ask("GET", "/cohorts/friends/report").text


@on_both
def test_everything_is_as_before(page: Page) -> None:
    began = datetime.now(UTC) - timedelta(hours=1)
    take_in(page, *FIVE[0])
    before = stored_state(page.engine, began)
    take_in(page, "letterboxd-ann-2026-05-05-00-00-utc.zip", LATER)
    undo(page)
    # Only the last one can be taken back, and what films are called stays known.
    kept = before.keys() - {"film_names", "films", "last_imports"}
    after = stored_state(page.engine, began)
    assert differences({name: before[name] for name in kept}, after) == []


@on_sqlite
def test_a_circle_that_it_made_is_gone(page: Page) -> None:
    take_in(page, *FIVE[0])
    assert undo(page).headers["location"] == "/drop"
    assert page.rows()[::3] == [0, 0]
    assert page.ask("GET", "/").status == 200


@on_sqlite
def test_only_what_the_page_has_told_of_is_taken_back(page: Page) -> None:
    take_in(page, *FIVE[0])
    mark = page.hidden("/drop")["mark"]
    take_in(page, *FIVE[1])
    assert undo(page, mark=mark).status == 409
    assert undo(page, token="old").status == 403
    assert page.ask("POST", "/drop/undo", data=page.hidden("/drop")).status == 403
    page.drop([("letterboxd-zoe.zip", archive_of("zoe"))])
    hidden = page.hidden("/drop/preview")
    refused = page.ask("POST", "/drop/undo", OWN, data=hidden | {"mark": mark})
    assert (refused.status, "wait for your answer" in refused.said()) == (409, True)
    assert page.members() == {"ann", "bob"}


@on_sqlite
def test_what_fails_takes_nothing_back(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(page, *FIVE[0])

    def fail(*about: object) -> None:
        raise sa.exc.OperationalError("DELETE", {}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(last_imports, "_is_used", fail)
        reply = undo(page)
    assert (reply.status, "nothing was changed" in reply.said()) == (503, True)
    assert page.members() == {"ann"}
    assert undo(page).status == 303
