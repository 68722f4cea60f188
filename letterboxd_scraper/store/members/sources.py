"""Storing what files, saved pages and feeds tell of members: in any order, the end is the same.

Every source is kept. Where all that is stored of a member comes from kept sources, it is made anew from them,
the oldest first, and what differs is written. Where a crawl has read the member, what the site showed stands:
a source adds to it what is newer, and the days that it knows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from letterboxd_scraper.items.members import Listing
from letterboxd_scraper.items.sources import NamedBy, NamedFilm, Naming, Service, Snapshot
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.crawl_state.bookmarks import complete_listings
from letterboxd_scraper.store.films.named import named_film_ids, stored_named_film_ids
from letterboxd_scraper.store.members import kept
from letterboxd_scraper.store.members.evidence import Marks
from letterboxd_scraper.store.members.folding import Facts, Ledger, Listed, together
from letterboxd_scraper.store.patience import ask, transact
from letterboxd_scraper.store.schema import films, ratings, user_scrape_state, users, watched, watchlist
from letterboxd_scraper.store.upsert import Row, as_list, as_stored, in_list, insert_missing, upsert

_MARKS = tuple(column.name for column in fields(Marks))
_values_of = attrgetter(*_MARKS)
_RATING = ("user_id", "film_id", *_MARKS)
_LISTED = ("user_id", "film_id", *Listed._fields)
_TABLES = {Listing.UNRATED_WATCHED: watched, Listing.WATCHLIST: watchlist}
_STATE = user_scrape_state.c
_RANKS = {by: rank for rank, by in enumerate(NamedBy)}
_ABOUT_PEOPLE = (Listing.FOLLOWING, Listing.FOLLOWERS)


class Member(NamedTuple):
    """A stored member; ``follows_sources``: all that is stored of their films comes from kept sources.

    ``folded`` is as in the table: None where nothing has come from sources yet.
    """

    id: int
    follows_sources: bool
    folded: bool | None


class Unmatched(NamedTuple):
    """A rating, or a watched film without stars, that a source tells of a film that nobody can tell."""

    member: str
    service: Service
    film: NamedFilm
    stars: float | None
    day: date | None
    source: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a member's sources.

    How many of them were ``new``; how many films got a rating (``added``), another one (``changed``) or lost
    it (``removed``), and how many were not stored before; how many diary entries are ``waiting`` for one.
    """

    new: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    new_films: int = 0
    waiting: int = 0
    unmatched: tuple[Unmatched, ...] = ()

    @property
    def rated(self) -> int:
        """How many ratings were set."""
        return self.added + self.changed

    def then(self, later: "Outcome", unmatched: tuple[Unmatched, ...]) -> "Outcome":
        """Return what came of these sources, and then of those that tell what was ``unmatched`` till then."""
        return replace(
            later,
            new=self.new,
            added=self.added + later.added,
            changed=self.changed + later.changed,
            removed=self.removed + later.removed,
            new_films=self.new_films + later.new_films,
            unmatched=unmatched,
        )


def find_or_make(connection: sa.Connection, name: str, at: datetime) -> Member:
    """Return a member, who may be new, and let nobody else change what is stored of them meanwhile."""
    new = {"letterboxd_username": name, "created_at": at, "sources_folded": True}
    insert_missing(connection, users, [new])
    member = find(connection, name)
    if member is None:
        raise AssertionError("who was just inserted is there")
    if member.follows_sources and member.folded is None:
        connection.execute(users.update().where(users.c.id == member.id).values(sources_folded=True))
    return member


def find(connection: sa.Connection, name: str) -> Member | None:
    """Return a member if they are stored, and let nobody else change what is stored of them meanwhile."""
    row = connection.execute(_MEMBER, {"name": name}).first()
    if row is None:
        return None
    follows = not row.was_crawled and (row.sources_folded is not None or not row.has_facts)
    return Member(row.id, follows, row.sources_folded)


