"""Who may ask `letterboxd serve`, where it listens, and how it ends."""

import queue
import signal
import sys
import threading
import time
import webbrowser
from pathlib import Path

import pytest
import requests

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.server import running
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine, revision_of
from tests.served import Server, serving
from tests.server.conftest import on_one

pytestmark = pytest.mark.slow


@on_one
def test_only_names_of_this_machine_are_answered(numbered: Server) -> None:
    port = numbered.address.rpartition(":")[2]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.", ""):
        answer = numbered.get("/api/v1/cohorts", headers={"Host": host})
        assert answer.status_code in {400, 421}, host
    for host in ("localhost", f"localhost:{port}", "[::1]:80", "127.0.0.1", f"127.0.0.2:{port}"):
        assert numbered.get("/api/v1/cohorts", headers={"Host": host}).status_code == 200


@on_one
def test_answers_carry_the_headers_that_protect_readers(numbered: Server) -> None:
    for path in ("/", "/cohorts/friends/report", "/api/v1/cohorts", "/nothing"):
        headers = numbered.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Server" not in headers
        assert "private" in headers["Cache-Control"]


@pytest.fixture
def small(tmp_path: Path) -> str:
    """A database with nothing in it but tables."""
    url = f"sqlite:///{tmp_path / 'a %3F b#c.db'}"
    migrate.upgrade(make_engine(url))
    return url


def test_a_token_is_demanded_where_one_is_set(small: str, tmp_path: Path) -> None:
    file = tmp_path / "token.txt"
    file.write_text("s3cret-Token\n")
    with serving(small, "--host", "0.0.0.0", "--token-file", str(file)) as server:
        server = Server(server.address.replace("0.0.0.0", "127.0.0.1"), server.process)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret-Token"}):
            for path in ("/", "/api/v1/cohorts", "/openapi.json", "/nothing"):
                answer = server.get(path, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                assert answer.headers["Content-Type"] == "application/problem+json"
        right = {"Authorization": "Bearer s3cret-Token", "Host": "films.example"}
        assert server.get("/api/v1/cohorts", headers=right).json() == {"cohorts": []}
        assert "There is no circle yet" in server.get("/", headers=right).text
        assert "bearer" in server.get("/openapi.json", headers=right).text


def test_the_environment_can_hold_the_token(small: str) -> None:
    with serving(small, LETTERBOXD_SERVE_TOKEN="from-the-environment") as server:
        assert server.get("/").status_code == 401
        right = {"Authorization": "bearer from-the-environment"}
        assert server.get("/", headers=right).status_code == 200


@pytest.mark.parametrize("files", [{"empty": " \n"}, {"two words": "a b"}, {"not text": "\udcff"}, {}])
def test_a_server_for_others_wants_a_token(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str]
) -> None:
    words = ["serve", "--host", "0.0.0.0", "--db-url", small]
    for name, text in files.items():
        file = tmp_path / name
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        words += ["--token-file", str(file)]
    assert run(words) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert "--token-file" in first


def test_a_database_that_is_not_there_or_behind_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgres_url: str
) -> None:
    missing, old = (f"sqlite:///{tmp_path / name}" for name in ("missing.db", "old.db"))
    engine = make_engine(old)
    migrate.upgrade(engine, "0006")
    before = Path(str(engine.url.database)).read_bytes()
    for url, says in ((missing, "no database"), (old, "db upgrade"), (postgres_url, "db upgrade")):
        assert run(["serve", "--port", "0", "--db-url", url]) == 2
        first, *_ = capsys.readouterr().err.splitlines()
        assert says in first
    assert not (tmp_path / "missing.db").exists()
    assert Path(str(engine.url.database)).read_bytes() == before
    assert revision_of(engine) == "0006"


@on_one
def test_a_port_that_is_taken_is_one_line(
    small: str, numbered: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    port = numbered.address.rpartition(":")[2]
    assert run(["serve", "--port", port, "--db-url", small]) == 2
    told = f"cannot serve at 127.0.0.1, port {port}: Address already in use; give another --port"
    assert told in capsys.readouterr().err


def test_a_request_under_way_does_not_hold_up_the_end(small: str) -> None:
    with serving(small, stopped=(143, -signal.SIGTERM)) as server, requests.Session() as session:
        session.get(f"{server.address}/", timeout=60)
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(timeout=60)


@on_one
def test_head_has_the_headers_of_get(numbered: Server) -> None:
    for path in ("/", "/api/v1/cohorts", "/nothing"):
        head = requests.head(numbered.address + path, timeout=60)
        got = numbered.get(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_the_first_page_opens_in_the_browser(small: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    browser = (
        f'{sys.executable} -c "import sys, urllib.request as u; u.urlretrieve(sys.argv[1], {str(page)!r})" %s'
    )
    with serving(small, "--open", BROWSER=browser):
        end = time.monotonic() + 60
        while not (page.exists() and "</html>" in page.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        assert "There is no circle yet" in page.read_text()


def test_where_no_browser_can_be_opened_the_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(webbrowser, "open", lambda page: False)
    running.show_in_browser("http://0.0.0.0:8000/", unable=told.put)
    assert "http://127.0.0.1:8000/" in told.get(timeout=60)


def test_what_cannot_be_made_beforehand_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()

    def fail() -> None:
        done.set()
        raise InputError("no circle ranking yet")

    monkeypatch.setattr(running, "_SOON", 0.0)
    running.later(fail).join(60)
    assert done.is_set()
    assert "no circle ranking yet" in caplog.text
