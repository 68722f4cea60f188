"""What a delta crawl cannot believe: counts that are missing or say nothing, pages that contradict them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import scrape_failures, scrape_runs
from tests.conftest import Shell, on_sqlite, stored_facts
from tests.site import Fault, Site, people
from tests.spiders.test_when_rated import (
    TONIGHT,
    asked_of_readable,
    night,
    rate_something_new,
    somebody,
    truth,
)


@on_sqlite
def test_counts_are_believed_though_the_clock_stands_still(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    night(crawled)
    rate_something_new(site.world)
    night(crawled)
    assert stored_facts(crawled_engine) == truth(site)
    site.clear_log()
    night(crawled)
    assert asked_of_readable(site) == ["/marla/", "/marla/likes/films/"]


@on_sqlite
@pytest.mark.parametrize("hidden", [("@films@",), ("@films@", "@likes@")])
def test_who_has_no_counts_on_the_listing_is_not_taken_for_unchanged(
    crawled: Shell,
    site: Site,
    crawled_engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    hidden: tuple[str, ...],
) -> None:
    rate_something_new(site.world)
    row = people._ROW
    for count in hidden:
        row = row.replace(f"</span>{count}</a>", "</span></a>")
    monkeypatch.setattr(people, "_ROW", row)
    night(crawled)
    assert stored_facts(crawled_engine) == truth(site)


def test_what_cannot_be_reconciled_is_recorded_and_tried_again(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    name = somebody(site.world, 0)
    rate_something_new(site.world)
    before = stored_facts(crawled_engine)
    site.faults.add(Fault("empty-listing", path=rf"/{name}/films/.*"))
    told = night(crawled, code=3)
    assert "1 failure," in told
    assert {fact for fact in before if fact[0] == name} <= stored_facts(crawled_engine)
    with crawled_engine.connect() as connection:
        assert set(connection.scalars(sa.select(scrape_failures.c.member))) == {name}
    site.faults.clear()
    night(crawled, TONIGHT + timedelta(days=1))
    assert stored_facts(crawled_engine) == truth(site)
    with crawled_engine.connect() as connection:
        assert None not in connection.scalars(sa.select(scrape_failures.c.resolved_at)).all()


def test_nobody_counts_as_up_to_date_whose_pages_were_not_stored(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    rate_something_new(site.world)
    with crawled_engine.begin() as connection:  # the page cannot be stored, what ends the member can
        refuse_new_ratings(connection)
    night(crawled, code=1)
    assert stored_facts(crawled_engine) != truth(site)
    with crawled_engine.begin() as connection:
        assert "stored" in connection.scalars(sa.select(scrape_failures.c.stage)).all()
        allow_new_ratings(connection)
    night(crawled, TONIGHT + timedelta(days=1))
    assert stored_facts(crawled_engine) == truth(site)
    with crawled_engine.connect() as connection:
        assert None not in connection.scalars(sa.select(scrape_failures.c.resolved_at)).all()


@on_sqlite
def test_what_is_stored_and_is_not_what_was_read_is_a_failure_of_the_run(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    rate_something_new(site.world)
    forget_it = "DELETE FROM ratings WHERE user_id = NEW.user_id AND film_id = NEW.film_id"
    with crawled_engine.begin() as connection:
        when = "AFTER INSERT ON ratings WHEN NEW.rating = 3.5"
        connection.execute(sa.text(f"CREATE TRIGGER lose {when} BEGIN {forget_it}; END"))
    assert "1 failure," in night(crawled, code=3)
    with crawled_engine.connect() as connection:
        assert "failures" in connection.scalars(sa.select(scrape_runs.c.status)).all()


def refuse_new_ratings(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        refusal = "BEFORE INSERT ON ratings WHEN NEW.rating = 3.5 BEGIN SELECT RAISE(ABORT, 'no'); END"
        connection.execute(sa.text(f"CREATE TRIGGER refuse {refusal}"))
        return
    body = "$$ BEGIN RAISE EXCEPTION 'no'; END $$"
    connection.execute(sa.text(f"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS {body}"))
    when = "FOR EACH ROW WHEN (NEW.rating = 3.5) EXECUTE FUNCTION no()"
    connection.execute(sa.text(f"CREATE TRIGGER refuse BEFORE INSERT ON ratings {when}"))


def allow_new_ratings(connection: sa.Connection) -> None:
    on = " ON ratings" if connection.dialect.name == "postgresql" else ""
    connection.execute(sa.text(f"DROP TRIGGER refuse{on}"))
