"""A member who wants to be forgotten: gone from every table and from the file, and never stored again."""

from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.store.schema import (
    cohorts,
    film_rankings,
    metadata,
    opt_outs,
    scrape_runs,
    users,
)
from tests.conftest import Shell, assert_ended, on_both, on_sqlite, stored_facts
from tests.site import Site

NAME = "otto_reels"


def places(engine: sa.Engine, text: str) -> list[str]:
    """Return the columns in which ``text`` stands."""
    places = []
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                places += [f"{table}.{name}" for name, value in row._mapping.items() if text in str(value)]
    return places


@on_both
def test_nothing_is_left_of_a_member_who_is_forgotten(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    assert_ended(crawled.letterboxd("rank", "compute", "--cohort", "friends"), 0)
    with crawled_engine.begin() as connection:
        row = connection.execute(sa.select(users).where(users.c.letterboxd_username == NAME)).one()
        failure = {"url": f"{site.url}/{NAME}/", "stage": "profile", "error": "status 500", "member": NAME}
        at = {"first_seen_at": row.created_at, "last_seen_at": row.created_at}
        connection.execute(metadata.tables["scrape_failures"].insert().values(failure | at))
    told = crawled.letterboxd("forget", "Otto_Reels", "--yes")
    assert_ended(told, 0)
    assert f"{NAME} is forgotten and will not be stored again" in told.stderr
    assert "rank compute --cohort friends" in told.stderr
    assert places(crawled_engine, NAME) == []
    assert places(crawled_engine, row.letterboxd_lid) == []
    assert {fact[0] for fact in stored_facts(crawled_engine)} == {
        name for name, *_ in site.world.truth(site.world.circle("marla")) if name != NAME
    }
    with crawled_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_rankings)) == 0
    if crawled_engine.dialect.name == "sqlite":
        file = Path(str(crawled_engine.url.database))
        crawled_engine.dispose()
        for part in file.parent.glob(f"{file.name}*"):
            assert NAME.encode() not in part.read_bytes(), part


def test_a_forgotten_member_is_not_read_or_stored_again(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    assert_ended(crawled.letterboxd("forget", NAME, "--yes"), 0)
    site.clear_log()
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    assert_ended(crawled.scrapy("follow_graph", seed="ebb", label="deeper", depth=2), 0)
    assert_ended(crawled.scrapy("profile", "-O", "items.jsonl", cohort="friends"), 0)
    assert places(crawled_engine, NAME) == []
    assert f"/{NAME}/" not in " ".join(hit.path for hit in site.log)
    assert NAME not in (crawled.folder / "items.jsonl").read_text()
    for arguments in ({"user": NAME}, {"seed": NAME, "label": "theirs"}):
        told = crawled.scrapy("profile" if "user" in arguments else "follow_graph", **arguments)
        assert_ended(told, 2)
        assert "asked to be forgotten" in told.stderr


@on_sqlite
def test_a_new_name_does_not_bring_them_back(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    assert_ended(crawled.letterboxd("forget", NAME, "--yes"), 0)
    site.world.rename_member(NAME, "otto_again")
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    assert_ended(crawled.scrapy("profile", cohort="friends"), 0)
    assert places(crawled_engine, "otto_again") == []
    site.clear_log()
    assert_ended(crawled.scrapy("follow_graph", cohort="friends"), 0)
    assert_ended(crawled.scrapy("profile", cohort="friends"), 0)
    assert not [hit for hit in site.log if "otto_again" in hit.path]


def test_the_circle_of_a_forgotten_member_goes_with_them(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    told = crawled.letterboxd("forget", "marla", "--yes")
    assert_ended(told, 0)
    assert "because it was their circle: friends" in told.stderr
    assert places(crawled_engine, "marla") == []
    with crawled_engine.connect() as connection:
        for table in (cohorts, scrape_runs):
            assert connection.execute(sa.select(table)).all() == []
    assert {fact[0] for fact in stored_facts(crawled_engine)} >= {NAME, "ebb"}  # the others' stay


@on_sqlite
def test_somebody_who_was_never_stored_can_ask_and_change_their_mind(
    crawled: Shell, crawled_engine: sa.Engine
) -> None:
    names = crawled.folder / "names.txt"
    names.write_text("ebb\nzelda\n")
    told = crawled.letterboxd("forget", "zelda", "--yes")
    assert_ended(told, 0)
    assert "zelda was not stored and will not be stored again" in told.stderr
    told = crawled.letterboxd("cohort", "build", "--members", str(names), "--label", "club")
    assert_ended(told, 0)
    assert "1 of the names left out" in told.stderr
    names.write_text("zelda\n")
    told = crawled.letterboxd("cohort", "build", "--members", str(names), "--label", "alone")
    assert_ended(told, 2)
    assert_ended(crawled.letterboxd("forget", "zelda", "--undo"), 0)
    assert_ended(crawled.letterboxd("cohort", "build", "--members", str(names), "--label", "alone"), 0)
    assert places(crawled_engine, "zelda") == ["users.letterboxd_username"]
    told = crawled.letterboxd("forget", "zelda", "--undo")
    assert_ended(told, 2)
    assert "is not on the list" in told.stderr


@on_sqlite
def test_only_hashes_are_kept_and_they_differ_between_databases(
    crawled: Shell, crawled_engine: sa.Engine, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert_ended(crawled.letterboxd("forget", NAME, "--yes"), 0)
    assert_ended(crawled.letterboxd("forget", NAME, "--yes", DATABASE_URL=other), 0)
    places = []
    for engine in (crawled_engine, sa.create_engine(other)):
        with engine.connect() as connection:
            places.append(connection.execute(sa.select(opt_outs.c.name_hash, opt_outs.c.code_hash)).one())
        engine.dispose()
    assert places[0].name_hash != places[1].name_hash
    assert places[0].code_hash
    assert not places[1].code_hash


@on_sqlite
def test_a_name_that_cannot_be_one_is_refused(crawled: Shell) -> None:
    told = crawled.letterboxd("forget", "no such name!", "--yes")
    assert_ended(told, 2)
    assert "is not a member name" in told.stderr
