"""One film is one film, and its name is the newest, in whatever order archives and pages are imported."""

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.cli.main import run
from tests.cli.conftest import Run
from tests.site.archive import HEAD, packed

Row = tuple[str, str, str, str]  # the day, the title, the year and the link
DIARY = """<!DOCTYPE html><html>
<head><meta property="og:url" content="https://letterboxd.com/nell/films/diary/"></head>
<body class="diary films-diary" data-owner="nell"><div id="content"><table id="diary-table"><tbody>
<tr class="diary-entry-row viewing-poster-container" data-viewing-id="7" data-owner="nell">
<td class="td-day diary-day"><a href="/nell/films/diary/for/2025/03/25/">25</a></td>
<td class="td-film-details"><div class="poster film-poster" data-film-id="51" data-film-slug="the-mill"
data-target-link="/nell/film/the-mill/"><img alt="The Mill"></div>
<h3><a href="/nell/film/the-mill/">The Mill</a></h3></td>
<td class="td-released"><span>1980</span></td>
<td class="td-rating"><div class="hide-for-owner" data-owner="nell">
<span class="rating rated-8">★★★★</span></div></td></tr>
</tbody></table></div></body></html>"""


def archive(
    folder: Path, member: str, day: str, *rated: Row, favourites: str = "", wanted: Sequence[Row] = ()
) -> Path:
    """Write an archive of a member who gave these films four stars."""

    def table(rows: Sequence[Row], *more: str) -> str:
        lines = [",".join([*HEAD, *more[:1]]), *(",".join([*row, *more[1:]]) for row in rows)]
        return "\r\n".join(lines) + "\r\n"

    texts = {
        "profile.csv": f'Username,Favorite Films\r\n{member},"{favourites}"\r\n',
        "ratings.csv": table(rated, "Rating", "4"),
        "watched.csv": table(rated),
        "watchlist.csv": table(wanted),
    }
    file = folder / f"letterboxd-{member}-{day}-00-00-utc.zip"
    file.write_bytes(packed(texts))
    return file


class Imported:
    """What commands show of a database after these paths, imported one after the other."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], paths: Sequence[Path]) -> None:
        self._url = f"sqlite:///{folder / 'films.db'}"
        self._capsys = capsys
        (folder / "films.db").unlink(missing_ok=True)
        for path in paths:
            assert self.run("import", "--yes", "--cohort", "us", str(path))[0] == 0
        assert self.run("rank", "compute", "--cohort", "us", "--strategy", "bayesian")[0] == 0

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run(["--db-url", self._url, *words])
        return code, *self._capsys.readouterr()

    def ranking(self, *words: str) -> list[Any]:
        """Return title, year and link of the ranked films."""
        films = json.loads(
            self.run("--json", "rank", "show", "--cohort", "us", "--strategy", "bayesian", *words)[1]
        )
        return [(film["title"], film["year"], film["link"]) for film in films]

    def checksums(self) -> Any:
        code, out, _ = self.run("--json", "db", "check")
        assert code == 0
        return json.loads(out)


@pytest.fixture
def in_every_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Yield what is shown after each order of these paths."""
    return lambda *paths: (Imported(tmp_path, capsys, order) for order in permutations(paths))


def test_the_newest_archive_names_a_film(in_every_order: Any, tmp_path: Path) -> None:
    first = archive(
        tmp_path, "nell", "2023-05-01", wanted=[("2023-04-01", "The Return", "", "https://boxd.it/Cd34")]
    )
    later = archive(
        tmp_path, "nell", "2026-05-01", ("2026-04-01", "The Return: Again", "2025", "https://boxd.it/Cd34")
    )
    for imported in in_every_order(first, later):
        assert imported.ranking("--year", "2025") == [("The Return: Again", 2025, "https://boxd.it/Cd34")]


