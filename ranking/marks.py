"""What a circle says of films beside stars: hearts, favourites and watchlists."""

from collections.abc import Sequence

import sqlalchemy as sa

from letterboxd_scraper.store.schema import cohort_members, ratings, watchlist
from ranking.sql import is_among


def marks(cohort_id: int, *, without: int | None = None, among: Sequence[int] | None = None) -> sa.Subquery:
    """Return by film how many of a cohort's members have marked it: film_id, liked, favorites, wanted.

    ``liked``: gave it a heart; ``favorites``: have it among the favourites on their profile; ``wanted``: have
    it on their watchlist. A film that nobody has marked has no row. ``without`` leaves out a member (a user's
    id), ``among`` all films but these (ids).
    """
    r, w = ratings.c, watchlist.c
    liked, favorite = (sa.cast(mark, sa.Integer) for mark in (r.liked, r.favorite))
    none, one = sa.literal(0, literal_execute=True), sa.literal(1, literal_execute=True)
    columns = (r.film_id, liked.label("liked"), favorite.label("favorite"), none.label("wanted"))
    # The sum keeps SQLite from looking up each film of each member: the indexes are by film.
    own = sa.select(*columns).where((r.user_id + 0).in_(_members(cohort_id, without)), r.liked | r.favorite)
    watchlisted = sa.select(w.film_id, none, none, one).where(
        (w.user_id + 0).in_(_members(cohort_id, without))
    )
    if among is not None:
        own, watchlisted = (
            own.where(is_among(r.film_id, among)),
            watchlisted.where(is_among(w.film_id, among)),
        )
    marked = sa.union_all(own, watchlisted).subquery("marked").c
    sums = {"liked": marked.liked, "favorites": marked.favorite, "wanted": marked.wanted}
    query = sa.select(
        marked.film_id, *(sa.cast(sa.func.sum(mark), sa.Integer).label(name) for name, mark in sums.items())
    )
    return query.group_by(marked.film_id).subquery("marks")


def _members(cohort_id: int, without: int | None) -> sa.Select[tuple[int]]:
    m = cohort_members.c
    members = sa.select(m.user_id).where(m.cohort_id == cohort_id)
    return members if without is None else members.where(m.user_id != without)


def marks_in_words(liked: int, favorites: int, wanted: int) -> str:
    """Say what a circle says of a film beside stars; "" where nothing.

    >>> marks_in_words(7, 2, 3), marks_in_words(0, 0, 1)
    ('liked by 7, a favourite of 2, on 3 of your lists', 'on 1 of your lists')
    """
    words = {
        f"liked by {liked:,}": liked,
        f"a favourite of {favorites:,}": favorites,
        f"on {wanted:,} of your lists": wanted,
    }
    return ", ".join(text for text, members in words.items() if members)
