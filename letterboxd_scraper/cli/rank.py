"""`letterboxd rank show`: what stands in a ranking."""

from collections.abc import Sequence
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank_options import CohortOption, MinScoreOption, StrategyOption, find_strategy
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status import freshness
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from ranking.choices.filters import Choices
from ranking.results import RankedFilm, ranking


@with_film_choices
def rank_show(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: StrategyOption = DEFAULT_STRATEGY,
    limit: Annotated[int, options.limit("How many films.")] = 20,
    min_score: MinScoreOption = None,
) -> None:
    """Print the top of a ranking.

    Films keep their ranks, whichever are left out.

    \b
    Examples:
      letterboxd rank show --cohort friends --unseen-by marla
      letterboxd rank show --cohort friends --decade 1990s --min-watchers 3
      letterboxd rank show --cohort friends --genre Horror --genre Comedy --json
    """
    session: Session = context.obj
    show_films(session, chosen_films(session, cohort, strategy, limit, min_score, choices_of(context)))


def show_films(session: Session, films: Sequence[RankedFilm]) -> None:
    """Print ranked films as a table, or as JSON with all their fields."""
    if session.as_json:
        base_url = session.config.LETTERBOXD_BASE_URL
        session.print_json([film.fields(base_url) for film in films])
        return
    columns = ["rank", "title", "year", "score", "watchers", "mean"]
    rows = [[f.rank, f.title, f.year, f.score, f.watchers, f.mean] for f in films]
    session.show(columns, rows, links=[f.link(session.config.LETTERBOXD_BASE_URL) for f in films])


def chosen_films(
    session: Session,
    label: str | None,
    strategy: str,
    limit: int | None,
    min_score: float | None,
    choices: Choices,
) -> list[RankedFilm]:
    """Return the films of a stored ranking that fit the user's choices. Raises InputError."""
    name = find_strategy(strategy).name
    with session.reading() as connection:
        cohort = cohort_in(connection, session, label)
        films = ranking(
            connection, cohort, name, limit=limit, min_score=min_score, choices=choices, tell=session.say
        )
        say_how_old(session, connection, cohort, name)
    if not films:
        session.say(f"no film of the {name} ranking of {cohort.label} fits these choices")
    return films


def say_how_old(session: Session, connection: sa.Connection, cohort: Cohort, strategy: str) -> None:
    """Say in one line when a cohort's members were last read and when its films were ranked."""
    ages = freshness.of_cohort(connection, cohort, strategy)
    session.say(f"{cohort.label}: {ages.in_words(session.config.now())}")
