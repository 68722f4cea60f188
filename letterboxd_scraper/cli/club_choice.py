"""The circle that a command about invitations is for."""

import shlex
from typing import Annotated

from letterboxd_scraper.terminal import options

NameOption = Annotated[
    str | None, options.cohort(f"Label or number of the circle; {options.ASSUMED}.", "--name")
]


def club(command: str, label: str, *words: str) -> str:
    """Return a command about a circle as it is typed.

    >>> club("revoke", "monday night", "3")
    "`letterboxd club revoke 3 --name 'monday night'`"
    """
    return f"`letterboxd club {shlex.join([command, *words, '--name', label])}`"
