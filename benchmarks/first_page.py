"""From an empty machine with Python to five friends' page: how many commands, seconds and megabytes?

``python -m benchmarks.first_page`` installs the project as its documents say, with nothing kept from before,
into folders that are gone afterwards: by Python alone, by pipx, and by uv. The network is part of it.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from letterboxd_scraper.words import counted
from tests.conftest import ROOT
from tests.site import FEW, own_world
from tests.site.archive import archive, file_name

_SOURCE = "letterboxd-scraper"
_CLUB = "club Downloads --yes --no-open"
_FIVE = ("marla", *FEW[:4])
# By what is used: the commands, of which the last one shows the page.
WAYS = {
    "Python alone": (
        "python3 -m venv .venv",
        f'.venv/bin/pip install -q "./{_SOURCE}[serve]"',
        f".venv/bin/letterboxd {_CLUB}",
    ),
    "pipx": (f'pipx install "./{_SOURCE}[serve]"', f"letterboxd {_CLUB}"),
    "uv": (f'uvx --from "./{_SOURCE}[serve]" letterboxd {_CLUB}',),
}
# What they use that is there already.
_TOOLS = {"Python alone": (), "pipx": ("pipx",), "uv": ("uv",)}
_LONGEST = 900.0


@contextmanager
def machine(tools: tuple[str, ...]) -> Iterator[tuple[Path, dict[str, str]]]:
    """Give a home with the project's files and five archives, and its environment; no cache is shared."""
    with tempfile.TemporaryDirectory() as place:
        home, tool_box = Path(place, "home"), Path(place, "tools")
        (home / "Downloads").mkdir(parents=True)
        world = own_world(follows=FEW)
        for name in _FIVE:
            (home / "Downloads" / file_name(name)).write_bytes(archive(world, name))
        kept = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for file in kept.stdout.split("\0")[:-1]:
            (home / _SOURCE / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, home / _SOURCE / file)
        if tools:
            subprocess.run([sys.executable, "-m", "venv", tool_box], check=True)
            subprocess.run([tool_box / "bin" / "pip", "install", "-q", *tools], check=True)
        own = ("VIRTUAL_ENV", "DATABASE_URL", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
        environment = {name: value for name, value in os.environ.items() if name not in own}
        folders = [name for name in environment if name.startswith(("XDG_", "LETTERBOXD_"))]
        for name in folders:
            del environment[name]
        path = f"{home / '.local' / 'bin'}:{tool_box / 'bin'}:{environment['PATH']}"
        yield home, environment | {"HOME": str(home), "PATH": path, "PIP_NO_CACHE_DIR": "1"}


def page_after(commands: tuple[str, ...], home: Path, environment: dict[str, str]) -> float:
    """Type the commands; return after how many seconds the page is there. Raises CalledProcessError."""
    began = time.monotonic()
    *installing, showing = commands
    for command in installing:
        subprocess.run(["sh", "-c", command], cwd=home, env=environment, check=True)
    said = home / "said"
    with said.open("wb") as stderr:
        process = subprocess.Popen(["sh", "-c", f"exec {showing}"], cwd=home, env=environment, stderr=stderr)
    try:
        while not (address := re.search(r"http://127\S+", said.read_text())):
            if process.poll() is not None or time.monotonic() - began > _LONGEST:
                raise subprocess.CalledProcessError(process.returncode or 0, showing, stderr=said.read_text())
            time.sleep(0.05)
        requests.get(address[0], timeout=_LONGEST).raise_for_status()
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def megabytes(home: Path) -> float:
    """Return how much lies in a home that was not there before, each file once."""
    beside = (home / _SOURCE, home / "Downloads")
    sizes = {
        status.st_ino: status.st_blocks * 512
        for path in home.rglob("*")
        if not any(path.is_relative_to(folder) for folder in beside)
        for status in [path.lstat()]
    }
    return sum(sizes.values()) / 1e6


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(WAYS)}; default: all")
    for way in parser.parse_args().ways or WAYS:
        with machine(_TOOLS[way]) as (home, environment):
            seconds = page_after(WAYS[way], home, environment)
            commands = counted(len(WAYS[way]), "command")
            print(f"{way}: {commands}, {seconds:.0f} s, {megabytes(home):.0f} MB", flush=True)


if __name__ == "__main__":
    main()
