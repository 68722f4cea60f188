"""What the page says in sentences: its title, and what a circle gave a film."""

from collections.abc import Sequence

from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report.films import ReportFilm
from letterboxd_scraper.report.raters import Counts
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.members.naming import Naming
from letterboxd_scraper.words import counted, stars_in_words
from ranking.marks import marks_in_words

# Raters who gave so near stars need no mean beside them.
_NEAR = 1.5
_FEW = 3


def title(named: Naming, seed: str | None) -> str:
    """Return what the page is called; see `people`."""
    return f"What {people(named, seed)} think{'s' if len(named.members) == 1 else ''}"


def people(named: Naming, seed: str | None) -> str:
    """Return who they are; without names, how many.

    ``seed`` is the name on the site of whom the circle is around, if any.
    """
    names = {user: clean(name) for user, name in named.members.items()}
    seeds = [user for user, profile in named.profiles.items() if profile == seed]
    if not named.profiles or (not seeds and len(named.profiles) < len(names)):
        # One of many who wishes to be named is not whom the page is about.
        return counted(len(names), "person", "people")
    first = [names[user] for user in seeds]
    rest = [names[user] for user, profile in named.profiles.items() if profile != seed]
    if len(names) <= _FEW and len(named.profiles) == len(names):
        return _listed([*first, *rest])
    if first:
        return f"{first[0]} and {counted(len(names) - 1, 'friend')}"
    return f"{rest[0]} and {counted(len(names) - 1, 'other')}"


def nameless_title(people: int) -> str:
    """Return what the page of so many people is called, if nobody is to be named."""
    return f"What {counted(people, 'person', 'people')} think{'s' if people == 1 else ''}"


def _listed(names: Sequence[str]) -> str:
    """Join names as in a sentence.

    >>> _listed(["ana"]), _listed(["ana", "kip", "marla"])
    ('ana', 'ana, kip and marla')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def of_circle(people: int, films: int, ratings: int, hearts: int, preferred: Sequence[str]) -> str:
    """Say what a circle is, in one sentence; ``preferred`` are what it rates above other films.

    >>> of_circle(36, 3412, 20100, 432, ["the 1970s", "horror"])
    '36 people, 3,412 films, 20,100 ratings and 432 hearts; you rate the 1970s and horror above the rest.'
    >>> of_circle(1, 2, 2, 0, [])
    '1 person, 2 films and 2 ratings.'
    """
    counts = [counted(people, "person", "people"), counted(films, "film"), counted(ratings, "rating")]
    counts += [counted(hearts, "heart")] if hearts else []
    above = f"; you rate {_listed(preferred)} above the rest" if preferred else ""
    return f"{_listed(counts)}{above}."


def in_half_stars(stars: float) -> str:
    """Write stars as people do.

    >>> in_half_stars(0.5), in_half_stars(4.5), in_half_stars(3)
    ('½', '4½', '3')
    """
    whole, half = divmod(round(2 * stars), 2)
    return f"{whole or ''}{'½' if half else ''}"


def of_film(film: ReportFilm, *, alone: bool = False) -> str:
    """Say what the circle gave a film; ``alone`` it is of one member."""
    if alone:
        return _of_one(film)
    marks = marks_in_words(film.ranked.liked, film.ranked.favorites, film.ranked.wanted)
    return "; ".join(filter(None, [of_counts(film.circle) if film.circle else "", marks]))


def _of_one(film: ReportFilm) -> str:
    done = [
        f"gave it {in_half_stars(stars)}"
        for stars, count in zip(STARS, film.circle or (), strict=False)
        if count
    ]
    ranked = film.ranked
    done += [
        words
        for words, times in (
            ("liked it", ranked.liked),
            ("have it as a favourite", ranked.favorites),
            ("have it on your list", ranked.wanted),
        )
        if times
    ]
    return f"You {_listed(done)}" if done else ""


def of_counts(counts: Counts) -> str:
    """Say how many gave how many stars.

    >>> of_counts([0, 0, 0, 0, 0, 0, 1, 2, 8, 1])
    '12 of you, most of them 4½'
    >>> of_counts([0, 0, 0, 0, 0, 0, 0, 3, 0, 0]), of_counts([0, 0, 0, 0, 0, 0, 0, 1, 0, 0])
    ('3 of you, all of them 4', '1 of you: 4')
    >>> of_counts([0, 0, 0, 0, 0, 2, 0, 1, 1, 0]), of_counts([1, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    ('4 of you, from 3 to 4½', '3 of you, from ½ to 5, the mean 2.8')
    """
    raters = sum(counts)
    levels = [stars for stars, count in zip(STARS, counts, strict=True) if count]
    most = max(range(len(counts)), key=lambda place: counts[place])
    if raters == 1:
        return f"1 of you: {in_half_stars(levels[0])}"
    if len(levels) == 1:
        return f"{raters:,} of you, all of them {in_half_stars(levels[0])}"
    if 2 * counts[most] > raters:
        return f"{raters:,} of you, most of them {in_half_stars(STARS[most])}"
    text = f"{raters:,} of you, from {in_half_stars(levels[0])} to {in_half_stars(levels[-1])}"
    if levels[-1] - levels[0] <= _NEAR:
        return text
    mean = sum(stars * count for stars, count in zip(STARS, counts, strict=True)) / raters
    return f"{text}, the mean {stars_in_words(mean)}"
