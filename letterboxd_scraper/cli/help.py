"""`letterboxd help COMMAND`: what `letterboxd COMMAND --help` prints."""

from typing import Annotated

import typer


def show_help(
    command: Annotated[
        list[str] | None, typer.Argument(help="A command, as it is called.", metavar="COMMAND…")
    ] = None,
) -> None:
    """Show what a command does and takes, with examples.

    \b
    Examples:
      letterboxd help
      letterboxd help rank show
    """
    # A group of commands reads `help NAME` as `NAME --help`: nobody comes here.
