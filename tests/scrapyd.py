"""A Scrapyd for the tests: a real one, on a loopback port and in a folder of its own, gone afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

PROJECT = "letterboxd"
_CONFIGURATION = """
[scrapyd]
bind_address = 127.0.0.1
http_port = {port}
poll_interval = 0.2
eggs_dir = {folder}/eggs
logs_dir = {folder}/logs
dbs_dir = {folder}/dbs

[settings]
{project} = letterboxd_scraper.settings
"""


@dataclass(frozen=True)
class Scrapyd:
    """A running server; jobs inherit the environment that it was started with."""

    folder: Path
    url: str

    def schedule(self, spider: str, settings: Mapping[str, Any], **arguments: Any) -> str:
        """Queue a crawl as `schedule.json` does for everybody, and return the job's name."""
        given = [("setting", f"{name}={value}") for name, value in settings.items()]
        wanted = [("project", PROJECT), ("spider", spider), *given, *arguments.items()]
        return str(self._ask("schedule.json", urlencode(wanted).encode())["jobid"])

    def wait(self, job: str, seconds: float = 60) -> None:
        """Return when the job has ended, however it did."""
        deadline = time.monotonic() + seconds
        while self._ask(f"status.json?{urlencode({'job': job})}")["currstate"] != "finished":
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def told(self) -> str:
        """Return what the server and its jobs logged."""
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("**/*.log")))

    def is_up(self) -> bool:
        try:
            return bool(self._ask("daemonstatus.json"))
        except (URLError, ConnectionError):
            return False

    def _ask(self, command: str, body: bytes | None = None) -> dict[str, Any]:
        with urlopen(f"{self.url}/{command}", body, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        assert answer["status"] == "ok", answer
        return answer


@contextmanager
def server(folder: Path, environment: Mapping[str, str]) -> Iterator[Scrapyd]:
    """Yield a running server; at the end it is gone, and so are its jobs."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = _CONFIGURATION.format(port=port, folder=folder, project=PROJECT)
    (folder / "scrapyd.conf").write_text(configuration)
    command = [sys.executable, "-m", "scrapyd", "--pidfile=", f"--logfile={folder / 'scrapyd.log'}"]
    # In the home folder there may be a configuration of the user's own.
    own = {**environment, "HOME": str(folder)}
    process = subprocess.Popen(command, cwd=folder, env=own, start_new_session=True)
    found = Scrapyd(folder, f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 30
        while not found.is_up():
            assert process.poll() is None, found.told()
            assert time.monotonic() < deadline, found.told()
            time.sleep(0.1)
        yield found
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the jobs too: Scrapyd itself would leave them running
        process.wait()
