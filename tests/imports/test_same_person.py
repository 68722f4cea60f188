"""One person's files of several services tell the same ratings of the same films."""

from pathlib import Path

import pytest

from benchmarks.same_person import compared, invented, taken_in
from tests.elsewhere import SERVICES

FILMS = invented([(f"Film {n}", 1950 + n, "tv" if n % 7 == 0 else "movie") for n in range(40)])


@pytest.fixture(scope="module")
def ranking(tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    """The ranking of the circle that took in the person's archive."""
    return taken_in(tmp_path_factory.mktemp("archive"), "archive.zip", FILMS, enriched=True).ranking


@pytest.mark.parametrize("name", SERVICES)
def test_the_ratings_and_the_ranking_are_the_same(
    tmp_path: Path, name: str, ranking: list[str | None]
) -> None:
    stored = taken_in(tmp_path, name, FILMS, enriched=True)
    assert compared(stored, FILMS) == (len(FILMS), 0)
    assert stored.unmatched == 0
    assert stored.ranking == ranking


def test_by_titles_alone_none_is_taken_for_another(tmp_path: Path) -> None:
    right, wrong = compared(taken_in(tmp_path, "imdb.csv", FILMS, enriched=False), FILMS)
    assert right == sum(film.title == film.elsewhere for film in FILMS) < len(FILMS)
    assert wrong == 0
