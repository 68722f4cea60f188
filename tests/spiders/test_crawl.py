"""Real crawls, `scrapy crawl` against the imitation site: the database ends up equal to the site."""

import math
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import (
    cohort_members,
    cohorts,
    films,
    metadata,
    ratings,
    scrape_failures,
    scrape_runs,
    users,
    watched,
)
from tests.conftest import (
    Shell,
    assert_ended,
    crawl_friends,
    on_both,
    on_sqlite,
    stored_facts,
    with_many_friends,
)
from tests.site import Member, Site, World

PER_PAGE = 72


def truth(site: Site, seed: str = "marla") -> set[Any]:
    return set(site.world.truth(site.world.circle(seed)))


def expected_requests(world: World, seed: str) -> int:
    """Return what `profile` takes after `follow_graph`, when all counts but the seed's are known."""
    return sum(_requests(world, world.member(name), name == seed) for name in world.circle(seed))


def _requests(world: World, member: Member, is_seed: bool) -> int:
    if member.state != "ok":
        return 1
    rated, likes = len(member.ratings), len(set(member.likes) - set(member.ratings))
    pages = (
        math.ceil(rated / PER_PAGE) if rated else 1
    )  # no ratings: the profile has no histogram to prove it
    like_pages = math.ceil(likes / PER_PAGE) if likes or not is_seed else 1
    watched_unrated = len(set(member.watched) - set(member.ratings))
    return 1 + pages + like_pages + (math.ceil(watched_unrated / PER_PAGE) if is_seed else 0)


