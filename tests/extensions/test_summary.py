"""What a summary counts: how far a crawl is, and its line in the log of runs."""

import pytest

from letterboxd_scraper.extensions.summary import (
    FilmSummary,
    FollowGraphSummary,
    ProfileSummary,
    RssSummary,
    Summary,
    WhenRatedSummary,
)
from letterboxd_scraper.items.films import (
    DirectorPage,
    Film,
    FilmFacts,
    FilmGone,
    FilmHistogram,
    Histogram,
    TmdbDetails,
)
from letterboxd_scraper.items.members import (
    Changes,
    Failure,
    FeedNews,
    FeedUnchanged,
    Listing,
    MemberRead,
    MemberRefreshed,
    MemberStatus,
    PeoplePage,
)
from letterboxd_scraper.items.progress import Progress
from letterboxd_scraper.items.tasks import FilmStart

X, Y = Film("x", "X"), Film("y", "Y")
FILMS = [FilmStart(X, histogram=True), FilmStart(Y, page=False, resolve=True)]
GONE = MemberStatus("b", "gone", Listing.PROFILE)


def add(summary: Summary, *items: object) -> None:
    for item in items:
        summary.add(item)


@pytest.mark.parametrize("summary", [ProfileSummary(4), WhenRatedSummary(4, skipped=2)])
def test_a_member_has_ended_once_they_were_read_or_could_not_be(summary: Summary) -> None:
    failures = [Failure(stage, "/c/", "status 500", "c") for stage in ("rated", "likes")]
    add(summary, MemberRead("a", (), 0, 0), GONE, *failures)
    assert summary.progress(7) == Progress("members", 3, 4, 7)


def test_of_the_members_who_come_back_no_more_than_all_have_ended() -> None:
    summary = ProfileSummary(1)
    add(summary, MemberRead("a", (), 0, 0), GONE)
    assert summary.progress(2).done == 1


def test_a_film_and_its_histogram_end_apart() -> None:
    summary = FilmSummary(FILMS, lambda: 0)
    add(summary, FilmHistogram(X, Histogram((0,) * 10, 0, None)))
    assert summary.progress(1) == Progress("films and histograms", 1, 2, 1)
    add(summary, FilmGone(X))
    assert summary.progress(2).done == 2
    failed = FilmSummary(FILMS, lambda: 0)
    add(failed, Failure("histogram", "/x/", "status 500", film="x"), Failure("film", "/x/", "", film="x"))
    assert failed.progress(2).done == 2


def test_feeds_and_pages_of_people_are_counted_one_by_one() -> None:
    feeds = RssSummary(2)
    add(feeds, FeedUnchanged("a"))
    assert feeds.progress(1) == Progress("feeds", 1, 2, 1)
    people = FollowGraphSummary()
    add(people, *(PeoplePage("a", Listing.FOLLOWING, number, (), last=True) for number in (1, 2)))
    assert people.progress(2) == Progress("pages of people", 2, None, 2)
    assert people.in_words(2) == ""


def test_a_full_crawl_in_words() -> None:
    summary = ProfileSummary(3)
    add(summary, MemberRead("a", (), 10, 2), MemberRead("c", (), None, None), GONE)
    assert summary.in_words(9) == "members: 2 read in full, 1 gone or private; 10 films, 2 likes; 9 requests"


def test_a_refresh_in_words() -> None:
    summary = WhenRatedSummary(3, skipped=5)
    for changes in (Changes(2, 1, 0), Changes()):
        summary.add(MemberRefreshed("a", 1, 1, (0,) * 10, 0, "/a/", changes))
    words = "members: 5 not due, 2 read, 1 of them changed"
    films = "films: 2 added, 1 changed, 0 removed; 4 requests"
    assert summary.in_words(4) == f"{words}; {films}"
    add(summary, MemberRead("c", (), 1, 1))
    assert summary.in_words(4) == f"{words}, 1 read in full; {films}"


def test_feeds_in_words() -> None:
    summary = RssSummary(3)
    add(summary, FeedUnchanged("a"), FeedNews("c", (), (), None, None), GONE)
    summary.ratings_set = 4
    words = "feeds: 3 members asked, 1 unchanged, 1 read, 1 gone or private; 0 new entries, 4 ratings set"
    assert summary.in_words(3) == f"{words}; 3 requests"


def test_films_in_words() -> None:
    summary = FilmSummary(FILMS, lambda: 8)
    add(
        summary,
        FilmFacts(X, None, None, TmdbDetails(), False, ()),
        FilmFacts(Y, None, None, None, False, ()),
    )
    counts = "films: 2 due, 2 read, 1 found on TMDB"
    assert summary.in_words(3) == f"{counts}; 3 requests, 8 to TMDB"
    add(summary, FilmGone(X), DirectorPage("d", "/director/d/", None))
    assert summary.in_words(3) == f"{counts}, 1 gone, 1 director's page; 3 requests, 8 to TMDB"