def _of_user(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(table.c.user_id == users.c.id, *conditions)


WAS_CRAWLED = _of_user(
    user_scrape_state, _STATE.run.is_not(None), _STATE.listing.not_in((*_ABOUT_PEOPLE, Listing.FEED))
)
_MEMBER = (
    sa.select(
        users.c.id,
        users.c.sources_folded,
        WAS_CRAWLED.label("was_crawled"),
        sa.or_(
            _of_user(user_scrape_state, _STATE.listing.not_in(_ABOUT_PEOPLE), _STATE.run.is_(None)),
            *(_of_user(table) for table in (ratings, watched, watchlist)),
        ).label("has_facts"),
    )
    .where(users.c.letterboxd_username == sa.bindparam("name"))
    .with_for_update(of=users)
)


def save_snapshots(
    connection: sa.Connection, snapshots: Collection[Snapshot], provenance: Provenance
) -> Outcome:
    """Store what sources tell of one member, who may be new; what they prove to have gone is removed.

    Sources that are kept already change nothing.
    """
    (name,) = {snapshot.member for snapshot in snapshots}
    member = find_or_make(connection, name, provenance.at)
    new = kept.keep(connection, member.id, list(snapshots), provenance.at)
    if not new:
        return Outcome()
    last = connection.scalar(sa.select(sa.func.max(films.c.id))) or 0
    outcome = (
        fold(connection, member.id, new)
        if member.follows_sources
        else add_to_crawled(connection, member.id, new)
    )
    inserted = connection.scalar(sa.select(sa.func.count()).where(films.c.id > last))
    unmatched = tuple(row._replace(member=name) for row in outcome.unmatched)
    return replace(outcome, new=len(new), new_films=inserted or 0, unmatched=unmatched)


def fold_stale(engine: sa.Engine) -> None:
    """Take over anew the sources that name films which are one by now, or may be stored by now."""
    for user in ask(engine, stale):
        transact(engine, fold, user)


def stale(connection: sa.Connection) -> list[int]:
    """Return the members whose sources are to be taken over anew."""
    query = sa.select(users.c.id).where(users.c.sources_folded.is_(False), ~WAS_CRAWLED)
    return list(connection.scalars(query.order_by(users.c.id)))


def fold(connection: sa.Connection, user: int, new: Mapping[str, Snapshot] | None = None) -> Outcome:
    """Let what is stored of a member be what all their kept sources tell, of which some are ``new``."""
    sources = [source for _, source in kept.load(connection, user, new)]
    ids, all_named = _film_ids(connection, sources, new)
    before = _stored(connection, user)
    site, others = _taken_over(Facts(), sources, ids)
    after = together(site.facts, others, site_stands=False)
    _write(connection, user, before, after)
    _note_complete(connection, user, before.complete, after.complete, {})
    is_other = users.c.sources_folded.is_distinct_from(all_named)
    connection.execute(users.update().where(users.c.id == user, is_other).values(sources_folded=all_named))
    return _outcome(before, after, site.waiting(), new, ids)


def add_to_crawled(
    connection: sa.Connection, user: int, new: Mapping[str, Snapshot] | None = None
) -> Outcome:
    """Add what ``new`` sources tell to what a crawl has stored of a member, and the days that others know.

    A diary that the crawl has read to its end knows better than an older one.
    """
    complete = complete_listings(connection, user)
    sources = [
        _as_of_diary(source if digest in (new or {}) else _diary_alone(source), complete.get(Listing.DIARY))
        for digest, source in kept.load(connection, user, new)
    ]
    if not sources:
        return Outcome()
    ids, _ = _film_ids(connection, sources, new)
    before = _stored(connection, user)
    marks = {film: mine for film, marks in before.marks.items() if (mine := _site_part(marks))}
    lists = {listing: dict(listed) for listing, listed in before.lists.items()}
    site, others = _taken_over(Facts(marks, lists, dict(before.complete)), sources, ids)
    after = together(site.facts, others, site_stands=True)
    _write(connection, user, before, after)
    # How far a crawl has read a listing stands as it is.
    kept_as_is = dict.fromkeys(("page", "seen", "status", "updated_at"), as_stored)
    _note_complete(connection, user, before.complete, after.complete, kept_as_is)
    return _outcome(before, after, site.waiting(), new, ids)


def _diary_alone(source: Snapshot) -> Snapshot:
    """Return what is to be taken over again of a source: nothing else can be news of a crawled member."""
    if source.service != Service.LETTERBOXD:
        return source
    viewings, links = source.viewings, source.links
    return Snapshot("", source.as_of, source.source, viewings=viewings, links=links, complete=False)


def _as_of_diary(source: Snapshot, read_at: datetime | None) -> Snapshot:
    is_older = read_at is not None and source.as_of <= read_at and source.service == Service.LETTERBOXD
    return replace(source, viewings=()) if is_older else source


def _site_part(marks: Marks) -> Marks | None:
    """Return what Letterboxd has of a stored row whose rating may be another service's."""
    if marks.service == Service.LETTERBOXD:
        return marks
    mine = replace(marks, rating=None, rated_at=None, seen_after=None, service=Service.LETTERBOXD)
    return mine if mine.say_something else None


def _taken_over(
    facts: Facts, sources: Iterable[Snapshot], ids: Mapping[NamedFilm, int]
) -> tuple[Ledger, dict[str, Facts]]:
    """Return what Letterboxd tells, added to ``facts``, and what each other service tells."""
    ledgers = {service: Ledger(Facts(), service) for service in Service}
    ledgers[Service.LETTERBOXD] = Ledger(facts)
    for source in sources:
        ledgers[source.service].take_over(source, ids)
    for ledger in ledgers.values():
        ledger.date_and_link()
    site = ledgers.pop(Service.LETTERBOXD)
    return site, {str(service): ledger.facts for service, ledger in ledgers.items()}


def _film_ids(
    connection: sa.Connection, sources: Iterable[Snapshot], new: Mapping[str, Snapshot] | None
) -> tuple[dict[NamedFilm, int], bool]:
    """Return the ids of the films that sources name, and whether each has one.

    What those that are not ``new`` call films was taken in when they were.
    """
    # Each name once, as of when it is the surest.
    surest: dict[NamedFilm, Naming] = {}
    for source in sorted((new or {}).values(), key=lambda source: _sureness(source.naming)):
        surest |= dict.fromkeys(_films(source), source.naming)
    named: dict[Naming, list[NamedFilm]] = defaultdict(list)
    for film, naming in surest.items():
        named[naming].append(film)
    ids: dict[NamedFilm, int] = {}
    for naming in sorted(named, key=_sureness):
        ids |= named_film_ids(connection, named[naming], naming)
    every = {film for source in sources for film in _films(source)}
    if len(named) != 1 or len(every) > len(surest):
        # A later name may have shown that films are one, or are not.
        ids = stored_named_film_ids(connection, every)
    return ids, len(ids) == len(every)


def _sureness(naming: Naming) -> tuple[int, datetime]:
    return _RANKS[naming.by], naming.as_of


def _films(snapshot: Snapshot) -> Iterable[NamedFilm]:
    yield from (rated.film for rated in snapshot.ratings or ())
    for marked in (snapshot.likes, snapshot.favourites):
        yield from marked or ()
    for listed in (snapshot.watched, snapshot.watchlist):
        yield from (dated.film for dated in listed or ())
    yield from (viewing.film for viewing in snapshot.viewings)


def _stored(connection: sa.Connection, user: int) -> Facts:
    """Return what is stored of a member's films."""
    columns = [ratings.c[name] for name in _MARKS]
    query = sa.select(ratings.c.film_id, *columns).where(ratings.c.user_id == user)
    marks = {row[0]: Marks(*row[1:]) for row in connection.execute(query)}
    lists = {}
    for listing, table in _TABLES.items():
        query = sa.select(table.c.film_id, *(table.c[name] for name in Listed._fields))
        rows = connection.execute(query.where(table.c.user_id == user))
        lists[listing] = {row[0]: Listed(*row[1:]) for row in rows}
    return Facts(marks, lists, complete_listings(connection, user))


def _write(connection: sa.Connection, user: int, before: Facts, after: Facts) -> None:
    """Write what differs."""
    _delete(connection, ratings, user, before.marks.keys() - after.marks.keys())
    changed = {film: marks for film, marks in after.marks.items() if before.marks.get(film) != marks}
    upsert(connection, ratings, [_row(_RATING, user, film, _values_of(m)) for film, m in changed.items()])
    for listing, table in _TABLES.items():
        stored, listed = before.lists[listing], after.lists[listing]
        _delete(connection, table, user, stored.keys() - listed.keys())
        new = [_row(_LISTED, user, film, now) for film, now in listed.items() if stored.get(film) != now]
        upsert(connection, table, new)


def _row(names: tuple[str, ...], user: int, film: int, values: Iterable[Any]) -> Row:
    return dict(zip(names, (user, film, *values), strict=True))


def _delete(connection: sa.Connection, table: sa.Table, user: int, films: Collection[int]) -> None:
    """Delete a member's rows of these films, of which there may be more than a statement has parameters."""
    if films:
        of_films = in_list(connection.dialect.name, table.c.film_id)
        connection.execute(table.delete().where(table.c.user_id == user, of_films), as_list(films))


def _note_complete(
    connection: sa.Connection,
    user: int,
    before: Mapping[Listing, datetime],
    after: Mapping[Listing, datetime],
    along: Mapping[str, Any],
) -> None:
    """Note as of when the listings are known whole, where that is later than before."""
    rows = [
        {
            "user_id": user,
            "listing": listing,
            "page": 0,
            "seen": [],
            "status": "complete",
            "updated_at": as_of,
            "complete_as_of": as_of,
        }
        for listing, as_of in after.items()
        if before.get(listing) != as_of
    ]
    upsert(connection, user_scrape_state, rows, along=along)


def _outcome(
    before: Facts,
    after: Facts,
    waiting: int,
    new: Mapping[str, Snapshot] | None,
    ids: Mapping[NamedFilm, int],
) -> Outcome:
    old, now = _ratings(before), _ratings(after)
    return Outcome(
        added=len(now.keys() - old.keys()),
        changed=sum(old[film] != now[film] for film in old.keys() & now.keys()),
        removed=len(old.keys() - now.keys()),
        waiting=waiting,
        unmatched=tuple(row for source in (new or {}).values() for row in _unmatched(source, ids)),
    )


def _ratings(facts: Facts) -> dict[int, float]:
    return {film: marks.rating for film, marks in facts.marks.items() if marks.rating is not None}


def _unmatched(source: Snapshot, ids: Mapping[NamedFilm, int]) -> Iterator[Unmatched]:
    told = {rated.film: (rated.stars, rated.day) for rated in source.ratings or ()}
    watched_alone = {dated.film: (None, dated.day) for dated in source.watched or ()}
    for film, (stars, day) in (watched_alone | told).items():
        if film not in ids:
            yield Unmatched(source.member, source.service, film, stars, day, source.source, source.as_of)


def unmatched_of(connection: sa.Connection, label: str) -> list[Unmatched]:
    """Return what files of other services tell of a cohort's members and films that still nobody can tell."""
    told = kept.of_other_services(connection, label)
    ids = stored_named_film_ids(connection, {film for source in told for film in _films(source)})
    rows = {(row.member, row.service, row.film): row for source in told for row in _unmatched(source, ids)}
    return list(rows.values())


def count_unmatched(connection: sa.Connection) -> dict[str, int]:
    """Return how many lines `unmatched_of` has for each cohort for which it has any."""
    labels = kept.cohorts_with_other_services(connection)
    counts = {label: len(unmatched_of(connection, label)) for label in labels}
    return {label: count for label, count in counts.items() if count}
