"""What stands at the head of the page: a title, the circle in one sentence, and four films."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.report import cards, preferences, sentences
from letterboxd_scraper.report.films import FilmTable
from letterboxd_scraper.report.forecasts import Stars
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.naming import Naming
from letterboxd_scraper.store.schema import cohort_members, ratings


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """Title and sentence, and by its name each card as `data` describes it, or None."""

    title: str
    sentence: str
    cards: dict[str, dict[str, Any] | None]


def of_cohort(
    connection: sa.Connection,
    cohort: Cohort,
    named: Naming,
    table: FilmTable,
    expected: Sequence[Stars | None],
    *,
    may_read: bool,
) -> FirstScreen:
    """Return what is said of a cohort; ``expected`` is that of `forecasts`.

    Of a circle whose pages may not be read (``may_read``) nothing is missing that only these would give.
    """
    members = [clean(name) for name in named.members.values()]
    you = None if named.you is None else list(named.members).index(named.you)
    circle = cards.Circle(table, members, you, expected)
    averages_from = f"letterboxd enrich --cohort {named.argument}" if may_read else None
    return FirstScreen(
        sentences.title(named, cohort.seed),
        sentences.of_circle(len(members), *_counts(connection, cohort), preferred=_preferred(table)),
        {
            name: None if card is None else card.as_data()
            for name, card in cards.of_circle(circle, averages_from).items()
        },
    )


def _counts(connection: sa.Connection, cohort: Cohort) -> tuple[int, int, int]:
    """Return how many films the cohort has rated, how many ratings it gave, and how many hearts."""
    r = ratings.c
    members = sa.select(cohort_members.c.user_id).where(cohort_members.c.cohort_id == cohort.id)
    rated = sa.case((r.rating.is_not(None), r.film_id))
    hearts = sa.func.coalesce(sa.func.sum(sa.cast(r.liked, sa.Integer)), 0)
    query = sa.select(sa.func.count(rated.distinct()), sa.func.count(rated), hearts)
    films, ratings_given, liked = connection.execute(query.where(r.user_id.in_(members))).one()
    return films, ratings_given, int(liked)


def _preferred(table: FilmTable) -> list[str]:
    if len(table.films) < table.total:
        # The best films alone do not tell what is rated above the rest.
        return []
    decade, genre = preferences.of_table(table)
    named = [decade and f"the {decade}", genre and (genre if "TV" in genre else genre.lower())]
    return [name for name in named if name]
