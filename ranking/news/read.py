"""What is new in a circle since a moment, and day by day."""

from datetime import datetime
from itertools import pairwise

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.words import moment_in_words
from ranking import history
from ranking.facts import WATCHLISTS_COME_IN
from ranking.history import FormerRanking, Point
from ranking.news import changes
from ranking.news.model import News
from ranking.news.telling import State, Telling


class NothingKept(InputError):
    """No ranking of a circle is kept to compare with; ``argument`` is its label as a command takes it."""

    def __init__(self, label: str, argument: str, strategy: str) -> None:
        option = "" if strategy == DEFAULT_STRATEGY else f" --strategy {strategy}"
        super().__init__(
            f"no {strategy} ranking of {label!r} is kept to compare with: news begin with "
            f"`letterboxd rank compute --cohort {argument}{option}`"
        )


def read(
    telling: Telling,
    since: datetime,
    at: datetime,
    *,
    strategy: str = DEFAULT_STRATEGY,
    before: FormerRanking | None = None,
) -> News:
    """Return what has changed in the circle since a moment; ``at`` is now.

    It is compared with the ranking ``before``, which may be kept no longer, or with the last one from before
    ``since`` that is kept. Raises NothingKept where there is none.
    """
    connection, cohort, reader = telling.connection, telling.cohort, telling.reader
    if before is None:
        points = _points(telling, strategy)
        point = next((point for point in reversed(points) if point.at <= since), points[0])
        before = FormerRanking(point, history.places(connection, point))
    then = before.point
    changed = changes.read(connection, cohort.id, then)
    now = State(None, history.current_places(connection, cohort.id, strategy))
    remarks, watchlist = [], telling.watchlist()
    if then.at > since:
        remarks.append(f"no ranking from before {moment_in_words(then.at)} is kept to compare with")
    elif since - then.at > at - since:
        remarks.append(
            f"the last ranking that was kept before {moment_in_words(since)} is of "
            f"{moment_in_words(then.at)}: one a day is kept"
        )
    if reader is not None and watchlist is None:
        remarks.append(f"the watchlist of {reader.name} is not known: {WATCHLISTS_COME_IN}")
    return News(
        circle=telling.naming.label,
        strategy=strategy,
        since=since,
        compared_with=then.at,
        at=at,
        for_member=reader.name if reader else None,
        first_rated=None if watchlist is None else telling.first_rated(changed, then, watchlist),
        remarks=remarks,
        **telling.between(changed, then, before.places, now),
    )


def read_days(telling: Telling, since: datetime, strategy: str = DEFAULT_STRATEGY) -> list[News]:
    """Return what changed from each ranking kept after ``since`` to the next, the newest first.

    As a rule that is one for a day; what has changed since the newest is not among it yet. Raises
    NothingKept.
    """
    connection = telling.connection
    points = [point for point in _points(telling, strategy) if point.at >= since]
    if len(points) < 2:
        return []
    changed = changes.read(connection, telling.cohort.id, points[0])
    ranked = {point: history.places(connection, point) for point in points}
    days = [
        News(
            circle=telling.naming.label,
            strategy=strategy,
            since=then.at,
            compared_with=then.at,
            at=after.at,
            for_member=None,
            first_rated=None,
            **telling.between(changed, then, ranked[then], State(after, ranked[after])),
        )
        for then, after in pairwise(points)
    ]
    return days[::-1]


def _points(telling: Telling, strategy: str) -> list[Point]:
    points = history.points(telling.connection, telling.cohort.id, strategy)
    if not points:
        raise NothingKept(telling.naming.label, telling.naming.argument, strategy)
    return points
