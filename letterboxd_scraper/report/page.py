"""A cohort's report, put together: one HTML page that needs nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import UnknownName
from letterboxd_scraper.report import (
    ages,
    assets,
    charts,
    comparisons,
    data,
    first_screen,
    forecasts,
    html,
    matches,
    overview,
    scales,
)
from letterboxd_scraper.report.films import FilmTable, of_ranking
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort, is_crawled
from letterboxd_scraper.store.members.naming import Naming
from ranking.facts import Facts
from ranking.strategies import STRATEGIES
from ranking.strategies.base import MIN_VOTES, SITE
from ranking.strategies.fitted_circle import FittedCircle, fit_circle

# So many films, with a hundred members, make about one megabyte.
MOST_FILMS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to show; ``at`` is when the page is made, ``limit`` how many films it has at most.

    ``names`` shows who the members are, ``posters`` lets the page fetch pictures; ``thumbnails`` has
    those that are part of it, as addresses of their own, by the posters'. ``for_member`` is whom
    the page calls "you": by default the cohort's seed. ``pages`` of the site may be read: to a circle of
    which files alone tell, and which may not, nothing is advised that would read them. ``ways`` lead to
    other pages where it is served: addresses and words.
    """

    at: datetime
    strategy: str = DEFAULT_STRATEGY
    names: bool = False
    posters: bool = False
    thumbnails: Mapping[str, str] | None = None
    for_member: str | None = None
    limit: int = MOST_FILMS
    base_url: str = "https://letterboxd.com"
    pages: bool = True
    ways: tuple[tuple[str, str], ...] = ()


def render(connection: sa.Connection, cohort: Cohort, options: Options) -> str:
    """Return the page. Raises what `gather` does."""
    return html.environment().get_template("report.html").render(gather(connection, cohort, options))


def gather(connection: sa.Connection, cohort: Cohort, options: Options) -> dict[str, Any]:
    """Return by name all that the page's template needs; ``report`` and ``later`` are the blocks of `data`.

    Raises UnknownName for a strategy or member there is not, and InputError if the ranking was never
    computed.
    """
    if options.strategy not in STRATEGIES:
        raise UnknownName(f"no strategy {options.strategy!r}: there are {', '.join(STRATEGIES)}")
    named = naming.of_cohort(connection, cohort, names=options.names, for_member=options.for_member)
    members = list(named.members)
    # Read and fitted once, for the reasons, for who agrees with whom and for what members would give.
    circle = fit_circle(connection, Facts(cohort.id, options.at), {SITE: 1, MIN_VOTES: 1})
    films = _films(connection, cohort, options, members, circle)
    pairs = matches.of_ratings(circle.ratings, members, named.you)
    may_read = options.pages or is_crawled(connection, cohort)
    people, you = _called(named), _place_of_you(named)
    expected = forecasts.of_circle(connection, circle, films, members, you)
    first = first_screen.of_cohort(connection, cohort, named, films, expected, may_read=may_read)
    said = {"title": first.title, "sentence": first.sentence, "cards": first.cards}
    least = films.films[0].ranked.parameters.get(MIN_VOTES, 1)
    called = [name for name, _ in people]
    at_once = data.at_once(films, called, you, **said, site=options.base_url, least=least)
    return dict(
        named=named,
        people=people,
        table=films,
        options=options,
        strategy=STRATEGIES[options.strategy],
        ages=ages.of_report(connection, cohort, films),
        may_read=may_read,
        ratings=sum(film.ranked.watchers for film in films.films),
        decades=sorted({f.ranked.year // 10 * 10 for f in films.films if f.ranked.year}, reverse=True),
        averages=sum(film.average is not None for film in films.films),
        most_watchers=max(film.ranked.watchers for film in films.films),
        pairs=pairs,
        report=data.packed(at_once),
        later=data.packed(data.later(films, pairs, [forecasts.in_letters(stars) for stars in expected])),
        **said,
        **_drawn(films, len(members)),
        **_styles_and_scripts(films),
    )


def _drawn(films: FilmTable, members: int) -> dict[str, Any]:
    """Return what the page's pictures are drawn of."""
    loved, unloved = charts.compared(*comparisons.differences(films))
    return dict(
        comparisons=comparisons,
        overview=overview.of_films(films.films),
        loved=loved,
        unloved=unloved,
        split=charts.divided(comparisons.divisions(films, members)),
        agreement=scales.agreement(),
    )


def _styles_and_scripts(films: FilmTable) -> dict[str, str]:
    """Return the page's styles and scripts, and the policy that allows them and the films' posters."""
    styles, first, later = assets.styles(), assets.first_script(), assets.script()
    policy = html.policy(styles, (film.poster for film in films.films), [first, later])
    return dict(styles=styles, first_script=first, script=later, policy=policy)


def _films(
    connection: sa.Connection,
    cohort: Cohort,
    options: Options,
    members: Sequence[int],
    circle: FittedCircle,
) -> FilmTable:
    pictures = options.thumbnails
    posters = options.posters or pictures is not None
    table = of_ranking(connection, cohort, options.strategy, options.limit, members, circle, posters=posters)
    if pictures is None:
        return table
    return replace(table, films=[replace(f, poster=pictures.get(f.poster or "")) for f in table.films])


def _called(named: Naming) -> list[tuple[str, str | None]]:
    """Return what each member is called, and their name on the site or None; the reader is "you"."""
    return [
        (f"{clean(name)} (you)" if user == named.you else clean(name), named.profiles.get(user))
        for user, name in named.members.items()
    ]


def _place_of_you(named: Naming) -> int | None:
    return None if named.you is None else list(named.members).index(named.you)
