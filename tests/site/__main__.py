"""Serve the imitation site, or run a command against it: ``python -m tests.site --run scrapy list``."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .data import own_world, parquet_world
from .rules import Fault, read_rules
from .server import Site
from .world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit code: the command's own with ``--run``, else 0 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    if options.run == []:
        _parser().error("--run needs a command")
    faults = _faults(options.faults)
    with Site(_world(options), options.port) as site:
        site.faults.add(*faults)
        if options.run:
            return _run(options.run, _environment(site))
        print(f"{site.url} seed member: {site.world.seed}", flush=True)
        _wait_for_interrupt()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--data", metavar="DIR", help="folder with ratings.parquet and films.parquet")
    parser.add_argument("--members", type=int, help="how many members of --data to take (default: 60)")
    parser.add_argument("--seed", type=int, help="another seed, another world")
    parser.add_argument("--faults", metavar="FILE", help="JSON list of faults (rules.py)")
    parser.add_argument(
        "--run",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help="run this command with LETTERBOXD_BASE_URL and TMDB_... set, then stop; takes all that follows",
    )
    return parser


def _world(options: argparse.Namespace) -> World:
    chosen = {"members": options.members, "seed": options.seed}
    settings = {name: value for name, value in chosen.items() if value is not None}
    if options.data:
        return parquet_world(options.data, **settings)
    if "members" in settings:
        _parser().error("--members needs --data")
    return own_world(**settings)


def _faults(file: str | None) -> list[Fault]:
    try:
        return read_rules(Path(file).read_bytes()) if file else []
    except (OSError, ValueError) as error:
        _parser().error(f"--faults: {error}")


def _environment(site: Site) -> dict[str, str]:
    """Return where the command finds the site and TMDB, which is on the same port."""
    return {
        "LETTERBOXD_BASE_URL": site.url,
        "TMDB_BASE_URL": f"{site.url}/3",
        "TMDB_API_KEY": site.tmdb_key,
    }


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command against the site and return its exit code; a signal's is 128 and its number."""
    try:
        child = subprocess.Popen(command, env={**os.environ, **environment})
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    # Ctrl-C reaches the command by itself; ending here too would cut its last requests short.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
    code = child.wait()
    return code if code >= 0 else 128 - code


def _wait_for_interrupt() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
