"""Files of every kind, mixed: what each of them is, and what is said of those that are none."""

from datetime import UTC, datetime
from pathlib import Path

from letterboxd_scraper.imports.kinds import Kind
from letterboxd_scraper.imports.reading import read_paths
from tests.imports.test_archive import zipped

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_one_bad_file_costs_no_other(tmp_path: Path) -> None:
    good, missing = zipped(tmp_path), tmp_path / "missing.zip"
    read = read_paths([missing, good], NOW)
    assert [(file.path, file.kind) for file in read.files] == [
        (str(missing), Kind.ARCHIVE),
        (str(good), Kind.ARCHIVE),
    ]
    assert [snapshot.member for snapshot in read.snapshots] == ["ann"]
    assert len(read.errors) == 1
