"""`letterboxd club password`: what opens a circle's pages to readers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.club_choice import NameOption
from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.store.members import reading_passwords
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session, is_typed


def password(
    context: typer.Context,
    name: NameOption = None,
    password_file: Annotated[
        Path | None, options.value("FILE", "A file with the password, instead of being asked for it.")
    ] = None,
    remove: Annotated[bool, options.flag("--remove", "Let no password open the pages any more.")] = False,
) -> None:
    """Set a password by which people read a circle's pages.

    It is asked for where invitations are served. Members need none: they have the link to their own page.
    What you type is not shown. An earlier password opens the pages no longer.

    \b
    Examples:
      letterboxd club password --name monday
      letterboxd club password --name monday --password-file password.txt
      letterboxd club password --name monday --remove
    """
    session: Session = context.obj
    if remove and password_file:
        raise InputError("--remove and --password-file: give one of them")
    circle = find_cohort(session, name)
    chosen = None if remove else _read(password_file) if password_file else _asked()
    transact(session.engine, reading_passwords.set_password, circle.id, chosen)
    done = "no password opens" if remove else "this password opens"
    session.conclude(
        {"cohort": circle.label, "password": not remove}, f"{done} the pages of {circle.label} to readers"
    )


def _asked() -> str:
    if not (is_typed(sys.stdin) and is_typed(sys.stderr)):
        raise InputError("there is nobody to ask for a password: give --password-file FILE, or --remove")
    question = f"Password ({reading_passwords.SHORTEST} characters or more; it is not shown)"
    again = "The same again"
    return str(typer.prompt(question, hide_input=True, confirmation_prompt=again, err=True))


def _read(file: Path) -> str:
    """Return the only line of a file. Raises InputError, which tells nothing of what is in it."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"--password-file {file}: {refusal(error)}") from None
    except UnicodeDecodeError:
        raise InputError(f"--password-file {file}: it is no text in UTF-8") from None
    if len(lines) != 1:
        raise InputError(f"--password-file {file}: it must have one line, which is the password")
    return lines[0]
