"""What is said where a choice of films, or a column, rests on what is known of few films."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import (
    film_genres,
    films,
    genres,
    ratings,
    user_scrape_state,
    users,
    watchlist,
)
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


def test_a_length_that_is_not_known_is_always_told_of(connection: sa.Connection) -> None:
    connection.execute(films.update().values(runtime_minutes=90))
    chosen = read_choices(max_runtime=100)
    club = cohorts.find(connection, "club")
    assert coverage.of_choices(connection, club, None, chosen) == []
    connection.execute(films.update().where(films.c.slug == "film-1").values(runtime_minutes=None))
    for strategy in ("circle", None):
        (line,) = coverage.of_choices(connection, club, strategy, chosen)
        assert line == f"lengths are known for 11 of 12 films: {HOW}"


def test_where_films_were_enriched_without_their_language_they_are_to_be_read_anew(
    connection: sa.Connection,
) -> None:
    club = cohorts.find(connection, "club")
    chosen = read_choices(language=["Danish"])
    assert coverage.of_choices(connection, club, None, chosen) == [
        f"languages are known for 0 of 12 films: {HOW}"
    ]
    connection.execute(films.update().values(poster_url="poster.jpg"))
    connection.execute(films.update().where(films.c.slug == "film-1").values(original_language="da"))
    assert coverage.of_choices(connection, club, None, chosen) == [
        f"languages are known for 1 of 12 films: {HOW} --force"
    ]


def test_a_watchlist_is_known_by_a_film_on_it_or_by_a_source_that_tells_it_is_empty(
    connection: sa.Connection,
) -> None:
    club = cohorts.find(connection, "club")

    def told() -> list[str]:
        lines = coverage.of_choices(connection, club, "circle", read_choices(wanted_by=1))
        return [line.split(": ")[0] for line in lines]

    one, two, three = connection.scalars(sa.select(users.c.id).order_by(users.c.id).limit(3)).all()
    assert told() == ["watchlists are known of 0 of 3 members"]
    film = connection.scalars(sa.select(films.c.id)).first()
    connection.execute(watchlist.insert().values(user_id=one, film_id=film))
    assert told() == ["watchlists are known of 1 of 3 members"]
    for user, moment in ((two, MONDAY), (three, None)):
        state = {"listing": "watchlist", "page": 1, "seen": [], "status": "complete"}
        row = state | {"updated_at": MONDAY, "complete_as_of": moment}
        connection.execute(user_scrape_state.insert().values(user_id=user, **row))
    assert told() == ["watchlists are known of 2 of 3 members"]
    connection.execute(user_scrape_state.update().values(complete_as_of=MONDAY))
    assert told() == []


@pytest.mark.parametrize(
    ("choices", "names"),
    [
        (read_choices(), []),
        (read_choices(genre=["Drama"], decade=["1990s"], min_watchers=3), ["years", "genres"]),
        (read_choices(max_runtime=120, wanted_by=2), ["lengths"]),
        (
            read_choices(director=["X"], country=["FR"], media_type="tv", language=["da"]),
            ["directors", "countries", "languages", "media types"],
        ),
    ],
)
def test_what_choices_rest_on(choices: Choices, names: list[str]) -> None:
    assert coverage.asked_for(choices) == names
