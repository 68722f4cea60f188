"""What a command advises is written as the command line takes it."""

from datetime import datetime
from pathlib import Path

import pytest

from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import users
from tests.cli.conftest import Run
from tests.store.rows import MONDAY, add_film, add_rating, add_user


@pytest.mark.parametrize(
    ("read_at", "advice"),
    [
        (MONDAY, "to read them: `letterboxd scrape --member marla --watched`\n"),
        (None, "their own archive tells them: `letterboxd import`\n"),
    ],
)
def test_taste_says_how_watched_films_are_read(
    club: Run, tmp_path: Path, read_at: datetime | None, advice: str
) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        kip = add_user(connection, "kip")
        for slug, stars in (("solaris", 5.0), ("stalker", 2.0), ("nostalghia", 2.0)):
            add_rating(connection, kip, add_film(connection, slug), rating=stars)
        marla = users.c.letterboxd_username == "marla"
        connection.execute(users.update().where(marla).values(last_full_scrape_at=read_at))
    ended = club("taste", "--member", "marla", "--with", "kip")
    assert ended.err.split("shown, too; ")[1].startswith(advice)


def test_taste_says_how_ratings_are_read(club: Run, tmp_path: Path) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        add_user(connection, "kip")
    ended = club("taste", "--member", "kip")
    assert "no rating of kip is stored: `letterboxd scrape --member kip` reads what they rated" in ended.err
