"""`letterboxd doctor`: which sources can be read from this machine."""

import re
from pathlib import Path
from typing import Annotated, NamedTuple

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli import checkup
from letterboxd_scraper.cli.import_ import saved_pages
from letterboxd_scraper.cli.run_spider import AcceptTerms, crawl_settings
from letterboxd_scraper.config import Config, user_agent
from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.errors import (
    ExitCode,
    InputError,
    TmdbError,
    TmdbNotFound,
    TmdbRefused,
    UnknownName,
    refusal,
)
from letterboxd_scraper.items.films import TmdbLink
from letterboxd_scraper.pages.examination import Examination, examine
from letterboxd_scraper.store.crawl_state import robots
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.lookup import find_film, reference
from letterboxd_scraper.store.schema import films, users
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.columns import Column, prose
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.tmdb.api import TmdbApi

OK, OFF, BROKEN, BLOCKED = "ok", "not asked", "broken", "blocked"


class SourceState(NamedTuple):
    """A source, whether it works, the share (0 to 1) of a page's fields that are filled, and details."""

    door: str  # its name; what programs that read --json know it by
    state: str
    filled: float | None
    detail: str


def doctor(
    context: typer.Context,
    user: Annotated[
        str | None, options.member("Whose profile and feed to ask for; default: somebody stored.")
    ] = None,
    film: Annotated[str | None, options.film("Which film's page; default: one that is stored.")] = None,
    pages: Annotated[
        Path | None, options.value("DIR", "Examine the pages saved in this folder instead; nothing is sent.")
    ] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Say which sources can be read from here.

    The database, robots.txt, a profile, a feed, a film, TMDB, the browser: at most one request to each.
    Every field of each page is read: what is broken is named, with the share of the fields that are filled.

    \b
    Examples:
      letterboxd doctor --member marla
      letterboxd doctor --pages saved-pages
    """
    session: Session = context.obj
    if pages is not None:
        sources = [_of_file(file) for file in saved_pages(pages, ".html", ".htm", ".xml")]
    else:
        sources = _live(session, user, film, accept_terms=accept_terms)
    if session.as_json:
        session.show(SourceState._fields, sources)
    else:
        rows = [(s.door, s.state, None if s.filled is None else f"{s.filled:.0%}", s.detail) for s in sources]
        session.show(("source", "state", Column("filled", right=True), prose("detail")), rows)
    states = {source.state for source in sources}
    if BLOCKED in states:
        raise typer.Exit(ExitCode.BLOCKED)
    raise typer.Exit(ExitCode.FAILURES if BROKEN in states else ExitCode.DONE)


def _of_file(file: Path) -> SourceState:
    try:
        return _of_page(file.name, examine(file.read_bytes()))
    except OSError as error:
        return SourceState(file.name, BROKEN, None, refusal(error))


def _of_page(name: str, page: Examination) -> SourceState:
    if page.broken:
        return SourceState(name, BROKEN, page.filled, f"{page.kind}: {page.broken}")
    empty = f"; not on it: {', '.join(page.empty)}" if page.empty else ""
    return SourceState(name, OK, page.filled, page.kind + empty)


def _live(session: Session, user: str | None, film: str | None, *, accept_terms: bool) -> list[SourceState]:
    settings = session.config.model_copy(update=crawl_settings(accept_terms=accept_terms))
    stored_user, stored_film = _stored_examples(session)
    names = {"user": user or stored_user, "film": _slug_of(session, film) if film else stored_film}
    arguments = checkup.CheckupArguments.read(names).model_dump()
    sources = [SourceState("database", OK, None, "ready")]
    if any(arguments.values()):
        refuse_without_terms(settings)
        answers = checkup.ask(settings, arguments["user"], arguments["film"])
        sources += [_robots(session, answers), *map(_of_answer, answers)]
    answered = {source.door for source in sources}
    for name, option, value in (
        ("profile", "--member NAME", arguments["user"]),
        ("feed", "--member NAME", arguments["user"]),
        ("film", "--film FILM", arguments["film"]),
    ):
        if name not in answered:
            sources.append(SourceState(name, OFF, None, "not reached" if value else f"give {option}"))
    return [*sources, _tmdb(settings), _browser(settings)]


def _slug_of(session: Session, film: str) -> str:
    """Return a film's slug, or its address by number; one that is not stored may be there nevertheless."""
    with session.reading() as connection:
        try:
            name = enrichment.name_of(connection, find_film(connection, film))
        except UnknownName:
            name = reference(film).slug
            if name is None or not re.fullmatch(r"[\w:-]+", name):  # a title, of which no address can be made
                raise
    if name is None or "://" in name:
        raise InputError(f"--film {film}: no page of it is known")
    return name


def _stored_examples(session: Session) -> tuple[str | None, str | None]:
    """Return a member's name and a film's slug, None where nothing is stored."""
    member = (
        sa.select(users.c.letterboxd_username).where(users.c.status == "ok").order_by(users.c.id).limit(1)
    )
    # The page of a film that TMDB has fills more fields.
    order = (films.c.tmdb_id.is_(None), films.c.slug)
    film = sa.select(films.c.slug).where(films.c.slug.is_not(None)).order_by(*order).limit(1)
    with session.reading() as connection:
        return connection.scalar(member), connection.scalar(film)


def _robots(session: Session, answers: list[checkup.Answer]) -> SourceState:
    now = session.config.now()
    url = f"{session.config.LETTERBOXD_BASE_URL}/robots.txt"
    if not session.config.ROBOTSTXT_OBEY:
        return SourceState("robots.txt", OFF, None, "ROBOTSTXT_OBEY is false")
    if robots.recall(session.read_only, url, now - robots.READ_EVERY) is not None:
        return SourceState("robots.txt", OK, None, "read within a day, and obeyed")
    refused = [answer for answer in answers if answer.refused]
    state = BLOCKED if any(answer.blocked for answer in refused) else BROKEN
    return SourceState("robots.txt", state, None, str(refused[0].refused) if refused else "it was not read")


def _of_answer(answer: checkup.Answer) -> SourceState:
    if answer.page is not None:
        return _of_page(answer.source, answer.page)
    state = BLOCKED if answer.blocked else BROKEN
    return SourceState(answer.source, state, None, f"{answer.url}: {answer.refused}")


def _tmdb(settings: Config) -> SourceState:
    key = settings.TMDB_API_KEY.get_secret_value()
    if not key:
        return SourceState("TMDB", OFF, None, "TMDB_API_KEY is not set")
    api = TmdbApi(settings.TMDB_BASE_URL, key, settings.TMDB_TIMEOUT, user_agent(settings.LETTERBOXD_CONTACT))
    try:
        api.details(TmdbLink("movie", 11))
    except TmdbNotFound:
        pass  # TMDB has looked for it, with this key
    except (TmdbRefused, TmdbError) as error:
        return SourceState("TMDB", BROKEN, None, str(error))
    finally:
        api.close()
    return SourceState("TMDB", OK, None, "the key is accepted")


def _browser(settings: Config) -> SourceState:
    is_used = settings.LETTERBOXD_BROWSER
    try:
        program = chromium.find(settings.LETTERBOXD_CHROMIUM)
    except InputError as error:
        return SourceState("browser", BROKEN if is_used else OFF, None, str(error))
    use = "used" if is_used else "there, and not used: LETTERBOXD_BROWSER is false"
    return SourceState("browser", OK if is_used else OFF, None, f"{program} is {use}")
