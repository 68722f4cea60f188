"""Ctrl-C outside of a crawl: an exit code, and nothing else."""

import subprocess
import sys

import pytest

AMID_AN_EXEC = """
def program():
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return 130
"""
UNCAUGHT = """
def program():
    raise KeyboardInterrupt
"""
# What is left of a process that has done its work is not interrupted any more.
AT_THE_END = """
import atexit, os, signal
atexit.register(os.kill, os.getpid(), signal.SIGINT)
def program():
    return 3
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "code"),
    [(AMID_AN_EXEC, 130), (UNCAUGHT, 130), (AT_THE_END, 3)],
    ids=["amid an exec", "uncaught", "at the end"],
)
def test_ctrl_c_is_the_exit_code_and_nothing_else(program: str, code: int) -> None:
    script = f"import sys\nfrom letterboxd_scraper.cli.main import main\n{program}\nmain(program)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
