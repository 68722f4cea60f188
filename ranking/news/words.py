"""News in lines for people."""

from collections.abc import Sequence

from letterboxd_scraper.words import counted, stars_in_words
from ranking.history import MOST_FILMS
from ranking.news.model import FirstRated, LovedFilm, MovedFilm, News, NewsFilm
from ranking.news.read import moment


def news_in_words(news: News, most: int | None = None) -> list[str]:
    """Return news as lines: a heading with its films below it for each part; one line where nothing is new.

    Of each part at most ``most`` films are told, and how many more there are.
    """
    if news.is_empty:
        return [nothing_new(news), *news.remarks]
    lines = [f"New in {news.circle} since {moment(news.compared_with)}", *news.remarks]
    for heading, films in parts(news):
        lines += ["", heading, *(f"  {title(film)}: {what}" for film, what in films[:most])]
        if most is not None and len(films) > most:
            lines.append(f"  and {counted(len(films) - most, 'more film')}")
    return [*lines, *members_in_words(news)]


def nothing_new(news: News) -> str:
    """Say that nothing has changed."""
    return f"nothing new in {news.circle} since {moment(news.compared_with)}"


def parts(news: News) -> list[tuple[str, list[tuple[NewsFilm, str]]]]:
    """Return the headings of those parts that have films, and of each film what is new."""
    told: dict[str, list[tuple[NewsFilm, str]]] = {
        "Newly loved by several": [(film, loved_in_words(film)) for film in news.loved],
        "First ratings of films on your watchlist": [
            (film, first_in_words(film)) for film in news.first_rated or ()
        ],
        "Risen in the ranking": [(film, moved_in_words(film)) for film in news.risen],
        "Fallen in the ranking": [(film, moved_in_words(film)) for film in news.fallen],
    }
    return [(heading, films) for heading, films in told.items() if films]


def title(film: NewsFilm) -> str:
    """Return what a film is called, with its year."""
    return f"{film.title} ({film.year})" if film.year else film.title


def loved_in_words(film: LovedFilm) -> str:
    """Say who newly loves a film, and where it stands."""
    who = f"{counted(film.lovers, 'member')}" + _names(film.members)
    return ", ".join([who, *([f"rank {film.rank:,}"] if film.rank else []), *for_reader(film)])


def first_in_words(film: FirstRated) -> str:
    """Say who has rated a film as the first of the circle."""
    stars = " and ".join(f"{stars:g}" for stars in film.stars)
    return ", ".join([f"{stars} stars" + _names(film.members), *for_reader(film)])


def moved_in_words(film: MovedFilm) -> str:
    """Say from where to where a film has moved."""
    if film.before is None:
        words = f"new, rank {film.rank:,}"
    elif film.rank is None:
        words = f"from rank {film.before:,}, now not among the first {MOST_FILMS:,}"
    else:
        words = f"from rank {film.before:,} to {film.rank:,}"
    return ", ".join([words, *for_reader(film)])


def for_reader(film: NewsFilm) -> list[str]:
    """Say what the reader would give a film, or that they have seen it."""
    if film.seen:
        return ["seen"]
    return [] if film.expected is None else [f"you might give it {stars_in_words(round(film.expected, 2))}"]


def members_in_words(news: News) -> list[str]:
    """Say how many have come and gone, each in a line; nothing where nobody has."""
    came, went = news.joined, news.left
    return [
        *([""] if came or went else []),
        *([f"{counted(came, 'member')} joined" + _names(news.joined_members)] if came else []),
        *([f"{counted(went, 'member')} left" + _names(news.left_members)] if went else []),
    ]


def _names(members: Sequence[str] | None) -> str:
    return f" ({', '.join(members)})" if members else ""
