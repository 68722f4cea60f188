"""What is said of a year, in sentences: on its page and on a terminal."""

from collections.abc import Sequence

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.cards import both_ends
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.words import counted, stars_in_words
from ranking.year.films import Chosen, FilmOfYear
from ranking.year.firsts import First
from ranking.year.own import OwnFilm, OwnYear
from ranking.year.read import CircleYear

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# What there is none of, by its name in `ranking.year.missing`.
MISSING = {
    "loved": "Loved",
    "fought": "Fought about",
    "discovered": "Discovered",
    "firsts": "Who was first",
    "decades": "Decades",
    "directors": "Directors",
}
_MINUTES = 60


def title(people: str, year: CircleYear) -> str:
    """Return what the page is called, of whom `sentences.people` names."""
    return f"What {people} rated in {year.year}{'' if year.is_over else ', so far'}"


def basis(year: CircleYear) -> str:
    """Say on how much the year's figures rest."""
    of = year.basis
    by = counted(of.raters, "member")
    rest = f"{of.dated:,} of them {'has' if of.dated == 1 else 'have'} a date"
    if of.dated == of.ratings:
        rest = "it has a date" if of.ratings == 1 else "each has a date"
    if of.placed:
        rest += f", {of.placed:,} {'was' if of.placed == 1 else 'were'} made between two crawls of the year"
    undated = f"; {of.undated:,} of all the circle's ratings have none" if of.undated else ""
    return f"By {counted(of.ratings, 'rating')} of {by}: {rest}{undated}."


def numbers(year: CircleYear) -> list[tuple[str, str]]:
    """Return the year in a few numbers, each with what it counts."""
    of = year.basis
    if year.mean is None:
        return []
    rows = [_apart(counted(of.ratings, "rating")), _apart(counted(len(year.films), "film"))]
    rows.append((f"{year.mean:.2f}", "stars on average"))
    if hours := round(year.minutes / _MINUTES):
        share = year.with_minutes / of.ratings
        basis = "" if year.with_minutes == of.ratings else f", by {share:.0%} of the ratings"
        number, word = _apart(counted(hours, "hour"))
        rows.append((number, f"{word} of film{basis}"))
    return rows


def _apart(text: str) -> tuple[str, str]:
    number, _, word = text.partition(" ")
    return number, word


def titled(film: FilmOfYear) -> str:
    """Return a film's title with its year."""
    return clean(film.title) + (f" ({film.year})" if film.year else "")


def of_ratings(ratings: int, dated: int) -> str:
    """Say how many ratings there are, and how many of them have a date where that is not all.

    >>> of_ratings(3, 3), of_ratings(1, 0)
    ('3 ratings', '1 rating, 0 dated')
    """
    return counted(ratings, "rating") + ("" if ratings == dated else f", {dated:,} dated")


def of_most_rated(film: FilmOfYear) -> str:
    """Say how many rated it."""
    return f"{film.ratings:,} of you rated it: {stars_in_words(film.mean)} on average."


def of_fight(chosen: Chosen) -> str:
    """Say how many are at either end."""
    counts = list(chosen.film.levels)
    return both_ends(counts, [stars for stars, count in zip(STARS, counts, strict=True) if count])


def of_discovery(chosen: Chosen, members: int) -> str:
    """Say what sets it apart in a circle of so many members."""
    film = chosen.film
    raters = "you" if members == 1 else f"{film.ratings:,} of you"
    of_site = counted(film.letterboxd_ratings, "rating") if film.letterboxd_ratings else "all"
    in_circle, on_site = stars_in_words(film.mean), stars_in_words(film.letterboxd or 0.0)
    return f"{in_circle} from {raters}, {on_site} from {of_site} of Letterboxd."


def of_first(first: First, name: str) -> str:
    """Say what the member was first with."""
    followed = "one of you" if first.most_followers == 1 else f"{first.most_followers:,} of you"
    return (
        f"{clean(name)} was the first to rate it, on {first.day.day} {MONTHS[first.day.month - 1]}; "
        f"{followed} followed."
    )


def of_own(own: OwnYear, name: str, mean: float | None) -> str:
    """Say what a member's year was like; ``mean`` is the circle's."""
    if own.mean is None or mean is None:
        return f"{clean(name)} has no rating of that year that is known."
    first = f"; first with {counted(own.firsts, 'film')} that others followed" if own.firsts else ""
    ratings = of_ratings(own.ratings, own.dated)
    return f"{clean(name)}: {ratings}, {own.mean:.2f} on average, where the circle gave {mean:.2f}{first}."


def of_departure(one: OwnFilm) -> str:
    """Say how far a member is from the others."""
    others = "the other" if one.other_ratings == 1 else f"{one.other_ratings:,} others"
    gave = f"gave {stars_in_words(one.others or 0.0)}" + ("" if one.other_ratings == 1 else " on average")
    return f"{titled(one.film)}: {one.stars:g}, where {others} {gave}"


def months(counts: Sequence[int]) -> str:
    """Write months that have ratings, in one line."""
    return ", ".join(f"{name} {count:,}" for name, count in zip(MONTHS, counts, strict=True) if count)


def in_numbers(year: CircleYear) -> str:
    """Write the year's numbers in one line."""
    return ", ".join(f"{number} {what}" for number, what in numbers(year))
