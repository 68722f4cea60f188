"""Who may read what: a circle is there for its members, for who has its password, and for the operator."""

import re

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.members import cohorts, own_pages
from letterboxd_scraper.store.schema import cohort_members, users
from tests.conftest import on_both, on_sqlite
from tests.server.browsing import OWN, Browser, Site
from tests.server.dropped import archive_of

TOKEN = "the-operators-own-token"


def people(site: Site) -> tuple[Browser, Browser, Browser]:
    """Let ann and bob join one circle, and cleo another; return their browsers."""
    joined = [
        site.joined(name, [("a.zip", archive_of(name))], label)
        for name, label in (("ann", "friends"), ("bob", "friends"), ("cleo", "others"))
    ]
    return joined[0], joined[1], joined[2]


def number_of(site: Site, label: str) -> int:
    with site.engine.connect() as connection:
        return cohorts.find(connection, label).id


def entered(site: Site, circle: str, password: str) -> Browser:
    reader = Browser(site)
    reply = reader.ask(
        "POST", "/password", OWN, data=reader.hidden("/password") | {"circle": circle, "password": password}
    )
    assert reply.status == 303, reply.text
    return reader


RECENT = ("/news", "/news.atom", "/year/2020", "/year/2026")
PLACES = (
    "",
    "/report",
    "/members",
    "/rankings",
    "/rankings/circle",
    "/freshness",
    "/films/heat",
    "/lists",
    *RECENT,
)


@on_both
def test_a_circle_is_there_for_its_members_alone(site: Site) -> None:
    ann, _, cleo = people(site)
    friends, others = number_of(site, "friends"), number_of(site, "others")
    stranger = Browser(site)
    for browser, own, foreign in ((ann, friends, others), (cleo, others, friends)):
        assert browser.open(f"/api/v1/cohorts/{own}").status == 200
        for place in PLACES:
            for start in (f"/cohorts/{foreign}", f"/api/v1/cohorts/{foreign}"):
                missing = browser.open(f"{start}{place}").status
                assert (missing, stranger.open(f"{start}{place}").status) == (404, 404), start + place
    assert 'href="/password"' in stranger.open(f"/cohorts/{friends}").text
    listed = [
        one["label"] for one in ann.open("/api/v1/cohorts", accept="application/json").json()["cohorts"]
    ]
    assert listed == ["friends"]
    assert "others" not in ann.open("/").text
    assert Browser(site).open("/api/v1/cohorts", accept="application/json").json() == {"cohorts": []}
    # One that there is not is answered alike.
    texts = {
        re.sub("others|nowhere", "", ann.open(f"/cohorts/{name}").text) for name in ("others", "nowhere")
    }
    assert len(texts) == 1


@on_sqlite
def test_pages_that_are_not_of_circles_tell_nothing_of_them(site: Site) -> None:
    site.joined("zadok", [("a.zip", archive_of("zadok"))], "kinoclub")
    stranger = Browser(site)
    assert stranger.open("/metrics").status == 404
    for path in ("/", "/docs", "/openapi.json", "/join", "/me", "/password"):
        assert not re.search("zadok|kinoclub", stranger.open(path).text), path


@on_sqlite
def test_a_password_opens_one_circle_until_it_changes(site: Site) -> None:
    people(site)
    for label in ("friends", "others"):
        site.set_password(label, f"the password of {label}")
    reader = entered(site, "friends", "the password of friends")
    assert reader.open("/cohorts/friends/report").status == 200
    missing = reader.open("/cohorts/others/report")
    assert (missing.status, "/api/" in missing.text) == (404, False)
    assert "no circle &#39;others&#39; that you may read" in missing.text
    assert reader.open("/me").status == 404
    fields = reader.hidden("/password") | {"circle": "others", "password": "the password of others"}
    reader.ask("POST", "/password", OWN, data=fields)
    assert {reader.open(f"/cohorts/{label}").status for label in ("friends", "others")} == {200}
    site.set_password("friends", "another password")
    site.set_password("others", None)
    assert {reader.open(f"/cohorts/{label}").status for label in ("friends", "others")} == {404}


