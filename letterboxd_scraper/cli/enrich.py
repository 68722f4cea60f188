"""`letterboxd enrich`: finding out what films are."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import typer

from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.run_spider import AcceptTerms, crawl_and_tell, tell_runs
from letterboxd_scraper.downloader.terms import refuse_without_terms
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.films.enrichment import EnrichmentOptions
from letterboxd_scraper.store.films.lookup import find_film
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status import films as status_films
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort, refuse_both
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


def enrich(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    film: Annotated[str | None, options.film()] = None,
    histograms: Annotated[
        bool, options.flag("--histograms", "Read how all of Letterboxd rates the films, too.")
    ] = False,
    tmdb: Annotated[bool, typer.Option(help="Ask TMDB; its key is the setting TMDB_API_KEY.")] = True,
    limit: Annotated[int | None, options.limit("At most so many, the most rated first.")] = None,
    force: Annotated[bool, options.flag("--force", "Films too of which nothing is missing.")] = False,
    accept_terms: AcceptTerms = False,
) -> None:
    """Find out what films are: posters, directors, genres, countries.

    From their pages and TMDB. Films that lack nothing are left alone; what TMDB told is asked for anew before
    it is 180 days old.

    \b
    Examples:
      letterboxd enrich --cohort friends --limit 100
      letterboxd enrich --cohort friends --histograms
      letterboxd enrich --film ordet --force
    """
    session: Session = context.obj
    if film is None:
        named: dict[str, Any] = {"cohort": find_cohort(session, cohort).label}
    else:
        refuse_both(cohort, film, "--film")
        named = {"slug": _name_of(session, film)}
    arguments = named | {"limit": limit}
    arguments |= {"histograms": histograms, "tmdb": tmdb, "force": force}
    checked = FilmArguments.read(arguments)
    outlook = _look(session, checked, accept_terms=accept_terms)
    name = outlook.target.label if outlook.target else str(checked.slug)
    _say_what_stays_out(session, outlook, name)
    if outlook.films:
        session.say(f"{name}: {_cost(outlook.films, session.config.DOWNLOAD_DELAY)}")
        code = crawl_and_tell(session, "film", arguments, outlook.target, name, accept_terms=accept_terms)
        _tell(session, outlook, checked)
        raise typer.Exit(code)
    _tell(session, outlook, checked)
    if outlook.waiting:
        session.say(
            f"{name}: nothing is to be found out now; of {counted(outlook.waiting, 'film')} something is "
            "missing that was looked for not long ago (--force looks again)"
        )
    elif not outlook.with_key:
        session.say(f"{name}: nothing is missing that could be found out")


def _name_of(session: Session, film: str) -> str | None:
    with session.reading() as connection:
        return enrichment.name_of(connection, find_film(connection, film))


@dataclass(frozen=True, slots=True)
class _Outlook:
    """The cohort that the arguments name, if they do, and the ``films`` of which something can be found out.

    Of so many others it could be ``with_key``, of ``unread`` ones if pages of the site might be read;
    ``waiting`` ones lack something that was looked for.
    """

    target: Cohort | None
    films: list[FilmStart]
    may_ask_tmdb: bool
    with_key: int
    unread: int
    waiting: int


def _say_what_stays_out(session: Session, outlook: _Outlook, name: str) -> None:
    """Say what a key and the terms would add. Raises TermsNotAccepted where nothing can be asked without."""
    if outlook.with_key:
        session.say(
            f"{name}: TMDB could tell more of {counted(outlook.with_key, 'film')}: set TMDB_API_KEY; a key "
            "is free for personal use: themoviedb.org/settings/api"
        )
    if outlook.unread and not outlook.may_ask_tmdb:
        refuse_without_terms(session.config)
    if outlook.unread:
        unread = counted(outlook.unread, "film")
        session.say(f"{name}: the pages of {unread} stay unread without --accept-terms")


def _tell(session: Session, outlook: _Outlook, args: FilmArguments) -> None:
    due = {"due": len(outlook.films), "waiting": outlook.waiting, "need_key": outlook.with_key}
    tell_runs(session, outlook.target.label if outlook.target else None, film=args.slug, **due)


def _look(session: Session, args: FilmArguments, *, accept_terms: bool) -> _Outlook:
    config = session.config
    with session.reading() as connection:
        target = find_target(connection, args)
        may_read = accept_terms or target is None or cohorts.is_crawled(connection, target)
        choices = EnrichmentOptions.of(config, config.now(), args, is_crawled=may_read)
        due = partial(enrichment.due, connection, target.id if target else None, args.slug)
        films = due(choices)
        all_due, with_key, unread = replace(choices, limit=None), 0, 0
        if args.tmdb and not choices.tmdb:
            with_key = len(due(replace(all_due, tmdb=True))) - len(due(all_due))
        if not choices.pages:
            unread = sum(film.page and not film.path for film in due(replace(all_due, pages=True)))
        waiting = status_films.count(connection, target, choices, counted=False).waiting if target else 0
    return _Outlook(target, films, choices.tmdb, with_key, unread, waiting)


def _cost(films: list[FilmStart], delay: float) -> str:
    requests = sum(film.page + film.histogram for film in films)
    # How many that will be, only TMDB's answers can say; each is asked for once for all their films.
    directors = "; one more for each director whom TMDB does not number" if any(f.page for f in films) else ""
    due = counted(len(films), "film")
    if not requests:
        return f"{due}, about which TMDB is asked"
    to_site = f"{counted(requests, 'request')} to the site"
    return f"{due}, {to_site}, {estimate.time(requests, delay)}{directors}"
