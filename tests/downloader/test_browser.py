"""The browser door: a real Chromium, on an imitation site whose pages are made by scripts."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from parsel import Selector

from letterboxd_scraper.downloader.browser import chromium
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.pages import diary, film, people, person, profile, tiles
from letterboxd_scraper.spiders.site import showing
from letterboxd_scraper.store.schema import scrape_failures
from tests.conftest import Names, Shell, assert_ended, make_shell, on_sqlite, stored_facts
from tests.enriched import stored_films
from tests.site import Fault, Site, own_world
from tests.site.certificates import Authority
from tests.site.cinema import expected
from tests.site.data import GONE, PRIVATE
from tests.site.directors import PEOPLE
from tests.site.pages import HTML, Answer

# What a page's scripts fetch: the rest of a listing.
REST = "?rest"

# A page as it leaves the site. Its scripts build it late, and try everything that is none of their business.
_SHELL = """<!DOCTYPE html>
<html><head><title>Letterboxd</title>
<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/style.css">
<link rel="preload" as="font" href="/letters.woff2"><link rel="prefetch" href="/next/"></head>
<body class="loading"><img src="/picture.png"><iframe src="/frame/"></iframe>
<script src="http://localhost:@port@/elsewhere.js"></script><script src="/first.js"></script>
<script>
const show = html => {
    const page = new DOMParser().parseFromString(html, "text/html");
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
};
window.open("/window/");
navigator.sendBeacon("/beacon/", "here");
new WebSocket("ws://" + location.host + "/socket/");
fetch("/marla/films/by/rating/").catch(() => {});
fetch("/form/", {method: "POST"}).catch(() => {});
@build@
setTimeout(() => { location.href = "/away/"; }, 100);
</script></body></html>
"""
_AT_ONCE = "setTimeout(() => show(@page@), 300);"
_FETCHED = 'fetch(location.pathname + "?rest").then(answer => answer.text()).then(show);'


class ScriptedSite(Site):
    """The imitation site, whose pages show nothing before their scripts have run."""

    works = True  # else nothing ever comes of it
    rest_is_refused = False

    def answer(self, method: str, target: str, agent: str, body: bytes) -> Answer:
        answer = super().answer(method, target, agent, body)
        if target == "/first.js":
            return Answer(200, "", "text/javascript")
        if target.endswith(REST):
            return Answer(429, "", headers=(("Retry-After", "3600"),)) if self.rest_is_refused else answer
        whole = answer.status == 200 and answer.kind == HTML and not answer.fault
        return (
            replace(answer, body=self._shell(target, answer.body))
            if whole and "<body" in answer.body
            else answer
        )

    def _shell(self, target: str, page: str) -> str:
        build = (
            _FETCHED
            if "/films/" in target
            else _AT_ONCE.replace("@page@", json.dumps(page).replace("</", "<\\/"))
        )
        text = _SHELL.replace("@build@", build if self.works else "")
        return text.replace("@port@", str(urlsplit(self.url).port))


@pytest.fixture
def friends() -> Names:
    return (GONE, PRIVATE, "kip")


@pytest.fixture
def site(friends: Names) -> Iterator[ScriptedSite]:
    site = ScriptedSite(own_world(follows=friends))
    with site:
        yield site


@pytest.fixture(scope="session")
def browser() -> tuple[str, ...]:
    """The options with which a crawl uses the machine's Chromium."""
    try:
        program = chromium.find(os.environ.get("LETTERBOXD_CHROMIUM", ""))
    except InputError as error:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail(f"BROWSER_REQUIRED is set, but: {error}")
        pytest.skip(f"no browser to test with: {error}")
    return ("-s", "LETTERBOXD_BROWSER=true", "-s", f"LETTERBOXD_CHROMIUM={program}")


def paths(site: Site) -> list[str]:
    """Return what the site was asked for; TMDB is another one."""
    return [hit.path for hit in site.log if not hit.path.startswith("/3/")]


def errors(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(scrape_failures.c.error)))


@on_sqlite
def test_without_a_browser_such_pages_are_failures(known: Shell, known_engine: sa.Engine) -> None:
    assert_ended(known.scrapy("profile", user="kip"), 3)
    assert errors(known_engine) == ["expected a 'profile' page, found body class 'loading'"]