@on_sqlite
def test_a_wrong_password_and_a_wrong_circle_are_answered_alike(site: Site) -> None:
    site.joined("ann", [("a.zip", archive_of("ann"))])
    site.invite("others")
    site.set_password("friends", "the password")
    reader = Browser(site)
    wrong = [("friends", "wrong password"), ("friends", ""), ("friends", "ü" * 1_500)]
    for circle, password in (*wrong, ("others", "the password"), ("nowhere", "the password")):
        fields = reader.hidden("/password") | {"circle": circle, "password": password}
        reply = reader.ask("POST", "/password", OWN, data=fields)
        assert (reply.status, reply.said()) == (403, "No circle of that name has that password.")
    assert reader.cookies == {}


@on_sqlite
@pytest.mark.parametrize("options", [{"token": TOKEN}])
def test_the_operator_s_token_opens_all(site: Site) -> None:
    people(site)
    program = Browser(site)
    for path in ("/api/v1/cohorts/friends", "/api/v1/cohorts/others", "/metrics"):
        assert program.open(path, authorization=f"Bearer {TOKEN}").status == 200
        assert program.open(path, authorization="Bearer wrong").status == 401
    browser = entered(site, "", TOKEN)
    assert {browser.open(f"/cohorts/{label}").status for label in ("friends", "others")} == {200}
    assert TOKEN not in "".join(browser.set)
    assert Browser(site).open("/cohorts/friends").status == 404


@on_sqlite
@pytest.mark.parametrize("options", [{"names": True}])
def test_names_are_told_to_members_alone(site: Site) -> None:
    ann, bob, _ = people(site)
    site.set_password("friends", "the password")
    reader = entered(site, "friends", "the password")
    where = ("/members", "/report", "/recommendations?member=1", "/rankings/circle", "/lists", *RECENT)
    assert "ann" in words(ann, "/cohorts/friends/members")
    for place in where:
        assert not {"ann", "bob"} & words(reader, f"/cohorts/friends{place}")
    assert reader.open("/api/v1/cohorts/friends/rankings/circle?rated_by=1").status == 200
    assert reader.open("/api/v1/cohorts/friends/rankings/circle?rated_by=bob").status == 404
    # Who belongs to another circle cannot be asked after, by whatever name.
    assert ann.open("/api/v1/cohorts/friends/rankings/circle?rated_by=bob").status == 200
    assert ann.open("/api/v1/cohorts/friends/rankings/circle?rated_by=cleo").status == 404
    assert ann.open("/api/v1/cohorts/friends/recommendations?member=cleo").status == 404
    # A wish counts more than what is usual, at once, also in pages that were made before.
    assert "bob" in words(ann, "/cohorts/friends/report")
    bob.ask("POST", "/me/name", OWN, data=bob.hidden("/me") | {"shows_name": "no"})
    for place in ("/members", "/report", *RECENT):
        assert "bob" not in words(ann, f"/cohorts/friends{place}")
    bob.ask("POST", "/me/name", OWN, data=bob.hidden("/me") | {"shows_name": "yes"})
    told = words(reader, "/cohorts/friends/members")
    assert "bob" in told
    assert {"numbers", "wish"} <= told
    assert "never" not in told  # read in full: their files tell of them


def words(browser: Browser, path: str) -> set[str]:
    """Return the words of a page."""
    return set(re.findall(r"\w+", browser.open(path).text))


@on_sqlite
def test_answers_that_depend_on_who_asks_say_so(site: Site) -> None:
    ann, _, _ = people(site)
    first = ann.open("/cohorts/friends")
    assert {"cookie", "authorization"} <= set(first.headers["vary"].lower().replace(" ", "").split(","))
    assert "private" in first.headers["cache-control"]
    tag = first.headers["etag"]
    assert ann.open("/cohorts/friends", if_none_match=tag).status == 304
    assert Browser(site).open("/cohorts/friends", if_none_match=tag).status == 404


@on_sqlite
def test_a_page_that_was_taken_away_opens_nothing_and_its_cookie_goes(site: Site) -> None:
    ann, _, _ = people(site)
    friends = number_of(site, "friends")
    with site.engine.begin() as connection:
        user = connection.scalar(sa.select(users.c.id).where(users.c.letterboxd_username == "ann"))
        assert user
        own_pages.take_away(connection, friends, user)
    assert ann.open("/cohorts/friends").status == 404
    assert ann.cookies == {}
    with site.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(cohort_members)) == 3
