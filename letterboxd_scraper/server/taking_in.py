"""What files tell is stored and ranked, or taken back; then there is a page of the circle to go to."""

import logging
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

import sqlalchemy as sa
from starlette.exceptions import HTTPException

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.server.kept import drop_all
from letterboxd_scraper.server.served import Served, address_of_circle
from letterboxd_scraper.store import intake, statistics
from letterboxd_scraper.store.engine import first_line
from letterboxd_scraper.store.intake import Told
from letterboxd_scraper.store.members import cohorts, sources
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.store.members.last_imports import LastImport
from letterboxd_scraper.store.patience import ask
from ranking.compute import compute_lists

logger = logging.getLogger(__name__)


class NotRanked(HTTPException):
    """What somebody agreed to is done, but then the database could not be used."""

    def __init__(self, done: str, label: str) -> None:
        rank = f"`letterboxd rank compute --cohort {label}` ranks the circle"
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"the files are {done}, but then the database could not be used: {rank}",
        )


def take_in(serving: Served, engine: sa.Engine, told: Told, label: str) -> str:
    """Store all of it or nothing for the circle ``label``, rank, and return the path of the circle's page.

    ``engine`` may write; ``serving`` says how the circle is called. Raises InputError where the label is that
    of a circle with a seed, and NotRanked.
    """
    intake.take_in(engine, told, label, serving.now)
    return (
        _show(serving, engine, label, "stored") or "/"
    )  # films' own pages, or members who asked to be forgotten


def take_back(serving: Served, engine: sa.Engine, chosen: LastImport) -> str | None:
    """Let be stored what was before an import, rank anew, and return the path of the circle's page.

    None: the circle has gone with it. Raises InputError where it cannot be taken back, and NotRanked.
    """
    intake.take_back(engine, chosen)
    return _show(serving, engine, chosen.label, "taken back")


def rank(engine: sa.Engine, label: str, at: datetime) -> Cohort | None:
    """Rank a circle's films, and return it; None where there is none of that name, or it fails.

    What was stored before stays so then, and whoever sent it is answered; the log says what is left to do.
    """
    try:
        return _rank(engine, label, at)
    except sa.exc.DBAPIError as error:
        _log(error)
        return None


def _rank(engine: sa.Engine, label: str, at: datetime) -> Cohort | None:
    sources.fold_stale(engine)
    cohort = {cohort.label: cohort for cohort in ask(engine, cohorts.every)}.get(label)
    if cohort is None:
        statistics.refresh(engine, at)
        return None
    with suppress(InputError):  # nothing to rank yet: the page says so
        compute_lists(engine, cohort, at)
    return cohort


def _log(error: sa.exc.DBAPIError) -> None:
    logger.error("stored, but not ranked (`letterboxd rank compute`): %s", first_line(error))


def _show(serving: Served, engine: sa.Engine, label: str, done: str) -> str | None:
    try:
        cohort = _rank(engine, label, serving.now)
        return ask(serving.engine, address_of_circle, serving, cohort) if cohort else None
    except sa.exc.DBAPIError as error:
        _log(error)
        raise NotRanked(done, label) from None
    finally:
        drop_all()  # who has taken them in, or back, is led to a page that shows it
