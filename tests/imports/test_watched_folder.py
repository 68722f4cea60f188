"""A folder into which files are put: what is new in it, and whole."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from letterboxd_scraper.imports.watched_folder import LONG_STILL, STILL, WatchedFolder
from tests.imports.test_reading import ARCHIVE, FILM_PAGE, IMDB, packed, within, write

ZIP = packed(ARCHIVE)


@dataclass
class Watched:
    """A watched folder, and a clock that goes on by the seconds between two looks."""

    folder: Path
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.watched = WatchedFolder(self.folder, lambda: self.seconds)

    def put(self, **contents: str | bytes) -> None:
        write(
            self.folder, {name.replace("__", "/").replace("_", "."): text for name, text in contents.items()}
        )

    def after(self, seconds: float, *, takes: bool = True) -> set[str]:
        """Look twice, so many seconds apart; return what is new, and take it."""
        news = [self.watched.look()]
        self.seconds += seconds
        news.append(self.watched.look())
        new: set[str] = set()
        for one in filter(None, news):
            new |= {str(path.relative_to(self.folder)) for part in one.parts for path in part}
            self.remarks += one.others
            if takes:
                self.watched.take(one)
        return new


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "watched")


def test_what_lies_there_and_what_comes_is_new_once(watched: Watched) -> None:
    watched.put(ann_zip=ZIP)
    assert watched.after(STILL) == {"ann.zip"}
    assert watched.after(STILL) == set()
    watched.put(imdb_csv=IMDB)
    assert watched.after(STILL / 2) == set()
    assert watched.after(STILL / 2) == {"imdb.csv"}


def test_what_was_not_taken_stays_news(watched: Watched) -> None:
    watched.put(ann_zip=ZIP)
    assert watched.after(STILL, takes=False) == {"ann.zip"}
    assert watched.after(0) == {"ann.zip"}


def test_a_copy_and_another_name_are_no_news(watched: Watched) -> None:
    watched.put(ann_zip=ZIP)
    watched.after(STILL)
    watched.put(copy_zip=ZIP)
    (watched.folder / "ann.zip").rename(watched.folder / "renamed.zip")
    assert watched.after(STILL) == set()
    watched.put(copy_zip=packed({**ARCHIVE, "ratings.csv": ARCHIVE["ratings.csv"].replace("4.5", "5")}))
    assert watched.after(STILL) == {"copy.zip"}


def test_two_copies_at_once_are_one_and_the_sites_own_name_says_more(watched: Watched) -> None:
    write(watched.folder, {"copy.zip": ZIP, "letterboxd-gus-2026-01-21-11-21-utc.zip": ZIP})
    assert watched.after(STILL) == {"letterboxd-gus-2026-01-21-11-21-utc.zip"}


@pytest.mark.parametrize(
    "name",
    [
        "ann.zip.crdownload",
        "Unconfirmed 1.crdownload",
        "ann.zip.part",
        "ann.zip.download/ann.zip",
        ".ann.zip",
    ],
)
def test_a_download_is_waited_for(watched: Watched, name: str) -> None:
    write(watched.folder, {name: ZIP})
    assert watched.after(10 * LONG_STILL) == set()
    (watched.folder / name).rename(watched.folder / "ann.zip")
    assert watched.after(STILL) == {"ann.zip"}
    assert watched.remarks == []


@pytest.mark.parametrize("part", [b"", ZIP[:40], ZIP[:-1]])
def test_an_archive_that_grows_slowly_is_waited_for(watched: Watched, part: bytes) -> None:
    watched.put(ann_zip=part)
    assert watched.after(LONG_STILL / 2) == set()
    watched.put(ann_zip=ZIP)
    assert watched.after(STILL) == {"ann.zip"}


def test_what_grows_is_not_taken(watched: Watched) -> None:
    for length in range(10, 60, 10):
        watched.put(imdb_csv=IMDB[:length])
        assert watched.after(STILL * 0.9) == set()


def test_what_never_becomes_whole_is_read_so_that_somebody_hears_of_it(watched: Watched) -> None:
    watched.put(ann_zip=ZIP[:-30])
    assert watched.after(LONG_STILL) == {"ann.zip"}


def test_wrong_files_are_said_once(watched: Watched) -> None:
    watched.put(bill_pdf="%PDF-1.7", lists__best_csv="Letterboxd list export v7\nDate,Name\n", empty_csv="")
    watched.after(LONG_STILL)
    watched.put(other_pdf="%PDF-1.7")
    watched.after(LONG_STILL)
    said = [line.removeprefix(f"{watched.folder}/") for line in watched.remarks]
    assert sorted(line[:24] for line in said) == [
        "bill.pdf: a PDF file",
        "empty.csv: an empty file",
        "lists/best.csv: a list o",
        "other.pdf: a PDF file",
    ]


def test_what_belongs_together_is_read_together(watched: Watched) -> None:
    write(watched.folder, within("letterboxd-gus", ARCHIVE))
    parts = {"letterboxd-gus/profile.csv", "letterboxd-gus/ratings.csv", "letterboxd-gus/likes/films.csv"}
    assert watched.after(STILL) == parts
    watched.put(a_html=FILM_PAGE)
    assert watched.after(STILL) == {"a.html"}
    watched.put(b_html=FILM_PAGE.replace("ordet", "playtime"))
    assert watched.after(STILL) == {"a.html", "b.html"}
    assert watched.remarks == []


def test_a_folder_that_has_gone_is_no_empty_one(watched: Watched) -> None:
    watched.folder.rmdir()
    with pytest.raises(FileNotFoundError):
        watched.watched.look()


def test_a_file_that_cannot_be_read_is_said(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.put(notes_txt="x")
    watched.after(0)
    whole = Path.open

    def refuse(path: Path, *arguments: object) -> object:
        if path.name == "notes.txt":
            raise PermissionError(13, "Permission denied")
        return whole(path, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    watched.after(STILL)
    assert ["notes.txt cannot be read: Permission denied" in line for line in watched.remarks] == [True]
