"""`letterboxd report`: what a circle thinks, as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.cli.rank_options import strategy as strategy_option
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.machine.files import is_stdout
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.urls import may_be_read


def report(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: Annotated[str | None, strategy_option()] = None,
    output: Annotated[Path, options.output("The file.")] = Path("report.html"),
    names: Annotated[
        bool, options.flag("--names", "Say who the members are: for you, not for sharing.")
    ] = False,
    posters: Annotated[bool, options.flag("--posters", "Let the page fetch the films' posters.")] = False,
    for_member: Annotated[
        str | None, options.member_who('The member whom the page calls "you"; default: the seed.', "--for")
    ] = None,
    limit: Annotated[int, options.limit("How many films, the best ranked first.")] = 5_000,
) -> None:
    """Write one HTML page to look at: the ranking, pictures, taste.

    The file needs nothing else, and fetches nothing but what --posters allows. Members are numbers in it,
    unless --names is given.

    \b
    Examples:
      letterboxd report --cohort friends
      letterboxd report --cohort friends --names --posters --output friends.html
      letterboxd report --cohort friends --strategy discovery --for marla
    """
    session: Session = context.obj
    session.refuse_two_documents(output)
    config = session.config
    choices = Options(
        at=config.now(),
        strategy=strategy or DEFAULT_STRATEGY,
        names=names,
        posters=posters,
        for_member=for_member,
        limit=limit,
        base_url=config.LETTERBOXD_BASE_URL,
        pages=may_be_read(config.LETTERBOXD_BASE_URL, terms_accepted=config.LETTERBOXD_TERMS_ACCEPTED),
    )
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        page = render(connection, circle, choices)
    session.write(output, page)
    if not is_stdout(output):
        size = len(page.encode())
        session.conclude(
            {"cohort": circle.label, "strategy": choices.strategy, "file": output, "bytes": size},
            f"{output}: {size / 1e6:.1f} MB, to be opened in a browser",
        )
