"""What is said where a choice of films, or a column, rests on what is known of few films."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_genres, films, genres, ratings
from ranking.choices import coverage
from ranking.choices.filters import Choices, read_choices
from tests.cli.every_command import fill_club
from tests.store.rows import HOUR, MONDAY

HOW = "letterboxd enrich --cohort club"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('coverage') / 'club.db'}")
    migrate.upgrade(engine)
    fill_club(engine)
    return engine


@pytest.fixture
def connection(club: sa.Engine) -> Iterator[sa.Connection]:
    with club.connect() as connection:
        yield connection
        connection.rollback()


def said(connection: sa.Connection, *names: str) -> str | None:
    return coverage.of_films(connection, cohorts.find(connection, "club"), "circle", names)


def test_it_is_said_of_how_many_films_something_is_known(connection: sa.Connection) -> None:
    number = connection.execute(genres.insert().values(name="Drama").returning(genres.c.id)).scalar_one()
    every = connection.scalars(sa.select(films.c.id).order_by(films.c.id)).all()
    rows = [{"film_id": film, "genre_id": number} for film in every[:4]]
    connection.execute(film_genres.insert(), rows)
    assert said(connection, "genres") == f"genres are known for 4 of 12 films: {HOW}"
    both = f"genres are known for 4 of 12 films, Letterboxd's averages for 0: {HOW}"
    assert said(connection, "genres", "years", coverage.AVERAGES) == both


def test_nothing_is_said_where_nearly_all_is_known(connection: sa.Connection) -> None:
    assert said(connection, "years") is None
    assert said(connection) is None
    connection.execute(films.update().where(films.c.slug == "film-1").values(release_year=None))
    assert said(connection, "years") == f"years are known for 11 of 12 films: {HOW}"


def test_dates_are_known_by_the_diary_or_by_two_crawls(connection: sa.Connection) -> None:
    club = cohorts.find(connection, "club")
    how = "letterboxd scrape --cohort club --diary"
    assert coverage.of_dates(connection, club) == f"when it was made is known of 0 of 36 ratings: {how}"
    film = sa.select(films.c.id).where(films.c.slug == "film-1").scalar_subquery()
    connection.execute(ratings.update().where(ratings.c.film_id == film).values(rated_at=MONDAY))
    assert coverage.of_dates(connection, club) == f"when it was made is known of 3 of 36 ratings: {how}"
    connection.execute(ratings.update().values(seen_after=MONDAY - HOUR))
    assert coverage.of_dates(connection, club) is None


@pytest.mark.parametrize(
    ("choices", "names"),
    [
        (read_choices(), []),
        (read_choices(genre=["Drama"], decade=["1990s"], min_watchers=3), ["years", "genres"]),
        (
            read_choices(director=["X"], country=["FR"], media_type="tv"),
            ["directors", "countries", "media types"],
        ),
    ],
)
def test_what_choices_rest_on(choices: Choices, names: list[str]) -> None:
    assert coverage.asked_for(choices) == names
