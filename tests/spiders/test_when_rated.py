"""Delta crawls against the imitation site: the truth for a handful of requests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films, ratings, users, watched
from tests.conftest import Shell, assert_ended, on_sqlite, stored_facts
from tests.site import Fault, Site, World
from tests.spiders.test_crawl import noted_writes, watch_writes

# At an hour after which tests have some left before the next day.
TONIGHT = datetime.now(UTC).replace(hour=3) + timedelta(days=2)


def truth(site: Site) -> set[Any]:
    return set(site.world.truth(site.world.circle("marla")))


def night(shell: Shell, at: datetime = TONIGHT, code: int = 0, **settings: Any) -> str:
    """Refresh the circle as every night; return what the delta crawl told."""
    options = ("-s", f"LETTERBOXD_NOW={at.isoformat()}", "-s", "LOG_LEVEL=INFO")
    chosen = tuple(word for name, value in settings.items() for word in ("-s", f"{name}={value}"))
    assert_ended(shell.scrapy("follow_graph", *options, cohort="friends"), 0)
    process = shell.scrapy("when_rated", *options, *chosen, cohort="friends")
    assert_ended(process, code)
    return process.stderr


def asked(site: Site) -> list[str]:
    """Return the pages of members that were asked for, other than the circle's own."""
    return [hit.path for hit in site.log if hit.path != "/robots.txt" and "/following/" not in hit.path]


def readable(site: Site, paths: list[str]) -> set[str]:
    """Return whose pages these are, but for the gone and private, who are asked after now and then."""
    names = {path.split("/")[1] for path in paths}
    return {name for name in names if site.world.member(name).state == "ok"}


def asked_of_readable(site: Site) -> list[str]:
    return [path for path in asked(site) if readable(site, [path])]


def unseen_film(world: World, name: str, number: int = 0) -> str:
    member = world.member(name)
    return [slug for slug in sorted(world.films) if slug not in member.watched | member.likes.keys()][number]


def rated_film(world: World, name: str, *, liked: bool = False, number: int = 0) -> str:
    member = world.member(name)
    return [slug for slug in sorted(member.ratings) if (slug in member.likes) is liked][number]


def somebody(world: World, number: int) -> str:
    """Return one of those whom marla follows and who has rated and liked something."""
    followed = (world.member(name) for name in world.member("marla").following)
    busy = [m.name for m in followed if m.state == "ok" and len(m.ratings) > 8 and len(m.likes) > 2]
    return busy[number]


def rate_something_new(world: World) -> None:
    name = somebody(world, 0)
    world.rate(name, unseen_film(world, name), 3.5)


def rate_anew(world: World, name: str) -> None:
    film = rated_film(world, name)
    world.rate(name, film, 5.0 if world.member(name).ratings[film] < 5 else 0.5)


def rate_anew_and_like(world: World) -> None:
    name = somebody(world, 1)
    rate_anew(world, name)
    world.like(name, unseen_film(world, name))


def unwatch(world: World) -> None:
    name = somebody(world, 2)
    world.unwatch(name, rated_film(world, name, liked=True))


def like(world: World) -> None:
    name = somebody(world, 3)
    world.like(name, rated_film(world, name))


def unlike(world: World) -> None:
    name = somebody(world, 4)
    world.unlike(name, next(iter(world.member(name).likes)))


CHANGES: list[Callable[[World], None]] = [rate_something_new, rate_anew_and_like, unwatch, like, unlike]


@on_sqlite
@pytest.mark.parametrize("obey", [True, False])
def test_what_changed_is_found(crawled: Shell, site: Site, crawled_engine: sa.Engine, obey: bool) -> None:
    for change in CHANGES:
        change(site.world)
    told = night(crawled, ROBOTSTXT_OBEY=obey)
    assert stored_facts(crawled_engine) == truth(site)
    assert "6 read, 5 of them changed" in told  # the seed, who is on no listing, and five whose counts moved
    assert any("/by/" in path for path in asked(site)) is not obey
    assert len(asked(site)) < 40


def test_who_is_gone_or_private_is_asked_after_though_the_very_day_was_missed(
    crawled: Shell, site: Site
) -> None:
    def asked_after(days: int) -> set[str]:
        site.clear_log()
        night(crawled, TONIGHT + timedelta(days=days))
        return {"/wipe_left/", "/understudy/"} & set(asked(site))

    assert asked_after(40) == {"/wipe_left/", "/understudy/"}
    assert asked_after(40) == set()
    assert asked_after(70) == {"/wipe_left/", "/understudy/"}


def seen_by_the_seed(engine: sa.Engine) -> set[str | None]:
    """Return what counts as seen: what was watched, and what was rated since."""
    rated = sa.select(ratings.c.user_id, ratings.c.film_id).where(ratings.c.rating.is_not(None))
    seen = sa.union(sa.select(watched.c.user_id, watched.c.film_id), rated).subquery()
    query = (
        sa.select(films.c.slug)
        .join(seen, seen.c.film_id == films.c.id)
        .join(users, users.c.id == seen.c.user_id)
        .where(users.c.letterboxd_username == "marla")
    )
    with engine.connect() as connection:
        return set(connection.scalars(query))


