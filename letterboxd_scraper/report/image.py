"""A picture to share: what a circle thinks, and its ten films, in the size in which links are shown."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, pi, sin

import sqlalchemy as sa
from PIL import Image, ImageDraw

from letterboxd_scraper.report import sentences
from letterboxd_scraper.report.fonts import FOLDERS, Lettering, lettering
from letterboxd_scraper.report.texts import clean
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.words import counted, stars_in_words
from ranking.results import RankedFilm, count, ranking

SIZE = (1200, 630)
FILMS = 10
# The colours of the page, in the light.
_PAPER, _INK, _MUTED, _CIRCLE, _STAR = "#fbfaf7", "#1b1d1f", "#5a5e62", "#0a6590", "#b4521a"
_MARGIN, _BETWEEN, _EDGE = 64, 56, 12
_TITLE_SIZES, _TITLE_BASE = (62, 54, 46), 118
_FIRST_ROW, _ROW, _RANK = 196, 79, 58
_RANK_SIZE, _FILM_SIZE, _FACTS_SIZE, _FOOT_SIZE = 40, 31, 24, 22
_FOOT_BASE = 600
_BOLD, _PLAIN = 600, 400
# How near the inner corners of a star are, and how much larger it is drawn.
_INNER, _FINER = 0.42, 8
# A picture has no room for more letters, and they need not be measured.
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Words:
    """What the picture says: ``plain_title`` stands where the machine cannot write ``title``."""

    title: str
    plain_title: str
    foot: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, and lines about what could not be written as it is."""

    png: bytes
    remarks: Sequence[str]


def of_cohort(
    connection: sa.Connection, cohort: Cohort, strategy: str, at: datetime, *, names: bool
) -> Picture:
    """Return the picture of a stored ranking; without ``names``, it names nobody.

    Raises InputError if the ranking was never computed.
    """
    films = ranking(connection, cohort, strategy, limit=FILMS)
    named = naming.of_cohort(connection, cohort, names=names)
    title, plain_title = sentences.title(named, cohort.seed), sentences.nameless_title(len(named.members))
    every = count(connection, cohort, strategy)
    best = f"The best {len(films)} of {counted(every, 'film')}" if every > FILMS else counted(every, "film")
    return draw(films, Words(title, plain_title, f"{best}  ·  {at.day} {at:%B %Y}"))


def draw(films: Sequence[RankedFilm], words: Words, folders: Sequence[str] = FOLDERS) -> Picture:
    """Return the picture of up to FILMS films, best first; ``folders`` have the machine's fonts."""
    image = Image.new("RGB", SIZE, _PAPER)
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, 0, SIZE[0], _EDGE), fill=_CIRCLE)
    drawn = films[:FILMS]
    titles = [_writable(film, folders) for film in drawn]
    title = lettering(clean(words.title), folders)
    _write_title(canvas, title or _own(words.plain_title))
    rows = FILMS // 2
    columns = 2 if len(drawn) > rows else 1
    width = (SIZE[0] - 2 * _MARGIN - (columns - 1) * _BETWEEN) // columns
    for place, (film, written) in enumerate(zip(drawn, titles, strict=True)):
        left = _MARGIN + place // rows * (width + _BETWEEN)
        _write_film(canvas, film, written, left, _FIRST_ROW + place % rows * _ROW, width)
    foot = _own(words.foot)
    canvas.text((_MARGIN, _FOOT_BASE), foot.text, _MUTED, foot.font(_FOOT_SIZE, _PLAIN), anchor="ls")
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return Picture(file.getvalue(), _remarks(drawn, titles, has_title=title is not None))


def _writable(film: RankedFilm, folders: Sequence[str]) -> Lettering | None:
    return lettering(clean(film.title)[:_MOST_LETTERS], folders)


def _own(text: str) -> Lettering:
    """Return a text of our own words, whose letters the font that comes along has."""
    written = lettering(text, ())
    if written is None:
        raise ValueError(f"the font lacks a letter of {text!r}")
    return written


def _write_title(canvas: ImageDraw.ImageDraw, title: Lettering) -> None:
    width = SIZE[0] - 2 * _MARGIN
    fonts = (title.font(size, _BOLD) for size in _TITLE_SIZES)
    font = next((font for font in fonts if font.getlength(title.text) <= width), None)
    font = font or title.font(_TITLE_SIZES[-1], _BOLD)
    text = shortened(title.text, width, font.getlength)
    canvas.text((_MARGIN, _TITLE_BASE), text, _INK, font, anchor="ls")


def _write_film(
    canvas: ImageDraw.ImageDraw, film: RankedFilm, title: Lettering | None, left: int, base: int, width: int
) -> None:
    rank = _own(f"{film.rank:,}")
    canvas.text((left, base), rank.text, _CIRCLE, rank.font(_RANK_SIZE, _PLAIN), anchor="ls")
    left, width = left + _RANK, width - _RANK
    title = title or _own(film.slug or "(in other letters)")
    font = title.font(_FILM_SIZE, _BOLD)
    canvas.text((left, base), shortened(title.text, width, font.getlength), _INK, font, anchor="ls")
    facts = _own("0").font(_FACTS_SIZE, _PLAIN)
    base += _FACTS_SIZE + 10
    if film.year:
        year = f"{film.year}"
        canvas.text((left, base), year, _MUTED, facts, anchor="ls")
        left += round(facts.getlength(f"{year}    "))
    if film.mean:
        canvas.bitmap((left, base - 19), _star(11), fill=_STAR)
        text = f"{stars_in_words(film.mean)}  ·  {counted(film.watchers, 'rating')}"
        canvas.text((left + 27, base), text, _MUTED, facts, anchor="ls")


def _star(radius: int) -> Image.Image:
    """Return a star as a mask: drawn larger, so that its edges are smooth, and without a font."""
    middle = radius * _FINER
    mask = Image.new("L", (2 * middle, 2 * middle))
    far = [middle * (1 if corner % 2 == 0 else _INNER) for corner in range(10)]
    corners = [
        (middle + length * sin(pi * corner / 5), middle - length * cos(pi * corner / 5))
        for corner, length in enumerate(far)
    ]
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    return mask.resize((2 * radius, 2 * radius), Image.Resampling.LANCZOS)


def shortened(text: str, width: float, length: Callable[[str], float]) -> str:
    """Return a text that is at most as long as ``width``, by ``length``; what is cut off leaves a sign.

    >>> shortened("A Clockwork Orange", 12, len), shortened("Logan", 12, len)
    ('A Clockwork…', 'Logan')
    """
    if length(text) <= width:
        return text
    while text and length(text.rstrip() + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _remarks(
    films: Sequence[RankedFilm], titles: Sequence[Lettering | None], *, has_title: bool
) -> list[str]:
    """Say in one line each what is not written as it is, and what would change that."""
    unwritten = [f"{film.rank}" for film, title in zip(films, titles, strict=True) if title is None]
    signs = "".join(dict.fromkeys(sign for title in titles if title for sign in title.without))
    remarks = []
    if unwritten:
        films_of = f"{'rank' if len(unwritten) == 1 else 'ranks'} {', '.join(unwritten)}"
        remarks.append(
            f"no font here can write the titles of {films_of}: their addresses stand there; "
            "fonts-noto-core, fonts-noto-cjk and libfribidi0, or what your system has instead, bring them"
        )
    if signs:
        remarks.append(f"no font here has {' '.join(signs)}: left out of the picture")
    if not has_title:
        remarks.append("no font here can write a name in the picture's title: it says how many they are")
    return remarks