@on_sqlite
def test_with_it_the_database_equals_the_site_at_the_same_pace(
    known: Shell, site: Site, known_engine: sa.Engine, browser: tuple[str, ...]
) -> None:
    marla = site.world.member("marla")
    marla.ratings, marla.likes = dict(list(marla.ratings.items())[:73]), {}  # two pages
    marla.watched = set(marla.ratings)
    site.faults.add(
        # The browser would mend it, and nobody would see that films are missing.
        Fault("truncated", part=0.5, adapted=True, path="/kip/films/.*", times=1),
        Fault("truncated", path="/kip/", times=1),
        Fault("status", code=503, path="/kip/likes/.*", times=1),
    )
    slowly = ("-s", "DOWNLOAD_DELAY=0.15", "-s", "LETTERBOXD_CONTACT=me@example.org")
    process = known.scrapy("profile", *browser, *slowly, cohort="friends")
    assert_ended(process, 0)
    assert process.stderr == ""
    assert stored_facts(known_engine) == site.world.truth(site.world.circle("marla"))
    assert [kind for _, kind in site.faults.struck] == ["truncated", "truncated", "status"]
    moments = sorted(hit.time for hit in site.log)
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.15
    # Of all that the pages wanted they got what they are made of.
    members = tuple(f"/{name}/" for name in site.world.circle("marla"))
    assert {path for path in paths(site) if not path.startswith(members)} == {"/robots.txt", "/first.js"}
    assert "/marla/films/by/rating/" not in paths(site)  # robots.txt forbids it
    for hit in site.log:
        assert "Chrome/" in hit.agent
        assert hit.agent.endswith("(+me@example.org)")


@on_sqlite
def test_what_is_no_page_is_taken_as_it_comes(
    crawled: Shell, site: Site, crawled_engine: sa.Engine, browser: tuple[str, ...]
) -> None:
    slug = next(iter(site.world.member("kip").ratings))
    site.world.rename_film(slug, "another-name")
    assert_ended(crawled.scrapy("film", *browser, slug=slug, histograms="true"), 0)
    truth = expected(site.world.films["another-name"])
    assert stored_films(crawled_engine)["another-name"] == truth
    asked = paths(site)
    # The redirect comes back to us, and is followed as any request: in its turn, if robots.txt allows it.
    assert asked[1:3] == [f"/film/{slug}/", "/film/another-name/"]
    assert "/csi/film/another-name/rating-histogram/" in asked


@on_sqlite
@pytest.mark.parametrize("friends", [("kip", "newcomer", "silent_sam")], ids=["harmful"])
def test_nobody_else_is_connected_to_no_bomb_is_unpacked_and_none_grows_too_large(
    known: Shell, site: Site, known_engine: sa.Engine, browser: tuple[str, ...]
) -> None:
    """Not even ahead of a request, of which we would not see anything."""

    def with_script(path: str, script: str, padding: str = "") -> Fault:
        script = f"<p>{padding}</p><script>{script}</script>"
        return Fault("rewrite", path, pattern="(?=</body>)", by=script)

    marla = site.world.member("marla")
    marla.ratings, marla.likes, marla.watched = {}, {}, set()
    site.faults.add(
        # Too large a page does not run.
        with_script("/marla/", "fetch('/ran/')", "x" * 6_000_000),
        with_script("/kip/", "document.body.append('x'.repeat(6e6))"),
        Fault("bomb", "/newcomer/", encoding="br", megabytes=25),
    )
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        address = f"http://localhost:{other.getsockname()[1]}"
        ahead = f'<head><link rel="preconnect" href="{address}"><link rel="prefetch" href="{address}/">'
        site.faults.add(
            Fault("rewrite", "/silent_sam/", pattern="<head>", by=ahead),
            Fault("elsewhere", "/silent_sam/films/.*", to=address),
        )
        assert_ended(known.scrapy("profile", *browser, cohort="friends"), 3)
        with pytest.raises(BlockingIOError):
            other.accept()
    led, bomb, grown = sorted(errors(known_engine))
    assert led.startswith(f"it leads to {address}/silent_sam/films/")
    assert bomb == (
        "the answer is larger than DOWNLOAD_MAXSIZE allows: The browser received more than 20000000 bytes"
    )
    assert grown == "the page has grown in the browser to more than 5,000,000 bytes"
    assert "/ran/" not in paths(site)


