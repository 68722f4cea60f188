"""What people see on terminals of 60, 80 and 200 columns, and what a pipe gets."""

import io
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from letterboxd_scraper.cli.main import run
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import films, scrape_failures
from letterboxd_scraper.terminal.columns import GAP, Column, Fit, layout
from letterboxd_scraper.terminal.paragraphs import TYPED, fitted
from tests.cli.every_command import NO_SITE, fill_club
from tests.store.rows import HOUR, MONDAY, add_run

WIDTHS = (60, 80, 200)
LONG = "The Incredibly Strange Creatures Who Stopped Living and Became Mixed-Up Zombies!!?"
COMMANDS = (
    "runs",
    "failures --all",
    "status",
    "taste --member marla --cohort club",
    "taste --member marla --with tycho",
    "recommend --cohort club --member marla",
    "recommend --cohort club --member marla --member tycho",
    "rank show --cohort club",
    "rank show --cohort club --genre western",
    "rank list",
    "rank explain --cohort club --film film-1",
    "rank evaluate --cohort club",
    "plan --cohort club",
    "cohort list",
    "cohort show club",
    "db check",
    "config show",
    "scrape --cohort nobody",
    "import files archive --preview",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with everything that tables show, and some long things in it."""
    place = tmp_path_factory.mktemp("widths")
    engine = make_engine(f"sqlite:///{place / 'club.db'}")
    migrate.upgrade(engine)
    fill_club(engine)
    with engine.begin() as connection:
        values = {"letterboxd_weighted_average": 3.21, "title": LONG}
        connection.execute(films.update().where(films.c.slug == "film-1").values(values))
        connection.execute(
            films.update().where(films.c.slug == "film-2").values(title="千と千尋の神隠し" * 4)
        )
        notes = (
            "members: 34 read in full, 2 gone or private; 1,696 films, 476 likes; 109 requests; 0 failures"
        )
        ended = {"finished_at": MONDAY + 3 * HOUR, "status": "interrupted", "requests": 12345}
        number = add_run(connection, cohort="club", notes=notes, **ended)
        connection.execute(
            scrape_failures.insert().values(
                run_id=number,
                member="marla",
                url=f"https://letterboxd.com/marla/films/rated/.5-5/by/date/{'page/' * 20}",
                stage="rated",
                error="expected a films page, found body class error message-dark; nothing was removed",
                attempts=3,
                first_seen_at=MONDAY,
                last_seen_at=MONDAY,
            )
        )
    engine.dispose()
    (place / "archive").mkdir()
    (place / "archive" / "ratings.csv").write_text(
        "Date,Name,Year,Letterboxd URI,Rating\n2020-01-01,Heat,1995,,4\n"
    )
    return place


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def called(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    environment = {"DATABASE_URL": f"sqlite:///{folder / 'club.db'}", "LETTERBOXD_BASE_URL": NO_SITE}
    moment = (MONDAY + timedelta(days=2)).isoformat()
    for name, value in (environment | {"TERM": "xterm", "LETTERBOXD_NOW": moment}).items():
        monkeypatch.setenv(name, value)


def printed(
    monkeypatch: pytest.MonkeyPatch, command: str, columns: int | None
) -> tuple[list[str], list[str]]:
    """Return the lines of stdout and stderr of a command on such a terminal, or in a pipe."""
    out, err = (Terminal(), Terminal()) if columns else (io.StringIO(), io.StringIO())
    if columns:
        monkeypatch.setenv("COLUMNS", str(columns))
    with monkeypatch.context() as streams:
        streams.setattr(sys, "stdout", out)
        streams.setattr(sys, "stderr", err)
        run(command.split())
    return lines_of(out), lines_of(err)


def lines_of(stream: io.StringIO) -> list[str]:
    """Return what was written, without colours and links."""
    return re.sub(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", stream.getvalue()).splitlines()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("called")
def test_what_is_shown_fits_and_no_word_is_broken(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: set[str] = set()
    for columns in sorted(WIDTHS, reverse=True):
        out, err = printed(monkeypatch, command, columns)
        assert [line for line in out + err if cell_len(line) > columns and _could_be_broken(line)] == []
        words = {word for line in out + err for word in line.split() if not word.endswith("…")}
        assert words
        assert {word.strip(",:;=") for word in words}.isdisjoint({"None", "True", "False", "nan"})
        labels = {word for line in out for word in re.findall(r"^ +(\w+:)(?: |$)", line)}
        whole = whole or words
        unknown = words - whole - labels - _words_of_what_is_left_out(err)
        assert unknown == set()


def _could_be_broken(line: str) -> bool:
    """Say whether a line is more than one word, or one command that somebody may copy."""
    return len(line.split()) > 1 and not TYPED.fullmatch(line.strip())


def _words_of_what_is_left_out(lines: list[str]) -> set[str]:
    text = " ".join(lines)
    return {*text[text.find("no room on this terminal") :].split()} if "no room on" in text else set()


@pytest.mark.usefixtures("called")
def test_a_pipe_gets_whole_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    _, latest, *_ = printed(monkeypatch, "runs", None)[0]
    assert "12345" in latest  # for programs, without a comma
    assert latest.endswith("109 requests; 0 failures")
    _, failure = printed(monkeypatch, "failures --all", None)[0]
    assert failure.endswith("page/" * 20)
    out, _ = printed(monkeypatch, "rank show --cohort club", None)
    assert len(out) == 13
    assert f"  {LONG}  1951  " in "\n".join(out)
    head = ["rank", "title", "year", "score", "Letterboxd", "difference", "ratings", "also", "link"]
    assert out[0].split() == head


@pytest.mark.usefixtures("called")
def test_what_is_shown_of_a_film_with_little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = printed(monkeypatch, "rank show --cohort club --year 1951", 60)
    assert out[0] == "rank  title                 year  score  Letterboxd  ratings"
    assert re.fullmatch(r" +\d+  The Incredibly Stra…  1951  \d\.\d{3}        3\.21        \d", out[1])
    assert "no room on this terminal for: difference" in err


columns_of_a_table = st.lists(
    st.tuples(st.sampled_from(Fit), st.integers(1, 60), st.integers(-1, 1)), min_size=1, max_size=8
)


@given(columns_of_a_table, st.integers(20, 200))
def test_every_column_is_somewhere_and_what_stands_side_by_side_has_room(
    shapes: list[tuple[Fit, int, int]], room: int
) -> None:
    columns = [Column(str(n), fit=fit, importance=least) for n, (fit, _, least) in enumerate(shapes)]
    widths = [width for _, width, _ in shapes]
    places = layout(columns, widths, [width // 2 for width in widths], room)
    assert sorted([*places.beside, *places.below, *places.left_out]) == list(range(len(columns)))
    total = sum(places.beside.values()) + GAP * (len(places.beside) - 1)
    assert total <= room or len(places.beside) == 1
    for place, width in places.beside.items():
        assert width == widths[place] or columns[place].fit is not Fit.WHOLE
    sentences = {n for n, column in enumerate(columns) if column.fit in (Fit.PROSE, Fit.ADDRESS)}
    assert sentences.issuperset(places.below)
    _, *kept = [columns[place].importance for place in places.beside if place not in sentences] or [0]
    gone = [columns[place].importance for place in places.left_out]
    assert min(kept, default=1) >= max(gone, default=-1)


@given(st.lists(st.text("abc`-", min_size=1, max_size=30), min_size=1).map(" ".join), st.integers(1, 80))
def test_sentences_are_broken_at_blanks_alone(text: str, width: int) -> None:
    lines = fitted(text, width).split("\n")
    assert " ".join(" ".join(lines).split()) == text
    assert all(len(line) <= width or " " not in line.strip() or "`" in line for line in lines)
