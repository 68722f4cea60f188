"""`letterboxd club howto`: a page for friends, who are to send their files."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.machine.files import is_stdout
from letterboxd_scraper.report import howto
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session


def club_howto(
    context: typer.Context,
    name: Annotated[str | None, options.cohort_to_fill("What the circle is called.", "--name")] = None,
    contact: Annotated[
        str | None, options.value("ADDRESS", "Where friends send their files: a mail address, say.")
    ] = None,
    output: Annotated[Path, options.output("The file.")] = Path("howto.html"),
) -> None:
    """Write a page for friends: how to export their films, and send the file.

    In plain words, with drawings; also what the circle will learn, what is kept, and how to leave. It is for
    a phone or for one sheet of paper, needs nothing else, and holds nobody's data.

    \b
    Examples:
      letterboxd club howto
      letterboxd club howto --name monday --contact ida@example.org
    """
    session: Session = context.obj
    session.refuse_two_documents(output)
    session.write(output, howto.page(name, contact))
    if not is_stdout(output):
        session.conclude({"file": output}, f"{output}: to be sent to friends, or printed on one sheet of A4")
