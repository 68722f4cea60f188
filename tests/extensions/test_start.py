"""How a crawl starts: what each spider is given of a small database, and a spider that nobody registered."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from scrapy.utils.test import get_crawler

from letterboxd_scraper.arguments import (
    Arguments,
    FilmArguments,
    FollowGraphArguments,
    ProfileArguments,
    RssArguments,
    WhenRatedArguments,
)
from letterboxd_scraper.config import Config, load
from letterboxd_scraper.crawl.member_queue import Start
from letterboxd_scraper.errors import InputError, TermsNotAccepted, UnknownName
from letterboxd_scraper.extensions.start import CrawlRun, Opening, Target, start
from letterboxd_scraper.spiders.film import FilmTask
from letterboxd_scraper.spiders.follow_graph import FollowGraphTask
from letterboxd_scraper.spiders.profile import ProfileTask
from letterboxd_scraper.spiders.rss import RssTask
from letterboxd_scraper.spiders.when_rated import WhenRatedTask
from letterboxd_scraper.store.open import open_store
from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    films,
    member_leases,
    ratings,
    scrape_runs,
    user_scrape_state,
    users,
)

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)
LAST_NIGHT = NOW - timedelta(days=1)


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Marla's circle: ada, whose counts have moved since last night; ben, whose have not; cy, who is new."""
    file = tmp_path_factory.mktemp("start") / "films.db"
    read = {
        "last_full_scrape_at": LAST_NIGHT,
        "counts_seen_at": NOW,
        "likes_count": 0,
        "crawled_likes_count": 0,
    }
    counts = {
        "marla": {},
        "ada": read | {"films_count": 3, "crawled_films_count": 2},
        "ben": read | {"films_count": 1, "crawled_films_count": 1},
        "cy": {},
    }
    definition = {"depth": 2, "via": "following", "min_films": 1}
    both = dict.fromkeys(("created_at", "updated_at", "first_seen_at"), LAST_NIGHT)
    engine = open_store(f"sqlite:///{file}")
    with engine.begin() as connection:

        def insert(table: sa.Table, *rows: dict[str, Any]) -> None:
            for row in rows:
                own = {name: value for name, value in both.items() if name in table.c}
                connection.execute(table.insert().values(own | row))

        names = enumerate(counts, start=1)
        insert(users, *({"id": id, "letterboxd_username": name} | counts[name] for id, name in names))
        insert(cohorts, {"id": 1, "label": "friends", "seed_user_id": 1, "definition": definition})
        members = [{"cohort_id": 1, "user_id": id, "depth": int(id > 1)} for id in range(1, 5)]
        insert(cohort_members, *(row | {"followed_at": LAST_NIGHT} for row in members))
        insert(films, {"id": 1, "slug": "cure", "title": "Cure"})
        insert(ratings, {"user_id": 2, "film_id": 1, "rating": 4.5, "liked": False, "favorite": False})
    engine.dispose()
    return file


@pytest.fixture
def settings(circle: Path, tmp_path: Path) -> Config:
    """The settings of a crawl tonight, with a copy of the circle's database."""
    shutil.copy(circle, tmp_path / "films.db")
    database, site = f"sqlite:///{tmp_path}/films.db", "http://127.0.0.1:9"
    return load(
        DATABASE_URL=database, LETTERBOXD_NOW=NOW.isoformat(), LETTERBOXD_BASE_URL=site, TMDB_API_KEY=""
    )


@pytest.fixture
def engine(settings: Config) -> Iterator[sa.Engine]:
    engine = open_store(settings.DATABASE_URL)
    yield engine
    engine.dispose()


def started(settings: Config, args: Arguments, spider: str = "x") -> CrawlRun:
    target = Target.find(settings, args)
    with target.engine.begin() as connection:
        return start(args, Opening(get_crawler(), spider, target, settings, connection, settings.now()))


def handed_out(run: CrawlRun) -> list[Start]:
    """Return how each member of a run's queue starts, where each is finished at once."""

    async def read() -> list[Start]:
        assert run.members is not None
        members = []
        async for member in run.members:
            members.append(member)
            run.members.end(member.name)
        return members

    return asyncio.run(read())


class UnregisteredArguments(Arguments):
    """Of a spider for which nobody has written a start."""


def test_a_spider_that_nobody_registered_does_not_start(settings: Config, engine: sa.Engine) -> None:
    with pytest.raises(NotImplementedError, match="UnregisteredArguments"):
        Target.find(settings, UnregisteredArguments())
    with engine.connect() as connection:
        opening = Opening(get_crawler(), "x", Target(engine, None), settings, connection, NOW)
        with pytest.raises(NotImplementedError, match="no start is registered for UnregisteredArguments"):
            start(UnregisteredArguments(), opening)
        assert connection.scalar(sa.select(sa.func.count()).select_from(scrape_runs)) == 0


def test_a_label_or_number_is_resolved_before_anything_is_opened(settings: Config, engine: sa.Engine) -> None:
    for label in ("friends", "1"):
        cohort = Target.find(settings, ProfileArguments(cohort=label)).cohort
        assert cohort is not None
        assert cohort.label == "friends"
    with pytest.raises(UnknownName):
        Target.find(settings, RssArguments(cohort="nobody"))
    with pytest.raises(InputError, match="circle of 'marla'"):
        Target.find(settings, FollowGraphArguments(seed="ada", label="friends"))


