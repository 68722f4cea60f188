"""What members would give the films that they have not seen."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from letterboxd_scraper.report import raters
from letterboxd_scraper.report.columns import letters
from letterboxd_scraper.report.films import FilmTable
from ranking.recommend.films import model_of
from ranking.strategies.fitted_circle import FittedCircle

Stars = npt.NDArray[np.float64]
# Of more members times films, only what the reader would give is part of the page.
MOST = 1_000_000
_LEAST_STARS, _STEPS = 0.5, 20


def of_circle(
    connection: sa.Connection, circle: FittedCircle, table: FilmTable, members: Sequence[int], you: int | None
) -> list[Stars | None]:
    """Return for each of the ``members`` (user ids) what they would give each film, as `recommend` says.

    In stars, NaN for a film that the member has seen, or of which nobody's rating is left. Where there is too
    much for a page it is None for all but the reader, who is at the place ``you``.
    """
    every = len(members) * len(table.films) <= MOST
    if not any(film.circle for film in table.films):
        return [None] * len(members)
    model = model_of(connection, circle)
    rated = {film: place for place, film in enumerate(model.ratings.film_ids.tolist())}
    # The last one stands for films without ratings.
    places = np.array([rated.get(film.ranked.film_id, len(rated)) for film in table.films])
    positions = {user: place for place, user in enumerate(model.ratings.member_ids.tolist())}
    unseen = _unseen(table, len(members))
    return [
        np.where(
            unseen[place],
            np.append(model.of(positions.get(user)).forecast().expected, np.nan)[places],
            np.nan,
        )
        if every or place == you
        else None
        for place, user in enumerate(members)
    ]


def _unseen(table: FilmTable, members: int) -> npt.NDArray[np.bool_]:
    """Return a row for each member, a column for each film."""
    unseen = np.ones((members, len(table.films)), bool)
    for place, film in enumerate(table.films):
        unseen[list(raters.seen(film.marks)), place] = False
    return unseen


def in_letters(stars: Stars | None) -> str | None:
    """Write what a member would give: twentieths of a star from 0.5 on, plus 1; 0 for NaN.

    >>> in_letters(np.array([np.nan, 0.5, 5.0]))
    '#$~'
    """
    if stars is None:
        return None
    steps = 1 + np.round((stars - _LEAST_STARS) * _STEPS)
    return letters(np.nan_to_num(steps).astype(int).tolist())
