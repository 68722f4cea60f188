"""A person who wants to be forgotten: everything stored of them goes, and nothing comes back."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.members import Membership, PeoplePage, Profile
from letterboxd_scraper.items.sources import Snapshot
from letterboxd_scraper.store.crawl_state import bookmarks
from letterboxd_scraper.store.members import cohorts, opt_outs
from letterboxd_scraper.store.members.opt_outs import OptOuts
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_histograms,
    film_rankings,
    former_members,
    invitations,
    ranking_history,
    ratings,
    scrape_failures,
    scrape_runs,
    users,
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went with a member: ``circles`` are their own cohorts, ``ranked`` those to be ranked anew."""

    was_stored: bool
    circles: tuple[str, ...]
    ranked: tuple[str, ...]


def forget(connection: sa.Connection, name: str, at: datetime, lid: str | None = None) -> Forgotten:
    """Remove a member and put them on the list of those who are not to be stored again.

    Their own circles go, as do the rankings that they had a part in; the statistics are the
    caller's to refresh.
    """
    if connection.dialect.name == "sqlite":
        # Else the deleted rows would stay readable in the file until something overwrites them.
        connection.exec_driver_sql("PRAGMA secure_delete=on")
    row = connection.execute(sa.select(users).where(users.c.letterboxd_username == name)).first()
    opt_outs.add(connection, name, lid or (row.letterboxd_lid if row else None), at)
    circles, ranked = [], []
    for cohort in cohorts.every(connection):
        if cohort.seed == name:
            cohorts.delete(connection, cohort)
            circles.append(cohort.label)
        elif name in cohort.definition.get("exclude", ()):
            others = [member for member in cohort.definition["exclude"] if member != name]
            cohorts.redefine(connection, cohort, cohort.definition | {"exclude": others}, at)
    if row is not None:
        ranked = _withdraw_rankings(connection, row.id)
        bookmarks.remove_person(connection, row.id)
        connection.execute(users.delete().where(users.c.id == row.id))
    connection.execute(invitations.delete().where(invitations.c.member == name))
    _clear_logs(connection, name, circles)
    return Forgotten(row is not None, tuple(circles), tuple(ranked))


def _withdraw_rankings(connection: sa.Connection, user: int) -> list[str]:
    """Delete what was computed with a member's ratings; return the labels of the cohorts that were ranked."""
    theirs = set(connection.scalars(_cohorts_of(user)))
    every = [cohort for cohort in cohorts.every(connection) if cohort.id in theirs]
    ranked = [cohort.label for cohort in every if cohorts.rankings_of(connection, cohort)]
    for table in (film_rankings, ranking_history):
        connection.execute(table.delete().where(table.c.cohort_id.in_(theirs)))
    # Only what is counted anew when their ratings go: nothing would bring back the histograms of other films.
    h = film_histograms.c
    rated = sa.select(ratings.c.film_id).where(ratings.c.user_id == user, ratings.c.rating.is_not(None))
    connection.execute(film_histograms.delete().where(h.cohort_id.in_(theirs), h.film_id.in_(rated)))
    return ranked


def _cohorts_of(user: int) -> sa.CompoundSelect[Any]:
    """Return the query of the cohorts that a member belongs to, or has left."""
    return sa.union(
        *(sa.select(t.c.cohort_id).where(t.c.user_id == user) for t in (cohort_members, former_members))
    )


def _clear_logs(connection: sa.Connection, name: str, circles: list[str]) -> None:
    failures, runs = scrape_failures, scrape_runs
    named = sa.or_(
        failures.c.member == name,
        failures.c.url.contains(f"/{name}/", autoescape=True),
        failures.c.error.contains(f"'{name}'", autoescape=True),
    )
    connection.execute(failures.delete().where(named))
    # The label of a circle is often its owner's name.
    connection.execute(runs.delete().where(sa.or_(runs.c.member == name, runs.c.cohort.in_(circles))))


def scrub(engine: sa.Engine) -> list[Path]:
    """Empty an SQLite file's log of changes, and return the backups beside it, which are older than that."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database:
        return []
    with engine.connect().execution_options(without_transaction=True) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path(database)
    return sorted(file.parent.glob(f"{file.name}.before-*.backup"))


def allowed(connection: sa.Connection, item: Any, at: datetime) -> Any:
    """Return what of ``item`` may be stored: nothing of members who asked to be forgotten; else None."""
    listed = opt_outs.load(connection)
    match item:
        case Profile(member=name, lid=str(lid)) | Snapshot(member=name, lid=str(lid)) if (
            name not in listed and listed.has_code(lid)
        ):
            forget(connection, name, at, lid)  # they have a new name
            return None
        case PeoplePage(owner=name) | Membership(seed=name):
            return None if name in listed else _without(item, listed)
    return None if getattr(item, "member", None) in listed else item


def _without(item: PeoplePage | Membership, listed: OptOuts) -> PeoplePage | Membership:
    if isinstance(item, PeoplePage):
        people = tuple(person for person in item.people if person.member not in listed)
        return replace(item, people=people, whole=item.whole and len(people) == len(item.people))
    return replace(item, members=tuple(member for member in item.members if member[0] not in listed))
