"""What the report compares: differences by how many rated, and what divides."""

from benchmarks.circles import NOW
from letterboxd_scraper.report import comparisons
from letterboxd_scraper.report.films import FilmTable, ReportFilm
from ranking.results import RankedFilm


def film(
    title: str, mean: float, average: float | None, votes: int, circle: list[int] | None = None
) -> ReportFilm:
    ranked = RankedFilm(1, 1, title, 2000, title, None, 0.0, None, None, votes, mean, average, {}, NOW)
    return ReportFilm(ranked, "", None, None, average, circle, None, frozenset(), [], [])


def test_differences_are_weighed_by_how_many_rated_it() -> None:
    every = [
        film("few", 5.0, 3.0, 3),  # 2.0 · 3/8
        film("many", 4.0, 3.0, 45),  # 1.0 · 45/50
        film("too few", 5.0, 0.5, 2),
        film("less", 3.0, 4.0, 5),
        film("equal", 3.0, 3.0, 50),
        film("unknown", 5.0, None, 50),
    ]
    more, less = comparisons.differences(FilmTable(every, [], [], NOW, 6))
    assert [(each.title, round(each.weighed, 6)) for each in more] == [
        ("many (2000)", 0.9),
        ("few (2000)", 0.75),
    ]
    assert [(each.title, each.weighed) for each in less] == [("less (2000)", -0.5)]


def test_what_divides_is_the_spread_of_enough_ratings() -> None:
    every = [
        film("split", 2.75, None, 6, [3, 0, 0, 0, 0, 0, 0, 0, 0, 3]),
        film("agreed", 4.0, None, 6, [0, 0, 0, 0, 0, 0, 3, 3, 0, 0]),
        film("of one mind", 4.0, None, 6, [0, 0, 0, 0, 0, 0, 0, 6, 0, 0]),
        film("too few", 2.75, None, 4, [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
    ]
    found = comparisons.divisions(FilmTable(every, [], [], NOW, 4), members=20)
    assert [(each.title, each.spread) for each in found] == [("split (2000)", 2.25), ("agreed (2000)", 0.25)]
    assert comparisons.enough_for_spread(100) == 10
