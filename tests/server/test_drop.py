"""The page for files: what they would change, agreement, and everybody who is refused."""

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.config import Config
from letterboxd_scraper.imports import apart
from letterboxd_scraper.server import drop as dropping
from letterboxd_scraper.server import taking_in, uploads
from letterboxd_scraper.server.served import Served
from letterboxd_scraper.store import intake
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.store.open import open_read_only, open_store
from letterboxd_scraper.store.save import save_sources
from tests.asked import Reply, application
from tests.conftest import address, on_both, on_sqlite
from tests.imports.test_reading import ARCHIVE, RATINGS, packed
from tests.server.dropped import FIVE, OWN, Files, Page

# Before a test has the files read here.
READ_APART = apart.read_apart


@on_both
def test_files_are_shown_then_agreed_to_then_the_circle_is_there(page: Page) -> None:
    assert page.drop(FIVE).headers["location"] == "/drop/preview"
    assert page.rows() == [0, 0, 0, 0]
    preview = page.ask("GET", "/drop/preview").text
    for words in (
        "letterboxd-ann.zip",
        "IMDb ratings",
        "Letterboxd archive",
        "1 new rating",
        "Nothing is stored yet",
        "Whose is it?",
    ):
        assert words in preview
    assert page.say_whose({"whose-4": "@Ida"}).headers["location"] == "/drop/preview"
    assert page.rows() == [0, 0, 0, 0]
    assert "Whose is it?" not in page.ask("GET", "/drop/preview").text
    stored = page.agree()
    assert (stored.status, stored.headers["location"]) == (303, "/cohorts/friends/report")
    assert page.members() == {"ann", "bob", "cleo", "dan", "ida"}
    assert page.ask("GET", "/cohorts/friends/report").status == 200
    assert page.ask("GET", "/drop/preview").status == 303  # nothing waits any more


@on_sqlite
def test_what_is_not_taken_is_said_beside_its_file(page: Page) -> None:
    page.drop([*FIVE[:1], ("mine.csv", b"Title,Year,IMDb,Rating\nOrdet,1955,tt0048452,4\n")])
    said = page.ask("GET", "/drop/preview").text
    assert "<strong>not taken:</strong> the column &#39;Rating&#39; does not say its scale" in said


def test_who_does_not_agree_changes_nothing(page: Page) -> None:
    page.drop(FIVE[:2])
    assert page.agree(path="/drop/discard").headers["location"] == "/drop"
    assert page.rows() == [0, 0, 0, 0]


