"""`letterboxd news`: what has changed in a circle since a moment."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.rank_options import CohortOption, find_strategy
from letterboxd_scraper.cli.rank_options import strategy as strategy_option
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.machine.files import is_stdout
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from ranking.news.model import News, Reader
from ranking.news.read import NothingKept, read
from ranking.news.since import read_since
from ranking.news.telling import Telling
from ranking.news.words import news_in_words


def news(
    context: typer.Context,
    cohort: CohortOption = None,
    since: Annotated[
        str, options.value("7d|DATE", "Since when: 12h, 7d, 2w ago, or a day as 2026-01-31, in UTC.")
    ] = "7d",
    for_member: Annotated[
        str | None,
        options.member_who("For whom: films they would like first, and those on their watchlist.", "--for"),
    ] = None,
    strategy: Annotated[str, strategy_option()] = DEFAULT_STRATEGY,
    limit: Annotated[int, options.limit("How many films of each kind are printed.")] = 10,
    names: Annotated[bool, options.names()] = False,
    output: Annotated[Path | None, options.output("Into this file, as a page for any browser.")] = None,
) -> None:
    """Say what is new in a circle: what is loved, what moved, who came.

    Compared with the last ranking that was kept before that moment: `rank compute` keeps one a day. A film is
    newly loved by several if at least two members gave it four stars or more, a heart, or a place among their
    favourites, and did not love it then. What a member rated before is no news, nor is what is undated in a
    member's first reading.

    \b
    Examples:
      letterboxd news --cohort friends
      letterboxd news --cohort friends --since 2026-11-01 --for marla
      letterboxd news --cohort friends --since 24h --output news.html
    """
    session: Session = context.obj
    now = session.config.now()
    moment = read_since(since, now)
    if output is not None:
        session.refuse_two_documents(output)
    find_strategy(strategy)
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        called = naming.of_cohort(connection, circle, names=names)
        reader = None if for_member is None else _reader(session, connection, circle, for_member)
        telling = Telling(
            connection, circle, session.config.LETTERBOXD_BASE_URL, called, names=names, reader=reader
        )
        try:
            told = read(telling, moment, now, strategy=strategy)
        except NothingKept:
            # Whatever it is called where others read it.
            raise NothingKept(circle.label, naming.as_argument(circle.label), strategy) from None
    if output is not None:
        _write(session, told, output)
    elif session.as_json:
        session.print_json(asdict(told))
    else:
        for line in news_in_words(told, limit):
            session.tell(line)


def _reader(session: Session, connection: sa.Connection, circle: Cohort, member: str) -> Reader:
    # NumPy takes longer to load than all other commands.
    from ranking.news.reader import reader

    return reader(connection, circle, member, session.config.now())


def _write(session: Session, told: News, output: Path) -> None:
    # The page's templates take a tenth of a second to load.
    from letterboxd_scraper.report import assets
    from ranking.news.page import as_page

    session.write(output, as_page(told, session.config.LETTERBOXD_BASE_URL, assets.shared_style()))
    if not is_stdout(output):
        session.conclude({"cohort": told.circle, "file": output}, f"{output}: to be opened in a browser")
