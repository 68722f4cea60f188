"""`letterboxd rank explain`: where a film's scores come from."""

from dataclasses import asdict
from typing import Annotated

import typer

from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from ranking.explain import explain


def rank_explain(
    context: typer.Context,
    film: Annotated[str, options.film()],
    cohort: CohortOption = None,
) -> None:
    """Show where a film's scores come from.

    Who rated it what, and each number of each strategy. This names members: it is for you, not for sharing.

    \b
    Examples:
      letterboxd rank explain --cohort friends --film ordet
    """
    session: Session = context.obj
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        explanation = explain(connection, circle, film, session.config.LETTERBOXD_BASE_URL)
    if session.as_json:
        session.print_json(asdict(explanation))
        return
    first, *others = explanation.tables()
    session.show(*first, links=[explanation.link])
    for columns, rows in others:
        session.show(columns, rows)
