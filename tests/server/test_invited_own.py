"""A member's own page: what is stored of them and nobody else, a newer archive, and leaving at once."""

import re

import pytest
import sqlalchemy as sa

from letterboxd_scraper.server import taking_in
from letterboxd_scraper.store import schema
from letterboxd_scraper.store.members import opt_outs
from letterboxd_scraper.store.members import own_pages as pages
from letterboxd_scraper.store.schema import cohort_members, film_rankings, own_pages, ratings, users
from tests.conftest import on_both, on_sqlite
from tests.imports.test_reading import ARCHIVE, IMDB, RATINGS, packed
from tests.server.browsing import OWN, Browser, Site
from tests.server.dropped import archive_of

ANN = [("letterboxd-ann.zip", archive_of("ann"))]
BOB = [("letterboxd-bob.zip", archive_of("bob"))]


@on_both
def test_the_page_shows_what_is_stored_and_gives_it_as_a_file(site: Site) -> None:
    ann = site.joined("ann", ANN)
    site.joined("bob", BOB)
    page = ann.open("/me").text
    for words in ("ratings", "letterboxd-ann.zip", "friends", "ida@example.org"):
        assert words in page
    assert "bob" not in page
    export = ann.open("/me/export")
    assert export.headers["content-disposition"] == 'attachment; filename="letterboxd-ann.json"'
    assert export.headers["cache-control"] == "no-store"
    stored = export.json()
    assert (stored["member"], len(stored["ratings"])) == ("ann", 2)
    assert not re.search("bob|secret_hash", export.text)


@on_sqlite
def test_it_leads_to_what_i_would_like(site: Site) -> None:
    ann = site.joined("ann", ANN)
    site.joined("bob", BOB)
    (path,) = re.findall(r'href="(/cohorts/friends/recommendations\?member=\d)"', ann.open("/me").text)
    assert ann.open(path).status == 200


@on_sqlite
def test_a_newer_archive_of_mine_is_taken_in_and_nobody_else_s(site: Site) -> None:
    ann = site.joined("ann", ANN)
    newer = RATINGS + "2021-01-01,Alien,1979,https://boxd.it/29Y0,5\r\n"
    profile = "Date Joined,Username\r\n2020-01-01,ann\r\n"
    archive = packed({**ARCHIVE, "ratings.csv": newer, "profile.csv": profile})
    files = [("letterboxd-ann-2026-11-01-12-00-utc.zip", archive)]
    assert ann.send("/me", files).headers["location"] == "/me/preview"
    assert "1 new rating" in ann.open("/me/preview").text
    assert ann.agree("/me").headers["location"] == "/me"
    assert ann.open("/me/export").json()["ratings"][0]["title"] == "Alien"
    # Ratings from elsewhere are hers, whoever's name she writes.
    assert ann.send("/me", [("imdb.csv", IMDB.encode())], member="bob").status == 303
    assert ann.agree("/me", action="discard").status == 303
    reply = ann.send("/me", BOB)
    assert (reply.status, "only your own" in reply.said()) == (409, True)
    assert site.members() == {"ann"}


@on_sqlite
def test_files_of_one_who_has_another_name_by_now_make_nobody(site: Site) -> None:
    ann = site.joined("ann", ANN)
    ann.send("/me", [("imdb.csv", IMDB.encode())])
    with site.engine.begin() as connection:
        connection.execute(users.update().values(letterboxd_username="anna"))
    assert ann.agree("/me").status == 409
    assert site.members() == {"anna"}


@on_both
def test_who_leaves_is_gone_at_once_and_for_good(site: Site) -> None:
    ann, bob = site.joined("ann", ANN, shows_name="yes"), site.joined("bob", BOB)
    assert "ann" in bob.open("/cohorts/friends/report").text
    with site.engine.connect() as connection:
        gone = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "ann"))
    before = ann.cookies.copy()
    assert "Leave, and remove all of it?" in ann.open("/me/leave").text
    assert site.members() == {"ann", "bob"}  # asked once
    left = ann.leave()
    assert (left.status, ann.cookies) == (200, {})
    assert "Nothing of <bdi>ann</bdi> is stored any more" in left.text
    assert site.members() == {"bob"}
    with site.engine.connect() as connection:
        for table in schema.metadata.sorted_tables:
            if "user_id" in table.c and table.name not in schema.MATERIALIZED_VIEWS:
                of_ann = sa.select(sa.func.count()).where(table.c.user_id == gone)
                assert connection.scalar(of_ann) == 0, table.name
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (users, ratings, cohort_members, own_pages)
        ]
        assert counts == [1, 2, 1, 1]
        assert connection.scalar(sa.select(sa.func.count()).select_from(film_rankings))  # made anew, without
        assert "ann" in opt_outs.load(connection)
    assert "ann" not in re.findall(r"\w+", bob.open("/cohorts/friends/report").text)
    ann.cookies = before
    assert ann.open("/me").status == 404
    assert ann.cookies == {}
    assert ann.open("/cohorts/friends").status == 404


@on_sqlite
def test_who_has_left_does_not_come_back_by_somebody_s_file(site: Site) -> None:
    site.joined("ann", ANN).leave()
    mallory = Browser(site)
    mallory.open(f"/join/{site.invite()}")
    assert mallory.send("/join", ANN).status == 409
    assert site.members() == set()


@on_sqlite
def test_a_browser_forgets_who_closes_their_page(site: Site) -> None:
    ann = site.joined("ann", ANN)
    before = ann.cookies.copy()
    assert ann.ask("POST", "/me/close", OWN, data=ann.hidden("/me")).headers["location"] == "/"
    assert (ann.cookies, ann.open("/me").status) == ({}, 404)
    ann.cookies = before
    assert ann.open("/me").status == 200


@on_sqlite
def test_the_last_who_leaves_leaves_nothing(site: Site) -> None:
    ann = site.joined("ann", ANN)
    assert ann.leave().status == 200
    assert "friends" not in ann.open("/").text


@on_sqlite
def test_a_wish_to_be_named_is_kept_and_said(site: Site) -> None:
    ann = site.joined("ann", ANN, shows_name="no")
    for wish, stored in (("yes", True), ("", None), ("no", False)):
        assert ann.ask("POST", "/me/name", OWN, data=ann.hidden("/me") | {"shows_name": wish}).status == 303
        with site.engine.connect() as connection:
            assert connection.scalar(sa.select(schema.cohort_members.c.shows_name)) is stored
        assert f'<option value="{wish}" selected>' in ann.open("/me").text


@on_sqlite
def test_a_database_that_fails_costs_nobody_their_page(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("the disk is full"))

    with monkeypatch.context() as then:
        then.setattr(taking_in, "compute_lists", fail)
        ann = site.joined("ann", ANN)
    assert "stored, but not ranked (`letterboxd rank compute`): the disk is full" in caplog.text
    with monkeypatch.context() as then:
        then.setattr(pages, "of_secret", fail)
        assert ann.open("/me").status == 503
    assert ann.open("/me").status == 200
