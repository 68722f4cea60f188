"""`letterboxd watch`: what members' feeds tell."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.cli.scrape import AcceptTerms, crawl_settings
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from letterboxd_scraper.items.tasks import FeedStart


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
    from letterboxd_scraper.arguments import RssArguments
    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.members import feeds
    from letterboxd_scraper.store.targets import find_target

    session: Session = context.obj
    given: dict[str, Any] = {"cohort": cohort, "user": user}
    given = {name: value for name, value in given.items() if value is not None}
    arguments = RssArguments.read(given)
    engine = session.store()
    with read_transaction(engine) as connection:
        target = find_target(connection, arguments)
        starts = feeds.due(connection, target.id if target else None, arguments.user)
    name = target.label if target else str(arguments.user)
    if not starts:
        session.say(f"{name}: there is nobody whose feed could be read")
        return
    session.say(f"{name}: {_cost(starts, session.config.DOWNLOAD_DELAY)}")
    code = run_spider.crawl(session, "rss", given, crawl_settings(accept_terms=accept_terms))
    with read_transaction(engine) as connection:
        notes = runs.notes_of_latest(connection, "rss", target.label if target else None)
    session.say(f"{name}: {notes}")
    if target and code in (0, 3):
        session.say(f"now: letterboxd rank compute --cohort {target.label}")
    raise typer.Exit(code)


def _cost(starts: "list[FeedStart]", delay: float) -> str:
    from letterboxd_scraper.cli import estimate

    known = sum(bool(start.etag or start.last_modified) for start in starts)
    time = f"{estimate.minutes(len(starts), delay)} at one each {delay:g} s"
    return f"{len(starts)} feeds, a request each, {time}; {known} of them only if they have changed"
