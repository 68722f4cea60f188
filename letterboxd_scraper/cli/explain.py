"""`letterboxd rank explain`: where a film's scores come from."""

from dataclasses import asdict
from typing import Annotated

import typer

from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import Column, count, prose, stars
from letterboxd_scraper.terminal.columns import film as film_column
from letterboxd_scraper.terminal.session import Session
from ranking.explain import explain

_COLUMNS = {
    "film": film_column("film"),
    "ratings": count("ratings"),
    "mean": stars("mean"),
    "likes": count("likes"),
    "stars": Column("stars", digits=1),
    "own mean": stars("own mean"),
    "difference": stars("difference", signed=True),
    "also": prose("also"),
    "of": count("of"),
    "parameters": prose("parameters"),
    "because of": prose("because of"),
    "remark": prose("remark"),
    "value": count("value"),
    "rates higher by": stars("rates higher by", signed=True),
    "evened out": stars("evened out"),
    "weight": stars("weight"),
}


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
    links = [explanation.link]
    for names, rows in explanation.tables():
        if not links:
            session.tell()
        session.show([_COLUMNS.get(name, Column(name)) for name in names], rows, links=links)
        links = []
    if never := explanation.never_computed:
        again = f"`letterboxd rank compute --cohort {circle.label} --strategy all`"
        session.say(f"never computed: {', '.join(never)}: {again}")
