"""The statistics of circles, and the checks of `db check`, each with a damage that it must name."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import checks, statistics
from letterboxd_scraper.store.checks import ranks, references
from letterboxd_scraper.store.checks.checksums import checksums
from letterboxd_scraper.store.checks.finding import Finding
from letterboxd_scraper.store.engine import make_engine
from letterboxd_scraper.store.schema import (
    changed_facts,
    cohort_film_stats,
    film_histograms,
    film_rankings,
    films,
    metadata,
    ratings,
)
from tests.store.rows import DAY, MONDAY, add_cohort, add_film, add_rating, add_user

STARS = {"ann": (4.0, 1.5, None), "bob": (3.0, None, None), "eve": (5.0, 5.0, 5.0)}


@pytest.fixture
def store() -> Iterator[sa.Engine]:
    """Cohort 1 of ann and bob, 2 of ann alone, eve in none; films 1 (alien), 2 (brazil) and 3 (coma)."""
    engine = make_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        numbers = [add_film(connection, slug) for slug in ("alien", "brazil", "coma")]
        for name, stars in STARS.items():
            user = add_user(connection, name)
            for number, rating in zip(numbers, stars, strict=True):
                at = MONDAY + user * DAY
                add_rating(connection, user, number, rating=rating, liked=rating is None, rated_at=at)
        add_cohort(connection, "friends", ["ann", "bob"])
        add_cohort(connection, "alone", ["ann"])
        mark(connection)
    statistics.refresh(engine, MONDAY)
    with engine.begin() as connection:
        for cohort, strategy, film, rank, score in [
            (1, "wilson", 1, 1, 3.5),
            (1, "wilson", 2, 2, 1.5),
            (2, "wilson", 1, 1, 0.0),
        ]:
            row = {"cohort_id": cohort, "strategy": strategy, "film_id": film, "rank": rank, "score": score}
            connection.execute(film_rankings.insert().values(row | {"params": {}, "computed_at": MONDAY}))
        level = {"film_id": 1, "computed_at": MONDAY}
        levels = [level | {"bucket_label": f"{n / 2}", "count": n} for n in range(1, 11)]
        connection.execute(film_histograms.insert(), levels)
    yield engine
    engine.dispose()


def mark(connection: sa.Connection) -> None:
    """Note, as triggers do in a migrated database, that ratings have changed."""
    connection.execute(changed_facts.insert().values(id=0))


def test_films_are_counted_for_each_circle(store: sa.Engine) -> None:
    h = film_histograms.c
    of_circles = sa.select(h.cohort_id, h.film_id, h.bucket_label, h["count"], h.computed_at)
    with store.connect() as connection:
        rows = set(connection.execute(sa.select(cohort_film_stats)))
        levels = set(connection.execute(of_circles.where(h.cohort_id.is_not(None))))
    one, two = MONDAY + DAY, MONDAY + 2 * DAY
    assert rows == {
        (1, 1, 2, 3.5, 7.0, one, two),
        (1, 2, 1, 1.5, 1.5, one, one),
        (2, 1, 1, 4.0, 4.0, one, one),
        (2, 2, 1, 1.5, 1.5, one, one),
    }
    labels = [(1, 1, "3.0"), (1, 1, "4.0"), (1, 2, "1.5"), (2, 1, "4.0"), (2, 2, "1.5")]
    assert levels == {(*label, 1, MONDAY) for label in labels}


def test_nothing_is_counted_twice_in_vain(store: sa.Engine) -> None:
    assert statistics.refresh(store, MONDAY + DAY) is None
    with store.begin() as connection:
        connection.execute(ratings.delete().where(ratings.c.film_id == 2))
        mark(connection)
    assert statistics.refresh(store, MONDAY + DAY) == 2
    with store.connect() as connection:
        h = film_histograms.c
        computed = connection.scalars(sa.select(h.computed_at).where(h.cohort_id.is_not(None)))
        assert set(computed) == {MONDAY + DAY}
        site = sa.select(sa.func.count()).where(h.cohort_id.is_(None))
        assert connection.scalar(site) == 10


def findings(connection: sa.Connection) -> dict[str, Finding]:
    return {finding.check: finding for finding in checks.findings(connection)}


def test_a_sound_database_has_nothing_wrong(store: sa.Engine) -> None:
    with store.connect() as connection:
        told = findings(connection)
    assert len(told) == 13
    assert [finding for name, finding in told.items() if finding != Finding(name)] == []


def change(table: sa.Table, **values: Any) -> Any:
    return table.update().values(values)


# What each check calls itself, and a word of what it advises.
ADVICE = {
    (GRID := "every rating is half a star to five"): "--full",
    (SAYS := "every row is rated, liked or a favourite"): "--full",
    (MEMBERS := "no member is stored twice"): "letterboxd scrape --member",
    (PAGES := "who has a page of their own is in the circle"): "belong to it again",
    (FILMS := "no film is stored twice"): "--force",
    (ORPHANS := "no row lacks its parent"): "backup",
    (COUNTED := "statistics agree with the ratings"): "changed_facts",
    (LEVELS := "circles' histograms agree with the ratings"): "changed_facts",
    (SITE := "Letterboxd's histograms have ten levels"): "--histograms",
    (RANKS := "ranks are 1, 2, 3 … without gaps"): "rank compute",
    (SCORES := "scores descend with the ranks"): "rank compute",
    (RANKED := "every ranked film has statistics"): "rank compute",
}
DAMAGES = [
    ("UPDATE ratings SET rating = 3.7 WHERE film_id = 3", GRID, 3, "member ann, film coma, rating 3.7"),
    ("UPDATE ratings SET rating = 5.5 WHERE user_id = 2", GRID, 3, "member bob, film alien, rating 5.5"),
    ("UPDATE ratings SET rating = 0 WHERE user_id = 2", GRID, 3, "rating 0.0"),
    ("UPDATE ratings SET liked = 0", SAYS, 3, "member "),
    ("UPDATE users SET letterboxd_lid = 'same'", MEMBERS, 1, "member ann, code same"),
    ("UPDATE users SET letterboxd_username = 'Bob' WHERE id = 2", MEMBERS, 1, "member Bob, name bob"),
    (
        "INSERT INTO own_pages (cohort_id, user_id, secret_hash, created_at) "
        "SELECT 2, id, id, created_at FROM users",
        PAGES,
        2,
        "member bob, cohort alone",
    ),
    ("UPDATE films SET slug = 'ALIEN' WHERE id = 2", FILMS, 1, "other alien, same slug, value alien"),
    ("UPDATE films SET tmdb_id = 5, tmdb_media_type = 'tv'", FILMS, 1, "same tmdb, value 5"),
    ("UPDATE cohort_members SET user_id = 9 WHERE cohort_id = 2", ORPHANS, 1, "cohort_members.user_id 9"),
    ("UPDATE ratings SET rated_at = NULL WHERE user_id = 1", COUNTED, 4, "cohort 1, film alien"),
    ("UPDATE cohort_film_stats SET avg_rating = 2 WHERE watchers = 2", COUNTED, 1, "cohort 1, film alien"),
    ("DELETE FROM cohort_film_stats WHERE watchers = 2", COUNTED, 1, "cohort 1, film alien"),
    ("UPDATE film_histograms SET count = 9 WHERE cohort_id = 2", LEVELS, 2, "film alien, bucket label 4.0"),
    ("UPDATE film_histograms SET count = -1 WHERE count = 10", SITE, 1, "film alien, levels 10"),
    ("DELETE FROM film_histograms WHERE count = 10", SITE, 1, "film alien, levels 9"),
    ("UPDATE film_rankings SET rank = 3 WHERE rank = 2", RANKS, 1, "wilson, films 2, last rank 3"),
    ("UPDATE film_rankings SET rank = 2 WHERE cohort_id = 2", RANKS, 1, "cohort alone, strategy wilson"),
    ("UPDATE film_rankings SET rank = 1", RANKS, 1, "cohort friends"),
    ("UPDATE film_rankings SET score = 4 WHERE rank = 2", SCORES, 1, "friends, strategy wilson, rank 2"),
    ("UPDATE film_rankings SET film_id = 3 WHERE rank = 2", RANKED, 1, "strategy wilson, film coma"),
]


@pytest.mark.parametrize(("damage", "check", "places", "example"), DAMAGES)
def test_a_damage_is_named_with_what_to_do(
    store: sa.Engine, damage: str, check: str, places: int, example: str
) -> None:
    with store.connect() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=on")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=on")
        connection.exec_driver_sql(damage)
        finding = findings(connection)[check]
        connection.rollback()
    assert finding.wrong == places
    assert example in finding.example
    assert ADVICE[check] in finding.advice


def test_two_entries_of_a_series_and_a_film_that_has_gone_are_no_doubles(store: sa.Engine) -> None:
    with store.connect() as connection:
        connection.execute(change(films, tmdb_id=5, tmdb_season_number=films.c.id))
        assert findings(connection)["no film is stored twice"].wrong == 0
        connection.execute(change(films, tmdb_season_number=None, gone_at=MONDAY))
        assert findings(connection)["no film is stored twice"].wrong == 0
        connection.rollback()


def test_what_was_not_counted_yet_is_not_compared(store: sa.Engine) -> None:
    with store.connect() as connection:
        mark(connection)
        told = findings(connection)
        connection.rollback()
    remarks = {name: finding.remark for name, finding in told.items() if finding.remark}
    assert set(remarks) == {
        "statistics agree with the ratings",
        "circles' histograms agree with the ratings",
        "every ranked film has statistics",
    }
    assert {finding.wrong for finding in told.values()} == {0}


def test_a_ranking_older_than_the_counts_may_rank_what_nobody_rates_now(store: sa.Engine) -> None:
    with store.connect() as connection:
        older = change(film_rankings, film_id=3, computed_at=MONDAY - DAY)
        connection.execute(older.where(film_rankings.c.rank == 2))
        assert ranks.ranked_films(connection) == Finding("every ranked film has statistics")
        connection.rollback()


def test_scores_that_rounding_makes_equal_do_not_climb(store: sa.Engine) -> None:
    with store.connect() as connection:
        connection.execute(change(film_rankings, score=1.0 + film_rankings.c.rank * 1e-12))
        assert ranks.scores(connection).wrong == 0
        connection.rollback()


def test_checksums_say_whether_two_rankings_are_the_same(store: sa.Engine) -> None:
    with store.connect() as connection:
        first, second = before = checksums(connection)
        assert [(one.cohort, one.strategy, one.films) for one in before] == [
            ("alone", "wilson", 1), ("friends", "wilson", 2)
        ]  # fmt: skip
        assert len(first.checksum) == 64
        assert first.checksum != second.checksum
        connection.execute(change(film_rankings, score=film_rankings.c.score + 1e-14))
        assert checksums(connection) == before
        higher = change(film_rankings, score=film_rankings.c.score + 1e-6)
        connection.execute(higher.where(film_rankings.c.cohort_id == 1))
        after = checksums(connection)
        assert (after[0], after[1].films) == (first, 2)
        assert after[1].checksum != second.checksum
        connection.rollback()


def test_a_checksum_is_that_of_a_line_for_each_film_in_the_order_of_ranks(store: sa.Engine) -> None:
    """A film without a slug is named by its code, else by its title; circles go by their labels."""
    with store.connect() as connection:
        connection.execute(films.update().values(letterboxd_lid=sa.func.lower(films.c.title)))
        connection.execute(films.update().where(films.c.id == 2).values(slug=None, letterboxd_lid="b2"))
        connection.execute(films.update().where(films.c.id == 3).values(slug=None, letterboxd_lid=None))
        connection.execute(film_rankings.delete())
        for cohort, strategy, *films_in_order in ((1, "wilson", 3, 1, 2), (1, "circle", 2), (2, "wilson", 1)):
            for rank, film in reversed(list(enumerate(films_in_order, start=1))):
                row = {"cohort_id": cohort, "strategy": strategy, "film_id": film, "rank": rank}
                row |= {"score": 5 - rank / 3, "params": {}, "computed_at": MONDAY}
                connection.execute(film_rankings.insert().values(row))
        rows = [(one.cohort, one.strategy, one.films, one.checksum) for one in checksums(connection)]
        connection.rollback()
    lines = ("1 Coma 4.6666666667", "2 alien 4.3333333333", "3 b2 4.0000000000")
    assert rows == [
        ("alone", "wilson", 1, digest("1 alien 4.6666666667")),
        ("friends", "circle", 1, digest("1 b2 4.6666666667")),
        ("friends", "wilson", 3, digest(*lines)),
    ]


def digest(*lines: str) -> str:
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def test_a_check_that_breaks_off_is_a_broken_file(store: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: sa.Connection) -> Finding:
        raise sa.exc.DatabaseError("SELECT", {}, Exception("disk image is malformed"))

    monkeypatch.setattr(checks, "_CHECKS", (broken,))
    with store.connect() as connection:
        *_, finding = checks.findings(connection)
    assert finding == Finding(references.FILE, 1, "disk image is malformed", references.RESTORE)


def test_what_sqlite_says_of_its_file_is_told(store: sa.Engine) -> None:
    with store.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=on")
        connection.execute(change(ratings, rating=9.0).where(ratings.c.user_id == 1))
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=off")
        finding = references.of_file(connection)
        connection.rollback()
    assert (finding.check, finding.wrong, finding.advice) == (references.FILE, 3, references.RESTORE)
    assert finding.example == "CHECK constraint failed in ratings"


@pytest.mark.parametrize("name", ["ix_ratings_film_id", "ix_ratings_marked"])
def test_an_index_that_does_not_hold_what_its_table_does_is_told(tmp_path: Path, name: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/one.db")
    metadata.create_all(engine)
    with engine.begin() as connection:
        film, user = add_film(connection, "alien"), add_user(connection, "ann")
        add_rating(connection, user, film, liked=True)
        # An index that is not there while a rating is changed, and then is again.
        connection.exec_driver_sql("PRAGMA writable_schema=on")
        made = connection.exec_driver_sql(
            "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = ?", (name,)
        ).one()
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = ?", (name,))
    engine.dispose()
    with engine.begin() as connection:
        assert references.of_file(connection).wrong  # a page that is nobody's
        add_rating(connection, user, add_film(connection, "brazil"), liked=True)
        connection.exec_driver_sql("PRAGMA writable_schema=on")
        connection.exec_driver_sql("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", tuple(made))
    engine.dispose()
    with engine.connect() as connection:
        finding = references.of_file(connection)
    engine.dispose()
    assert (finding.wrong, finding.example) == (1, f"index {name} does not hold what ratings does")
