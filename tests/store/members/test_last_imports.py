"""The last import for a cohort is taken back: what is stored of its members is what it was before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot
from letterboxd_scraper.store import intake, statistics
from letterboxd_scraper.store.checks.counted import statistics_and_histograms
from letterboxd_scraper.store.members import forgetting, last_imports
from letterboxd_scraper.store.members.last_imports import LastImport
from letterboxd_scraper.store.patience import ask
from letterboxd_scraper.store.schema import (
    cohorts,
    film_rankings,
    former_ratings,
    user_scrape_state,
    watched,
)
from letterboxd_scraper.store.schema import (
    last_imports as last_imports_table,
)
from tests.conftest import on_both, on_sqlite
from tests.store.rows import add_film, add_rating, add_user
from tests.store.told import X, Y, at
from tests.stored_state import Rows, differences, stored_state

NOW = at(90)
Z = NamedFilm("Z", 2001, "zZ")
# Of films, their names stay known; of scores, that is said below.
OF_MEMBERS = (
    "cohort_members",
    "cohorts",
    "member_sources",
    "ratings",
    "user_scrape_state",
    "users",
    "watched",
    "watchlist",
)


def archive(member: str, day: int, *films: NamedFilm, stars: float = 4.0) -> Snapshot:
    """Return a whole archive of a member who rated the first film, and has watched them all."""
    rated = tuple(RatedFilm(film, stars, at(day).date()) for film in films[:1])
    seen = tuple(DatedFilm(film) for film in films)
    return Snapshot(
        member, at(day), f"of {member}, day {day}", rated, watched=seen, watchlist=(DatedFilm(Z),)
    )


def of_imdb(member: str, day: int, film: NamedFilm) -> Snapshot:
    rated = (RatedFilm(film, 3.0, at(day).date()),)
    return Snapshot(member, at(day), "imdb.csv", rated, complete=False, service=Service.IMDB)


def take_in(engine: sa.Engine, *snapshots: Snapshot, label: str = "friends", day: int = 90) -> None:
    intake.take_in(engine, intake.told_by(engine, snapshots, ()), label, at(day))


def last(engine: sa.Engine, label: str = "friends") -> LastImport:
    (one,) = [one for one in ask(engine, last_imports.every) if one.label == label]
    return one


def state(engine: sa.Engine) -> Rows:
    rows = stored_state(engine, NOW + timedelta(days=900))
    with engine.connect() as connection:
        columns = [column for column in former_ratings.c if column.name != "id"]
        changes = {str(row) for row in connection.execute(sa.select(*columns))}
    return {name: rows[name] for name in OF_MEMBERS} | {"former_ratings": changes}


def crawl(engine: sa.Engine, name: str, *films: Any) -> None:
    """Store a member as a crawl does: what is known of them does not come from sources."""
    with engine.begin() as connection:
        user = add_user(connection, name)
        for columns in films:
            film = add_film(connection, **columns)
            add_rating(connection, user, film, rating=2.5, liked=True)
            connection.execute(watched.insert().values(user_id=user, film_id=film, since=at(1)))
        read = {"page": 1, "seen": [], "status": "complete", "run": 1, "updated_at": at(1)}
        listing = {"listing": Listing.RATED, "complete_as_of": at(1)}
        connection.execute(user_scrape_state.insert().values(user_id=user, **read, **listing))


@on_both
def test_all_is_as_it_was_before(engine: sa.Engine) -> None:
    crawl(engine, "cleo", {"slug": "x", "letterboxd_lid": "xX"}, {"slug": "y", "letterboxd_lid": "yY"})
    take_in(engine, archive("ann", 10, X, Y), of_imdb("ann", 5, replace(Y, lid=None, slug=None)))
    chosen = last(engine)
    assert (chosen.members, chosen.at) == (["ann"], NOW)
    first = state(engine)
    # One who is new, one who has rated something else since, one whom a crawl has read.
    take_in(
        engine,
        archive("ann", 20, Y, X, stars=1.5),
        archive("bob", 9, X),
        archive("cleo", 30, X, Z, stars=5.0),
    )
    assert last(engine).members == ["ann", "bob", "cleo"]
    after = state(engine)
    for table in (
        "member_sources",
        "ratings",
        "user_scrape_state",
        "users",
        "watched",
        "watchlist",
        "cohort_members",
    ):
        assert first[table] != after[table], table
    intake.take_back(engine, last(engine))
    assert differences(first, state(engine)) == []
    assert ask(engine, last_imports.every) == []  # only the last one can be taken back
    take_in(
        engine,
        archive("ann", 20, Y, X, stars=1.5),
        archive("bob", 9, X),
        archive("cleo", 30, X, Z, stars=5.0),
    )
    assert differences(after, state(engine)) == []
    intake.take_back(engine, last(engine))
    assert differences(first, state(engine)) == []


@on_both
def test_films_that_the_import_told_nothing_of_stay_counted(engine: sa.Engine) -> None:
    five = [NamedFilm(f"Film {n}", 1999, f"x{n}") for n in range(5)]
    take_in(engine, *(archive(f"ann{n}", 10, film) for n, film in enumerate(five)))
    take_in(engine, archive("bob", 10, Z))
    statistics.refresh(engine, NOW)
    intake.take_back(engine, last(engine))
    assert statistics.refresh(engine, NOW) == len(five)
    with engine.connect() as connection:
        assert [finding.wrong for finding in statistics_and_histograms(connection)] == [0, 0]


@on_both
def test_a_cohort_that_the_import_made_goes_with_it(engine: sa.Engine) -> None:
    before = state(engine)
    # Which of these names comes first, PostgreSQL says otherwise in many languages.
    take_in(engine, archive("a_b", 10, X, Y), archive("aab", 9, X))
    intake.take_back(engine, last(engine))
    assert differences(before, state(engine)) == []


@on_sqlite
def test_films_that_have_turned_out_to_be_one_cannot_be_told_apart_again(engine: sa.Engine) -> None:
    crawl(engine, "cleo", {"slug": "x"}, {"slug": None, "letterboxd_lid": "xX"})
    take_in(engine, archive("cleo", 30, X))
    before = state(engine)
    with pytest.raises(InputError, match="films that cleo has rated have turned out to be one"):
        intake.take_back(engine, last(engine))
    assert differences(before, state(engine)) == []


@on_sqlite
def test_rankings_go_and_a_cohort_that_others_use_stays(engine: sa.Engine) -> None:
    take_in(engine, archive("ann", 10, X))
    first = last(engine)
    take_in(engine, archive("bob", 9, X))
    with engine.begin() as connection:
        row = {"cohort_id": first.cohort, "film_id": 1, "strategy": "circle", "score": 4.0, "rank": 1}
        connection.execute(film_rankings.insert().values(**row, params={}, computed_at=NOW))
    intake.take_back(engine, last(engine))
    with engine.connect() as connection:
        assert connection.scalars(sa.select(cohorts.c.label)).all() == ["friends"]
        assert not connection.execute(sa.select(film_rankings)).all()


@on_sqlite
def test_what_came_since_then_is_not_lost(engine: sa.Engine) -> None:
    take_in(engine, archive("ann", 10, X))
    first = last(engine)
    take_in(engine, of_imdb("ann", 5, X), label="others")
    now = state(engine)
    with pytest.raises(InputError, match="something else has been stored of ann since then"):
        intake.take_back(engine, first)
    take_in(engine, archive("bob", 10, X))
    with pytest.raises(InputError, match="files were dropped for friends since then"):
        intake.take_back(engine, first)
    intake.take_back(engine, last(engine))
    assert differences(now, state(engine)) == []


@on_sqlite
def test_what_is_known_already_is_no_import(engine: sa.Engine) -> None:
    take_in(engine, archive("ann", 10, X))
    first = last(engine)
    take_in(engine, archive("ann", 10, X), day=91)
    assert last(engine) == first
    before = state(engine)
    take_in(engine, archive("ann", 10, X), label="others", day=91)
    intake.take_back(engine, last(engine, "others"))  # she belongs to them no more
    assert differences(before, state(engine)) == []


@on_both
def test_nothing_is_kept_of_who_is_forgotten(engine: sa.Engine) -> None:
    take_in(engine, archive("ann", 10, X), archive("bob", 10, X))
    take_in(engine, archive("ann", 20, Y), archive("bob", 20, Y))
    with engine.begin() as connection:
        forgetting.forget(connection, "ann", NOW)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(last_imports_table)) == 1
    intake.take_back(engine, last(engine))
    assert [row for row in state(engine)["users"] if "bob" in row]
    assert not [row for row in state(engine)["users"] if "ann" in row]


@on_both
def test_what_breaks_in_the_middle_changes_nothing(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(engine, archive("ann", 10, X))
    take_in(engine, archive("ann", 20, Y), archive("bob", 10, X))
    before = stored_state(engine, NOW)

    def fail(*about: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(last_imports, "_is_used", fail)
        broken.setattr(last_imports, "_restore", fail)
        with pytest.raises(KeyboardInterrupt):
            intake.take_back(engine, last(engine))
    assert differences(before, stored_state(engine, NOW)) == []
    intake.take_back(engine, last(engine))
