"""Joining by a link: what is said, whose files are taken, and the page that somebody has then."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store import schema
from letterboxd_scraper.store.members import invitations, opt_outs, own_pages
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.schema import cohort_members, films, ratings, users
from tests.conftest import on_both, on_sqlite
from tests.imports.test_reading import ARCHIVE, FILM_PAGE, IMDB, packed
from tests.server.browsing import NOW, OWN, Browser, Site, own_link
from tests.server.dropped import archive_of

ANN = [("letterboxd-ann.zip", archive_of("ann"))]
BOB = [("letterboxd-bob.zip", archive_of("bob"))]


def rows(site: Site) -> list[int | None]:
    with site.engine.connect() as connection:
        tables = (users, films, ratings, cohort_members)
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]


@on_both
def test_a_link_says_what_it_is_about_takes_files_and_gives_a_page(site: Site) -> None:
    ann = Browser(site)
    secret = site.invite()
    page = ann.open(f"/join/{secret}")
    for words in ("friends", "What the circle learns", "ida@example.org", "14 December 2026", "Export your"):
        assert words in page.text
    assert ann.send("/join", ANN).headers["location"] == "/join/preview"
    preview = ann.open("/join/preview").text
    for words in ("letterboxd-ann.zip", "Letterboxd archive", "1 new rating", "Nothing is stored yet"):
        assert words in preview
    assert rows(site) == [0, 0, 0, 0]
    joined = ann.agree("/join", agree="yes")
    assert (joined.status, site.members()) == (200, {"ann"})
    link = own_link(joined)
    assert "friends" in ann.open("/me").text  # this browser knows her
    other = Browser(site)
    assert other.open(link).status == 200
    assert other.open("/me").status == 200
    assert "/cohorts/friends/report" in ann.open("/").text  # it is ranked
    assert ann.open("/cohorts/friends/report").status == 200


@on_sqlite
def test_several_people_join_by_one_link_each_in_their_own_browser(site: Site) -> None:
    secret = site.invite()
    ann, bob = Browser(site), Browser(site)
    for browser, files in ((ann, ANN), (bob, BOB)):
        browser.open(f"/join/{secret}")
        browser.send("/join", files)
    assert "letterboxd-bob" not in ann.open("/join/preview").text
    assert ann.agree("/join", agree="yes").status == bob.agree("/join", agree="yes").status == 200
    assert site.members() == {"ann", "bob"}


@on_sqlite
def test_files_of_other_services_are_of_who_says_so(site: Site) -> None:
    ida = site.joined("ida", [("imdb.csv", IMDB.encode())])
    assert site.members() == {"ida"}
    assert "ida" in ida.open("/me").text


@on_sqlite
def test_a_file_without_dates_is_of_no_day(site: Site) -> None:
    gus = Browser(site)
    gus.open(f"/join/{site.invite()}")
    gus.send("/join", [("mine.csv", b"Title,Year,Rating\nOrdet,1955,3\n")], member="gus")
    preview = gus.open("/join/preview").text
    assert "without dates" in preview
    gus.agree("/join", agree="yes")
    own = gus.open("/me").text
    assert "no dates" in own
    for page in (preview, own):
        assert "2011" not in page
        assert "--as-of" not in page


@on_sqlite
def test_who_does_not_agree_is_not_stored(site: Site) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    ann.send("/join", ANN)
    assert ann.agree("/join").status == 422  # without the tick
    assert ann.agree("/join", action="discard").headers["location"] == "/join"
    assert ann.open("/join/preview").headers["location"] == "/join"
    assert rows(site) == [0, 0, 0, 0]


@on_both
def test_another_s_archive_tells_and_changes_nothing(site: Site) -> None:
    ann = site.joined("ann", ANN)
    with site.engine.begin() as connection:
        connection.execute(users.update().values(letterboxd_lid="abc1"))
        opt_outs.add(connection, "gone", None, NOW)
    before = rows(site)
    mallory = Browser(site)
    mallory.open(f"/join/{site.invite()}")
    told = set()
    for name in ("ann", "gone"):
        reply = mallory.send("/join", [("a.zip", archive_of(name))])
        assert (reply.status, reply.headers.get("location")) == (409, None)
        assert name not in reply.said().split()
        told.add(reply.said())
        assert mallory.open("/join/preview").status == 303  # nothing waits
    assert len(told) == 1
    assert rows(site) == before
    assert ann.open("/me").status == 200


@on_sqlite
def test_who_was_stored_between_preview_and_agreement_stays_as_they_are(site: Site) -> None:
    mallory = Browser(site)
    mallory.open(f"/join/{site.invite()}")
    mallory.send("/join", ANN)
    site.joined("ann", [("imdb.csv", IMDB.encode())])
    before = rows(site)
    assert mallory.agree("/join", agree="yes").status == 409
    assert rows(site) == before
    assert mallory.open("/me").status == 404
    # By a crawl, or an import: they have no page then.
    mallory.open(f"/join/{site.invite()}")
    mallory.send("/join", BOB)
    with site.engine.begin() as connection:
        connection.execute(users.insert().values(letterboxd_username="bob", created_at=NOW))
    before = rows(site)
    assert mallory.agree("/join", agree="yes").status == 409
    assert rows(site) == before


@on_sqlite
def test_an_invitation_for_a_member_takes_them_alone_also_when_they_are_stored(site: Site) -> None:
    ann = site.joined("ann", ANN)
    with site.engine.begin() as connection:
        user = connection.scalar(sa.select(users.c.id))
        assert user
        own_pages.take_away(connection, connection.scalar(sa.select(cohort_members.c.cohort_id)) or 0, user)
    assert ann.open("/me").status == 404
    secret = site.invite(member="ann")
    mallory = Browser(site)
    assert "for <bdi>ann</bdi> alone" in mallory.open(f"/join/{secret}").text
    assert mallory.send("/join", BOB).status == 409
    again = Browser(site)
    again.open(f"/join/{secret}")
    again.send("/join", ANN)
    assert again.agree("/join", agree="yes").status == 200
    assert mallory.open("/join").status == 404  # it was good once


@on_sqlite
def test_files_of_several_people_are_refused(site: Site) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    reply = ann.send("/join", [*ANN, *BOB])
    assert (reply.status, "of several people" in reply.said()) == (422, True)


@on_sqlite
def test_what_is_no_archive_is_said(site: Site) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    for files in ([("bill.pdf", b"%PDF-1.7")], [("a.zip", b"PK\x03\x04 no more of it")], [("", b"")]):
        assert ann.send("/join", files).status == 422
    assert rows(site) == [0, 0, 0, 0]


@on_sqlite
def test_links_that_are_taken_back_or_old_or_wrong_open_nothing(site: Site) -> None:
    revoked, old = site.invite(), site.invite(days=1)
    ann = Browser(site)
    ann.open(f"/join/{revoked}")
    ann.send("/join", ANN)
    transact(site.engine, invitations.revoke, site.number(revoked), NOW)
    assert ann.agree("/join", agree="yes").status == 404  # also for who has seen the preview
    with site.engine.begin() as connection:
        connection.execute(schema.invitations.update().values(expires_at=NOW - timedelta(seconds=1)))
    answers = {Browser(site).open(f"/join/{secret}").said() for secret in (revoked, old, "x" * 43)}
    assert len(answers) == 1
    assert "opens nothing" in answers.pop()
    assert rows(site) == [0, 0, 0, 0]


@on_sqlite
def test_names_and_titles_are_no_markup_and_lead_nowhere(site: Site, tmp_path: Path) -> None:
    ratings_file = "Date,Name,Year,Letterboxd URI,Rating\r\n2020-01-01,<svg onload=alert(1)>,2020,https://boxd.it/2a,4\r\n"
    archive = packed(
        {**ARCHIVE, "ratings.csv": ratings_file, "profile.csv": "Date Joined,Username\r\n2020-01-01,ann\r\n"}
    )
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    assert ann.send("/join", [("../../<img src=x>.zip", archive)]).status == 303
    preview = ann.open("/join/preview").text
    assert "<svg" not in preview
    assert "<img" not in preview
    ann.agree("/join", agree="yes")
    for path in ("/me", "/", "/cohorts/friends/rankings/circle", "/cohorts/friends/members"):
        page = ann.open(path)
        assert "<svg" not in page.text
        assert page.status == 200, path
    assert "\\u003csvg" not in ann.open("/me/export").text  # as a file it is what it is
    assert not list(tmp_path.rglob("*img*"))


@on_sqlite
@pytest.mark.parametrize("name", ["<svg onload=alert(1)>", "../../etc", "", "x" * 2_000, "ann\r\nX: y"])
def test_a_name_that_is_none_is_refused_and_no_markup(site: Site, name: str) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    reply = ann.send("/join", [("imdb.csv", IMDB.encode())], member=name)
    assert (reply.status, "<svg" in reply.text, "x" in reply.headers) == (422, False, False)
    assert rows(site) == [0, 0, 0, 0]


@on_sqlite
def test_saved_pages_are_not_taken_from_those_who_were_invited(site: Site) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    pages = [("ordet.html", FILM_PAGE.encode())]
    assert ann.send("/join", pages).status == 422
    assert ann.send("/join", [*ANN, *pages]).status == 303
    assert "saved pages are for whoever runs this" in ann.open("/join/preview").text
    ann.agree("/join", agree="yes")
    with site.engine.connect() as connection:
        assert "Ordet" not in connection.scalars(sa.select(films.c.title)).all()


@on_sqlite
def test_the_page_is_given_once(site: Site) -> None:
    ann = Browser(site)
    ann.open(f"/join/{site.invite()}")
    ann.send("/join", ANN)
    fields = ann.hidden("/join/preview") | {"agree": "yes"}
    assert ann.ask("POST", "/join/store", OWN, data=fields).status == 200
    assert ann.ask("POST", "/join/store", OWN, data=fields).status == 404  # the browser asks for it again
