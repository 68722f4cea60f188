"""A site that costs next to nothing: the imitation site's pages, made once and served from memory.

``python -m benchmarks.site --members 40`` prints its address and serves until its input ends. The
imitation site itself makes every page anew, in threads, and would be what is measured.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import responses
from typing import Any
from urllib.request import urlopen

from tests.site import Film, Member, World, parquet_world
from tests.site.pages import answer

# Asked for, this path gives the log of requests since it was last asked for.
LOG = "/_log"


@dataclass(frozen=True)
class Served:
    """What the site was asked for; times are in seconds since 1970, ``cpu`` in seconds."""

    paths: list[str]
    first: float
    last: float
    cpu: float


@dataclass(frozen=True)
class RunningSite:
    """A site in a process of its own."""

    url: str
    seed: str

    def log(self) -> Served:
        """Return what was served since this was last asked."""
        with urlopen(self.url + LOG) as response:
            return Served(**json.load(response))


@contextmanager
def running(*options: str) -> Iterator[RunningSite]:
    """Start a site with these command-line options and stop it afterwards."""
    command = [sys.executable, "-m", "benchmarks.site", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url, seed = process.stdout.readline().split()
            yield RunningSite(url, seed)
        finally:
            process.terminate()


def invented_world(members: int, ratings: int, seed: int = 1) -> World:
    """Return a world in which the first member follows all others; famous films have more ratings."""
    rng = random.Random(seed)
    films = [
        Film(number, f"l{number}", f"film-{number}", f"Film No. {number}", 1900 + number % 126)
        for number in range(10_000, 10_000 + 4 * ratings)
    ]
    fame = {film.slug: rng.paretovariate(1.2) for film in films}
    people = [_member(number, ratings, fame, rng) for number in range(members)]
    people[0].following = [other.name for other in people[1:]]
    return World(films, people)


def _member(number: int, ratings: int, fame: dict[str, float], rng: random.Random) -> Member:
    seen = sorted(fame, key=lambda slug: rng.random() ** (1 / fame[slug]), reverse=True)[: ratings + 20]
    rng.shuffle(seen)
    name = f"member{number:04}"
    return Member(
        name,
        name,
        name.capitalize(),
        f"m{number:04}",
        ratings={slug: rng.randint(1, 10) / 2 for slug in seen[:ratings]},
        likes=dict.fromkeys(seen[:: rng.randint(3, 9)]),
        watched=set(seen),
        favourites=seen[:4],
    )


class Pages:
    """The answers of a world, ready to be sent, and the log of who asked for them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ready: dict[str, bytes] = {}
        self._forget()

    def answer(self, path: str) -> bytes:
        """Return the whole answer to a request, made at its first use."""
        if path == LOG:
            return self._log()
        # What a crawler asks for once before its pages, whatever their number, is not a page.
        if path != "/robots.txt":
            self._asked.append((time.time(), path))
        if path not in self._ready:
            self._ready[path] = self._made(path)
        return self._ready[path]

    def _made(self, path: str) -> bytes:
        page = answer(self.world, path)
        headers = {"Content-Type": page.kind, **dict(page.headers)}
        return _http(page.status, headers, page.body.encode())

    def _log(self) -> bytes:
        times = [at for at, _ in self._asked] or [0.0]
        cpu = time.process_time() - self._cpu
        served = {
            "paths": [path for _, path in self._asked],
            "first": times[0],
            "last": times[-1],
            "cpu": cpu,
        }
        self._forget()
        return _http(200, {"Content-Type": "application/json"}, json.dumps(served).encode())

    def _forget(self) -> None:
        self._asked: list[tuple[float, str]] = []
        self._cpu = time.process_time()


def _http(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {responses[status]}"]
    lines += [f"{name}: {value}" for name, value in {**headers, "Content-Length": str(len(body))}.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Connection(asyncio.Protocol):
    """One client's connection: GET requests without a body, one after the other."""

    def __init__(self, pages: Pages, latency: float) -> None:
        self._pages = pages
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.Transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            answer = self._pages.answer(path)
            if self._latency and path != LOG:
                asyncio.get_running_loop().call_later(self._latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(world: World, latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(partial(_Connection, Pages(world), latency), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port} {world.seed}", flush=True)
    # Whoever started this has gone when the input ends.
    await loop.run_in_executor(None, sys.stdin.read)


def add_options(parser: argparse.ArgumentParser, members: int, ratings: int = 600) -> None:
    """Add the options that say which world is served."""
    parser.add_argument("--members", type=int, default=members, help="members of the circle (%(default)s)")
    parser.add_argument("--ratings", type=int, default=ratings, help="ratings of each (%(default)s)")
    parser.add_argument("--data", metavar="DIR", help="real ratings: ratings.parquet and films.parquet")


def options_for(chosen: argparse.Namespace) -> list[str]:
    """Return the options of `add_options` as the words of a command."""
    words = ["--members", str(chosen.members), "--ratings", str(chosen.ratings)]
    return [*words, "--data", chosen.data] if chosen.data else words


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    add_options(parser, members=40)
    parser.add_argument("--latency", type=float, default=0, help="seconds for an answer (%(default)s)")
    chosen = parser.parse_args()
    if chosen.data:
        world = parquet_world(chosen.data, members=chosen.members)
    else:
        world = invented_world(chosen.members, chosen.ratings)
    asyncio.run(_serve(world, chosen.latency))


if __name__ == "__main__":
    main()
