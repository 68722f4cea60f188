"""`letterboxd taste`: whose taste is like whose."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.status import freshness
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import Column, count, film, prose, stars
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.facts import how_watched_are_read
from ranking.taste import films as taste_films
from ranking.taste import members
from ranking.taste.agreement import LEAST_OVERLAP
from ranking.taste.films import Comparison, Opinions
from ranking.taste.members import Match

_FILMS = 10
_NUMBERS = (
    stars("agreement"),
    stars("low"),
    stars("high"),
    count("overlap"),
    stars("usual"),
)


def taste(
    context: typer.Context,
    member: Annotated[str, options.member("Whose taste.")],
    other: Annotated[str | None, options.member_who("Compare with them, film by film.", "--with")] = None,
    cohort: Annotated[
        str | None, options.cohort("Label or number of a cohort; default: all stored members.")
    ] = None,
    limit: Annotated[
        int | None, options.limit("How many members; with --with: films of each kind, by default 10.")
    ] = None,
) -> None:
    """Show whose taste is like whose.

    Who of a circle agrees with a member, most alike first; or what two members agree and disagree on.
    Agreement is a correlation, from -1 (what one loves, the other hates) to 1 (one taste). It does not
    depend on how many stars somebody usually gives, and where few films tell, it is near what is usual. With
    90 % probability it lies between low and high. This names members: it is for you, not for sharing.

    \b
    Examples:
      letterboxd taste --member marla --cohort friends
      letterboxd taste --member marla --with tycho
    """
    session: Session = context.obj
    with session.reading() as connection:
        chosen = cohort_in(connection, session, cohort) if cohort is not None else None
        if chosen is not None:
            _say_who_was_not_read(session, connection, chosen)
        circle = members.read(connection, chosen)
        names = members.member_names(connection, circle)
        one = members.find_member(connection, circle, chosen, member)
        if other is None:
            matches = circle.of_member(one)
            few = len(circle.users) - 1 - len(matches)
            _show_members(session, one, names, matches[:limit], few)
            return
        two = members.find_member(connection, circle, chosen, other)
        if one == two:
            raise InputError(f"--with {other}: name another member than --member")
        site = session.config.LETTERBOXD_BASE_URL
        films = taste_films.compare(connection, circle, one, two, limit or _FILMS, site)
        advice = how_watched_are_read(connection, names[one], one)
        _show_pair(session, names[one], names[two], circle.pair(one, two), films, advice)


def _say_who_was_not_read(session: Session, connection: sa.Connection, cohort: Cohort) -> None:
    ages = freshness.of_cohort(connection, cohort, DEFAULT_STRATEGY)
    if ages.read < ages.members:
        read = f"{ages.read:,} of {counted(ages.members, 'member')}"
        session.say(f"so far {read} were read: letterboxd scrape --cohort {cohort.label}")


def _show_members(session: Session, one: int, names: dict[int, str], matches: list[Match], few: int) -> None:
    others = (match.other if match.one == one else match.one for match in matches)
    rows = [(names[other], *_numbers(match)) for other, match in zip(others, matches, strict=True)]
    session.show(("member", *_NUMBERS), rows)
    if few:
        left_out = counted(few, "member")
        session.say(f"left out: {left_out} with fewer than {LEAST_OVERLAP} films in common with {names[one]}")


def _numbers(match: Match) -> tuple[float, float, float, int, float]:
    return match.agreement, match.low, match.high, match.overlap, match.usual


def _show_pair(session: Session, one: str, other: str, match: Match, films: Comparison, advice: str) -> None:
    numbers = dict(zip((column.name for column in _NUMBERS), _numbers(match), strict=True))
    if session.as_json:
        session.print_json({"member": one, "with": other, **numbers, **asdict(films)})
    else:
        session.show(("member", "with", *_NUMBERS), [(one, other, *numbers.values())])
        _show_films(session, "agreed on most", one, other, films.agreed)
        _show_films(session, "disagreed on most", one, other, films.disagreed)
        _show_films(session, f"loved by {other}, not seen by {one}", one, other, films.to_see)
    if not match.overlap:
        session.say(f"{one} and {other} have rated no film in common: the agreement is what is usual")
    if films.to_see and not films.watched_known:
        session.say(
            f"{one}'s watched films were never read, only their ratings: what {one} has seen and not rated "
            f"is shown, too; {advice}"
        )


def _show_films(session: Session, title: str, one: str, other: str, films: Sequence[Opinions]) -> None:
    if not films:
        return
    columns = (
        film("film"),
        "year",
        Column(one, digits=1),
        Column(other, digits=1),
        prose("why"),
        stars(f"{one}, above average", signed=True),
        stars(f"{other}, above average", signed=True),
    )
    rows: list[tuple[Any, ...]] = [
        (f.title, f.year, f.stars, f.other_stars, f.why, f.above, f.other_above) for f in films
    ]
    session.tell()
    session.show(columns, rows, title, links=[f.link for f in films])
