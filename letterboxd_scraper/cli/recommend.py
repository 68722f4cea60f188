"""`letterboxd recommend`: what a member would like, and what several could watch together."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import count, prose, stars
from letterboxd_scraper.terminal.columns import film as film_column
from letterboxd_scraper.terminal.session import Session
from ranking.choices import coverage

# What parts of the model are called, for people.
_WORDS = {
    "habit": "how they usually rate",
    "average": "general acclaim",
    "fame": "fame",
    "both": "acclaim and fame together",
    "divisive": "a divided public",
    "era": "its years",
    "genre": "its genres",
    "foreign": "not in English",
    "language": "its language",
    "length": "its length",
    "tv": "a series",
    "audience": "who rates it",
    "bounds": "no more than five stars, nor less than half a star",
    "rule": "the rule",
}
_MOST_REASONS, _LEAST_STARS = 3, 0.05
_RULES = ("average", "least-misery", "proportional", "multiplicative")


@with_film_choices
def recommend(
    context: typer.Context,
    member: Annotated[list[str], options.member("Whom for; repeated: for all of them together.")],
    cohort: CohortOption = None,
    limit: Annotated[int, options.limit("How many films.")] = 20,
    rule: Annotated[str, options.word(_RULES, "How several members' stars become one.")] = "average",
    veto: Annotated[
        float, options.number("STARS", "By the average: no film that one of them would give less.")
    ] = 2.5,
    seen_by_some: Annotated[
        bool, options.flag("--seen-by-some/--seen-by-none", "Films that some of them have seen, too.")
    ] = False,
) -> None:
    """Say what a member would like, or several together.

    By what the circle says of a film, by how a member usually rates, and by what kind of films they rate
    higher than others do. Films that one of them has watched or rated are left out. With 90 % probability a
    rating lies between low and high. This names members: it is for you, not for sharing.

    \b
    Examples:
      letterboxd recommend --member marla --cohort friends
      letterboxd recommend --member marla --member tycho --decade 1990s
    """
    # NumPy takes longer to load than all other commands.
    from ranking.recommend.films import Wish
    from ranking.recommend.films import recommend as films_for

    session: Session = context.obj
    wish = Wish(rule, veto, seen_by_some, choices_of(context))
    site, now = session.config.LETTERBOXD_BASE_URL, session.config.now()
    with session.reading() as connection:
        chosen = cohort_in(connection, session, cohort)
        films = films_for(connection, chosen, member, wish, now, site, limit=limit, tell=session.say)
        for line in coverage.of_choices(connection, chosen, None, wish.choices):
            session.say(line)
    if session.as_json:
        session.print_json([asdict(film) for film in films])
        return
    names = list(films[0].members) if films else []
    several = names if len(names) > 1 else []
    interval = () if several else (stars("low"), stars("high"))
    columns = (
        "rank",
        film_column(),
        "year",
        stars("expected"),
        *interval,
        *(stars(name) for name in several),
        stars("circle"),
        stars("letterboxd", "Letterboxd"),
        count("watchers", "ratings"),
        prose("reasons", "because of"),
    )
    rows = [
        (
            film.rank,
            film.title,
            film.year,
            film.expected,
            *(() if several else (film.low, film.high)),
            *(film.members[name] for name in several),
            film.circle,
            film.letterboxd,
            film.watchers,
            _in_words([(reason.part, reason.stars) for reason in film.reasons]),
        )
        for film in films
    ]
    session.show(columns, rows, links=[film.link for film in films])
    if not films:
        session.say(f"no film that members of {chosen.label} rated fits")


def _in_words(reasons: Sequence[tuple[str, float]]) -> str:
    """Return the largest reasons in words.

    >>> _in_words([("era", 0.31), ("habit", -0.2), ("tv", 0.01)])
    'its years +0.31, how they usually rate -0.20'
    """
    largest = [(part, moved) for part, moved in reasons if abs(moved) >= _LEAST_STARS][:_MOST_REASONS]
    return ", ".join(f"{_WORDS.get(part, part)} {moved:+.2f}" for part, moved in largest)
