"""Commands in processes of their own that need not load Python's libraries first.

Most of the time of a small crawl goes into loading Scrapy and SQLAlchemy. Here a server process loads them
once, and each command is a fork of it, with its own environment, folder and output: the same modules run
from their beginning as with `python -m`. Where FRESH_PROCESSES is set, every command is a new interpreter.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

# Not `letterboxd_scraper.settings`, nor what installs Twisted's reactor: they belong to each command.
_LOADED = [
    "tests.warm",
    "alembic.command",
    "psycopg2.extras",
    "rich.table",
    "scrapy.cmdline",
    "scrapy.core.downloader.handlers.http11",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "letterboxd_scraper.cli.export",
    "letterboxd_scraper.cli.import_",
    "letterboxd_scraper.cli.main",
    "letterboxd_scraper.cli.run_spider",
    "letterboxd_scraper.cli.schedule",
    "letterboxd_scraper.cli.status",
    "letterboxd_scraper.cli.sync",
    "letterboxd_scraper.commands.crawl",
    "letterboxd_scraper.pipelines",
    "letterboxd_scraper.spiders.film",
    "letterboxd_scraper.spiders.follow_graph",
    "letterboxd_scraper.spiders.rss",
    "letterboxd_scraper.spiders.when_rated",
    "ranking.compute",
    "ranking.results",
]
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(_LOADED)


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `python -m MODULE …` in a fork of the server. Raises TimeoutExpired."""
    if list(command[:2]) != [sys.executable, "-m"] or os.environ.get("FRESH_PROCESSES"):
        return subprocess.run(
            command,
            cwd=folder,
            env=dict(environment),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    with TemporaryDirectory() as output:
        out, err = Path(output) / "out", Path(output) / "err"
        process = _server.Process(
            target=_become, args=(list(command[2:]), str(folder), dict(environment), str(out), str(err))
        )
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(command), seconds, out.read_text(), err.read_text())
        return subprocess.CompletedProcess(list(command), process.exitcode, out.read_text(), err.read_text())


def _become(command: list[str], folder: str, environment: dict[str, str], out: str, err: str) -> None:
    """Become `python -m` of a command's words, in a process that has just been forked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for stream, file in enumerate((os.devnull, out, err)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, stream)
        os.close(opened)
    sys.argv = command
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()  # a process that multiprocessing ends has none of its own
