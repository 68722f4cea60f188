"""Small sources that once ended otherwise in another order: ours, and those that lie beside us, if any do."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.store.schema import films, ratings, users
from tests.cli.conftest import Run
from tests.imports.test_reading import packed
from tests.imports.test_saved_pages import page

FOUND = Path(__file__).parents[3] / "shared" / "cases"
HEAD = "Date,Name,Year,Letterboxd URI"
DIARY = """<table id="diary-table"><tr class="diary-entry-row" data-viewing-id="1"><td>
<a href="/flo/diary/for/2025/03/25/"></a><a href="/flo/film/the-lamp/"></a>
<div data-item-slug="the-lamp" data-item-name="The Lamp (1980)"></div></td>
<td class="col-rating"><div class="hide-for-owner"><span class="rating rated-8"></span></div></td>
</tr></table>"""


def archive(member: str, rated: str = "", wanted: str = "", favourites: str = "") -> bytes:
    """Return an archive with one rating of four stars, one film on the watchlist, and favourites."""
    return packed(
        {
            "profile.csv": f'Username,Favorite Films\n{member},"{favourites}"\n',
            "ratings.csv": f"{HEAD},Rating\n" + (f"2024-01-01,{rated},4\n" if rated else ""),
            "watched.csv": f"{HEAD}\n" + (f"2024-01-01,{rated}\n" if rated else ""),
            "watchlist.csv": f"{HEAD}\n" + (f"2023-01-01,{wanted}\n" if wanted else ""),
        }
    )


WRITTEN = {
    "letterboxd-abe-2023-05-01-00-00-utc.zip": archive("abe", wanted="Untitled,2024,https://boxd.it/Sq01"),
    "letterboxd-abe-2026-05-01-00-00-utc.zip": archive("abe", "Return: Anew,2025,https://boxd.it/Sq01"),
    "letterboxd-dan-2024-02-01-00-00-utc.zip": archive(
        "dan", "Later,1990,https://boxd.it/Fv02", favourites="https://boxd.it/Fv01, https://boxd.it/Fv02"
    ),
    "letterboxd-eli-2024-02-01-00-00-utc.zip": archive("eli", "Sooner,1980,https://boxd.it/Fv01"),
    "letterboxd-flo-2025-04-01-00-00-utc.zip": archive("flo", "The Lamp,1980,https://boxd.it/Lm01"),
    "diary/diary.html": page("films-diary", "/flo/diary/films/", DIARY, owner="flo").encode(),
}
# What each source of a case is called by the beginning of its name, and what is stored of members in the end:
# title, year, stars, whether it is a favourite, and the day.
WRITTEN_CASES = [
    (("letterboxd-abe-2023", "letterboxd-abe-2026"), {("abe", "Return: Anew", 2025, 4.0, False)}),
    (
        ("letterboxd-dan", "letterboxd-eli"),
        {
            ("dan", "Later", 1990, 4.0, True),
            ("dan", "Sooner", 1980, None, True),
            ("eli", "Sooner", 1980, 4.0, False),
        },
    ),
    (("letterboxd-flo", "diary"), {("flo", "The Lamp", 1980, 4.0, False)}),
]
FOUND_CASES = [
    (("letterboxd-ada-2019",), {("ada", "First Film", 1980, 4.0, True)}),
    (
        ("letterboxd-ada-2023", "letterboxd-ada-2026"),
        {("ada", "The Sequel: Reborn", 2025, 4.0, False)},
    ),
    (
        ("letterboxd-dee", "letterboxd-eve"),
        {
            ("dee", "Second", 1990, 4.0, True),
            ("dee", "First", 1980, None, True),
            ("eve", "First", 1980, 5.0, False),
        },
    ),
    (("letterboxd-fay", "diary-page"), {("fay", "First Film", 1980, 4.0, False)}),
    (("diary-page", "films-page"), {("fay", "First Film", 1980, 4.0, False)}),
    (
        ("letterboxd-ada-2024", "letterboxd-bo"),
        {("ada", "Alpha", 1990, 4.0, False), ("bo", "Beta", 1990, 4.0, False)},
    ),
]


def stored(folder: Path) -> tuple[int, set[Any], set[Any]]:
    """Return how many films are stored, members' rows, and the days and links of the ratings."""
    engine = sa.create_engine(f"sqlite:///{folder / 'letterboxd.db'}")
    marks = (ratings.c.rating, ratings.c.favorite)
    columns = (users.c.letterboxd_username, films.c.title, films.c.release_year, *marks)
    joined = ratings.join(users).join(films)
    try:
        with engine.connect() as connection:
            rows = {tuple(row) for row in connection.execute(sa.select(*columns).select_from(joined))}
            dated = sa.select(ratings.c.rated_at, ratings.c.diary_entry_url)
            days = {tuple(row) for row in connection.execute(dated)}
            return connection.scalar(sa.select(sa.func.count()).select_from(films)) or 0, rows, days
    finally:
        engine.dispose()


