"""A node for tests of what becomes of a job: it answers as Scrapyd does, and loads in no time.

Its jobs are real crawls, in processes that can be killed. That Scrapyd itself answers so, and starts jobs
anew that waited when it was killed, is tested with Scrapyd: `test_schedule_run.py` and `test_deploy.py`.
"""

import json
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from letterboxd_scraper.schedule.nodes import PROJECT
from tests.warm import Process

_SPIDERS = {"film", "follow_graph", "profile", "rss", "when_rated"}
Form = list[tuple[str, str]]


@dataclass
class SmallScrapyd:
    """What a node knows of its jobs; it may be stopped and started anew, at the same address.

    ``slots`` is how many jobs run at once. Those that wait start when somebody asks for one of them.
    """

    folder: Path
    environment: Mapping[str, str]
    username: str
    password: str = field(repr=False)
    slots: int = 4
    pending: dict[str, list[str]] = field(default_factory=dict)
    begun: dict[str, Process] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: "_Server | None" = None
    _port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen; who was started before listens at the same port."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.node = self
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be silent. Jobs go on; they are not begun by anybody meanwhile."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def forget(self) -> None:
        """Know no longer what it has begun, as one that was killed; what waits is on its disk."""
        self.begun = {}

    def running(self) -> list[Process]:
        return [process for process in self.begun.values() if process.poll() is None]

    def signal_jobs(self, number: int) -> None:
        """Send a signal to all that run, and wait for their end."""
        for process in self.running():
            process.send_signal(number)
            process.wait()

    def answer(self, command: str, form: Form) -> dict[str, Any]:
        """Return what Scrapyd would. Raises KeyError for a command that is not Scrapyd's."""
        with self._lock:
            self._begin_what_waits()
            answer: dict[str, Any] = getattr(self, f"_{command.removesuffix('.json')}")(form)
        return {"status": "ok"} | answer

    def _begin_what_waits(self) -> None:
        while self.pending and len(self.running()) < self.slots:
            job = next(iter(self.pending))  # the first come
            words = self.pending.pop(job)
            environment = {**self.environment, "SCRAPY_JOB": job}
            command = (sys.executable, "-m", "scrapy", "crawl", *words)
            self.begun[job] = Process(command, self.folder, environment)

    def _listprojects(self, form: Form) -> dict[str, Any]:
        return {"projects": [PROJECT]}

    def _schedule(self, form: Form) -> dict[str, Any]:
        single = dict(form)
        if single["spider"] not in _SPIDERS:
            return {"status": "error", "message": f"spider '{single['spider']}' not found"}
        words = [single["spider"]]
        for name, value in form:
            if name not in ("project", "spider", "jobid"):
                words += ["-s", value] if name == "setting" else ["-a", f"{name}={value}"]
        self.pending[single["jobid"]] = words
        self._begin_what_waits()
        return {"jobid": single["jobid"]}

    def _status(self, form: Form) -> dict[str, Any]:
        return {"currstate": self._state(dict(form)["job"])}

    def _state(self, job: str) -> str | None:
        if job in self.pending:
            return "pending"
        if job in self.begun:
            return "running" if self.begun[job].poll() is None else "finished"
        return None

    def _listjobs(self, form: Form) -> dict[str, Any]:
        jobs = [*self.pending, *self.begun]
        states = ("pending", "running", "finished")
        return {state: [{"id": job} for job in jobs if self._state(job) == state] for state in states}

    def _cancel(self, form: Form) -> dict[str, Any]:
        job = dict(form)["job"]
        before = self._state(job)
        self.pending.pop(job, None)
        if before == "running":
            self.begun[job].send_signal(signal.SIGINT)
        return {"prevstate": None if before == "finished" else before}


class _Server(ThreadingHTTPServer):
    node: SmallScrapyd
    daemon_threads = False  # closed, it has answered everything


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _respond(self) -> None:
        node, address = self.server.node, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        token = b64encode(f"{node.username}:{node.password}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {token}":
            self.send_error(401)
            return
        answer = node.answer(address.path.strip("/"), parse_qsl(address.query) + parse_qsl(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = _respond

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are no news."""


@contextmanager
def running(node: SmallScrapyd) -> Iterator[SmallScrapyd]:
    """Start a node; at the end it is gone, and so are its jobs."""
    node.start()
    begun = node.begun
    try:
        yield node
    finally:
        node.stop()
        for process in [*begun.values(), *node.begun.values()]:
            process.kill()