@on_sqlite
def test_an_authority_that_chromium_does_not_know_is_said(
    tmp_path: Path, known_engine: sa.Engine, browser: tuple[str, ...]
) -> None:
    authority = Authority(tmp_path)
    with Site(own_world(follows=()), certificate=authority.certificate("127.0.0.1")) as site:
        shell = make_shell(tmp_path, site, known_engine)
        shell = replace(shell, environment=shell.environment | {"SSL_CERT_FILE": str(authority.file)})
        process = shell.scrapy("profile", *browser, "-s", "RETRY_TIMES=0", user="kip")
    assert_ended(process, 3)
    assert "whatever SSL_CERT_FILE names: certutil -d" in process.stderr
    assert site.log == []


@on_sqlite
def test_a_challenge_is_a_block_and_never_runs(known: Shell, site: Site, browser: tuple[str, ...]) -> None:
    site.faults.add(Fault("challenge", path="/kip/", code=200, header=False))
    process = known.scrapy("profile", *browser, user="kip")
    assert_ended(process, 4)
    assert "with a challenge, twice" in process.stderr
    assert paths(site) == ["/robots.txt", "/kip/", "/kip/"]


@on_sqlite
def test_who_refuses_a_part_refuses_the_page(
    known: Shell, site: ScriptedSite, browser: tuple[str, ...]
) -> None:
    site.rest_is_refused = True
    process = known.scrapy("profile", *browser, user="kip")
    assert_ended(process, 4)
    assert "asks for silence for 60 minutes" in process.stderr
    assert paths(site)[-1] == f"/kip/films/rated/.5-5/{REST}"


@on_sqlite
def test_a_page_that_never_shows_is_judged_as_it_is(
    known: Shell, site: ScriptedSite, known_engine: sa.Engine, browser: tuple[str, ...]
) -> None:
    site.works = False
    soon = ("-s", "DOWNLOAD_TIMEOUT=2", "-s", "RETRY_TIMES=0")
    assert_ended(known.scrapy("profile", *browser, *soon, user="kip"), 3)
    assert errors(known_engine) == ["expected a 'profile' page, found body class 'loading'"]


@on_sqlite
@pytest.mark.parametrize("program", ["/no/such/program", "/bin/false"])
def test_without_a_browser_nothing_is_asked(known: Shell, site: Site, program: str) -> None:
    options = ("-s", "LETTERBOXD_BROWSER=true", "-s", f"LETTERBOXD_CHROMIUM={program}")
    process = known.scrapy("profile", *options, user="kip")
    assert_ended(process, 2)
    assert program in process.stderr
    assert "Traceback" not in process.stderr
    assert not site.log


@pytest.mark.parametrize(
    ("path", "body_class", "container"),
    [
        ("/marla/", "profile", profile.CONTAINER),
        ("/marla/following/", "following", people.CONTAINER),
        ("/marla/diary/films/", "films-diary", diary.CONTAINER),
        ("/newcomer/diary/films/", "films-diary", diary.CONTAINER),  # an empty one
        ("/marla/films/rated/.5-5/", "films-watched", tiles.CONTAINER),
        ("/newcomer/likes/films/", "likes", tiles.CONTAINER),
        ("/film/ordet/", "film", film.CONTAINER),
        (f"/director/{next(iter(PEOPLE))}/", "filmography-page", person.CONTAINER),
    ],
)
def test_every_page_has_what_is_waited_for(path: str, body_class: str, container: str) -> None:
    page = Selector(Site(own_world()).right_answer("GET", path).body)
    assert page.css(showing(body_class, container))
    assert not page.css(showing("loading", container))


def test_one_is_looked_for_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="name its program in LETTERBOXD_CHROMIUM"):
        chromium.find("")
    (tmp_path / "google-chrome").touch(mode=0o755)
    assert chromium.find("") == str(tmp_path / "google-chrome")


@pytest.mark.slow
def test_without_the_option_playwright_is_not_even_loaded() -> None:
    code = (
        "import sys, letterboxd_scraper.commands.crawl, letterboxd_scraper.settings;"
        "import letterboxd_scraper.downloader.pace;"
        "sys.exit('playwright' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
