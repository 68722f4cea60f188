"""`letterboxd rank show`: what stands in a ranking."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank_options import CohortOption, MinScoreOption, StrategyOption, find_strategy
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status import freshness
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import Column, count, stars
from letterboxd_scraper.terminal.columns import film as film_column
from letterboxd_scraper.terminal.session import Session
from ranking.choices import coverage
from ranking.choices.coverage import asked_for
from ranking.choices.filters import Choices
from ranking.marks import marks_in_words
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES, hybrid, recency


@with_film_choices
def rank_show(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: StrategyOption = DEFAULT_STRATEGY,
    limit: Annotated[int, options.limit("How many films.")] = 20,
    min_score: MinScoreOption = None,
) -> None:
    """Print the top of a ranking.

    Films keep their ranks, whichever are left out. The difference is how many stars more than Letterboxd's
    average the circle gives: by the score where that is in stars, else by the mean of its ratings.

    \b
    Examples:
      letterboxd rank show --cohort friends --unseen-by marla
      letterboxd rank show --cohort friends --decade 1990s --min-watchers 3
      letterboxd rank show --cohort friends --genre Horror --genre Comedy --json
    """
    session: Session = context.obj
    columns = () if session.as_json else (coverage.AVERAGES,)
    films = chosen_films(session, cohort, strategy, limit, min_score, choices_of(context), columns)
    show_films(session, films, strategy)


def show_films(session: Session, films: Sequence[RankedFilm], strategy: str) -> None:
    """Print ranked films as a table, or as JSON with all their fields."""
    in_stars = STRATEGIES[strategy].in_stars
    if session.as_json:
        base_url = session.config.LETTERBOXD_BASE_URL
        session.print_json([film.fields(base_url) for film in films])
        return
    columns = (
        "rank",
        film_column(),
        "year",
        "score",
        stars("letterboxd", "Letterboxd"),
        replace(stars("difference", signed=True), importance=-1),
        count("watchers", "ratings"),
        Column("also", importance=-2),
    )
    rows = [
        (
            *(f.rank, f.title, f.year, f.score, f.letterboxd, _difference(f, in_stars=in_stars), f.watchers),
            marks_in_words(f.liked, f.favorites, f.wanted),
        )
        for f in films
    ]
    session.show(columns, rows, links=[f.link(session.config.LETTERBOXD_BASE_URL) for f in films])
    if films and not in_stars:
        session.say(
            "this score is not in stars: it orders the films, and the difference is that of the ratings' mean"
        )


def _difference(film: RankedFilm, *, in_stars: bool) -> float | None:
    """Return how many stars more the circle gives a film than Letterboxd; None where one is not known."""
    circle = film.score if in_stars else film.mean
    return None if circle is None or film.letterboxd is None else circle - film.letterboxd


def chosen_films(
    session: Session,
    label: str | None,
    strategy: str,
    limit: int | None,
    min_score: float | None,
    choices: Choices,
    columns: Sequence[str] = (),
) -> list[RankedFilm]:
    """Return the films of a stored ranking that fit the user's choices. Raises InputError.

    Says where little is known of what the choices, the strategy and the ``columns`` shown rest on.
    """
    name = find_strategy(strategy).name
    with session.reading() as connection:
        cohort = cohort_in(connection, session, label)
        try:
            films = ranking(
                connection, cohort, name, limit=limit, min_score=min_score, choices=choices, tell=session.say
            )
        except UnknownName as unknown:  # perhaps because little is known
            lacking = coverage.of_films(connection, cohort, name, asked_for(choices))
            raise UnknownName(f"{unknown} ({lacking})") if lacking else unknown from None
        _say_what_is_lacking(session, connection, cohort, name, choices, columns)
        say_how_old(session, connection, cohort, name)
    if not films:
        session.say(f"no film of the {name} ranking of {cohort.label} fits these choices")
    return films


def _say_what_is_lacking(
    session: Session,
    connection: sa.Connection,
    cohort: Cohort,
    strategy: str,
    choices: Choices,
    columns: Sequence[str],
) -> None:
    rests_on_dates = strategy in (recency.STRATEGY.name, hybrid.STRATEGY.name)
    lacking = coverage.of_choices(connection, cohort, strategy, choices, columns)
    dates = coverage.of_dates(connection, cohort) if rests_on_dates else None
    for line in [*lacking, *([dates] if dates else [])]:
        session.say(line)


def say_how_old(session: Session, connection: sa.Connection, cohort: Cohort, strategy: str) -> None:
    """Say in one line when a cohort's members were last read and when its films were ranked."""
    ages = freshness.of_cohort(connection, cohort, strategy)
    session.say(f"{cohort.label}: {ages.in_words(session.config.now())}")
