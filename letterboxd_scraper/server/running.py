"""Running the server: its token, its socket and its end."""

import gc
import logging
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from starlette.types import ASGIApp

from letterboxd_scraper.config import readable_token
from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.server.connections import BoundedConnection
from letterboxd_scraper.server.guard import is_loopback_address

# A reader who is slow to get their answer holds the end up no longer than this, in seconds.
_PATIENCE = 5
_BACKLOG = 128
# What may wait waits for the first page, in seconds.
_SOON = 1.0
logger = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Return whether nobody but this machine reaches a server there.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    return host.lower() == "localhost" or is_loopback_address(host)


def read_token(file: Path) -> str:
    """Return the token in a file. Raises InputError if there is none."""
    try:
        token = readable_token(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"--token-file {file}: {refusal(error)}") from None
    except ValueError as error:  # also where it is no text
        raise InputError(f"--token-file {file}: it {error}") from None
    if not token:
        raise InputError(f"--token-file {file}: it is empty")
    return token


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections; port 0 stands for any that is free. Raises InputError."""
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return _bound(family, address)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot serve at {host}, port {port}: {refusal(error)}") from None


def _bound(family: int, address: Any) -> socket.socket:
    # Without the protocol asyncio would not switch off Nagle's delay, which takes 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the address to type into a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def show_in_browser(address: str, unable: Callable[[str], None]) -> None:
    """Open the first page in the user's browser; ``unable`` is told where there is none.

    The socket takes connections already. A browser of the terminal lasts until it is left: the server does
    not wait for it.
    """
    page = address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

    def show() -> None:
        if not webbrowser.open(page):
            unable(f"no browser could be opened: {page} is the address")

    threading.Thread(target=show, name="browser", daemon=True).start()


def later(work: Callable[[], None]) -> threading.Thread:
    """Let something be done beside the answers, once the first are given; return the thread that does it."""

    def do() -> None:
        try:
            work()
        except (InputError, sa.exc.SQLAlchemyError) as error:  # whoever asks for it is told, too
            logger.warning("not made beforehand: %s", error)

    timer = threading.Timer(_SOON, do)
    timer.daemon = True
    timer.start()
    return timer


def settle() -> None:
    """Take what is loaded out of the search for garbage, which would hold up a reader for 0.1 s at times."""
    gc.collect()
    gc.freeze()


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM comes, which is raised again once all is closed."""
    settle()
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who believes a reverse proxy does so by itself
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_PATIENCE,
    )
    uvicorn.Server(config).run(sockets=[listening])
