"""News in lines for people, whatever they are shown on."""

from collections.abc import Sequence
from dataclasses import dataclass

from letterboxd_scraper.words import counted, moment_in_words, stars_in_words
from ranking.history import MOST_FILMS
from ranking.news.model import FirstRated, LovedFilm, MovedFilm, News, NewsFilm


@dataclass(frozen=True, slots=True)
class Line:
    """A film with its year, where people find it ("" where nothing is known), and ``what`` is new of it."""

    title: str
    link: str
    what: str


@dataclass(frozen=True, slots=True)
class Part:
    """News of one kind."""

    heading: str
    films: list[Line]


def news_in_words(news: News, most: int | None = None) -> list[str]:
    """Return news as lines: a heading with its films below it for each part; one line where nothing is new.

    Of each part at most ``most`` films are told, and how many more there are. Remarks follow.
    """
    if news.is_empty:
        return [nothing_new(news), *news.remarks]
    lines = [f"New in {news.circle} since {moment_in_words(news.compared_with)}", *news.remarks]
    for part in parts(news):
        lines += ["", part.heading, *(f"  {line.title}: {line.what}" for line in part.films[:most])]
        if most is not None and len(part.films) > most:
            lines.append(f"  and {counted(len(part.films) - most, 'more film')}")
    members = members_in_words(news)
    return [*lines, *([""] if members else []), *members]


def nothing_new(news: News) -> str:
    """Say that nothing has changed."""
    return f"nothing new in {news.circle} since {moment_in_words(news.compared_with)}"


def parts(news: News) -> list[Part]:
    """Return those parts that have films."""
    told = {
        "Newly loved by several": [_line(film, loved_in_words(film)) for film in news.loved],
        "First ratings of films on your watchlist": [
            _line(film, first_in_words(film)) for film in news.first_rated or ()
        ],
        "Risen in the ranking": [_line(film, moved_in_words(film)) for film in news.risen],
        "Fallen in the ranking": [_line(film, moved_in_words(film)) for film in news.fallen],
    }
    return [Part(heading, films) for heading, films in told.items() if films]


def summary(news: News) -> str:
    """Say in one line how much is new.

    >>> from datetime import datetime
    >>> moments = [datetime(2026, 1, 2)] * 3
    >>> summary(News("friends", "circle", *moments, None, [], [], [], None, 1, 0, None, None))
    '1 member joined'
    """
    told = (
        (len(news.loved), "film newly loved", "films newly loved"),
        (len(news.first_rated or ()), "first rating", "first ratings"),
        (len(news.risen), "film risen", "films risen"),
        (len(news.fallen), "film fallen", "films fallen"),
        (news.joined, "member joined", "members joined"),
        (news.left, "member left", "members left"),
    )
    return ", ".join(counted(number, *words) for number, *words in told if number) or "nothing new"


def members_in_words(news: News) -> list[str]:
    """Say how many have come and gone, each in a line; nothing where nobody has."""
    told = ((news.joined, "joined", news.joined_members), (news.left, "left", news.left_members))
    return [f"{counted(number, 'member')} {what}" + _names(who) for number, what, who in told if number]


def loved_in_words(film: LovedFilm) -> str:
    """Say how many newly love a film, or who, and where it stands."""
    who = counted(film.lovers, "member") + _names(film.members)
    return ", ".join([who, *([f"rank {film.rank:,}"] if film.rank else []), *_for_reader(film)])


def first_in_words(film: FirstRated) -> str:
    """Say what a film was rated by the first of the circle."""
    stars = " and ".join(f"{stars:g}" for stars in film.stars)
    return ", ".join([f"{stars} stars" + _names(film.members), *_for_reader(film)])


def moved_in_words(film: MovedFilm) -> str:
    """Say from where to where a film has moved."""
    if film.before is None:
        words = f"new, rank {film.rank:,}"
    elif film.rank is None:
        words = f"from rank {film.before:,}, now not among the first {MOST_FILMS:,}"
    else:
        words = f"from rank {film.before:,} to {film.rank:,}"
    return ", ".join([words, *_for_reader(film)])


def _line(film: NewsFilm, what: str) -> Line:
    return Line(f"{film.title} ({film.year})" if film.year else film.title, film.link, what)


def _for_reader(film: NewsFilm) -> list[str]:
    """Say what the reader would give a film, or that they have seen it."""
    if film.seen:
        return ["seen"]
    return [] if film.expected is None else [f"expected {stars_in_words(round(film.expected, 2))}"]


def _names(members: Sequence[str] | None) -> str:
    return f" ({', '.join(members)})" if members else ""
