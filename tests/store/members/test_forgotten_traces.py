"""What must not be left of who asked to be forgotten, and what of others must stay."""

import sqlalchemy as sa

from letterboxd_scraper.items.members import Failure
from letterboxd_scraper.store.crawl_state import failures
from letterboxd_scraper.store.members.forgetting import forget
from letterboxd_scraper.store.schema import scrape_failures
from tests.store.rows import MONDAY, add_user


def test_deleted_rows_do_not_stay_readable_in_the_file(connection: sa.Connection) -> None:
    add_user(connection, "ada")
    connection.exec_driver_sql("PRAGMA secure_delete=off")
    forget(connection, "ada", MONDAY)
    assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1


def test_a_name_is_no_pattern(connection: sa.Connection) -> None:
    """In LIKE, an underscore stands for any letter."""
    for url, error in (("https://l/a_b/films/", "broken"), ("https://l/1/", "no 'a_b' there")):
        failures.record(connection, Failure("rated", url, error), MONDAY)
    for url, error in (("https://l/axb/films/", "broken"), ("https://l/2/", "no 'axb' there")):
        failures.record(connection, Failure("rated", url, error), MONDAY)
    forget(connection, "a_b", MONDAY)
    assert set(connection.scalars(sa.select(scrape_failures.c.url))) == {
        "https://l/axb/films/",
        "https://l/2/",
    }
