"""Films that a source calls what they are called already: nearly all of those that sources tell.

To see that takes a tenth of the time of taking in a new name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming
from letterboxd_scraper.store import titles
from letterboxd_scraper.store.films.told import LID, Told, note
from letterboxd_scraper.store.schema import film_names, films
from letterboxd_scraper.store.upsert import as_rows, sent_rows, upsert

_n, _f = film_names.c, films.c


def told_before(connection: sa.Connection, named: Iterable[NamedFilm], naming: Naming) -> dict[str, int]:
    """Return the ids of those films by their codes; they are called so as of now, if that is later."""
    titled = [name for name in named if name.lid and name.title]
    # Which of several names at once a film gets is decided elsewhere.
    times = Counter(name.lid for name in titled)
    names = {name.lid or "": (name.title, name.year) for name in titled if times[name.lid] == 1}
    if not names:
        return {}
    rows = _called_the_same(connection, names, naming)
    older = [row for row in rows if row.film_is_older]
    upsert(connection, films, [{"id": r.id} | titles.columns_of(*names[r.lid], naming) for r in older])
    note(connection, LID, [Told(r.lid, *names[r.lid], r.id) for r in rows if r.name_is_older], naming)
    return {row.lid: int(row.id) for row in rows}


def _called_the_same(
    connection: sa.Connection, names: Mapping[str, tuple[str, int | None]], naming: Naming
) -> list[Any]:
    lid, title, year = sent_rows(connection.dialect.name, sa.Text, sa.Text, sa.Integer)
    sent = sa.select(lid.label("lid"), title.label("title"), year.label("year"))
    told = sent.cte("told").prefix_with("MATERIALIZED")  # each value is taken out of the JSON once
    has_no_year = told.c.year.is_(None)
    # By a source like this one, of which that is kept.
    has_its_year = (_f.year_by == naming.by) & (_f.year_as_of == _f.named_as_of)
    by_its_like = (_f.named_by == naming.by) & (has_no_year | has_its_year) & (_n.named_by == naming.by)
    # By a page with slug and code, beside which nothing that a file says is kept.
    by_page = (_f.named_by == NamedBy.PAGE) & (has_no_year | (_f.year_by == NamedBy.PAGE))
    by_page &= _f.slug.is_not(None) & ~_f.joined_by_name & (naming.by != NamedBy.PAGE)
    of_name = (_n.title == told.c.title, _n.release_year == sa.func.coalesce(told.c.year, 0))
    kept = sa.and_(_n.kind == LID, _n.key == told.c.lid, _n.film_id == _f.id, *of_name)
    query = (
        sa.select(
            told.c.lid,
            _f.id,
            (by_its_like & (_f.named_as_of < naming.as_of)).label("film_is_older"),
            (by_its_like & (_n.as_of < naming.as_of)).label("name_is_older"),
        )
        .join_from(told, films, _f.letterboxd_lid == told.c.lid)
        .outerjoin(film_names, kept)
        .where(_f.title == told.c.title, _f.release_year.is_not_distinct_from(told.c.year))
        .where(by_its_like | by_page)
    )
    return list(connection.execute(query, as_rows((lid, *name) for lid, name in names.items())))
