"""What files tell of members and films: put together, stored as a whole, or only tried."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import Service, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.members import cohorts, last_imports, opt_outs
from letterboxd_scraper.store.members.last_imports import LastImport
from letterboxd_scraper.store.members.sources import Outcome
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.save import save, save_sources

Films = Sequence[tuple[FilmFacts, datetime]]
Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Told:
    """What files tell: the sources of each member, and what films' own pages say.

    ``forgotten`` are those who asked not to be stored. One who has changed their name since, and is known by
    their code, is among ``members``, too: what is stored of them goes.
    """

    members: Mapping[str, Sequence[Snapshot]]
    films: Films
    forgotten: frozenset[str]

    @property
    def welcome(self) -> list[str]:
        """The members who may be stored."""
        return [name for name in self.members if name not in self.forgotten]


class _UndoneError(Exception):
    """Carries what a transaction came to out of it, and undoes it."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes


def told_by(engine: sa.Engine, snapshots: Iterable[Snapshot], films: Films) -> Told:
    """Put together by member what files tell: Letterboxd's before other services', the newest first.

    That is the quickest order: what others call films is no news then.
    """
    out = ask(engine, opt_outs.load)
    members: dict[str, list[Snapshot]] = {}
    forgotten = set()
    for snapshot in snapshots:
        if snapshot.member in out or (snapshot.lid and out.has_code(snapshot.lid)):
            forgotten.add(snapshot.member)
        if snapshot.member not in out:
            members.setdefault(snapshot.member, []).append(snapshot)
    surest = {
        name: max((source.service == Service.LETTERBOXD, source.as_of) for source in told)
        for name, told in members.items()
    }
    in_order = {name: members[name] for name in sorted(members, key=surest.__getitem__, reverse=True)}
    return Told(in_order, films, frozenset(forgotten))


def take_in(engine: sa.Engine, told: Told, label: str | None, at: datetime) -> Outcomes:
    """Store all of it or nothing, in one transaction; return what came of each member.

    The members belong to the list of names ``label`` then, and it can be taken back. Raises InputError if
    there can be no such list. `sources.fold_stale` is the caller's to call: what fails there is not this.
    """
    return transact(engine, _take_in, told, label, at)


def _take_in(connection: sa.Connection, told: Told, label: str | None, at: datetime) -> Outcomes:
    if label is None:
        return store(connection, told, label, at)
    noted = last_imports.note(connection, label, told.welcome, at)
    outcomes = store(connection, told, label, at)
    changed = [name for name, outcome in outcomes.items() if outcome.new]
    last_imports.keep(connection, noted, changed, at)
    return outcomes


def take_back(engine: sa.Engine, chosen: LastImport) -> None:
    """Let be stored what was before an import, in one transaction. Raises InputError if that cannot be.

    `sources.fold_stale` is the caller's to call.
    """
    transact(engine, last_imports.take_back, chosen)


def would_take_in(engine: sa.Engine, told: Told, label: str | None, at: datetime) -> Outcomes:
    """Return what would come of each member: it is stored in one transaction, and undone."""
    try:
        transact(engine, _take_in_and_undo, told, label, at)
    except _UndoneError as undone:
        return undone.outcomes
    raise AssertionError("what was tried is always undone")


def _take_in_and_undo(connection: sa.Connection, told: Told, label: str | None, at: datetime) -> None:
    raise _UndoneError(store(connection, told, label, at))


def store(connection: sa.Connection, told: Told, label: str | None, at: datetime) -> Outcomes:
    """Store all of it in a transaction of the caller's; return what came of each member.

    Raises InputError if ``label`` cannot be a list of names. `sources.fold_stale` is the caller's to call.
    """
    if label is not None and told.welcome:
        cohorts.add_names(connection, label, told.welcome, at)
    for facts, moment in told.films:
        save(facts, connection, Provenance(moment))
    return {name: save_sources(told.members[name], connection, Provenance(at)) for name in told.members}
