"""How much CPU a command takes from its start to its end, and which modules it loads for that.

python -m benchmarks.startup [--repeat 9] [--modules]
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.cli.every_command import make_club

# In seconds; None: not promised.
COMMANDS: dict[str, float | None] = {
    "--help": 0.15,
    "rank --help": None,
    "rank show --help": None,
    "rank show --cohort club": 0.5,
    "status": 0.6,
    "export csv --cohort club --output club.csv": None,
    "rank compute --cohort club": None,
}
_IMPORT = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)$", re.MULTILINE)
_DEAREST = 10


def cpu_seconds(words: Sequence[str], folder: Path) -> float:
    """Run a command to its end; return its CPU seconds, those of the system among them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(words, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imported(words: Sequence[str], folder: Path) -> dict[str, int]:
    """Return the modules that a command loads, and the microseconds that each takes without those within."""
    told = run(words, folder, "-X", "importtime").stderr
    return {name: int(microseconds) for microseconds, name in _IMPORT.findall(told)}


def run(words: Sequence[str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `letterboxd` on the club's database."""
    return subprocess.run(
        [sys.executable, *options, "-m", "letterboxd_scraper", *words],
        cwd=folder,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{folder / 'club.db'}"},
        capture_output=True,
        text=True,
        check=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--modules", action="store_true", help="Name the dearest modules of each.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_club(folder / "club.db")
        print("| command | CPU s | at most | modules |\n|---|---|---|---|")
        dearest = {}
        for command, most in COMMANDS.items():
            words = command.split()
            seconds = median(cpu_seconds(words, folder) for _ in range(arguments.repeat))
            modules = imported(words, folder)
            dearest[command] = sorted(modules.items(), key=lambda row: -row[1])[:_DEAREST]
            print(f"| `{command}` | {seconds:.2f} | {most or ''} | {len(modules)} |", flush=True)
        for command, rows in dearest.items() if arguments.modules else ():
            print(f"\n{command}: " + ", ".join(f"{name} {time / 1000:.0f} ms" for name, time in rows))


if __name__ == "__main__":
    main()