def ends(empty: Run, folder: Path, place: Path, names: Sequence[str]) -> list[tuple[int, set[Any], set[Any]]]:
    """Return what is stored in the end, for each order of the sources; nothing is stored twice."""
    endings = []
    for order in permutations(names):
        (place / "letterboxd.db").unlink(missing_ok=True)
        for name in order:
            (path,) = folder.glob(f"{name}*")
            ended = empty("import", str(path))
            # Saved films without their profile prove nothing to be whole, which is said.
            assert ended.code == (ExitCode.FAILURES if name == "films-page" else ExitCode.DONE), ended.err
        assert empty("db", "check").code == ExitCode.DONE
        endings.append(stored(place))
    return endings


@pytest.mark.parametrize(
    ("names", "rows"), WRITTEN_CASES, ids=lambda part: "" if isinstance(part, set) else part[0]
)
def test_the_end_is_the_right_one_in_every_order(
    empty: Run, tmp_path: Path, names: tuple[str, ...], rows: set[Any]
) -> None:
    for name, content in WRITTEN.items():
        file = tmp_path / "sources" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    every = ends(empty, tmp_path / "sources", tmp_path, names)
    assert every[0][:2] == (len({row[1] for row in rows}), rows)
    assert all(end == every[0] for end in every)


@pytest.mark.skipif(not FOUND.is_dir(), reason=f"there are no cases in {FOUND}")
@pytest.mark.parametrize(
    ("names", "rows"), FOUND_CASES, ids=lambda part: "" if isinstance(part, set) else part[0]
)
def test_so_it_is_of_the_cases_beside_us(
    empty: Run, tmp_path: Path, names: tuple[str, ...], rows: set[Any]
) -> None:
    every = ends(empty, FOUND, tmp_path, names)
    assert every[0][:2] == (len({row[1] for row in rows}), rows)
    assert all(end == every[0] for end in every)


def test_a_list_names_another_film_of_the_same_title_by_its_code(empty: Run, tmp_path: Path) -> None:
    """Two codes that differ are two films."""
    file = tmp_path / "letterboxd-cal-2024-02-01-00-00-utc.zip"
    file.write_bytes(archive("cal", "Leap,2010,https://boxd.it/Lp01"))
    head = (
        "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2024-01-01,Mine,,https://boxd.it/zz1,\n"
    )
    films_head = "\nPosition,Name,Year,URL,Description\n"
    (tmp_path / "list.csv").write_text(f"{head}{films_head}1,Leap,2010,https://boxd.it/Lp99,\n")
    assert empty("import", str(file), "--cohort", "c").code == ExitCode.DONE
    assert empty("rank", "compute", "--cohort", "c", "--param", "min_votes=1").code == ExitCode.DONE
    ended = empty("--json", "rank", "show", "--cohort", "c", "--in-list", str(tmp_path / "list.csv"))
    assert (ended.code, ended.out.strip()) == (ExitCode.DONE, "[]")
    assert "match no stored film, or more than one: Leap (2010)" in ended.err
