"""What is told of a job by `letterboxd schedule run --notify`: its news, and that it failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import ExitCode, InputError, ProjectError, UnknownName
from letterboxd_scraper.schedule.job_report import JobReport
from letterboxd_scraper.schedule.notify import Notifier
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.patience import ask
from letterboxd_scraper.terminal import json_log, options
from letterboxd_scraper.terminal.session import Session
from ranking import history
from ranking.history import FormerRanking

NotifyOption = Annotated[
    bool,
    options.flag(
        "--notify",
        "Send the news, or that it failed, to the addresses in LETTERBOXD_NOTIFY (extra `notify`).",
    ),
]
NamesOption = Annotated[bool, options.names("Say in what --notify sends who the members are.")]
# So many films of each kind are told.
_MOST_FILMS = 10
# Of such a job it is told that it failed, though nothing is new.
_IN_WORDS: dict[int, str] = {
    ExitCode.BLOCKED: "was refused by the site",
    ExitCode.INTERRUPTED: "was interrupted",
}


def refuse_names_alone(*, notify: bool, names: bool) -> None:
    """Raise InputError where it is said what is sent, and nothing is."""
    if names and not notify:
        raise InputError("--names says who the members are in what --notify sends: give both")


class Telling:
    """Tells of a job, where that is asked for."""

    def __init__(self, session: Session, job: str, *, notify: bool, names: bool) -> None:
        """Take whom to tell, if that is asked for. Raises InputError where nobody can be told."""
        refuse_names_alone(notify=notify, names=names)
        self._session, self._job, self._names = session, job, names
        self._notifier = Notifier.of(session.config) if notify else None

    def before(self, circle: Cohort) -> FormerRanking | None:
        """Return what news will be compared with: the circle's last ranking before this job, if any.

        It is read now: the job's own ranking takes the place of another of the same day.
        """
        if self._notifier is None:
            return None
        return ask(self._session.engine, history.latest, circle.id, DEFAULT_STRATEGY)

    @contextmanager
    def of_errors(self) -> Iterator[None]:
        """Tell of an error that ends the job before it has a report."""
        try:
            yield
        except typer.Exit:
            raise
        except Exception as error:
            # One about a name holds it.
            told = isinstance(error, ProjectError) and (self._names or not isinstance(error, UnknownName))
            self._send(
                f"The {self._job} job failed", str(error) if told else "Its log says why.", failed=True
            )
            raise

    def of_report(self, circle: Cohort, report: JobReport, before: FormerRanking | None) -> int:
        """Tell of a job that has a report: what is new, and how it ended unless that is well.

        Return its exit code, or that of failures where it is done and nobody could be told.
        """
        code = report.exit_code
        if self._notifier is None:
            return code
        label, news = ask(self._session.engine, self._news, circle, before)
        is_failure = code not in (ExitCode.DONE, ExitCode.FAILURES)
        if not news and not is_failure:
            self._session.say("nothing is new, and nothing was sent")
            return code
        lines = [news] if news else []
        if code != ExitCode.DONE:
            lines.insert(0 if is_failure else 1, self._in_words(report, label))
        how = _IN_WORDS.get(code, "failed")
        title = f"{label}: the {self._job} job {how}" if is_failure else f"New in {label}"
        is_told = self._send(title, "\n\n".join(lines), failed=is_failure)
        return code if is_told or code != ExitCode.DONE else ExitCode.FAILURES

    def _news(
        self, connection: sa.Connection, circle: Cohort, before: FormerRanking | None
    ) -> tuple[str, str]:
        """Return what the circle is called, and what is new in it; "" where nothing is."""
        # Most nights nobody is told of.
        from ranking.news.read import read
        from ranking.news.telling import Telling
        from ranking.news.words import news_in_words

        called = naming.of_cohort(connection, circle, names=self._names)
        if before is None:
            return called.label, ""
        config = self._session.config
        telling = Telling(connection, circle, config.LETTERBOXD_BASE_URL, called, names=self._names)
        news = read(telling, before.point.at, config.now(), before=before)
        return called.label, "" if news.is_empty else "\n".join(news_in_words(news, _MOST_FILMS))

    def _in_words(self, report: JobReport, label: str) -> str:
        """Return a report in one line; without names it says nothing of pages, which are of members."""
        if self._names:
            return report.in_words()
        bare = [replace(outcome, notes="", parts=()) for outcome in report.outcomes]
        return replace(report, cohort=label, outcomes=bare).in_words()

    def _send(self, title: str, body: str, *, failed: bool) -> bool:
        """Send a message; say to which addresses it could not be sent, and return whether it was to all."""
        lines = self._notifier.send(title, body, failed=failed) if self._notifier else []
        for line in lines:
            json_log.write_either(line, "ERROR", as_json=self._session.logs_json)
        return not lines