@on_both
def test_the_database_equals_the_site(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    assert stored_facts(crawled_engine) == truth(site)


def test_membership_titles_and_years_equal_the_site(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    members = sa.select(users.c.letterboxd_username, cohort_members.c.depth).join(
        cohort_members, cohort_members.c.user_id == users.c.id
    )
    with crawled_engine.connect() as connection:
        assert dict(connection.execute(members).all()) == site.world.circle("marla")
        stored = {(row.slug, row.title, row.release_year) for row in connection.execute(sa.select(films))}
        numbers = {row.letterboxd_film_id: row.slug for row in connection.execute(sa.select(films))}
    assert stored == {(film.slug, film.title, film.year) for film in map(site.world.film, numbers.values())}
    assert numbers == {site.world.film(slug).id: slug for slug in numbers.values()}


def test_gone_and_private_members_get_their_status(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    with crawled_engine.connect() as connection:
        statuses = dict(connection.execute(sa.select(users.c.letterboxd_username, users.c.status)).all())
    assert statuses == {name: site.world.member(name).state for name in site.world.circle("marla")}


def test_the_seeds_watched_films_are_known(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    query = (
        sa.select(users.c.letterboxd_username, films.c.slug)
        .join(watched, watched.c.user_id == users.c.id)
        .join(films, films.c.id == watched.c.film_id)
    )
    with crawled_engine.connect() as connection:
        rows = set(connection.execute(query))
    assert rows == {("marla", slug) for slug in site.world.member("marla").watched}


def test_requests_are_as_few_as_the_counts_allow(shell: Shell, site: Site) -> None:
    shell.scrapy("follow_graph", seed="marla", label="friends")
    people = len(site.world.member("marla").following)
    assert site.log[0].path == "/robots.txt"
    assert len(site.log) == 1 + math.ceil(people / 25)
    site.clear_log()
    shell.scrapy("profile", cohort="friends")
    asked = [hit.path for hit in site.log]
    assert len(asked) == len(set(asked)) == expected_requests(site.world, "marla")
    assert all("/by/" not in path for path in asked)


@on_sqlite
def test_crawling_twice_changes_nothing(crawled: Shell, crawled_engine: sa.Engine) -> None:
    def everything() -> dict[str, list[Any]]:
        with crawled_engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(sa.select(table)).mappings()))
                for table in (films, ratings, cohort_members, watched, cohorts)
            }

    before = everything()
    watch_writes(crawled_engine)
    crawl_friends(crawled)
    assert everything() == before
    assert noted_writes(crawled_engine) == []


WATCHED_TABLES = ("films", "ratings", "cohort_members", "watched")


def watch_writes(engine: sa.Engine) -> None:
    """Have the database itself note every row that is written, changed to the same values or not."""
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE noted (what TEXT)"))
        if engine.dialect.name == "postgresql":
            connection.execute(
                sa.text(
                    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
                    "'BEGIN INSERT INTO noted VALUES (TG_TABLE_NAME || TG_OP); RETURN NULL; END'"
                )
            )
        for table in WATCHED_TABLES:
            for event in ("INSERT", "UPDATE", "DELETE"):
                body = f"BEGIN INSERT INTO noted VALUES ('{table} {event}'); END"
                if engine.dialect.name == "postgresql":
                    body = "FOR EACH ROW EXECUTE FUNCTION note()"
                connection.execute(
                    sa.text(f"CREATE TRIGGER t_{table}_{event} AFTER {event} ON {table} {body}")
                )


def noted_writes(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT what FROM noted")))


@on_sqlite
def test_a_later_crawl_repairs_whatever_changed(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    world = site.world
    marla, usher = world.member("marla"), world.member("the_usher")
    for member in (marla, usher):
        rated, unrated_likes = list(member.ratings), [f for f in member.likes if f not in member.ratings]
        world.unrate(member.name, rated[0])
        world.rate(member.name, rated[1], 0.5 if member.ratings[rated[1]] != 0.5 else 5.0)
        world.unwatch(member.name, rated[2])
        for film in unrated_likes[:1]:
            world.unlike(member.name, film)
        new = [slug for slug in world.films if slug not in member.watched and slug not in member.likes]
        world.rate(member.name, new[0], 4.5)
        world.like(member.name, new[1])
        world.favourite(member.name, [new[2], rated[3]])
    world.rename_film(list(usher.ratings)[5], "a-new-name-for-it")
    assert stored_facts(crawled_engine) != truth(site)
    assert_ended(crawled.scrapy("profile", cohort="friends"), 0)
    assert stored_facts(crawled_engine) == truth(site)


def test_a_refresh_is_a_diff(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    def members() -> dict[str, Any]:
        query = sa.select(users.c.letterboxd_username, cohort_members.c.followed_at)
        with crawled_engine.connect() as connection:
            rows = connection.execute(query.join(users, users.c.id == cohort_members.c.user_id))
            return dict(rows.all())

    before = members()
    left = next(name for name in before if name not in ("marla", "hermit"))
    joined = next(name for name in site.world.members if name not in before)
    site.world.unfollow("marla", left)
    site.world.follow("marla", joined)
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    after = members()
    assert after.keys() == before.keys() - {left} | {joined}
    assert {name: after[name] for name in after if name != joined} == {
        n: before[n] for n in after if n != joined
    }


@pytest.mark.parametrize("concurrency", [1, 8])
def test_a_member_reached_twice_keeps_the_smaller_depth(
    shell: Shell, site: Site, engine: sa.Engine, concurrency: int
) -> None:
    options = ("-s", f"CONCURRENT_REQUESTS={concurrency}")
    assert_ended(
        shell.scrapy("follow_graph", *options, seed="hermit", label="alone", via="followers", depth=2), 0
    )
    query = sa.select(users.c.letterboxd_username, cohort_members.c.depth)
    with engine.connect() as connection:
        rows = connection.execute(query.join(users, users.c.id == cohort_members.c.user_id))
        assert dict(rows.all()) == site.world.circle("hermit", depth=2, via="followers")


@with_many_friends
def test_max_members_and_include_self(shell: Shell, site: Site, engine: sa.Engine) -> None:
    arguments = {"seed": "marla", "label": "few", "max_members": 7, "include_self": "false"}
    assert_ended(shell.scrapy("follow_graph", **arguments), 0)
    with engine.connect() as connection:
        names = set(connection.scalars(sa.select(users.c.letterboxd_username).join(cohort_members)))
    assert len(names) == 7
    assert names < set(site.world.member("marla").following)
    assert [hit.path for hit in site.log] == ["/robots.txt", "/marla/following/"]


def test_one_member_alone_can_be_crawled(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    site.world.rate("marla", next(iter(site.world.member("marla").ratings)), 0.5)
    site.clear_log()
    assert_ended(crawled.scrapy("profile", user="marla", watched="true"), 0)
    assert stored_facts(crawled_engine) == truth(site)
    assert {hit.path.split("/")[1] for hit in site.log} == {"robots.txt", "marla"}


def test_many_requests_at_once_end_in_the_same_state(
    known: Shell, site: Site, known_engine: sa.Engine
) -> None:
    assert_ended(known.scrapy("profile", "-s", "CONCURRENT_REQUESTS=16", cohort="friends"), 0)
    assert stored_facts(known_engine) == truth(site)


def test_every_run_leaves_its_row(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    with crawled_engine.connect() as connection:
        rows = connection.execute(sa.select(scrape_runs).order_by(scrape_runs.c.id)).all()
        assert connection.scalar(sa.select(sa.func.count()).select_from(scrape_failures)) == 0
    assert [(row.type, row.cohort, row.status) for row in rows] == [
        ("follow_graph", "friends", "finished"),
        ("profile", "friends", "finished"),
    ]
    # Each with robots.txt: two sites.
    assert [row.requests for row in rows] == [1 + 1, 1 + expected_requests(site.world, "marla")]
    assert all(row.finished_at >= row.started_at for row in rows)


def test_items_can_be_written_to_a_file(shell: Shell, site: Site) -> None:
    assert_ended(shell.scrapy("follow_graph", "-O", "items.jsonl", seed="hermit", label="alone"), 0)
    assert '"owner": "hermit"' in (shell.folder / "items.jsonl").read_text()


def test_the_schema_has_every_table_of_the_contract(engine: sa.Engine) -> None:
    views = (
        set(sa.inspect(engine).get_materialized_view_names())
        if engine.dialect.name == "postgresql"
        else set()
    )
    assert metadata.tables.keys() <= set(sa.inspect(engine).get_table_names()) | views


def test_scrapy_s_own_commands_read_a_page_and_store_nothing(
    shell: Shell, site: Site, engine: sa.Engine
) -> None:
    process = shell.run(sys.executable, "-m", "scrapy", "fetch", f"{site.url}/marla/")
    assert_ended(process, 0)
    assert 'data-owner="marla"' in process.stdout
    assert "cannot start" not in process.stderr
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(scrape_runs)) == 0
