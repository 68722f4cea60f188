"""What a command advises is written as the command line takes it."""

from pathlib import Path

from letterboxd_scraper.store.engine import make_engine
from tests.cli.conftest import Run
from tests.store.rows import add_film, add_rating, add_user


def test_taste_says_how_watched_films_are_read(club: Run, tmp_path: Path) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        kip = add_user(connection, "kip")
        for slug, stars in (("solaris", 5.0), ("stalker", 2.0), ("nostalghia", 2.0)):
            add_rating(connection, kip, add_film(connection, slug), rating=stars)
    ended = club("taste", "--member", "marla", "--with", "kip")
    assert "to read them: `letterboxd scrape --user marla --watched`\n" in ended.err


def test_taste_says_how_ratings_are_read(club: Run, tmp_path: Path) -> None:
    with make_engine(f"sqlite:///{tmp_path / 'letterboxd.db'}").begin() as connection:
        add_user(connection, "kip")
    ended = club("taste", "--member", "kip")
    assert "no rating of kip is stored: `letterboxd scrape --user kip` reads what they rated\n" in ended.err
