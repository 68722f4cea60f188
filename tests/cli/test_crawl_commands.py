"""The commands that crawl, with the spider's process replaced: what they ask for, and what they say."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from letterboxd_scraper.cli import cohort_build, run_spider, scrape
from letterboxd_scraper.errors import ExitCode
from letterboxd_scraper.terminal.session import Session
from tests.cli.conftest import Run

Crawls = list[tuple[str, dict[str, Any], dict[str, Any]]]


@pytest.fixture
def ends_with() -> dict[str, int]:
    """Which exit codes the spiders end with; 0 where none is named."""
    return {}


@pytest.fixture
def crawls(monkeypatch: pytest.MonkeyPatch, ends_with: dict[str, int]) -> Crawls:
    """What was crawled: spiders, arguments and settings."""
    started: Crawls = []

    def crawl(
        session: Session,
        spider: str,
        arguments: Mapping[str, Any],
        settings: Mapping[str, Any] | None = None,
        watch: Callable[[], None] = lambda: None,
    ) -> int:
        started.append((spider, {k: v for k, v in arguments.items() if v is not None}, dict(settings or {})))
        return ends_with.get(spider, 0)

    for module in (run_spider, scrape, cohort_build):
        monkeypatch.setattr(module, "crawl", crawl)
    return started


def test_a_cohort_of_whom_nobody_was_read_is_read_in_full(club: Run, crawls: Crawls) -> None:
    ended = club("scrape", "--cohort", "club", "--accept-terms")
    asked = {"cohort": "club", "diary": False, "watched": False}
    assert crawls == [("profile", asked, {"LETTERBOXD_TERMS_ACCEPTED": True})]
    assert "club: 2 members, at most 4 requests" in ended.err
    assert "now: letterboxd rank compute --cohort club" in ended.err


def test_one_member_is_read_without_a_summary(club: Run, crawls: Crawls) -> None:
    assert club("scrape", "--user", "marla", "--full").code == 0
    assert crawls == [("profile", {"user": "marla", "diary": False, "watched": False}, {"CRAWL_ANEW": True})]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (ExitCode.FAILURES, "some pages could not be read (`letterboxd failures`)"),
        (ExitCode.BLOCKED, "the site blocked us"),
        (ExitCode.INTERRUPTED, "interrupted: the same command goes on from here"),
        (ExitCode.INTERNAL_ERROR, "it did not end well: see the messages above"),
    ],
)
def test_a_crawl_s_end_says_what_to_do_next(
    club: Run, crawls: Crawls, ends_with: dict[str, int], code: ExitCode, advice: str
) -> None:
    ends_with["profile"] = code
    ended = club("scrape", "--cohort", "club")
    assert ended.code == code
    assert f"club: {advice}" in ended.err


def test_feeds_are_read_with_their_cost_said_before(club: Run, crawls: Crawls) -> None:
    ended = club("watch", "--cohort", "club")
    assert crawls == [("rss", {"cohort": "club"}, {})]
    first, *rest = ended.err.splitlines()
    assert first.startswith("club: 2 feeds, a request each, less than a minute at one each 1 s; 0 of them")
    assert "now: letterboxd rank compute --cohort club" in rest


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETTERBOXD_TERMS_ACCEPTED", "true")


@pytest.mark.usefixtures("accepted")
def test_films_are_asked_about_with_their_cost_said_before(club: Run, crawls: Crawls) -> None:
    ended = club("enrich", "--cohort", "club", "--limit", "2", "--no-tmdb")
    asked = {"cohort": "club", "limit": 2, "histograms": False, "tmdb": False, "force": False}
    assert crawls == [("film", asked, {})]
    assert "club: 2 films, 2 requests to the site" in ended.err
    assert "now: letterboxd rank compute --cohort club --strategy all" in ended.err


def test_one_film_is_told_of_by_its_name(club: Run, crawls: Crawls) -> None:
    ended = club("enrich", "--slug", "ordet")
    assert "ordet: 1 film, 1 request" in ended.err
    assert "rank compute" not in ended.err


def test_tmdb_alone_is_asked_where_no_terms_are_accepted(
    club: Run, crawls: Crawls, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = club("enrich", "--cohort", "club")
    assert without.code == 2
    assert "club: TMDB could tell more of 3 films: set TMDB_API_KEY" in without.err
    assert "--accept-terms" in without.err
    assert crawls == []
    monkeypatch.setenv("TMDB_API_KEY", "key")
    ended = club("enrich", "--cohort", "club")
    assert "club: the pages of 3 films stay unread without --accept-terms" in ended.err
    assert "club: 3 films, about which TMDB is asked" in ended.err
    assert [spider for spider, *_ in crawls] == ["film"]


def test_bad_names_send_nothing(club: Run, crawls: Crawls) -> None:
    for command in (("watch", "--member", "no body"), ("enrich", "--cohort", "none"), ("scrape", "-c", "x")):
        assert club(*command).code == 2
    assert crawls == []


def test_a_list_of_names_becomes_a_cohort(club: Run, tmp_path: Any) -> None:
    (tmp_path / "names.txt").write_text("marla\n\nkip  # new\n")
    built = club("cohort", "build", "--members", "names.txt", "--label", "two")
    assert built.err.startswith("new here: kip\ntwo: 2 members; now: letterboxd scrape --cohort two")
    changed = club("cohort", "set", "two", "--rank", "m=10", "--exclude", "kip")
    assert "exclude=kip" in changed.err
    assert "rank m=10" in changed.err
    assert club("cohort", "set", "two", "--rank", "weight=1").code == 2
    assert club("cohort", "delete", "two", "--yes").err.startswith("deleted cohort 'two' (2 members)")


def test_names_in_a_file_are_as_people_paste_them_and_what_is_new_or_wrong_is_said(
    club: Run, tmp_path: Any
) -> None:
    pasted = (
        "\ufeff@Marla\r\n\r\nhttps://letterboxd.com/Tycho/\r\n  tyco  # a friend\r\n# end\r\nkip,\r\nkip\r\n"
    )
    (tmp_path / "names.txt").write_bytes(pasted.encode())
    built = club("cohort", "build", "--members", "names.txt", "-c", "three")
    assert built.err.startswith("new here: tyco (did you mean tycho?), kip\nthree: 4 members; now: ")
    (tmp_path / "names.txt").write_text("marla\nJane Doe\nletterboxd.com/film/ordet\n")
    wrong = club("cohort", "build", "--members", "names.txt", "-c", "four")
    assert wrong.code == 2
    assert "names.txt: line 2, 'Jane Doe' is not a member name: " in wrong.err
    assert "; line 3, 'letterboxd.com/film/ordet' is not" in wrong.err
    (tmp_path / "names.txt").write_text("# nobody\n")
    assert "names.txt: no name in it" in club("cohort", "build", "--members", "names.txt", "-c", "four").err


def test_a_cohort_comes_from_a_seed_or_from_a_file(empty: Run) -> None:
    assert empty("cohort", "build", "--label", "x").err.startswith(
        "letterboxd: give --seed NAME or --members"
    )
