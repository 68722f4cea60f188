"""How a missing extra is installed, by what this program was installed with."""

import sys
from pathlib import Path

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.machine.extras import Extra


@pytest.mark.parametrize(
    ("mark", "command"),
    [
        ("pyvenv.cfg", 'pip install "letterboxd-scraper[serve]"'),
        ("pipx_metadata.json", 'pipx inject letterboxd-scraper "letterboxd-scraper[serve]"'),
        # It removes what it is not told of.
        ("uv-receipt.toml", 'uv tool install "letterboxd-scraper[parquet,serve]"'),
    ],
)
def test_a_missing_extra_is_installed_as_the_program_was(
    mark: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, there = Extra(("no_such_module",), "FastAPI"), Extra(("json",), "pyarrow")
    monkeypatch.setattr(extras, "EXTRAS", {"serve": missing, "parquet": there, "spark": missing})
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / mark).touch()
    with pytest.raises(InputError) as error:
        extras.require("serve", "the page")
    assert str(error.value) == f"the page needs FastAPI: {command}"


def test_an_environment_of_uv_has_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda module: False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/a b/python")
    with pytest.raises(
        InputError, match=r": uv pip install --python '/a b/python' \"letterboxd-scraper\[serve\]\"$"
    ):
        extras.require("serve")
