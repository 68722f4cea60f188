"""`letterboxd enrich`: finding out what films are."""

from typing import Annotated

import typer

from letterboxd_scraper.arguments import FilmArguments
from letterboxd_scraper.cli import estimate
from letterboxd_scraper.cli.run_spider import AcceptTerms, crawl_and_tell
from letterboxd_scraper.items.tasks import FilmStart
from letterboxd_scraper.store.films import enrichment
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session


def enrich(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    slug: Annotated[str | None, options.value("SLUG", "One film, by the name in its address.")] = None,
    histograms: Annotated[
        bool, options.flag("--histograms", "Read how all of Letterboxd rates the films, too.")
    ] = False,
    tmdb: Annotated[bool, typer.Option(help="Ask TMDB; its key is the setting TMDB_API_KEY.")] = True,
    limit: Annotated[int | None, options.count("At most so many, the most rated first.")] = None,
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
      letterboxd enrich --slug ordet --force
    """
    session: Session = context.obj
    arguments = {"cohort": cohort, "slug": slug, "limit": limit}
    arguments |= {"histograms": histograms, "tmdb": tmdb, "force": force}
    checked = FilmArguments.read(arguments)
    target, films = _due(session, checked)
    name = target.label if target else str(checked.slug)
    if not films:
        session.say(f"{name}: nothing is missing that could be found out now")
        return
    session.say(f"{name}: {_cost(films, session.config.DOWNLOAD_DELAY)}")
    raise typer.Exit(crawl_and_tell(session, "film", arguments, target, name, accept_terms=accept_terms))


def _due(session: Session, arguments: FilmArguments) -> tuple[Cohort | None, list[FilmStart]]:
    """Return the cohort that the arguments name, if they do, and the films to be asked about."""
    config = session.config
    has_key = bool(config.TMDB_API_KEY.get_secret_value())
    choices = enrichment.EnrichmentOptions.of(
        arguments, config, config.now(), tmdb=arguments.tmdb and has_key
    )
    with session.reading() as connection:
        target = find_target(connection, arguments)
        return target, enrichment.due(connection, target.id if target else None, arguments.slug, choices)


def _cost(films: list[FilmStart], delay: float) -> str:
    requests = sum(film.page + film.histogram for film in films)
    # How many that will be, only TMDB's answers can say; each is asked for once for all their films.
    directors = "; one more for each director whom TMDB does not number" if any(f.page for f in films) else ""
    return f"{len(films)} films, {requests} requests to the site, {estimate.time(requests, delay)}{directors}"
