"""The invitation in a real Chromium: three people join by a link, one organiser looks, one leaves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from letterboxd_scraper.imports import apart
from letterboxd_scraper.server import running
from letterboxd_scraper.store.members import invitations
from letterboxd_scraper.store.patience import transact
from tests.imports.test_reading import IMDB, write
from tests.report.windows import serving, somebody
from tests.server.browsing import NOW, Site
from tests.server.conftest import read_here
from tests.server.dropped import archive_of

TOKEN = "the-operators-own-token"
FILES: dict[str, str | bytes] = {
    "ann.zip": archive_of("ann"),
    "bob.zip": archive_of("bob"),
    "imdb.csv": IMDB,
    "bill.pdf": "%PDF-1.7",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A running server that lets people in, at an address of this machine."""
    monkeypatch.setattr(apart, "read_apart", read_here)
    with running.listen("127.0.0.1", 0) as listening:
        address = running.address_of(listening).rstrip("/")
        site = Site(f"sqlite:///{tmp_path / 'letterboxd.db'}", names=True, token=TOKEN, public=address)
        with serving(site.app, listening):
            yield site
        site.engine.dispose()


def join(page: Page, link: str, files: list[Path], name: str = "") -> str:
    """Let somebody join by a link; return that to their own page."""
    page.goto(link)
    page.get_by_label("Your archive").set_input_files(files)
    page.get_by_label("Your name on Letterboxd").fill(name)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What this is, and what changes")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Join the circle").click()
    # It is stored and ranked meanwhile.
    expect(page.get_by_role("heading", level=1)).to_have_text("You are in the circle friends", timeout=60_000)
    return page.locator("#own").inner_text()


def test_three_members_and_an_organiser(site: Site, browser: Browser, tmp_path: Path) -> None:
    folder = write(tmp_path / "downloads", FILES)
    secret = site.invite()
    address = site.served.public_url
    link = f"{address}/join/{secret}"
    with somebody(browser) as ann, somebody(browser, scripts=False) as bob, somebody(browser) as ida:
        ann.goto(link)
        ann.get_by_label("Your archive").set_input_files(folder / "bill.pdf")
        ann.get_by_role("button", name="Look at it").click()
        expect(ann.get_by_role("alert")).to_contain_text("Nothing of it can be taken in")
        own = join(ann, link, [folder / "ann.zip"])
        join(bob, link, [folder / "bob.zip"])
        join(ida, link, [folder / "imdb.csv"], "ida")
        ann.get_by_role("link", name="To my page").click()
        expect(ann.get_by_role("heading", level=1)).to_have_text("My page: ann")
        ann.get_by_role("link", name="What would I like?").first.click()
        expect(ann.get_by_role("heading", level=1)).to_have_text("What would I like?")
        bob.goto(f"{address}/cohorts/friends/members")
        expect(bob.get_by_role("main")).to_contain_text("ida")
        # Her link opens her page in another browser; whoever has no link finds nothing.
        with somebody(browser) as other:
            other.goto(f"{address}/cohorts/friends")
            expect(other.get_by_role("heading", level=1)).to_have_text("Not Found")
            other.goto(own)
            expect(other.get_by_role("heading", level=1)).to_have_text("My page: ann")
            other.get_by_label("How you are called").select_option("no")
            other.get_by_role("button", name="Change it").click()
            expect(other.get_by_role("main")).to_contain_text("you are called member")
            other.get_by_role("link", name="Leave, and remove all of it").click()
            other.get_by_role("button", name="Leave now").click()
            expect(other.get_by_role("heading", level=1)).to_have_text("You have left", timeout=60_000)
        ann.goto(own)
        expect(ann.get_by_role("heading", level=1)).to_have_text("Not Found")
    assert site.members() == {"bob", "ida"}
    transact(site.engine, invitations.revoke, site.number(secret), NOW)
    with somebody(browser) as organiser:
        organiser.goto(link)
        expect(organiser.get_by_role("main")).to_contain_text("This link opens nothing")
        organiser.goto(f"{address}/password")
        organiser.get_by_label("Circle").fill("friends")
        organiser.get_by_label("Password").fill(TOKEN)
        organiser.get_by_role("button", name="Open it").click()
        expect(organiser.get_by_role("main")).to_contain_text("2 members")