@on_sqlite
@pytest.mark.parametrize(
    ("files", "status", "says"),
    [
        ([], 422, "No file was chosen"),
        ([("bill.pdf", b"%PDF-1.7")], 422, "Nothing of it can be taken in"),
        ([("a.zip", b"PK\x03\x04 no more of it")], 422, "Nothing of it can be taken in"),
        ([("a.zip", b"x" * 2_000_000)], 413, "These files have more than 1 MB"),
        ([(f"{number}.csv", b"") for number in range(9)], 413, "These are more than 8 files"),
    ],
)
def test_what_cannot_be_taken_in_is_said(
    page: Page, files: Files, status: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(uploads, "MOST_FILES", 8)
    reply = page.drop(files) if files else page.drop([("", b"")])
    assert (reply.status, says in reply.said()) == (status, True), reply.text
    assert page.rows() == [0, 0, 0, 0]
    assert "preview" not in page.ask("GET", "/drop").text  # nothing waits


@on_sqlite
def test_a_bomb_is_refused_and_what_lies_beside_it_is_not(page: Page) -> None:
    bomb = packed({**ARCHIVE, "ratings.csv": RATINGS.encode() + b"\n" * 60_000_000})
    assert page.drop([("bomb.zip", bomb), FIVE[0]]).status == 303
    preview = page.ask("GET", "/drop/preview").text
    assert "more than 50 MB unpacked, which no export is" in preview
    page.agree()
    assert page.members() == {"ann"}


@on_sqlite
def test_files_that_break_what_reads_them_are_refused(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "read_apart", READ_APART)
    monkeypatch.setattr(apart, "MODULE", "antigravity.missing")
    reply = page.drop(FIVE[:1])
    assert (reply.status, "one of them breaks what reads it" in reply.said()) == (422, True)
    monkeypatch.setattr(apart, "MODULE", "letterboxd_scraper.imports.apart")
    assert page.drop(FIVE[:1]).status == 303
    page.agree()
    assert page.members() == {"ann"}


@on_sqlite
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://localhost:81"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_origins_are_refused(page: Page, headers: dict[str, str]) -> None:
    assert page.drop(FIVE[:1], headers).status == 403
    page.drop(FIVE[:1])
    assert page.agree(headers).status == 403
    assert page.rows() == [0, 0, 0, 0]


@on_sqlite
def test_who_has_not_read_the_page_is_refused(page: Page) -> None:
    for token in ("", "old", "ü"):
        assert page.drop(FIVE[:1], token=token).status == 403
    page.drop(FIVE[:1])
    assert page.agree(token="old").status == 403
    assert page.agree(number="other").status == 409
    assert page.ask("POST", "/drop/store", OWN, data={"token": "x" * 20_000}).status == 413
    assert page.rows() == [0, 0, 0, 0]


@on_sqlite
def test_other_names_of_this_machine_are_refused(page: Page) -> None:
    assert page.ask("GET", "/drop", {"Host": "evil.example"}).status == 421
    assert page.ask("DELETE", "/drop", OWN).status == 405
    assert page.ask("POST", "/cohorts", OWN).status == 405  # all else only reads


@on_sqlite
def test_one_import_at_a_time(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    read, began, may_end = uploads.read, threading.Event(), threading.Event()

    def slowly(*arguments: Any, **options: Any) -> Any:
        began.set()
        assert may_end.wait(60)
        return read(*arguments, **options)

    monkeypatch.setattr(uploads, "read", slowly)
    replies: list[Reply] = []
    first = threading.Thread(target=lambda: replies.append(page.drop(FIVE[:1])))
    first.start()
    assert began.wait(60)
    second = page.drop(FIVE[1:2])
    may_end.set()
    first.join()
    assert (second.status, "another import is under way" in second.said().lower()) == (409, True)
    assert [reply.status for reply in replies] == [303]
    third = page.drop(FIVE[1:2], OWN, **page.hidden("/drop/preview"))
    assert (third.status, "wait for your answer" in third.said()) == (409, True)
    page.agree()
    assert page.members() == {"ann"}


@on_sqlite
def test_what_fails_in_the_middle_stores_nothing_and_waits(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.drop(FIVE[:3])
    save, calls = save_sources, []

    def fail(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise sa.exc.OperationalError("INSERT", {}, Exception("disk I/O error"))
        return save(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(intake, "save_sources", fail)
        assert page.agree().status == 503
    assert page.rows() == [0, 0, 0, 0]
    assert page.agree().status == 303
    assert page.members() == {"ann", "bob", "cleo"}


def fail(*arguments: Any) -> Any:
    raise sa.exc.OperationalError("SELECT", {}, Exception("disk I/O error"))


@on_sqlite
@pytest.mark.parametrize(
    ("where", "name"),
    [(sources, "fold_stale"), (taking_in, "compute_lists"), (taking_in, "address_of_circle")],
    ids=["folding", "ranking", "the page"],
)
def test_what_is_stored_is_not_said_to_have_failed(
    page: Page, monkeypatch: pytest.MonkeyPatch, where: Any, name: str
) -> None:
    page.drop(FIVE[:1])
    with monkeypatch.context() as context:
        context.setattr(where, name, fail)
        reply = page.agree()
    later = (
        "but then the database could not be used: `letterboxd rank compute --cohort friends` ranks the circle"
    )
    assert (reply.status, reply.said()) == (503, f"The files are stored, {later}.")
    assert page.members() == {"ann"}
    assert page.ask("GET", "/drop/preview").status == 303  # nothing waits any more
    with monkeypatch.context() as context:
        context.setattr(sources, "fold_stale", fail)
        reply = page.ask("POST", "/drop/undo", OWN, data=page.hidden("/drop"))
    assert (reply.status, reply.said()) == (503, f"The files are taken back, {later}.")
    assert page.members() == set()


@on_sqlite
def test_names_lead_nowhere_else_and_are_no_markup(page: Page, tmp_path: Path) -> None:
    files = [("../../../evil.zip", FIVE[0][1]), ("<svg onload=alert(1)>.zip", FIVE[1][1])]
    assert page.drop(files).status == 303
    preview = page.ask("GET", "/drop/preview")
    assert "<svg" not in preview.text
    assert "svg onload" in preview.text
    assert "script-src" not in preview.headers["content-security-policy"]
    assert str(tmp_path) not in preview.text
    assert not list(tmp_path.rglob("*evil*"))


@on_sqlite
def test_files_of_one_folder_belong_together(page: Page) -> None:
    unpacked = [(f"letterboxd-gus/{name}", text.encode()) for name, text in ARCHIVE.items()]
    assert page.drop(unpacked).status == 303
    page.agree()
    assert page.members() == {"gus"}


@on_sqlite
def test_what_nobody_answers_is_gone_after_a_while(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropping, "PATIENCE_SECONDS", 0.0)
    before = set(threading.enumerate())
    page.drop(FIVE[:1])
    for timer in set(threading.enumerate()) - before:
        timer.join(60)
    assert page.ask("GET", "/drop/preview").headers["location"] == "/drop"


@on_sqlite
def test_what_a_killed_server_has_left_is_removed(page: Page, temporary: Path) -> None:
    left = temporary / "letterboxd-drop-of-a-killed-one"
    left.mkdir()
    (left / "letterboxd-ann.zip").write_bytes(FIVE[0][1])
    with uploads._folder() as in_use:
        uploads.remove_leftovers()
        assert in_use.stat().st_mode & 0o777 == 0o700
        assert not left.exists()


@on_sqlite
def test_without_being_asked_for_there_is_no_such_page(database_url: str) -> None:
    open_store(database_url).dispose()
    engine = open_read_only(database_url)
    app = application(
        Served(engine, names=False, settings=Config(DATABASE_URL=address(engine))), token="", local=True
    )
    page = object.__new__(Page)
    page.app = app
    assert page.ask("GET", "/drop").status == 404
    assert page.ask("POST", "/drop", OWN).status == 405
    assert "/drop" not in page.ask("GET", "/").text