def test_what_the_seed_watched_without_rating_it_is_known(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    marla = site.world.member("marla")
    unrated = sorted(marla.watched - marla.ratings.keys())
    assert seen_by_the_seed(crawled_engine) == marla.watched
    # Two counts that stand still: one of the unrated films was rated, and another one watched.
    site.world.rate("marla", unrated[0], 4.0)
    site.world.watch("marla", unseen_film(site.world, "marla"))
    night(crawled)
    assert seen_by_the_seed(crawled_engine) == marla.watched
    site.world.unwatch("marla", unrated[1])
    site.world.unwatch("marla", sorted(marla.ratings)[0])
    site.clear_log()
    night(crawled, TONIGHT + timedelta(days=1))
    assert seen_by_the_seed(crawled_engine) == marla.watched
    assert "/marla/films/rated/none/" in asked(site)
    site.clear_log()
    night(crawled, TONIGHT + timedelta(days=2))
    assert "/marla/films/rated/none/" not in asked(site)


def test_a_night_without_changes_writes_no_facts(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    watch_writes(crawled_engine)
    told = night(crawled)
    assert noted_writes(crawled_engine) == []
    assert asked_of_readable(site) == ["/marla/", "/marla/likes/films/"]
    assert "0 of them changed; films: 0 added, 0 changed, 0 removed" in told


def test_the_feed_explains_many_levels_at_once(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    name = somebody(site.world, 0)
    new = [unseen_film(site.world, name, number) for number in range(4)]
    for film, stars in zip(new, (1.0, 2.0, 3.0, 4.5), strict=True):
        site.world.log(name, film, f"{TONIGHT:%Y-%m-%d}", stars)
    night(crawled, TONIGHT.replace(hour=23))
    assert stored_facts(crawled_engine) == truth(site)
    assert [path for path in asked(site) if path.startswith(f"/{name}/")] == [f"/{name}/", f"/{name}/rss/"]
    query = sa.select(films.c.slug, ratings.c.rated_at).join(films, films.c.id == ratings.c.film_id)
    with crawled_engine.connect() as connection:
        dated = dict(connection.execute(query.where(ratings.c.rated_at.is_not(None))).all())
    assert dated == dict.fromkeys(new, datetime(TONIGHT.year, TONIGHT.month, TONIGHT.day, tzinfo=UTC))


@on_sqlite
@pytest.mark.parametrize("fault", [Fault("status", code=404), Fault("truncated"), Fault("garbage")])
def test_a_feed_that_cannot_be_read_costs_pages_and_nothing_else(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, fault: Fault
) -> None:
    name = somebody(site.world, 0)
    for number, stars in enumerate((1.0, 2.0, 3.0, 4.5)):
        site.world.log(name, unseen_film(site.world, name, number), f"{TONIGHT:%Y-%m-%d}", stars)
    site.faults.add(replace(fault, path=".*/rss/"))
    night(crawled, TONIGHT.replace(hour=23))
    assert stored_facts(crawled_engine) == truth(site)


def test_the_next_night_builds_on_the_counts_of_this_one(crawled: Shell, site: Site) -> None:
    rate_something_new(site.world)
    night(crawled)
    site.clear_log()
    night(crawled, TONIGHT + timedelta(days=1))
    assert readable(site, asked(site)) == {"marla"}


def test_a_new_rating_was_made_since_the_crawl_before(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    name = somebody(site.world, 0)
    film = unseen_film(site.world, name)
    before = datetime.now(UTC)
    rate_something_new(site.world)
    night(crawled)
    query = (
        sa.select(ratings.c.first_seen_at, ratings.c.seen_after)
        .join(films, films.c.id == ratings.c.film_id)
        .join(users, users.c.id == ratings.c.user_id)
        .where(films.c.slug == film, users.c.letterboxd_username == name)
    )
    with crawled_engine.connect() as connection:
        first_seen, seen_after = connection.execute(query).one()
    assert abs(first_seen - TONIGHT) < timedelta(seconds=1)
    assert before - timedelta(hours=1) < seen_after < before


def test_what_moves_no_count_is_found_by_an_audit(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    rate_anew(site.world, somebody(site.world, 0))
    night(crawled)
    assert stored_facts(crawled_engine) != truth(site)
    options = ("-s", f"LETTERBOXD_NOW={TONIGHT.isoformat()}")
    assert_ended(crawled.scrapy("when_rated", *options, cohort="friends", audit="none"), 0)
    assert stored_facts(crawled_engine) != truth(site)
    assert_ended(crawled.scrapy("when_rated", *options, cohort="friends", audit="all"), 0)
    assert stored_facts(crawled_engine) == truth(site)


def test_everybody_is_audited_in_time(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    rate_anew(site.world, somebody(site.world, 0))
    night(crawled, DELTA_AUDIT_DAYS=1)
    assert stored_facts(crawled_engine) == truth(site)
    site.clear_log()
    night(crawled, TONIGHT + timedelta(hours=1), DELTA_AUDIT_DAYS=1)
    assert readable(site, asked(site)) == {"marla"}


def test_who_is_new_is_read_in_full(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    stranger = next(
        n for n, m in site.world.members.items() if n not in site.world.circle("marla") and m.state == "ok"
    )
    site.world.follow("marla", stranger)
    told = night(crawled)
    assert "1 read in full" in told
    assert stored_facts(crawled_engine) == truth(site)


def test_one_member_can_be_refreshed(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    rate_something_new(site.world)
    assert_ended(crawled.scrapy("when_rated", user=somebody(site.world, 0)), 0)
    assert stored_facts(crawled_engine) == truth(site)
