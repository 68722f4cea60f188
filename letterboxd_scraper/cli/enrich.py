"""`letterboxd enrich`: finding out what films are."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from letterboxd_scraper.cli.scrape import AcceptTerms, crawl_settings
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

if TYPE_CHECKING:
    from letterboxd_scraper.items.tasks import FilmStart


def enrich(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    slug: Annotated[
        str | None, typer.Option(help="One film, by the name in its address.", metavar="SLUG")
    ] = None,
    histograms: Annotated[
        bool, typer.Option("--histograms", help="Read how all of Letterboxd rates the films, too.")
    ] = False,
    tmdb: Annotated[bool, typer.Option(help="Ask TMDB; its key is the setting TMDB_API_KEY.")] = True,
    limit: Annotated[int | None, options.count("At most so many, the most rated first.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Films too of which nothing is missing.")] = False,
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
    from letterboxd_scraper.arguments import FilmArguments
    from letterboxd_scraper.cli import run_spider
    from letterboxd_scraper.store.crawl_state import runs
    from letterboxd_scraper.store.engine import read_transaction
    from letterboxd_scraper.store.films import enrichment
    from letterboxd_scraper.store.targets import find_target

    session: Session = context.obj
    given: dict[str, Any] = {"cohort": cohort, "slug": slug, "limit": limit}
    given = {name: value for name, value in given.items() if value is not None}
    given |= {"histograms": histograms, "tmdb": tmdb, "force": force}
    arguments = FilmArguments.read(given)
    engine = session.store()
    settings = session.config
    has_key = bool(settings.TMDB_API_KEY.get_secret_value())
    with read_transaction(engine) as connection:
        target = find_target(connection, arguments)
        at = settings.now()
        wanted = enrichment.EnrichmentOptions.of(arguments, settings, at, tmdb=tmdb and has_key)
        films = enrichment.due(connection, target.id if target else None, arguments.slug, wanted)
    name = target.label if target else str(arguments.slug)
    if not films:
        session.say(f"{name}: nothing is missing that could be found out now")
        return
    session.say(f"{name}: {_cost(films, settings.DOWNLOAD_DELAY)}")
    code = run_spider.crawl(session, "film", given, crawl_settings(accept_terms=accept_terms))
    with read_transaction(engine) as connection:
        session.say(f"{name}: {runs.notes_of_latest(connection, 'film', target.label if target else None)}")
    if target and code in (0, 3):
        session.say(f"now: letterboxd rank compute --cohort {target.label} --strategy all")
    raise typer.Exit(code)


def _cost(films: "list[FilmStart]", delay: float) -> str:
    from letterboxd_scraper.cli import estimate

    requests = sum(film.page + film.histogram for film in films)
    time = estimate.minutes(requests, delay)
    # How many that will be, only TMDB's answers can say; each is asked for once for all their films.
    directors = "; one more for each director whom TMDB does not number" if any(f.page for f in films) else ""
    return f"{len(films)} films, {requests} requests to the site, {time} at one each {delay:g} s{directors}"
