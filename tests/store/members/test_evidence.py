"""Sources in any order: whatever came first, in the end the same is known. A property."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from letterboxd_scraper.store.members.evidence import (
    Marks,
    with_favourite,
    with_like,
    with_rating,
)

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Life:
    """What a member did with one film, day by day: the stars, and since when; liked or not."""

    stars: list[float | None] = field(default_factory=list)
    liked: list[bool] = field(default_factory=list)

    def since(self, day: int) -> int:
        """Return the day on which the rating of that day was set."""
        while day and self.stars[day - 1] == self.stars[day]:
            day -= 1
        return day


@dataclass(frozen=True)
class Source:
    """What an archive of that day tells of the film, or a page, which gives no days."""

    day: int
    dated: bool


@st.composite
def lives(draw: st.DrawFn) -> Life:
    runs = draw(
        st.lists(st.tuples(st.sampled_from([None, 3.0, 4.0]), st.integers(3, 9)), min_size=1, max_size=5)
    )
    stars = [stars for stars, days in runs for _ in range(days)]
    changes = draw(st.lists(st.booleans(), min_size=len(stars), max_size=len(stars)))
    return Life(stars, changes)


def tell(sources: list[Source], life: Life) -> Marks | None:
    stored: Marks | None = None
    complete: datetime | None = None
    for source in sources:
        as_of = BEGIN + source.day * DAY + DAY / 2
        stars = life.stars[source.day]
        day = BEGIN + life.since(source.day) * DAY if source.dated and stars is not None else None
        stored = with_rating(stored, stars, day, as_of, complete)
        stored = with_like(stored, life.liked[source.day], as_of, complete)
        complete = max(filter(None, (complete, as_of)))
        if stored and not stored.say_something:
            stored = None
    return stored


def seen(marks: Marks | None) -> Any:
    """What must be equal: since when a rating was seen may depend on what came between."""
    return marks and (marks.rating, marks.liked, marks.rated_at, marks.seen_after)


@given(st.data())
def test_the_order_of_sources_makes_no_difference(data: st.DataObject) -> None:
    life = data.draw(lives())
    days = st.integers(0, len(life.stars) - 1)
    sources = data.draw(
        st.lists(
            st.builds(Source, days, st.booleans()), min_size=2, max_size=4, unique_by=lambda one: one.day
        )
    )
    outcomes = [tell(list(order), life) for order in permutations(sources)]
    newest = max(sources, key=lambda one: one.day)
    for marks in outcomes:
        assert (marks.rating if marks else None) == life.stars[newest.day]
        assert (marks.liked if marks else False) == life.liked[newest.day]
        if marks and marks.rated_at:
            # A day that is told is the day on which that rating was set, or one on which it was set before.
            assert life.stars[(marks.rated_at - BEGIN).days] == marks.rating
        assert seen(marks) == seen(outcomes[0])


def marks(**changes: Any) -> Marks:
    usual = Marks(4.0, False, False, None, None, BEGIN + 9 * DAY, None, BEGIN + 9 * DAY)
    return replace(usual, **changes)


def test_a_missing_day_never_overwrites_one() -> None:
    stored = marks(rated_at=BEGIN)
    later = BEGIN + 20 * DAY
    assert with_rating(stored, 4.0, None, later, later - DAY) == stored


def test_another_rating_has_its_own_day() -> None:
    after = with_rating(marks(rated_at=BEGIN), 3.0, None, BEGIN + 20 * DAY, BEGIN + 9 * DAY)
    assert after == marks(
        rating=3.0, first_seen_at=BEGIN + 20 * DAY, seen_after=BEGIN + 9 * DAY, updated_at=BEGIN + 20 * DAY
    )


def test_what_was_learned_after_an_archive_was_made_stays() -> None:
    stored = marks(updated_at=BEGIN + 30 * DAY, first_seen_at=BEGIN + 30 * DAY)
    after = with_rating(stored, None, None, BEGIN + 20 * DAY, BEGIN)
    assert after == replace(stored, seen_after=BEGIN + 20 * DAY)


def test_favourites_are_those_of_the_newest_source() -> None:
    stored = with_favourite(None, True, BEGIN, None)
    assert stored
    assert stored.favorite
    assert with_favourite(stored, False, BEGIN - DAY, BEGIN) == stored
    after = with_favourite(stored, False, BEGIN + DAY, BEGIN)
    assert after
    assert not after.say_something
