"""Storing what files tell of members, one after the other, with a bar that says how far it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.arguments import NamedList
from letterboxd_scraper.items.films import FilmFacts
from letterboxd_scraper.items.sources import DatedFilm, RatedFilm, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.intake import Outcomes, Told
from letterboxd_scraper.store.members import cohorts, sources
from letterboxd_scraper.store.members.sources import Outcome, Unmatched
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.save import save, save_sources
from letterboxd_scraper.terminal.progress_bar import track
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted


@dataclass(frozen=True, slots=True)
class Result:
    """What came, or would come, of what files tell, and where was written what could not be matched."""

    told: Told
    outcomes: Outcomes
    stored: bool = False
    unmatched: Path | None = None


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


def _save_member(connection: sa.Connection, told: Sequence[Snapshot], provenance: Provenance) -> Outcome:
    return save_sources(told, connection, provenance)


def _save_film(connection: sa.Connection, facts: FilmFacts, provenance: Provenance) -> None:
    save(facts, connection, provenance)
