"""`letterboxd init`: the few settings that everybody needs, asked for and written down."""

import os
import stat
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from letterboxd_scraper import config
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.names import member_name
from letterboxd_scraper.machine.files import is_stdout, write_file
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.harmless import harmless
from letterboxd_scraper.terminal.session import Session

# Values are quoted as .env files want it; what could end a quotation is refused before.
_FILE = Template("""\
# Settings of letterboxd, read by every command that is run in this folder. All settings with their
# defaults: `letterboxd config show`. What stands in the environment comes before what stands here.

# You: whose circle `letterboxd sync` reads.
LETTERBOXD_MEMBER="$member"

# An address or URL, sent along with each request, so that the site knows whom to ask.
LETTERBOXD_CONTACT="$contact"

# Letterboxd's terms forbid automated access without authorization. If you are authorized:
# LETTERBOXD_TERMS_ACCEPTED=true

# Where everything is kept; without it, a file in your user data directory.
# DATABASE_URL=sqlite:///letterboxd.db
# DATABASE_URL=postgresql://user:password@host/name

# A key of TMDB (free for personal use: themoviedb.org/settings/api) tells what the films are.
${comment}TMDB_API_KEY="$key"
""")


def init(
    context: typer.Context,
    member: Annotated[str | None, options.member("You: your name on the site; else it is asked for.")] = None,
    contact: Annotated[
        str | None, options.value("ADDRESS", "Whom the site may ask: an address; else it is asked for.")
    ] = None,
    output: Annotated[Path, options.output("The file.")] = Path(".env"),
    force: Annotated[bool, options.flag("--force", "Replace a file that is there.")] = False,
) -> None:
    """Write a file with the settings that you need; asks for them.

    Your name on the site, a contact, and a key of TMDB if you have one. The commands that are run in the same
    folder read it.

    \b
    Examples:
      letterboxd init
      letterboxd init --member marla --contact marla@example.org
    """
    session: Session = context.obj
    session.refuse_two_documents(output)
    if not is_stdout(output) and output.exists() and not force:
        raise InputError(f"{output} is there already: edit it, or replace it with --force")
    ask_name = partial(_asked, "Your name on Letterboxd (as in letterboxd.com/NAME)", "--member NAME")
    name = member or _until_right(ask_name, _checked_name)
    ask_contact = partial(_asked, "A contact for the site (e-mail or URL)", "--contact ADDRESS")
    address = _checked_contact(contact) if contact else _until_right(ask_contact, _checked_contact)
    key = _until_right(_asked_key, _checked_key)
    # The file may hold a key: nobody else reads it.
    values = {"member": name, "contact": address, "key": key, "comment": "" if key else "# "}
    text = _FILE.substitute(values)
    if is_stdout(output):
        session.print_text(text)
        return
    write_file(output, text, _open_for_the_owner)
    now = "now: letterboxd sync" + ("" if output == Path(".env") else f" (with {output} as .env)")
    session.conclude({"file": output, "member": name}, f"written to {output}", now)


def _until_right(ask: Callable[[], str], check: Callable[[str], str]) -> str:
    """Return the first answer that is right; what is wrong with the others is said."""
    while True:
        answer = ask()
        try:
            return check(answer)
        except InputError as error:
            typer.echo(harmless(str(error)), err=True)


def _asked(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise InputError(f"there is nobody to ask: give {option}")
    return str(typer.prompt(question, err=True))


def _asked_key() -> str:
    """Return TMDB's key; "" where there is none. It is never an option: those can be seen by everybody."""
    if not sys.stdin.isatty():
        return ""
    question = "A key of TMDB (Enter: none; it is not shown)"
    return str(typer.prompt(question, default="", hide_input=True, show_default=False, err=True))


def _checked_key(text: str) -> str:
    return config.load(TMDB_API_KEY=text).TMDB_API_KEY.get_secret_value()


def _checked_name(text: str) -> str:
    try:
        return member_name(text)
    except ValueError as error:
        raise InputError(f"{text!r} {error}") from None


def _checked_contact(text: str) -> str:
    contact = text.strip()
    if not ("@" in contact or "://" in contact) or any(sign in contact for sign in "\"'\\\n\r\0$"):
        raise InputError(f"contact {text!r}: give an e-mail address or a URL")
    return contact


def _open_for_the_owner(name: str, flags: int) -> int:
    descriptor = os.open(name, flags, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)  # one that is replaced keeps its mode
    return descriptor
