"""Whose certificates are believed."""

import subprocess
import sys
import tempfile
from pathlib import Path

import certifi
import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import certificates
from letterboxd_scraper.machine.certificates import VARIABLES, authorities, trust_authorities


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two files of authorities; no variable names any."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    ours, others = tmp_path / "ours.pem", tmp_path / "others.pem"
    ours.write_text("ours")
    others.write_text("others")
    return ours, others


@pytest.mark.parametrize("name", VARIABLES)
def test_those_whom_the_operator_names(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(files[0]))
    assert authorities() == str(files[0])


def test_all_of_them_and_those_in_a_folder(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
    assert Path(authorities()).read_text().split() == ["others", "ours"]
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    assert Path(authorities()).read_text().split() == ["others", "ours"]


def test_a_folder_may_hold_other_things_as_well(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java").mkdir()
    (tmp_path / "gone.pem").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    assert Path(authorities()).read_text().split() == ["others", "ours"]


def test_a_file_that_nobody_can_read_is_said(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
    with pytest.raises(InputError, match=r"others\.pem cannot be read: Permission denied"):
        authorities()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is a file, for want of a better place")
def test_who_is_killed_leaves_nothing_behind(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files[0]))
    path = authorities()
    # What this process starts reads it, too.
    assert subprocess.check_output(["cat", path], text=True).split() == ["others", "ours"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_one_who_is_not_there_is_said(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(InputError, match=r"CURL_CA_BUNDLE names /nowhere\.pem"):
        authorities()


def test_else_those_of_the_system_else_mozillas(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_OF_SYSTEMS", ("/nowhere.pem", str(files[1])))
    assert authorities() == str(files[1])
    monkeypatch.setattr(certificates, "_OF_SYSTEMS", ())
    assert authorities() == certifi.where()


def test_whatever_asks_believes_the_same(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, str(files[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(files[1]))
    trust_authorities()
    together = authorities()
    assert Path(together).read_text().split() == ["others", "ours"]
    trust_authorities()
    assert authorities() == together
