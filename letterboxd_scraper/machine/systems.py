"""On which systems this runs. It imports what Python has loaded by itself already, and nothing else."""

import sys


def refuse_windows() -> None:
    """End the process with exit code 2 on Windows, where processes and signals are others than ours."""
    if sys.platform == "win32":
        print("letterboxd runs on Linux and macOS; on Windows, use it within WSL", file=sys.stderr)  # noqa: T201
        sys.exit(2)
