"""Programs of ours import nothing from the folder where they are called: anybody's files may lie there.

It imports what Python has loaded by itself already, and nothing else. Where the package itself lies in the
current folder, that folder is trusted.
"""

import os
import sys

# The folder that holds our packages.
_HOME = os.path.abspath(os.path.join(__file__, "..", "..", ".."))  # noqa: PTH100, PTH118


def leave_out_current_folder() -> None:
    """Have Python look for modules no longer in the current folder."""
    folder = _current_folder()
    if not is_ours(folder):
        sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != folder]  # noqa: PTH100


def module_command(module: str) -> list[str]:
    """Return the words that run a module as a program, which leaves out the current folder from its start."""
    return [sys.executable, *([] if is_ours(_current_folder()) else ["-P"]), "-m", module]


def environment() -> dict[str, str]:
    """Return the environment of such a program: this one's, without the entries of PYTHONPATH that depend on
    the current folder. An empty entry stands for that folder."""
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = os.pathsep.join(entry for entry in entries if os.path.isabs(entry))  # noqa: PTH117
    others = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return others | ({"PYTHONPATH": absolute} if absolute else {})


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except FileNotFoundError:  # somebody has removed it
        return os.curdir


def is_ours(folder: str) -> bool:
    """Say whether a folder is the one that holds our packages, which is trusted."""
    return os.path.realpath(folder) == os.path.realpath(_HOME)
