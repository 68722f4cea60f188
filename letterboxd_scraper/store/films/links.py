"""Where people find a film: one answer, for tables, files, reports and the server."""

import sqlalchemy as sa

from letterboxd_scraper.store.schema import films

_f = films.c
_on_tmdb = _f.tmdb_id.is_not(None) & _f.tmdb_media_type.in_(["movie", "tv"])

# Of a row of ``films``: the path of its page on the site, else a whole address elsewhere; NULL where nothing
# is known that leads to it. A code's address leads to its page, a number's not where the film has gone.
ADDRESS: sa.ColumnElement[str | None] = sa.case(
    (_f.slug.is_not(None), "/film/" + _f.slug + "/"),
    (_f.letterboxd_lid.is_not(None), "https://boxd.it/" + _f.letterboxd_lid),
    (_f.letterboxd_film_id.is_not(None), "/film/film:" + sa.cast(_f.letterboxd_film_id, sa.Text) + "/"),
    (
        _on_tmdb,
        "https://www.themoviedb.org/" + _f.tmdb_media_type + "/" + sa.cast(_f.tmdb_id, sa.Text),
    ),
    (_f.imdb_id.is_not(None), "https://www.imdb.com/title/" + _f.imdb_id + "/"),
).label("address")


def link(address: str | None, base_url: str) -> str:
    """Return a film's ADDRESS as one to follow, where the site is at ``base_url``; "" where there is none.

    >>> link("/film/ordet/", "https://letterboxd.com"), link("https://boxd.it/2awY", "https://letterboxd.com")
    ('https://letterboxd.com/film/ordet/', 'https://boxd.it/2awY')
    """
    return base_url + address if address and address.startswith("/") else address or ""
