"""`letterboxd watch`: what members' feeds tell."""

from typing import Annotated

import typer

from letterboxd_scraper.arguments import RssArguments
from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.run_spider import AcceptTerms, crawl_and_tell, tell_runs
from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.items.tasks import FeedStart
from letterboxd_scraper.store.members import feeds
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, refuse_both
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

_LIMITS = (
    "a feed shows the newest fifty diary entries: what is older, or has no entry, it does not know, and it "
    "proves nothing to be gone"
)


def watch(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    user: Annotated[str | None, options.member("One member, who may be new.")] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Read members' feeds: new ratings, their days, links to diaries.

    One request for each member. A feed shows the newest fifty entries of a diary: it proves nothing to be
    gone, and what is rated without a diary entry is not in it.

    \b
    Examples:
      letterboxd watch --cohort friends
      letterboxd watch --member marla
    """
    session: Session = context.obj
    if user:
        refuse_both(cohort, user, "--member")
    with session.reading() as connection:
        label = None if user else cohort_in(connection, session, cohort).label
        arguments = {"cohort": label, "user": user}
        checked = RssArguments.read(arguments)
        target = find_target(connection, checked)
        starts = feeds.due(connection, target.id if target else None, checked.user)
        only_feed = checked.user is not None and not feeds.is_known_whole(connection, checked.user)
    name = target.label if target else str(checked.user)
    if not starts:
        session.say(f"{name}: there is nobody whose feed could be read")
        tell_runs(session, target.label if target else None, member=checked.user)
        return
    session.say(f"{name}: {_cost(starts, session.config.DOWNLOAD_DELAY)}")
    if only_feed:
        session.say(f"{name}: {_LIMITS}")
    code = crawl_and_tell(session, "rss", arguments, target, name, accept_terms=accept_terms)
    if not code and checked.user:
        _refuse_unread(session, checked.user)
    tell_runs(session, target.label if target else None, member=checked.user)
    raise typer.Exit(code)


def _refuse_unread(session: Session, name: str) -> None:
    """Raise UnknownName where nobody of a name that was new has a feed that can be read."""
    with session.reading() as connection:
        if not user_ids(connection, [name]):
            raise UnknownName(
                f"{name}: no such member on the site, or none whose feed can be read: nothing is stored"
            )


def _cost(starts: list[FeedStart], delay: float) -> str:
    conditional = sum(bool(start.etag or start.last_modified) for start in starts)
    time = estimate.time(len(starts), delay)
    feeds = f"{counted(len(starts), 'feed')}, a request each, {time}"
    return f"{feeds}; {conditional:,} of them only if they have changed"
