"""Fragments with how everybody rates a film: in the form since April 2026, and in the one before."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from html import escape
from urllib.parse import quote

from .cinema import details
from .grids import star_text
from .world import STARS, Film

_STAR = "M4.5.3l1.2 2.6 2.9.3-2.2 1.9.6 2.8-2.5-1.4L2 7.9l.6-2.8L.4 3.2l2.9-.3z"
_TOP = (
    '\n<div class="rating-histogram"> <div class="layout"> @low@ <table class="chart"> <caption class="_sr-only">Rating Distribution</caption>'
    ' <thead class="_sr-only"> <tr> <th scope="col">Rating</th> <th scope="col">Count</th> </tr> </thead> <tbody class="plot"> '
)


def rating_histogram(film: Film) -> str:
    """Return the fragment in the form it has for this film: for one of five still the older one."""
    return ratings_summary(film) if details(film).histogram.older else _current(film)


def ratings_summary(film: Film) -> str:
    """Return the fragment in its older form, which counts the fans as well."""
    counts, base = details(film).histogram, f"/film/{film.slug}"
    fans = f' <a href="{base}/fans/" class="all-link more-link"> {counts.fans}</a>' if counts.fans else ""
    average = ""
    if counts.average:
        average = (
            f' <span class="average-rating"> <a href="{base}/ratings/" class="tooltip display-rating -highlight"'
            f' title="{_weighted(counts.average, counts.ratings)}"> {counts.average:.1f} </a> </span>'
        )
    bars = " ".join(_bar(film, place, counts.counts) for place in range(10))
    return (
        f'\n<section class="section ratings-histogram-chart"> <h2 class="section-heading"><a href="{base}/ratings/">Ratings</a></h2>'
        f'{fans}{average} <div class="rating-histogram clear rating-histogram-exploded">'
        ' <span class="rating-green rating-green-tiny rating-1"><span class="rating rated-2">★</span></span>'
        f" <ul> {bars} </ul>"
        ' <span class="rating-green rating-green-tiny rating-5"><span class="rating rated-10">★★★★★</span></span> </div> </section>\n'
    )


def short(number: int) -> str:
    """Write a count as the current form does for screen readers.

    >>> [short(number) for number in (1037, 10_000, 23_371, 110_990, 1_234_567)]
    ['1,037', '10K', '23.4K', '111K', '1.23M']
    """
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if number >= max(size, 10_000):
            return f"{number / size:.3g}{letter}"
    return f"{number:,}"


def _current(film: Film) -> str:
    bars = details(film).histogram
    columns = " ".join(_column(film, place, bars.counts) for place in range(10))
    average = ""
    if bars.average:
        average = (
            f' <a href="/film/{film.slug}/ratings/" class="averagerating tooltip"'
            f' title="{_weighted(bars.average, bars.ratings)}"> {bars.average:.1f} </a>'
        )
    top = _TOP.replace("@low@", _glyph("-start", 1))
    return f"{top}{columns} </tbody> </table> {_glyph('-end', 5)}{average} </div> </div>\n\n"


def _column(film: Film, place: int, counts: tuple[int, ...]) -> str:
    number, level = counts[place], _level(place)
    share, height = _share(number, counts), number / max(counts)
    says = f"{number:,} {level} rating{'s' * (number != 1)} ({share})" if number else f"No {level} ratings"
    inner = (
        f' title="{says}"> <span class="_sr-only">{short(number)} ({share})</span>'
        ' <span class="bar"> <span class="fill"></span> </span> '
    )
    bar = f'<span class="barcolumn"{inner}</span>'
    if number:
        bar = f'<a href="{_list(film, place)}" class="barcolumn tooltip"{inner}</a>'
    return (
        f'<tr class="column" style="--value: {height};"> <th scope="row" class="_sr-only">{level}</th>'
        f' <td class="cell"> {bar} </td> </tr>'
    )


def _bar(film: Film, place: int, counts: tuple[int, ...]) -> str:
    """One of ten bars; a level never given has no link, as older readers tell: no saved fragment has one."""
    number, height = counts[place], 1 + 43 * counts[place] / max(counts)
    bar = f'<i style="height: {height}px;;"></i>'
    if number:
        says = f"{number:,} {_level(place)} rating{'s' * (number != 1)} ({_share(number, counts)})"
        bar = f'<a href="{_list(film, place)}" class="bar ir tooltip" title="{says}">{says}{bar}</a>'
    return f'<li class="rating-histogram-bar" style="width: 15px; left: {16 * place}px"> {bar} </li>'


def _level(place: int) -> str:
    return "half-★" if place == 0 else star_text(STARS[place])


def _share(number: int, counts: tuple[int, ...]) -> str:
    return f"{number / sum(counts):.0%}"


def _list(film: Film, place: int) -> str:
    stars = f"{int(STARS[place]) or ''}{'½' * (STARS[place] % 1 == 0.5)}"
    return f"/film/{film.slug}/ratings/rated/{quote(stars)}/by/rating/"


def _weighted(average: float, ratings: int) -> str:
    return escape(f"Weighted average of {average:.2f} based on {ratings:,} ratings")


def _glyph(end: str, stars: int) -> str:
    width, label = 10 * stars - 1, "★" * stars
    paths = "".join(
        f'<path transform="translate({10 * one}, 0)" fill-rule="evenodd" d="{_STAR}"/>'
        for one in range(stars)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="graphics-symbol" class="glyph stars {end} -rating" width="{width}"'
        f' height="9" viewBox="0 0 {width} 9" aria-label="{label}"> <title>{label}</title>{paths}</svg>'
    )
