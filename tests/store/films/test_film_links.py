"""Where people find a film, whatever is known of it."""

from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.films import links
from tests.store.rows import add_film

IMDB = {"imdb_id": "tt0048452"}
TMDB = {"tmdb_id": 48035, "tmdb_media_type": "movie"} | IMDB
NUMBER = {"letterboxd_film_id": 1001} | TMDB
CODE = {"letterboxd_lid": "2awY"} | NUMBER


@pytest.mark.parametrize(
    ("slug", "values", "link"),
    [
        ("ordet", CODE, "http://site/film/ordet/"),
        (None, CODE, "https://boxd.it/2awY"),
        (None, NUMBER, "http://site/film/film:1001/"),
        (None, TMDB, "https://www.themoviedb.org/movie/48035"),
        (None, {"tmdb_id": 7, "tmdb_media_type": None} | IMDB, "https://www.imdb.com/title/tt0048452/"),
        (None, {}, ""),
    ],
)
def test_a_film_is_found_by_the_surest_of_its_names(
    connection: sa.Connection, slug: str | None, values: dict[str, Any], link: str
) -> None:
    add_film(connection, slug, **values)
    assert links.link(connection.scalar(sa.select(links.ADDRESS)), "http://site") == link
