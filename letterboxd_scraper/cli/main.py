"""What the installed command `letterboxd`, `python -m letterboxd_scraper` and `python -m ranking` call.

Little is imported before `main` is called: until then Python may look for modules in the current folder, and
Ctrl-C shows a traceback.
"""

from __future__ import annotations

import gc
import sys

from letterboxd_scraper.machine import safe_path, systems

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `letterboxd` and return its exit code."""
    from letterboxd_scraper.cli import command_line
    from letterboxd_scraper.terminal import run as terminal

    return terminal.run(command_line.letterboxd(), "letterboxd", arguments)


def run_ranking(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m ranking` and return its exit code."""
    from letterboxd_scraper.cli import command_line
    from letterboxd_scraper.terminal import run as terminal

    return terminal.run(command_line.ranking(), "python -m ranking", arguments)


def main(program: Callable[[], int] = run) -> None:
    """Run a program and end the process with its exit code, quietly whenever Ctrl-C is pressed."""
    safe_path.leave_out_current_folder()
    systems.refuse_windows()
    gc.disable()  # a tenth of the start: what modules make stays; a command that is called has it on again
    try:
        from letterboxd_scraper.machine import interrupts

        interrupts.leave_at_once()
        from letterboxd_scraper.terminal import run as terminal  # noqa: F401

        interrupts.raise_again()
        code = program()
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        from letterboxd_scraper.machine import interrupts  # which may be what was interrupted

        interrupts.end()
    interrupts.ignore()
    sys.exit(code)
