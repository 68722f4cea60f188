"""`letterboxd doctor`: which doors work from here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from letterboxd_scraper.cli.scrape import AcceptTerms, crawl_settings
from letterboxd_scraper.errors import ExitCode, InputError, TmdbError, TmdbNotFound, TmdbRefused
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from letterboxd_scraper.cli.checkup import Answer
    from letterboxd_scraper.config import Config
    from letterboxd_scraper.pages.examination import Examination

OK, OFF, BROKEN, BLOCKED = "ok", "not asked", "broken", "blocked"


class Door(NamedTuple):
    """One door, whether it works, the share of a page's fields that are filled, and what to know of it."""

    door: str
    state: str
    filled: float | None
    detail: str


def doctor(
    context: typer.Context,
    user: Annotated[
        str | None, options.member("Whose profile and feed to ask for; default: somebody stored.")
    ] = None,
    film: Annotated[
        str | None, typer.Option(help="Which film's page; default: one that is stored.", metavar="SLUG")
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option(help="Examine the pages saved in this folder instead; nothing is sent.", metavar="DIR"),
    ] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Say which doors to the data work from here.

    The database, robots.txt, a profile, a feed, a film, TMDB, the browser: at most one request through each.
    Of each page that comes, every field is read: what is broken is named, with the share of the fields
    that are filled.

    \b
    Examples:
      letterboxd doctor --user marla
      letterboxd doctor --pages saved-pages
    """
    session: Session = context.obj
    doors = _saved(pages) if pages is not None else _live(session, user, film, accept_terms=accept_terms)
    session.show(Door._fields, doors)
    states = {door.state for door in doors}
    if BLOCKED in states:
        raise typer.Exit(ExitCode.BLOCKED)
    raise typer.Exit(ExitCode.FAILURES if BROKEN in states else ExitCode.DONE)


def _saved(folder: Path) -> list[Door]:
    from letterboxd_scraper.imports.saved_pages import pages_in

    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    files = pages_in(folder, ".html", ".htm", ".xml")
    if not files:
        raise InputError(f"{folder}: no page in it: save pages as .html files there")
    return [_of_file(file) for file in files]


def _of_file(file: Path) -> Door:
    from letterboxd_scraper.pages.examination import examine

    try:
        return _of_page(file.name, examine(file.read_bytes()))
    except OSError as error:
        return Door(file.name, BROKEN, None, str(error.strerror))


def _of_page(name: str, page: "Examination") -> Door:
    if page.broken:
        return Door(name, BROKEN, page.filled, f"{page.kind}: {page.broken}")
    empty = f"; not on it: {', '.join(page.empty)}" if page.empty else ""
    return Door(name, OK, page.filled, page.kind + empty)


def _live(session: Session, user: str | None, film: str | None, *, accept_terms: bool) -> list[Door]:
    from letterboxd_scraper import config
    from letterboxd_scraper.arguments import Arguments
    from letterboxd_scraper.cli import checkup
    from letterboxd_scraper.downloader.terms import refuse_without_terms

    settings = session.config.model_copy(update=crawl_settings(accept_terms=accept_terms))
    stored_user, stored_film = _somebody(session)
    given: Arguments = checkup.CheckupArguments.read(
        {"user": user or stored_user, "film": film or stored_film}
    )
    asked = given.model_dump()
    doors = [Door("database", OK, None, "ready")]
    if any(asked.values()):
        refuse_without_terms(settings)
        answers = checkup.ask(settings, asked["user"], asked["film"])
        doors += [_robots(session, answers), *map(_of_answer, answers)]
    for door, advice in (("profile", "--user NAME"), ("feed", "--user NAME"), ("film", "--film SLUG")):
        if door not in {each.door for each in doors}:
            doors.append(
                Door(door, OFF, None, f"give {advice}" if not asked.get(advice[2:6]) else "not reached")
            )
    return [*doors, _tmdb(settings, config.user_agent(settings.LETTERBOXD_CONTACT)), _browser(settings)]


def _somebody(session: Session) -> tuple[str | None, str | None]:
    import sqlalchemy as sa

    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.schema import films, users

    member = (
        sa.select(users.c.letterboxd_username).where(users.c.status == "ok").order_by(users.c.id).limit(1)
    )
    # One that TMDB has says more of what can be read from a film's page.
    order = (films.c.tmdb_id.is_(None), films.c.id)
    known = sa.select(films.c.slug).where(films.c.slug.is_not(None)).order_by(*order).limit(1)
    with read_transaction(session.store()) as connection:
        return connection.scalar(member), connection.scalar(known)


def _robots(session: Session, answers: "list[Answer]") -> Door:
    from letterboxd_scraper.store.crawl_state import robots

    at = session.config.now()
    url = f"{session.config.LETTERBOXD_BASE_URL}/robots.txt"
    if not session.config.ROBOTSTXT_OBEY:
        return Door("robots.txt", OFF, None, "ROBOTSTXT_OBEY is false")
    if robots.recall(session.store(), url, at - robots.READ_EVERY) is not None:
        return Door("robots.txt", OK, None, "read within a day, and obeyed")
    refused = [each for each in answers if each.refused]
    state = BLOCKED if any(each.blocked for each in refused) else BROKEN
    return Door("robots.txt", state, None, str(refused[0].refused) if refused else "it was not read")


def _of_answer(answer: "Answer") -> Door:
    if answer.page is not None:
        return _of_page(answer.door, answer.page)
    return Door(answer.door, BLOCKED if answer.blocked else BROKEN, None, f"{answer.url}: {answer.refused}")


def _tmdb(settings: "Config", agent: str) -> Door:
    from letterboxd_scraper.items.films import TmdbLink
    from letterboxd_scraper.tmdb.api import TmdbApi

    key = settings.TMDB_API_KEY.get_secret_value()
    if not key:
        return Door("TMDB", OFF, None, "TMDB_API_KEY is not set")
    api = TmdbApi(settings.TMDB_BASE_URL, key, settings.TMDB_TIMEOUT, agent)
    try:
        api.details(TmdbLink("movie", 11))
    except TmdbNotFound:
        pass  # so it has looked, with this key
    except (TmdbRefused, TmdbError) as error:
        return Door("TMDB", BROKEN, None, str(error))
    finally:
        api.close()
    return Door("TMDB", OK, None, "the key is accepted")


def _browser(settings: "Config") -> Door:
    from letterboxd_scraper.downloader.browser import chromium

    try:
        program = chromium.find(settings.LETTERBOXD_CHROMIUM)
    except InputError as error:
        return Door("browser", BROKEN if settings.LETTERBOXD_BROWSER else OFF, None, str(error))
    used = "used" if settings.LETTERBOXD_BROWSER else "there, and not used: LETTERBOXD_BROWSER is false"
    return Door("browser", OK if settings.LETTERBOXD_BROWSER else OFF, None, f"{program} is {used}")
