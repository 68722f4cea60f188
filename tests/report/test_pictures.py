"""Pictures of a report: what stands where, and under which marks."""

from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.report import charts, overview, point_names, scales
from letterboxd_scraper.report.comparisons import Division
from letterboxd_scraper.report.point_names import Spot, around_name
from tests.report.films import film


@given(st.integers(1, 100_000))
def test_marks_of_counts_are_whole_numbers_in_order_and_within(most: int) -> None:
    axis = scales.counts(most)
    numbers = [int(tick.text.replace(",", "")) for tick in axis.ticks]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1
    assert all(0 <= tick.place <= 100 for tick in axis.ticks)
    assert axis.scale.place(1) < axis.scale.place(most) or most == 1


@given(st.floats(0.5, 5), st.floats(0.5, 5))
def test_an_axis_of_stars_holds_what_it_is_for(one: float, other: float) -> None:
    axis = scales.stars(min(one, other), max(one, other))
    assert 0 <= axis.scale.place(min(one, other)) <= axis.scale.place(max(one, other)) <= 100
    assert axis.scale.low <= min(one, other) <= max(one, other) <= axis.scale.high
    assert len(axis.ticks) >= 2


def test_films_with_as_many_ratings_and_the_same_mean_are_one_point() -> None:
    films = [
        film("a", dict.fromkeys(range(3), 4.0)),
        film("b", dict.fromkeys(range(3), 4.0)),
        film("c", dict.fromkeys(range(2), 4.0)),
        film("d", dict.fromkeys(range(3), 1.0)),
    ]
    picture = overview.of_films(films)
    assert picture is not None
    assert sorted(list(point.films) for point in picture.points) == [[0, 1], [2], [3]]
    (together,) = (point for point in picture.points if len(point.films) == 2)
    assert together.text == "a (2000), b (2000): 4.00 by 3 ratings each"
    assert together.radius > min(point.radius for point in picture.points)
    assert round(picture.mean, 3) == round((4 * 3 + 4 * 3 + 4 * 2 + 1 * 3) / 11, 3)
    assert overview.of_films([]) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 100), st.text(st.characters(codec="ascii"), max_size=24))
    )
)
def test_names_of_points_cover_no_name_and_no_point(places: list[tuple[float, float, str]]) -> None:
    spots = [Spot(x, y, 3.5, text) for x, y, text in places]
    names = point_names.place(spots, 236, 420)
    boxes = [around_name(name, 236, 420) for name in names]
    assert not any(one.meets(other) for n, one in enumerate(boxes) for other in boxes[:n])
    circles = [point_names.Box(x * 2.36 - 3, x * 2.36 + 3, y * 4.2 - 3, y * 4.2 + 3) for x, y, _ in places]
    assert not any(box.meets(circle) for box in boxes for circle in circles)


def test_a_bars_height_is_its_share_of_the_films_ratings() -> None:
    histogram = [0, 0, 0, 0, 1, 0, 0, 0, 0, 3]
    ((_, bars),) = charts.divided([Division("a", 1.0, histogram)])
    assert [(bar.stars, bar.count, round(bar.height)) for bar in bars] == [(2.5, 1, 33), (5.0, 3, 100)]


def test_the_only_point_of_a_column_is_named_once() -> None:
    (name,) = point_names.place([Spot(50, 50, 3.5, "Akira")], 860, 420)
    assert name.text == "Akira"
    column = [Spot(50, y, 3.5, f"film {y}") for y in (10, 50, 90)]
    assert len(point_names.place(column, 860, 420)) == 3
