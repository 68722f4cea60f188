"""Storing what files tell of members: for good, or only to see what it would change."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from letterboxd_scraper.arguments import NamedList
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import DatedFilm, RatedFilm, Service, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.members import cohorts, opt_outs, sources
from letterboxd_scraper.store.members.sources import Outcome, Unmatched
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.save import save, save_sources
from letterboxd_scraper.terminal.progress_bar import track
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

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


@dataclass(frozen=True, slots=True)
class Result:
    """What came, or would come, of what files tell, and where was written what could not be matched."""

    told: Told
    outcomes: Outcomes
    stored: bool = False
    unmatched: Path | None = None


class _UndoneError(Exception):
    """Carries what a transaction came to out of it, and undoes it."""

    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes


def told_by(engine: sa.Engine, snapshots: Sequence[Snapshot], films: Films) -> Told:
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


def store(session: Session, engine: sa.Engine, told: Told, cohort: str | None) -> Outcomes:
    """Store it, each member in a transaction of their own; return what came of each.

    Where it is interrupted, it says how many are stored, each of them whole.
    """
    at = session.config.now()
    if cohort is not None and told.welcome:
        label = NamedList.read({"label": cohort, "members": told.welcome}).label
        transact(engine, cohorts.add_names, label, told.welcome, at)
    outcomes: dict[str, Outcome] = {}
    try:
        for name in track(session, "members", list(told.members)):
            outcomes[name] = transact(engine, _save_member, told.members[name], Provenance(at))
    except KeyboardInterrupt:
        stored = f"{len(outcomes):,} of {counted(len(told.members), 'member')} stored"
        session.say(f"interrupted, {stored}; the same command goes on from here")
        raise
    for facts, moment in told.films:
        transact(engine, _save_film, facts, Provenance(moment))
    rows = [row for name in told.welcome for row in outcomes[name].unmatched]
    if rows and session.config.TMDB_API_KEY.get_secret_value():
        _store_found(session, engine, outcomes, rows)
    if told.films or any(outcome.new for outcome in outcomes.values()):
        sources.fold_stale(engine)
    return outcomes


def _store_found(
    session: Session, engine: sa.Engine, outcomes: dict[str, Outcome], rows: Sequence[Unmatched]
) -> None:
    """Store what was told of films that TMDB alone has, and leave the others unmatched."""
    from letterboxd_scraper.cli import import_tmdb  # loads requests and tmdbv3api, which few imports need

    session.say(f"{counted(len(rows), 'line')} of films that nothing stored tells: TMDB is asked for them")
    films = import_tmdb.with_numbers(session.config, list(dict.fromkeys(row.film for row in rows)))
    by_source = defaultdict(list)
    for row in rows:
        if row.film in films:
            by_source[row.member, row.as_of, row.source, row.service].append(row)
    provenance = Provenance(session.config.now())
    for (member, as_of, source, service), told in by_source.items():
        rated = tuple(RatedFilm(films[row.film], row.stars, row.day) for row in told if row.stars is not None)
        watched = tuple(DatedFilm(films[row.film], row.day) for row in told if row.stars is None)
        snapshot = Snapshot(
            member, as_of, source, rated or None, watched=watched or None, complete=False, service=service
        )
        later = transact(engine, _save_member, [snapshot], provenance)
        others = tuple(row for row in outcomes[member].unmatched if row not in told)
        outcomes[member] = outcomes[member].then(later, others)


def would_store(session: Session, engine: sa.Engine, told: Told) -> Outcomes:
    """Return what would come of each member: it is stored in one transaction, and undone."""
    try:
        transact(engine, _save_and_undo, told, session.config.now())
    except _UndoneError as undone:
        return undone.outcomes


def _save_and_undo(connection: sa.Connection, told: Told, at: datetime) -> NoReturn:
    for facts, moment in told.films:
        _save_film(connection, facts, Provenance(moment))
    raise _UndoneError(
        {name: _save_member(connection, told.members[name], Provenance(at)) for name in told.members}
    )


def _save_member(connection: sa.Connection, told: Sequence[Snapshot], provenance: Provenance) -> Outcome:
    return save_sources(told, connection, provenance)


def _save_film(connection: sa.Connection, facts: FilmFacts, provenance: Provenance) -> None:
    save(facts, connection, provenance)
