"""`letterboxd serve`: what is stored, for browsers and programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.store.open import open_read_only
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from letterboxd_scraper.server.served import Served

# In milliseconds: who asked for a page has gone by then.
_LONGEST_STATEMENT = 30_000


def serve(
    context: typer.Context,
    host: Annotated[
        str, options.value("HOST", "Where to listen; elsewhere than here, a token is wanted.")
    ] = "127.0.0.1",
    port: Annotated[int, options.count("0: any that is free.", least=0, most=65535, metavar="PORT")] = 8000,
    names: Annotated[
        bool, options.flag("--names", "Say who the members are; else they are numbers.")
    ] = False,
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
    from letterboxd_scraper.server.app import make_app
    from letterboxd_scraper.server.drop import LABEL, Drop
    from letterboxd_scraper.server.invited.app import Invited
    from letterboxd_scraper.server.reports import Reports

    session: Session = context.obj
    config = session.config
    local = running.is_loopback(host)
    token = running.read_token(token_file) if token_file else config.LETTERBOXD_SERVE_TOKEN.get_secret_value()
    public = config.LETTERBOXD_PUBLIC_URL if invitations else ""
    if invitations:
        _refuse_uninviting(public, drop=drop)
    elif not local and not token:
        raise InputError(
            f"--host {host}: others could read there: name a file with a token by --token-file, or set "
            "LETTERBOXD_SERVE_TOKEN in the environment"
        )
    if drop and not local:
        raise InputError(
            f"--host {host}: files can be dropped on this machine only: leave out --host or --drop"
        )
    served = served_by(session, names=names, takes_files=drop, public_url=public)
    reports = Reports(served)
    files = Drop(served, session.engine, LABEL) if drop else None
    invited = Invited(served, session.engine, token) if invitations else None
    app = make_app(served, token=token, local=local, reports=reports, drop=files, invited=invited)
    with running.listen(host, port) as listening:
        address = running.address_of(listening)
        told = f"serving at {address} (Ctrl-C ends it)"
        session.conclude(
            {"address": address}, *([f"for others: {public}, through a proxy"] if public else []), told
        )
        if open_browser:
            running.show_in_browser(address, unable=session.say)
            running.later(reports.prepare)  # which somebody will want to see
        running.serve(app, listening)


def _refuse_uninviting(public: str, *, drop: bool) -> None:
    if not public:
        raise InputError(
            "--invitations: set LETTERBOXD_PUBLIC_URL to the https address under which others reach it"
        )
    if drop:
        # Behind a proxy that hands on no name, everybody would seem to sit at this machine.
        raise InputError("--drop is for this machine alone: leave it out, or --invitations")


def served_by(session: Session, *, names: bool, takes_files: bool = False, public_url: str = "") -> "Served":
    """Return what is served of the session's database, as it is. Raises StoreNotReady."""
    from letterboxd_scraper.server.served import Served

    engine = open_read_only(session.database(), longest=_LONGEST_STATEMENT)
    return Served(engine, names, session.config, takes_files, public_url)
