"""`letterboxd serve`: what is stored, for browsers and programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store.open import open_read_only, refuse_unwritable
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from letterboxd_scraper.server.reports import Reports
    from letterboxd_scraper.server.served import Served

# In milliseconds: who asked for a page has gone by then.
_LONGEST_STATEMENT = 30_000

PortOption = Annotated[int, options.count("0: any that is free.", least=0, most=65535, metavar="PORT")]
ServedNamesOption = Annotated[bool, options.names("Say who the members are; else they are numbers.")]


@dataclass(frozen=True, slots=True)
class _Way:
    """How others reach the server: at a ``host``, with a ``token``, or invited, at a ``public`` address.

    Without invitations ``public`` is None. ``is_local``: nobody does but who sits at this machine.
    """

    host: str
    is_local: bool
    token: str
    public: str | None

    def check(self, *, drop: bool) -> None:
        """Raise InputError where others could read what they should not, or ``drop`` files."""
        if self.public is None and not self.is_local and not self.token:
            raise InputError(
                f"--host {self.host}: others could read there: name a file with a token by --token-file, or "
                "set LETTERBOXD_SERVE_TOKEN in the environment"
            )
        if self.public == "":
            raise InputError(
                "--invitations: set LETTERBOXD_PUBLIC_URL to the https address under which others reach it"
            )
        if drop and self.public:
            # Behind a proxy that hands on no name, everybody would seem to sit at this machine.
            raise InputError("--drop is for this machine alone: leave it out, or --invitations")
        if drop and not self.is_local:
            raise InputError(
                f"--host {self.host}: files can be dropped on this machine only: leave out --host or --drop"
            )


def serve(
    context: typer.Context,
    host: Annotated[
        str, options.value("HOST", "Where to listen; elsewhere than here, a token is wanted.")
    ] = "127.0.0.1",
    port: PortOption = 8000,
    names: ServedNamesOption = False,
    open_browser: Annotated[bool, options.flag("--open", "Open the first page in your browser.")] = False,
    drop: Annotated[
        bool,
        options.flag("--drop", "Have a page, /drop, on which files can be dropped; on this machine only."),
    ] = False,
    invitations: Annotated[
        bool,
        options.flag(
            "--invitations",
            "Let people in by `letterboxd club invite`, behind TLS at LETTERBOXD_PUBLIC_URL; "
            "each reads their own circles.",
        ),
    ] = False,
    token_file: Annotated[
        Path | None,
        options.value(
            "FILE", "A file with the token that readers have to send; default: LETTERBOXD_SERVE_TOKEN."
        ),
    ] = None,
) -> None:
    """Show reports and rankings in a browser, and to programs as JSON.

    It only reads, unless --drop or --invitations is given, and it ends with Ctrl-C. Programs find what they
    can ask for at /docs, and Prometheus what `letterboxd status` tells at /metrics. A token is sent as
    `Authorization: Bearer TOKEN`, or given to a browser as the password.

    \b
    Examples:
      letterboxd serve --open
      letterboxd serve --host 0.0.0.0 --token-file token.txt
    """
    extras.require("serve")
    from letterboxd_scraper.server import running

    session: Session = context.obj
    config = session.config
    token = running.read_token(token_file) if token_file else config.LETTERBOXD_SERVE_TOKEN.get_secret_value()
    public = config.LETTERBOXD_PUBLIC_URL if invitations else None
    way = _Way(host, running.is_loopback(host), token, public)
    way.check(drop=drop)
    app, reports = _make(session, way, names=names, drop=drop)
    with running.listen(host, port) as listening:
        address = running.address_of(listening)
        others = [f"for others: {public}, through a proxy"] if public else []
        session.conclude({"address": address}, *others, f"serving at {address} (Ctrl-C ends it)")
        if open_browser:
            running.show_in_browser(address, unable=session.say)
            running.later(reports.prepare)  # which somebody will want to see
        running.serve(app, listening)


def _make(session: Session, way: _Way, *, names: bool, drop: bool) -> tuple["ASGIApp", "Reports"]:
    """Return the application for the session's database, and the reports that it shows."""
    from letterboxd_scraper.server.app import make_app
    from letterboxd_scraper.server.drop import LABEL, Drop
    from letterboxd_scraper.server.invited.app import Invited
    from letterboxd_scraper.server.reports import Reports

    served = served_by(session, names=names, takes_files=drop, public_url=way.public or "")
    if drop or way.public:
        refuse_unwritable(session.engine)  # now, and not when the first who was invited sends their files
    reports = Reports(served)
    files = Drop(served, session.engine, LABEL) if drop else None
    invited = Invited(served, session.engine, way.token) if way.public else None
    app = make_app(served, token=way.token, local=way.is_local, reports=reports, drop=files, invited=invited)
    return app, reports


def served_by(session: Session, *, names: bool, takes_files: bool = False, public_url: str = "") -> "Served":
    """Return what is served of the session's database, as it is. Raises StoreNotReady."""
    from letterboxd_scraper.server.served import Served

    engine = open_read_only(session.database(), longest=_LONGEST_STATEMENT)
    return Served(engine, names, session.config, takes_files, public_url)
