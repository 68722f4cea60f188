"""What is told of a night, and when nothing is: with `--notify`."""

import logging
from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from letterboxd_scraper.cli.schedule_notify import Telling
from letterboxd_scraper.errors import ExitCode, InputError, StoreNotReady, UnknownName
from letterboxd_scraper.schedule.job_report import JobReport
from letterboxd_scraper.schedule.jobs import StepOutcome
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal.session import Session
from ranking.compute import compute
from ranking.strategies import STRATEGIES
from tests.conftest import Shell, address, on_sqlite
from tests.nights import at_night
from tests.posted import Posts, posts
from tests.site import Fault, Site
from tests.store.rows import DAY, HOUR, MONDAY, add_cohort, add_film, add_rating, add_user

pytest.importorskip("apprise")
NAMES = ("ann", "bob")
TUESDAY = MONDAY + DAY


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posts]:
    with posts() as web:
        monkeypatch.setenv("LETTERBOXD_NOTIFY", web.address)
        yield web


@pytest.fixture
def session(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A circle that was ranked on Monday; it is Tuesday."""
    monkeypatch.setenv("LETTERBOXD_NOW", (TUESDAY + HOUR).isoformat())
    with engine.begin() as connection:
        members = [add_user(connection, name, last_full_scrape_at=MONDAY) for name in NAMES]
        films = [add_film(connection, f"film-{number}", release_year=1990 + number) for number in range(4)]
        for film in films[:3]:
            for member in members:
                add_rating(connection, member, film, rating=3.0)
        add_cohort(connection, "friends", NAMES)
    rank(engine, MONDAY)
    return Session(db_url=address(engine), is_job=True)


def rank(engine: sa.Engine, at: datetime) -> None:
    statistics.refresh(engine, at)
    compute(engine, circle(engine), STRATEGIES["circle"], {}, at)


def circle(engine: sa.Engine) -> Cohort:
    with engine.connect() as connection:
        return cohorts.find(connection, "friends")


def rate_on_tuesday(engine: sa.Engine) -> None:
    """Let both give five stars to a film that nobody had rated."""
    with engine.begin() as connection:
        for user in (1, 2):
            dates = {"first_seen_at": TUESDAY, "seen_after": MONDAY, "updated_at": TUESDAY}
            add_rating(connection, user, 4, rating=5.0, **dates)


def night(
    session: Session,
    code: int = 0,
    *,
    changed: bool = False,
    names: bool = False,
    notify: bool = True,
    at: datetime = TUESDAY,
) -> int:
    """Let a night end with this code, and be told of; return the code of the command."""
    telling = Telling(session, "nightly", notify=notify, names=names)
    friends = circle(session.engine)
    before = telling.before(friends)
    if changed:
        rate_on_tuesday(session.engine)
    rank(session.engine, at)
    step = StepOutcome("when_rated", code, 7, 2, notes="at https://letterboxd.com/ann/" if code else "")
    return telling.of_report(friends, JobReport("friends", "nightly", [step], 60.0), before)


def test_news_are_sent_and_name_nobody(session: Session, web: Posts) -> None:
    assert night(session, changed=True) == 0
    (message,) = web.messages
    assert (message["title"], message["type"]) == ("New in friends", "info")
    assert "Newly loved by several\n  Film-3 (1993): 2 members, rank 1" in message["message"]
    assert not any(name in message["message"] for name in NAMES)


@on_sqlite
def test_with_names_they_say_who(session: Session, web: Posts) -> None:
    assert night(session, changed=True, names=True) == 0
    assert "(ann, bob)" in web.messages[0]["message"]


@on_sqlite
def test_two_jobs_of_one_day_do_not_tell_the_same(session: Session, web: Posts) -> None:
    assert night(session, changed=True) == 0
    assert night(session, at=TUESDAY + HOUR) == 0
    assert len(web.messages) == 1


@on_sqlite
def test_where_nothing_is_new_nothing_is_sent(
    session: Session, web: Posts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert night(session) == 0
    assert "nothing is new, and nothing was sent" in capsys.readouterr().err
    assert night(session, ExitCode.FAILURES) == 3
    assert night(session, changed=True, notify=False) == 0
    assert web.messages == []


@on_sqlite
@pytest.mark.parametrize(
    ("code", "how"), [(1, "failed"), (2, "failed"), (4, "was refused by the site"), (130, "was interrupted")]
)
def test_a_night_that_failed_is_told_of_without_news(
    session: Session, web: Posts, code: int, how: str
) -> None:
    assert night(session, code) == code
    (message,) = web.messages
    assert (message["title"], message["type"]) == (f"friends: the nightly job {how}", "failure")
    line = (
        f"friends, nightly: exit code {code} after 1 min 0 s; when_rated {code}; 7 requests, 2 rows changed"
    )
    assert message["message"].startswith(line)
    assert "/ann/" not in message["message"]


@on_sqlite
def test_what_a_refused_night_has_read_is_told_too(session: Session, web: Posts) -> None:
    assert night(session, ExitCode.BLOCKED, changed=True, names=True) == 4
    (message,) = web.messages
    assert "exit code 4" in message["message"].partition("New in friends")[0]
    assert "https://letterboxd.com/ann/" in message["message"]
    assert "Film-3 (1993)" in message["message"]


@on_sqlite
@pytest.mark.parametrize(("code", "ends"), [(0, 3), (3, 3), (4, 4)])
def test_who_cannot_be_told_is_one_line_also_to_who_wants_quiet(
    session: Session, web: Posts, capsys: pytest.CaptureFixture[str], code: int, ends: int
) -> None:
    web.status, session.quiet = 500, True
    assert night(session, code, changed=True) == ends
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("not sent to address 1 in LETTERBOXD_NOTIFY (json), which answers 500: ")
    assert web.address not in line


@on_sqlite
def test_an_error_before_there_is_a_report_is_told_of(session: Session, web: Posts) -> None:
    telling = Telling(session, "nightly", notify=True, names=False)
    for error in (StoreNotReady("the database is away"), UnknownName("no cohort 'ann'"), ValueError("a bug")):
        with pytest.raises(type(error)), telling.of_errors():
            raise error
    assert [message["message"] for message in web.messages] == [
        "the database is away",
        "Its log says why.",
        "Its log says why.",
    ]
    assert {message["title"] for message in web.messages} == {"The nightly job failed"}


@on_sqlite
def test_names_alone_and_nobody_to_tell_are_refused(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="--names says who the members are"):
        Telling(session, "nightly", notify=False, names=True)
    monkeypatch.delenv("LETTERBOXD_NOTIFY", raising=False)
    with pytest.raises(InputError, match="addresses in LETTERBOXD_NOTIFY: set it"):
        Telling(session, "nightly", notify=True, names=False)


@on_sqlite
def test_a_blocked_night_is_told_of(
    crawled: Shell, site: Site, web: Posts, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "apprise")
    site.faults.add(Fault("ban", path="/[^/]*/following/.*"))
    secret = f"{web.address}/s3cret"
    shell = at_night(crawled, LETTERBOXD_NOTIFY=secret)
    words = ("schedule", "run", "--cohort", "friends", "--job", "nightly", "--local", "--notify")
    ended = shell.letterboxd(*words)
    assert ended.returncode == 4, ended.stderr
    (message,) = web.messages
    assert message["title"] == "friends: the nightly job was refused by the site"
    assert "exit code 4" in message["message"]
    assert "marla" not in message["message"]
    assert "s3cret" not in ended.stdout + ended.stderr + caplog.text
