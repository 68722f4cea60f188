"""LOG_FORMAT=json: one object a line, of crawls and commands alike, and never a secret."""

import json
import logging
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from scrapy.settings import Settings

from letterboxd_scraper.config import load
from letterboxd_scraper.extensions.log import LogForm
from letterboxd_scraper.terminal import json_log
from letterboxd_scraper.terminal.json_log import JsonLines
from tests.conftest import Shell, on_sqlite

KEY, TOKEN = "0123456789abcdef0123456789abcdef", "a-token-for-readers"
AS_JSON = {"LOG_FORMAT": "json", "TMDB_API_KEY": KEY, "LETTERBOXD_SERVE_TOKEN": TOKEN}
NOBODY_LISTENS = "postgresql://me:hunter22@127.0.0.1:1/films"


def with_settings(shell: Shell, **settings: str) -> Shell:
    """Return a shell with these settings; its commands are processes, for each has one log."""
    return replace(shell.in_processes(), environment=shell.environment | settings)


def lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of a log, each with what every line has, and none with a secret."""
    assert not [secret for secret in (KEY, TOKEN, "hunter22") if secret in text]
    objects = [json.loads(line) for line in text.splitlines()]
    for line in objects:
        assert line["time"].endswith("+00:00"), line
        assert line["level"] in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), line
        assert line["event"], line
    return objects


def only(process: subprocess.CompletedProcess[str], code: int) -> dict[str, Any]:
    """Return the only line of a command that has ended with this code."""
    assert process.returncode == code, process.stderr
    (line,) = lines(process.stderr)
    return line


@on_sqlite
def test_a_crawl_tells_where_about_whom_and_how_it_went(known: Shell) -> None:
    process = with_settings(known, **AS_JSON, LOG_LEVEL="DEBUG").scrapy("profile", cohort="friends")
    assert process.returncode == 0
    log = lines(process.stderr)
    pages = [line for line in log if line["event"].startswith("Crawled (200)") and "member" in line]
    for page in pages:
        assert {"run", "url", "seconds"} <= page.keys()
        known_fields = {name: page[name] for name in ("spider", "cohort", "status", "attempt")}
        assert known_fields == {"spider": "profile", "cohort": "friends", "status": 200, "attempt": 1}
    items = [line for line in log if line["event"].startswith("Scraped")]
    assert {line["member"] for line in items} >= {line["member"] for line in pages} != set()
    assert [line["run"] for line in log if line["event"].startswith("profile: finished")] == [pages[0]["run"]]


@on_sqlite
def test_a_log_file_gets_the_lines_of_a_crawl(known: Shell) -> None:
    options = ("-s", "LOG_FORMAT=json", "-s", "LOG_FILE=job.log", "-s", "LOG_LEVEL=INFO")
    shell = with_settings(known)
    process = shell.scrapy("follow_graph", *options, cohort="friends")
    assert (process.returncode, process.stderr) == (0, "")
    log = lines((known.folder / "job.log").read_text())
    assert log[0]["event"].startswith("Scrapy ")
    finished = [line for line in log if line["event"].startswith("follow_graph: finished")]
    assert [line["cohort"] for line in finished] == ["friends"]
    refused = shell.scrapy("follow_graph", *options, cohort="nobody")
    assert "no cohort 'nobody'" in only(refused, 2)["event"]
    assert "no cohort 'nobody'" in lines((known.folder / "job.log").read_text())[-1]["event"]


@on_sqlite
def test_a_crawl_that_is_refused_says_so_in_one_line(known: Shell) -> None:
    shell = with_settings(known, **AS_JSON)
    assert "no cohort 'nobody'" in only(shell.scrapy("profile", cohort="nobody"), 2)["event"]
    assert "DOWNLOAD_DELAY" in only(shell.scrapy("rss", "-s", "DOWNLOAD_DELAY=-1", user="ada"), 2)["event"]
    wrong = shell.scrapy("profile", "-s", "LOG_FORMAT=xml", cohort="friends")
    assert wrong.returncode == 2
    assert wrong.stderr.endswith("LOG_FORMAT (command line) is 'xml', but must be text or json\n")
    environment = with_settings(shell, DOWNLOAD_DELAY="-1")
    assert "DOWNLOAD_DELAY" in only(environment.scrapy("profile", cohort="friends"), 2)["event"]


@on_sqlite
def test_text_is_as_it_was(known: Shell) -> None:
    shell = with_settings(known, LOG_FORMAT="text")
    process = shell.scrapy("rss", "-s", "LOG_LEVEL=INFO", user="marla")
    assert process.returncode == 0
    assert " [scrapy.utils.log] INFO: Scrapy " in process.stderr.splitlines()[0]
    named = with_settings(known).scrapy("rss", "-s", "LOG_FORMAT=text", "-s", "LOG_LEVEL=INFO", user="marla")
    assert " [scrapy.utils.log] INFO: Scrapy " in named.stderr.splitlines()[0]
    pattern = shell.scrapy("rss", "-s", "LOG_FORMAT=%(levelname)s!", "-s", "LOG_LEVEL=INFO", user="marla")
    assert set(pattern.stderr.splitlines()) == {"INFO!"}


@on_sqlite
def test_scrapys_other_commands_log_in_the_same_form(shell: Shell) -> None:
    command = (sys.executable, "-m", "scrapy", "shell", "-c", "6*7", "-s", "LOG_FORMAT=json")
    process = with_settings(shell, LOG_LEVEL="INFO").run(*command)
    assert (process.returncode, process.stdout) == (0, "42\n"), process.stderr
    assert lines(process.stderr)[0]["event"].startswith("Scrapy ")


@pytest.mark.parametrize("name", ["text", "xml"])
def test_scrapy_gets_a_pattern_where_ours_is_a_name(name: str) -> None:
    settings = Settings({"LOG_FORMAT": name, "LOG_ENABLED": False})  # the tests' own log stays as it is
    LogForm.update_pre_crawler_settings(settings)
    assert settings["LOG_FORMAT"] == Settings()["LOG_FORMAT"]
    own = Settings({"LOG_FORMAT": "%(message)s", "LOG_ENABLED": False})
    LogForm.update_pre_crawler_settings(own)
    assert own["LOG_FORMAT"] == "%(message)s"


@on_sqlite
def test_commands_tell_in_the_same_form(known: Shell) -> None:
    shell = with_settings(known, **AS_JSON)
    named = only(shell.letterboxd("cohort", "list"), 0)
    assert (named["level"], named["event"].split()[0]) == ("INFO", "database:")
    failed = lines(shell.letterboxd("rank", "show", "--cohort", "nobody").stderr)
    assert failed[0]["level"] == "ERROR"
    assert "'nobody'" in failed[0]["event"]
    assert "no option --nonsense" in only(shell.letterboxd("cohort", "list", "--nonsense"), 2)["event"]
    assert "DOWNLOAD_DELAY" in only(shell.letterboxd("cohort", "list", DOWNLOAD_DELAY="-1"), 2)["event"]
    crawl = shell.letterboxd("watch", "--cohort", "friends", "--log-level", "INFO")
    assert crawl.returncode == 0
    assert {line.get("spider") for line in lines(crawl.stderr)} >= {None, "rss"}


@on_sqlite
def test_a_database_that_does_not_answer_is_told_of_without_its_password(shell: Shell) -> None:
    elsewhere = with_settings(shell, **AS_JSON, DATABASE_URL=NOBODY_LISTENS)
    assert "127.0.0.1" in lines(elsewhere.letterboxd("cohort", "list").stderr)[0]["event"]
    assert "127.0.0.1" in only(elsewhere.scrapy("profile", cohort="friends"), 2)["event"]


# A line by itself


def formatted(message: str, *arguments: Any, exc_info: Any = None, **extra: Any) -> dict[str, Any]:
    secrets = load(DATABASE_URL=NOBODY_LISTENS, TMDB_API_KEY=KEY, SCRAPYD_PASSWORD="sesame").secrets
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, message, arguments, exc_info)
    vars(record).update(extra)
    line: dict[str, Any] = json.loads(JsonLines(secrets).format(record))
    assert line.pop("time")
    return line


def test_a_traceback_is_one_field_without_secrets() -> None:
    try:
        raise ValueError(f"https://api.themoviedb.org/3/movie/1?api_key={KEY}")
    except ValueError:
        line = formatted("open %s", "sesame", exc_info=sys.exc_info())
    assert line["event"] == "open ***"
    assert line["traceback"].endswith("ValueError: https://api.themoviedb.org/3/movie/1?api_key=***")


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("postgresql://you:of%40course@host/db", "postgresql://you:***@host/db"),
        ("/3/movie?language=en&api_key=0123&page=2", "/3/movie?language=en&api_key=***&page=2"),
        ("postgresql://host/db?user=me&password=course", "postgresql://host/db?user=me&password=***"),
        ("https://letterboxd.com:443/ada/", "https://letterboxd.com:443/ada/"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, hidden: str) -> None:
    assert formatted("%s", text) == {"level": "ERROR", "event": hidden}


def test_a_password_is_hidden_as_it_is_and_as_an_address_has_it() -> None:
    secrets = load(DATABASE_URL="postgresql://me:p%40ss:word@host/films").secrets
    assert {"p%40ss:word", "p@ss:word"} <= secrets


def test_a_line_is_one_line_for_every_reader_and_every_stream() -> None:
    record = logging.makeLogRecord({"msg": "Él\u2028\x85\udc80", "levelname": "INFO"})
    line = JsonLines().format(record)
    assert line.isascii()
    assert json.loads(line)["event"] == record.msg


def test_of_what_records_carry_only_the_known_fields_are_written() -> None:
    arguments = {"a": 1, "fields": {"url": "/x/", "status": 404}}
    line = formatted("%(a)s", arguments, member="ada", other="x", film=None)
    assert line == {"level": "ERROR", "event": "1", "member": "ada", "url": "/x/", "status": 404}


def test_an_error_that_nobody_took_is_named(caplog: pytest.LogCaptureFixture) -> None:
    hook = sys.excepthook
    root = list(logging.root.handlers)
    try:
        json_log.install((), level=logging.root.level)
        sys.excepthook(AssertionError, AssertionError(), None)
    finally:
        sys.excepthook = hook
        logging.root.handlers[:] = root
        logging.captureWarnings(capture=False)
    assert [record.getMessage() for record in caplog.records] == ["AssertionError: "]


def test_lines_after_the_start_name_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    json_log.tell_crawl(run=1)  # where nothing is installed nothing happens
    formatter = JsonLines()
    formatter.crawl |= {"run": 7, "spider": "rss", "cohort": None}
    record = logging.makeLogRecord({"msg": "x", "levelname": "INFO", "spider": object()})
    assert json.loads(formatter.format(record)).items() >= {"run": 7, "spider": "rss"}.items()
    json_log.write("ü")
    assert json.loads(capsys.readouterr().err)["event"] == "ü"
