"""Files that are written whole or not at all."""

import errno
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.files import is_stdout, refuse_unwritable, write_file


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    write_file(tmp_path / "a.csv", "ä\r\nb\n")
    assert (tmp_path / "a.csv").read_bytes() == "ä\r\nb\n".encode()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link = tmp_path / "out.csv", tmp_path / "link.csv"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    write_file(link, "after")
    assert (file.read_text(), link.is_symlink(), file.stat().st_mode & 0o777) == ("after", True, 0o640)

    def full(part: Path, target: Path) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(
        InputError, match=r"^cannot write .*out.csv: No space left on device; make room there$"
    ):
        write_file(file, "never")
    assert file.read_text() == "after"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "link.csv"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", r": Is a directory; name a file in it$"),
        (
            "none/a.csv",
            r": No such file or directory; look whether its name, and that of its folder, are right$",
        ),
        ("file/a.csv", r": Not a directory; a file is where a folder should be: name another place$"),
        (f"{'a' * 300}.csv", r": File name too long; name a shorter one$"),
    ],
)
def test_what_cannot_be_written_is_known_before_and_leaves_nothing(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "file").write_text("a file")
    for refuses in (refuse_unwritable, lambda file: write_file(file, "never")):
        with pytest.raises(InputError, match=f"^cannot write .*{said}"):
            refuses(tmp_path / name)
    refuse_unwritable(tmp_path / "new.csv")
    refuse_unwritable(tmp_path / "file")
    refuse_unwritable(Path(os.devnull))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["a file"]


def test_standard_output_is_known_by_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, link = tmp_path / "out.json", tmp_path / "link"
    link.symlink_to(out)
    with out.open("w") as opened:
        monkeypatch.setattr(sys, "stdout", opened)
        assert all(map(is_stdout, (Path("-"), out, link)))
        assert not any(map(is_stdout, (tmp_path / "other.json", tmp_path, Path(os.devnull))))
