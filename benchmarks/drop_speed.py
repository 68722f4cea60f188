"""How long do archives take that are dropped on the page for files, and how long do others wait meanwhile?

python -m benchmarks.drop_speed [--archives 20] [--films 2000] [--kinds sqlite postgresql]

A browser's part is played: the archives are sent at once, their preview is shown, and agreed to; then the
page of the circle is there. Meanwhile somebody else opens the first page and the page for files again and
again. *MB* is the most memory that the server and the process which reads the files ever had together,
counted twice where they share some. Then files are sent that must be refused: one of 300 MB, and a zip
archive of two gigabytes of line ends.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import requests

from benchmarks.archive_speed import write_archive
from benchmarks.crawls import ROOT
from benchmarks.nights import database
from benchmarks.started import children

_PAGES = ("", "drop")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Server:
    """A server with the page for files, and what it had and answered while it was watched."""

    address: str
    pid: int
    memory: float = 0.0
    waits: list[float] = field(default_factory=list)

    def drop(self, files: Sequence[tuple[str, bytes]]) -> requests.Response:
        """Send files as the form does, and return the page that is shown then."""
        parts = [("files", (name, content)) for name, content in files]
        fields = self._hidden(requests.get(f"{self.address}drop", timeout=60).text)
        return self._send("drop", data=fields, files=parts)

    def agree(self, preview: requests.Response) -> requests.Response:
        """Agree to what a preview shows, and return the page that is shown then."""
        return self._send("drop/store", data=self._hidden(preview.text))

    def undo(self) -> requests.Response:
        """Take back the import of which the page tells first, and return the page that is shown then."""
        page = requests.get(f"{self.address}drop", timeout=60).text
        return self._send("drop/undo", data=self._hidden(page))

    def send_raw(self, size: int) -> requests.Response:
        """Send one file of so many bytes, none of which is kept here."""
        fields = self._hidden(requests.get(f"{self.address}drop", timeout=60).text)
        head = "".join(
            f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += '--x\r\nContent-Disposition: form-data; name="files"; filename="large.zip"\r\n\r\n'

        def body() -> Iterator[bytes]:
            yield head.encode()
            for _ in range(size // 1_000_000):
                yield b"\0" * 1_000_000
            yield b"\r\n--x--\r\n"

        return self._send("drop", data=body(), headers={"Content-Type": "multipart/form-data; boundary=x"})

    def _send(
        self, path: str, *, headers: dict[str, str] | None = None, **content: object
    ) -> requests.Response:
        own = {"Origin": self.address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        return requests.post(f"{self.address}{path}", headers=own | (headers or {}), timeout=600, **content)  # type: ignore[arg-type]

    @staticmethod
    def _hidden(page: str) -> dict[str, str]:
        fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
        return {name: value for name, value in fields if name in ("token", "number", "mark")}


@contextmanager
def serving(url: str, folder: Path) -> Iterator[Server]:
    """Start the server, watch it, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "letterboxd_scraper", "serve", "--drop", "--port", "0"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("LETTERBOXD_")}
    environment = others | {"DATABASE_URL": url, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
    ended = threading.Event()
    try:
        server = Server(_address(folder / "said"), process.pid)
        watching = [threading.Thread(target=watch, args=(server, ended)) for watch in (_weigh, _read)]
        for thread in watching:
            thread.start()
        yield server
        ended.set()
        for thread in watching:
            thread.join()
    finally:
        ended.set()
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _address(said: Path) -> str:
    deadline = time.monotonic() + 60
    while not (address := re.search(r"(http://\S+/) ", said.read_text())):
        if time.monotonic() > deadline:
            raise TimeoutError(said.read_text())
        time.sleep(0.05)
    return address[1]


def _weigh(server: Server, ended: threading.Event) -> None:
    while not ended.wait(0.02):
        total = 0
        for process in (server.pid, *children(server.pid)):
            with suppress(OSError):  # it has ended
                total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
        server.memory = max(server.memory, total / 1e6)


def _read(server: Server, ended: threading.Event) -> None:
    with requests.Session() as session:
        while not ended.wait(0.1):
            for path in _PAGES:
                began = time.monotonic()
                session.get(f"{server.address}{path}", timeout=60).raise_for_status()
                server.waits.append(time.monotonic() - began)


@dataclass(frozen=True)
class Cost:
    """What dropping archives took: seconds until the preview, until the circle's page, and in between."""

    look: float
    store: float
    memory: float
    longest_wait: float
    members: int

    @property
    def line(self) -> str:
        """Return it for people."""
        stored = f"stored and ranked {self.store:.1f} s, together {self.look + self.store:.1f} s"
        others = f"{self.memory:.0f} MB; others waited {self.longest_wait:.2f} s at most"
        return f"{self.members} members: preview {self.look:.1f} s, {stored}; {others}"


def cost(kind: str, archives: int, films: int) -> Cost:
    """Drop so many archives of so many films each on the page of a new server with an empty database."""
    with tempfile.TemporaryDirectory(prefix="drop") as name, database(kind, Path(name)) as engine:
        folder = Path(name)
        paths = [
            write_archive(folder, f"big{number}", number, range(20 * number, films + 20 * number))
            for number in range(archives)
        ]
        files = [(path.name, path.read_bytes()) for path in paths]
        with serving(engine.url.render_as_string(hide_password=False), folder) as server:
            began = time.monotonic()
            preview = server.drop(files)
            looked = time.monotonic()
            circle = server.agree(preview)
            stored = time.monotonic()
        left = list(folder.glob("letterboxd-drop-*"))
        if circle.status_code != 200 or "/cohorts/friends/report" not in circle.url or left:
            raise RuntimeError(f"{circle.status_code} {circle.url} {left}: {circle.text[:500]}")
        with engine.connect() as connection:
            members = connection.exec_driver_sql("SELECT count(*) FROM cohort_members").scalar_one()
        return Cost(looked - began, stored - looked, server.memory, max(server.waits), members)


def refusals() -> Iterator[str]:
    """Send what must be refused; yield what is said of each, and how long that took."""
    with tempfile.TemporaryDirectory(prefix="drop") as name, database("sqlite", Path(name)) as engine:
        folder = Path(name)
        bomb = folder / "bomb.zip"
        with (
            ZipFile(bomb, "w", ZIP_DEFLATED, compresslevel=1) as packed,
            packed.open("ratings.csv", "w") as file,
        ):
            file.write(b"Date,Name,Year,Letterboxd URI,Rating\r\n")
            for _ in range(200):
                file.write(b"\n" * 10_000_000)
        with serving(engine.url.render_as_string(hide_password=False), folder) as server:
            sendings: dict[str, Callable[[], requests.Response]] = {
                "300 MB": lambda: server.send_raw(300_000_000),
                "a bomb of 2 GB": lambda: server.drop([("bomb.zip", bomb.read_bytes())]),
            }
            for what, send in sendings.items():
                began = time.monotonic()
                reply = send()
                seconds = time.monotonic() - began
                (said, *_) = re.findall(r'<p class="missing">(.*?)</p>', reply.text)[-1:] or ["?"]
                yield f"{what}: {reply.status_code} after {seconds:.1f} s, {server.memory:.0f} MB: {said}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drop_speed", description=__doc__)
    parser.add_argument("--archives", type=int, default=20, help="dropped at once (%(default)s)")
    parser.add_argument("--films", type=int, default=2_000, help="in each archive (%(default)s)")
    parser.add_argument("--kinds", nargs="+", default=["sqlite", "postgresql"], help="of databases")
    chosen = parser.parse_args()
    for kind in chosen.kinds:
        print(f"{kind}: {cost(kind, chosen.archives, chosen.films).line}", flush=True)
    for line in refusals():
        print(line, flush=True)


if __name__ == "__main__":
    main()