def test_a_full_crawl_is_given_the_members_one_by_one_each_leased(
    settings: Config, engine: sa.Engine
) -> None:
    run = started(settings, ProfileArguments(cohort="friends"), "profile")
    assert isinstance(run.task, ProfileTask)
    assert run.task.members is run.members
    assert run.summary.progress(0).total == 4
    assert [(member.name, member.is_seed) for member in handed_out(run)] == [
        ("marla", True),
        ("ada", False),
        ("ben", False),
        ("cy", False),
    ]
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(member_leases)) == 4
        row = connection.execute(sa.select(scrape_runs)).one()
    assert (row.id, row.type, row.cohort, row.status) == (run.number, "profile", "friends", "running")


def test_a_refresh_is_given_who_is_new_and_whose_counts_have_moved(
    settings: Config, engine: sa.Engine
) -> None:
    run = started(settings, WhenRatedArguments(cohort="friends", pages=3, audit="none"), "when_rated")
    assert isinstance(run.task, WhenRatedTask)
    stored_rows: Any = run.task.stored_rows
    assert (run.task.rules.most_pages, run.task.rules.by_date) == (3, False)
    assert [member.name for member in handed_out(run)] == ["marla", "cy", "ada"]
    assert run.summary.in_words(0).startswith("members: 1 not due")
    (row,) = asyncio.run(stored_rows("ada"))
    assert (row.film.slug, row.stars) == ("cure", 4.5)


def test_who_was_read_meanwhile_is_not_handed_out(settings: Config, engine: sa.Engine) -> None:
    run = started(settings, WhenRatedArguments(cohort="friends", audit="none"), "when_rated")
    with engine.begin() as connection:
        read = users.update().where(users.c.letterboxd_username == "ada")
        connection.execute(read.values(last_incremental_scrape_at=NOW + timedelta(minutes=1)))
    assert [member.name for member in handed_out(run)] == ["marla", "cy"]


@pytest.mark.parametrize(("days_ago", "bookmarks"), [(1, {"ada"}), (6, {"ada"}), (7, set())])
def test_a_refresh_of_the_circle_knows_whom_others_followed_within_the_week(
    settings: Config, engine: sa.Engine, days_ago: int, bookmarks: set[str]
) -> None:
    with engine.begin() as connection:
        read = {
            "page": 1,
            "status": "complete",
            "updated_at": NOW - timedelta(days=days_ago),
            "seen": [3],
            "run": 1,
        }
        for user in (1, 2):  # the seed's is asked for each time
            connection.execute(
                user_scrape_state.insert().values(read | {"user_id": user, "listing": "following"})
            )
    run = started(settings, FollowGraphArguments(cohort="friends"), "follow_graph")
    assert isinstance(run.task, FollowGraphTask)
    assert set(run.task.bookmarks) == bookmarks
    assert (run.task.label, run.task.seed) == ("friends", "marla")
    assert run.task.stored_members == {"marla", "ada", "ben", "cy"}
    assert run.members is None


def test_a_circle_built_again_keeps_what_its_definition_says_beyond_the_arguments(
    settings: Config, engine: sa.Engine
) -> None:
    run = started(settings, FollowGraphArguments(seed="marla", label="friends", depth=1), "follow_graph")
    assert isinstance(run.task, FollowGraphTask)
    assert (run.task.definition.depth, run.task.definition.min_films) == (1, 1)


def test_feeds_and_films_are_given_in_their_order(settings: Config, engine: sa.Engine) -> None:
    run = started(settings, RssArguments(cohort="friends"), "rss")
    assert isinstance(run.task, RssTask)
    assert [feed.name for feed in run.task.feeds] == ["marla", "ada", "ben", "cy"]
    run = started(settings, FilmArguments(cohort="friends", histograms=True), "film")
    assert isinstance(run.task, FilmTask)
    assert [(film.film.slug, film.page, film.histogram) for film in run.task.films] == [("cure", True, True)]
    assert run.task.details is None  # there is no key
    assert run.close is None
    assert run.summary.progress(0).total == 2


def test_of_the_real_site_no_film_is_read_before_its_terms_are_accepted(settings: Config) -> None:
    real = settings.model_copy(update={"LETTERBOXD_BASE_URL": "https://letterboxd.com"})
    with pytest.raises(TermsNotAccepted):
        started(real, FilmArguments(cohort="friends"), "film")


def test_feeds_that_an_interrupted_run_has_just_read_are_not_asked_for_again(
    settings: Config, engine: sa.Engine
) -> None:
    first = started(settings, RssArguments(cohort="friends"), "rss")
    feed = {"listing": "feed", "page": 1, "status": "complete", "updated_at": NOW, "seen": {}}
    with engine.begin() as connection:
        connection.execute(user_scrape_state.insert().values(feed | {"user_id": 2, "run": first.number}))
    second = started(settings, RssArguments(cohort="friends"), "rss")
    assert isinstance(second.task, RssTask)
    assert [feed.name for feed in second.task.feeds] == ["marla", "ben", "cy"]


def test_who_is_refused_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "letterboxd.db"
    with pytest.raises(InputError, match="there is no cohort yet"):
        Target.find(load(DATABASE_URL=f"sqlite:///{file}"), ProfileArguments.read({"cohort": "freinds"}))
    assert not list(tmp_path.iterdir())
