"""What the report compares: differences by how many rated, and what divides."""

from letterboxd_scraper.report import comparisons
from tests.report.films import film, stars_of, table


def test_differences_are_weighed_by_how_many_rated_it() -> None:
    every = [
        film("few", dict.fromkeys(range(3), 5.0), 3.0),  # 2.0 · 3/8
        film("many", dict.fromkeys(range(45), 4.0), 3.0),  # 1.0 · 45/50
        film("too few", dict.fromkeys(range(2), 5.0), 0.5),
        film("less", dict.fromkeys(range(5), 3.0), 4.0),
        film("equal", dict.fromkeys(range(50), 3.0), 3.0),
        film("unknown", dict.fromkeys(range(50), 5.0), None),
    ]
    more, less = comparisons.differences(table(*every))
    assert [(one.title, round(one.weighed, 6)) for one in more] == [
        ("many (2000)", 0.9),
        ("few (2000)", 0.75),
    ]
    assert [(one.title, one.weighed) for one in less] == [("less (2000)", -0.5)]


def test_what_divides_is_the_spread_of_enough_ratings() -> None:
    every = [
        film("split", stars_of([3, 0, 0, 0, 0, 0, 0, 0, 0, 3])),
        film("agreed", stars_of([0, 0, 0, 0, 0, 0, 3, 3, 0, 0])),
        film("of one mind", stars_of([0, 0, 0, 0, 0, 0, 0, 6, 0, 0])),
        film("too few", stars_of([2, 0, 0, 0, 0, 0, 0, 0, 0, 2])),
    ]
    divisions = comparisons.divisions(table(*every), members=20)
    assert [(one.title, one.spread) for one in divisions] == [
        ("split (2000)", 2.25),
        ("agreed (2000)", 0.25),
    ]
    assert comparisons.enough_for_spread(100) == 10
