"""A server's own pages in a real browser: the server, and windows in which nothing fails."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, Page
from starlette.types import ASGIApp


@contextmanager
def serving(app: ASGIApp, listening: socket.socket) -> Iterator[None]:
    """Serve an application in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield
    server.should_exit = True
    thread.join()


@contextmanager
def somebody(browser: Browser, *, scripts: bool = True) -> Iterator[Page]:
    """Open a window of somebody's own browser, and see that nothing fails in it."""
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    yield page
    context.close()
    # The browser's own word for a refusal is none.
    assert [line for line in told if not re.search("status of 4(04|22)", line)] == []
