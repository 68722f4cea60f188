"""A Scrapyd for the tests: a real one, on a loopback port and in a folder of its own, gone afterwards."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

PROJECT = "letterboxd"
_CONFIGURATION = """
[scrapyd]
bind_address = 127.0.0.1
http_port = {port}
poll_interval = 0.2
max_proc = {jobs}
jobstorage = scrapyd.jobstorage.SqliteJobStorage
eggs_dir = {folder}/eggs
logs_dir = {folder}/logs
dbs_dir = {folder}/dbs
"""
# The project as it is installed, so that nothing need be deployed.
_INSTALLED = f"""
[settings]
{PROJECT} = letterboxd_scraper.settings
"""


@dataclass(frozen=True)
class Scrapyd:
    """A running server; jobs inherit the environment that it was started with."""

    folder: Path
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def schedule(self, spider: str, settings: Mapping[str, Any], **arguments: Any) -> str:
        """Queue a crawl as `schedule.json` does for everybody, and return the job's name."""
        options = [("setting", f"{name}={value}") for name, value in settings.items()]
        form = [("project", PROJECT), ("spider", spider), *options, *arguments.items()]
        return str(self.ask("schedule.json", form)["jobid"])

    def wait(self, job: str, seconds: float = 60) -> None:
        """Return when the job has ended, however it did."""
        self.wait_for(job, "finished", seconds)

    def wait_for(self, job: str, state: str, seconds: float = 60) -> None:
        """Return when the job is "pending", "running" or "finished"."""
        deadline = time.monotonic() + seconds
        while self.ask(f"status.json?{urlencode({'job': job})}")["currstate"] != state:
            assert time.monotonic() < deadline, self.told()
            time.sleep(0.1)

    def exit_code(self, job: str) -> int:
        """Wait for the job's end, and return its exit code as the server logged it."""
        self.wait(job)
        said = re.search(rf"Process (?:finished:|died: exitstatus=(\d+)) .*'{job}'", self._log.read_text())
        assert said, self.told()
        return int(said[1] or 0)

    def job_log(self, job: str) -> str:
        """Return what the job wrote into its own log."""
        return "".join(file.read_text() for file in self.folder.glob(f"logs/*/*/{job}.log"))

    def told(self) -> str:
        """Return what the server and its jobs logged, but for our own questions."""
        lines = (line for file in sorted(self.folder.glob("**/*.log")) for line in file.open())
        return "".join(line for line in lines if '"GET /' not in line)

    def is_up(self) -> bool:
        try:
            return bool(self.ask("daemonstatus.json"))
        except (URLError, ConnectionError):
            return False

    def ask(self, command: str, form: Any = None) -> dict[str, Any]:
        """Return an answer that is no error; what has a form is sent as a POST."""
        request = Request(f"{self.url}/{command}", form and urlencode(form).encode())
        if self.username:
            token = b64encode(f"{self.username}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        with urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        assert answer["status"] == "ok", answer
        return answer

    @property
    def _log(self) -> Path:
        return self.folder / "scrapyd.log"


@contextmanager
def server(
    folder: Path,
    environment: Mapping[str, str],
    *,
    username: str | None = None,
    password: str | None = None,
    port: int | None = None,
    jobs: int = 4,
    deployed: bool = False,
    python: str | Path = sys.executable,
) -> Iterator[Scrapyd]:
    """Yield a running server; at the end it is gone, and so are its jobs.

    The same folder and port make it the same server again: it knows its jobs, and starts those that were
    pending. The project is the one that is installed, or, when ``deployed``, that of the eggs it was sent.
    """
    folder.mkdir(exist_ok=True)
    node = Scrapyd(folder, port or _free_port(), username, password)
    configuration = _CONFIGURATION.format(port=node.port, folder=folder, jobs=jobs)
    (folder / "scrapyd.conf").write_text(configuration + ("" if deployed else _INSTALLED))
    command = [python, "-m", "scrapyd", "--pidfile=", f"--logfile={folder / 'scrapyd.log'}"]
    # In the home folder there may be a configuration of the user's own.
    own = {**environment, "HOME": str(folder), "PYTHONSAFEPATH": "1"}
    own |= {"SCRAPYD_USERNAME": username or "", "SCRAPYD_PASSWORD": password or ""}
    process = subprocess.Popen(command, cwd=folder, env=own, start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while not node.is_up():
            assert process.poll() is None, node.told()
            assert time.monotonic() < deadline, node.told()
            time.sleep(0.1)
        yield node
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the jobs too: Scrapyd itself would leave them running
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