def test_ties_and_checksums_are_the_same(in_every_order: Any, tmp_path: Path) -> None:
    one = archive(tmp_path, "nell", "2024-02-01", ("2024-01-01", "Beta", "1990", "https://boxd.it/C001"))
    two = archive(tmp_path, "olaf", "2024-02-01", ("2024-01-01", "Alpha", "1990", "https://boxd.it/D001"))
    outcomes = [(imported.ranking(), imported.checksums()) for imported in in_every_order(one, two)]
    assert [title for title, *_ in outcomes[0][0]] == ["Beta", "Alpha"]  # by their codes
    assert outcomes[0] == outcomes[1]


def test_a_favourite_that_only_anothers_archive_names_is_kept(in_every_order: Any, tmp_path: Path) -> None:
    links = "https://boxd.it/Yy01, https://boxd.it/Yy02, https://boxd.it/Yy03"
    one = archive(
        tmp_path,
        "nell",
        "2024-02-01",
        ("2024-01-01", "Second", "1990", "https://boxd.it/Yy02"),
        favourites=links,
    )
    two = archive(tmp_path, "olaf", "2024-02-01", ("2024-01-01", "First", "1980", "https://boxd.it/Yy01"))
    for imported in in_every_order(one, two):
        for film, title in (("First", "First"), ("second", "Second"), ("Yy03", "boxd.it/Yy03")):
            told = json.loads(imported.run("--json", "rank", "explain", "--cohort", "us", "--film", film)[1])
            assert (
                told["title"],
                next(o["favorite"] for o in told["opinions"] if o["member"] == "nell"),
            ) == (title, True)
        assert imported.checksums()


def test_two_codes_of_one_title_never_meet_in_a_list(in_every_order: Any, tmp_path: Path) -> None:
    one = archive(
        tmp_path, "nell", "2024-02-01", ("2024-01-01", "Two Nights", "2010", "https://boxd.it/Bb01")
    )
    listed = tmp_path / "list.csv"
    listed.write_text("Position,Name,Year,URL,Description\n1,Two Nights,2010,https://boxd.it/Yy99,\n")
    (imported,) = in_every_order(one)
    code, out, told = imported.run(
        "--json", "rank", "show", "--cohort", "us", "--strategy", "bayesian", "--in-list", str(listed)
    )
    assert (code, json.loads(out)) == (0, [])
    assert "1 of 1 film" in told
    assert "Two Nights (2010)" in told


def test_an_archive_and_a_page_without_codes_tell_of_one_film(in_every_order: Any, tmp_path: Path) -> None:
    one = archive(tmp_path, "nell", "2025-04-01", ("2025-03-20", "The Mill", "1980", "https://boxd.it/Gg01"))
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "diary.html").write_text(DIARY, encoding="utf-8")
    for imported in in_every_order(one, pages):
        assert imported.ranking() == [("The Mill", 1980, "https://letterboxd.com/film/the-mill/")]
        told = json.loads(
            imported.run("--json", "rank", "explain", "--cohort", "us", "--film", "boxd.it/Gg01")[1]
        )
        assert told["opinions"][0]["rated_at"].startswith("2025-03-25")
        assert imported.checksums()


def test_films_of_one_title_are_listed_with_years_and_links(in_every_order: Any, tmp_path: Path) -> None:
    rows = [("2024-01-01", "Leap", year, f"https://boxd.it/Aa0{year}") for year in ("1990", "2010")]
    (imported,) = in_every_order(archive(tmp_path, "nell", "2024-02-01", *rows))
    listed = (
        "'leap' fits 2 films, name one by its address: Leap (1990) https://boxd.it/Aa01990; Leap (2010) https"
    )
    for command in (("rank", "explain", "--cohort", "us"), ("enrich",)):
        code, _, told = imported.run(*command, "--film", "leap")
        assert code == 2
        assert listed in told
    told = json.loads(imported.run("--json", "rank", "explain", "--cohort", "us", "--film", "Leap (2010)")[1])
    assert told["year"] == 2010


def test_a_film_is_enriched_by_its_title(club: Run) -> None:
    ended = club("enrich", "--film", "GERTRUD (1964)")
    assert ended.code == 2  # the terms are not accepted
    assert "gertrud: 1 film, 1 request to the site" in ended.err
