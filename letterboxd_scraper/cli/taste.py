"""`letterboxd taste`: whose taste is like whose."""

from collections.abc import Mapping, Sequence
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
from ranking.taste import foretellers, members
from ranking.taste.agreement import LEAST_OVERLAP
from ranking.taste.films import Comparison, Opinions
from ranking.taste.foretellers import Foretellers, Share
from ranking.taste.members import CircleTaste, Match

_FILMS = 10
# So many are named whose ratings foretell.
_FORETELLERS = 5
_NUMBERS = (
    stars("agreement"),
    stars("low"),
    stars("high"),
    count("overlap"),
    stars("usual"),
)
_MEANING = (
    "agreement: 1 is one taste, 0 tells nothing, -1 the opposite, with 90 % probability from low to high; "
    "overlap: films that both have rated; usual: what would be believed of the two without those"
)
_FORETELLING: tuple[Column | str, ...] = (
    "member",
    *(Column(name, digits=0) for name in ("right", "low", "high")),
    count("overlap"),
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

    The second table says whose ratings foretell the member's: of 100 pairs of films to which the member gave
    different stars, how many somebody orders alike; 50 is chance. What all others say together is as a rule
    better than anybody alone. This is for information: likeness has no weight in any score.

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
        shares = foretellers.foretellers(connection, circle, one)
        if other is None:
            _show_members(session, circle, one, names, shares, limit)
            return
        two = members.find_member(connection, circle, chosen, other)
        if one == two:
            raise InputError(f"--with {other}: name another member than --member")
        site = session.config.LETTERBOXD_BASE_URL
        films = taste_films.compare(connection, circle, one, two, limit or _FILMS, site)
        advice = how_watched_are_read(connection, names[one], one)
        numbers = _numbers(circle.pair(one, two)) | _foretelling(shares, two)
        _show_pair(session, names[one], names[two], numbers, films, advice)
        if numbers["overlap"] >= LEAST_OVERLAP and not session.as_json:
            session.tell()
            session.tell(_in_words(names[one], names[two], shares, two, numbers["overlap"]))


def _say_who_was_not_read(session: Session, connection: sa.Connection, cohort: Cohort) -> None:
    ages = freshness.of_cohort(connection, cohort, DEFAULT_STRATEGY)
    if ages.read < ages.members:
        read = f"{ages.read:,} of {counted(ages.members, 'member')}"
        session.say(f"so far {read} were read: letterboxd scrape --cohort {cohort.label}")


def _show_members(
    session: Session,
    circle: CircleTaste,
    one: int,
    names: dict[int, str],
    shares: Foretellers,
    limit: int | None,
) -> None:
    compared = {match.other if match.one == one else match.one: match for match in circle.of_member(one)}
    most_alike = dict(list(compared.items())[:limit])
    if session.as_json:
        session.print_json(
            [
                {"member": names[other], **_numbers(match), **_foretelling(shares, other)}
                for other, match in most_alike.items()
            ]
        )
    elif len(circle.users) == 1:
        session.say(f"nobody but {names[one]} is in this circle: there is no taste to compare with")
    else:
        rows = [(names[other], *_numbers(match).values()) for other, match in most_alike.items()]
        session.show(("member", *_NUMBERS), rows)
        session.say(_MEANING)
        _show_foretellers(session, names, one, compared, shares, limit)
    if few := len(circle.users) - 1 - len(compared):
        left_out = counted(few, "member")
        session.say(f"left out: {left_out} with fewer than {LEAST_OVERLAP} films in common with {names[one]}")


def _show_foretellers(
    session: Session,
    names: dict[int, str],
    one: int,
    compared: Mapping[int, Match],
    shares: Foretellers,
    limit: int | None,
) -> None:
    if not compared:
        return
    best = sorted(compared, key=lambda other: -shares.others[other].share)
    best = best[: limit or _FORETELLERS]
    rows = [(names[other], *_in_100(shares.others[other]), compared[other].overlap) for other in best]
    session.tell()
    session.show(_FORETELLING, rows, f"whose ratings foretell {names[one]}'s: of 100 pairs of films, right")
    session.tell()
    session.tell(_in_words(names[one], names[best[0]], shares, best[0], compared[best[0]].overlap))


def _in_words(one: str, other: str, shares: Foretellers, user: int, films: int) -> str:
    share, low, high = _in_100(shares.others[user])
    together, together_low, together_high = _in_100(shares.together)
    # Of two members, the one other is all others.
    all_others = f"all others together have {together:.0f} ({together_low:.0f} to {together_high:.0f}); "
    return (
        f"Of 100 pairs of films to which {one} gave different stars, {other} has {share:.0f} in {one}'s "
        f"order ({low:.0f} to {high:.0f}), by {counted(films, 'film')} in common; "
        f"{all_others if len(shares.others) > 1 else ''}chance has 50."
    )


def _in_100(share: Share) -> tuple[float, float, float]:
    return 100 * share.share, 100 * share.low, 100 * share.high


def _numbers(match: Match) -> dict[str, Any]:
    numbers = (match.agreement, match.low, match.high, match.overlap, match.usual)
    return dict(zip((column.name for column in _NUMBERS), numbers, strict=True))


def _foretelling(shares: Foretellers, other: int) -> dict[str, float]:
    """Return how well somebody foretells, and all others together do, as shares for programs."""
    share, together = shares.others[other], shares.together
    return {
        "foretells": share.share,
        "foretells_low": share.low,
        "foretells_high": share.high,
        "together": together.share,
        "together_low": together.low,
        "together_high": together.high,
    }


def _show_pair(
    session: Session,
    one: str,
    other: str,
    numbers: dict[str, Any],
    films: Comparison,
    advice: str,
) -> None:
    if session.as_json:
        session.print_json({"member": one, "with": other, **numbers, **asdict(films)})
    else:
        row = [numbers[column.name] for column in _NUMBERS]
        session.show(("member", "with", *_NUMBERS), [(one, other, *row)])
        session.say(_MEANING)
        _show_films(session, "agreed on most", one, other, films.agreed)
        _show_films(session, "disagreed on most", one, other, films.disagreed)
        _show_films(session, f"loved by {other}, not seen by {one}", one, other, films.to_see)
        if films.agreed or films.disagreed or films.to_see:
            session.say("above average: above a member's own mean, in their own standard deviations")
    if not numbers["overlap"]:
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
