"""`letterboxd watch`: what members' feeds tell."""

from typing import Annotated

import typer

from letterboxd_scraper.arguments import RssArguments
from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.run_spider import AcceptTerms, crawl_and_tell
from letterboxd_scraper.items.tasks import FeedStart
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session


def watch(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    user: Annotated[str | None, options.member()] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read members' feeds: new ratings, their days, links to diaries.

    One request for each member. A feed shows the newest fifty entries of a diary: it proves nothing to be
    gone, and what is rated without a diary entry is not in it.

    \b
    Examples:
      letterboxd watch --cohort friends
      letterboxd watch --user marla
    """
    session: Session = context.obj
    arguments = {"cohort": cohort, "user": user}
    checked = RssArguments.read(arguments)
    with session.reading() as connection:
        target = find_target(connection, checked)
        starts = feeds.due(connection, target.id if target else None, checked.user)
    name = target.label if target else str(checked.user)
    if not starts:
        session.say(f"{name}: there is nobody whose feed could be read")
        return
    session.say(f"{name}: {_cost(starts, session.config.DOWNLOAD_DELAY)}")
    raise typer.Exit(crawl_and_tell(session, "rss", arguments, target, name, accept_terms=accept_terms))


def _cost(starts: list[FeedStart], delay: float) -> str:
    conditional = sum(bool(start.etag or start.last_modified) for start in starts)
    time = estimate.time(len(starts), delay)
    return f"{len(starts)} feeds, a request each, {time}; {conditional} of them only if they have changed"
