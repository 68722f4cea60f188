"""Made-up lives of a member, and the sources that tell of them: archives, pages, feeds, another service."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FeedNews
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.members import sources
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, user_scrape_state, users, watched, watchlist

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
IMPORTED = Provenance(FIRST_DAY + 200 * DAY)
FILMS = [Film(f"film-{n}", f"Film {n}", 1990 + n, 100 + n, f"c{n}") for n in range(6)]
# Films that the site calls otherwise since that day.
RENAMED = {FILMS[0]: 10, FILMS[1]: 20}
STARS = (2.0, 3.0, 4.0)
# A feed shows no more entries in these lives.
SHOWN = 4


def name_films(connection: sa.Connection) -> None:
    """Store all films as a page of the site names them: whatever a source calls them, they are found."""
    for film in FILMS:
        row = {"slug": film.slug, "title": film.title, "release_year": film.year}
        names = {"letterboxd_film_id": film.film_id, "letterboxd_lid": film.lid}
        connection.execute(films.insert().values(row | names))


@dataclass(frozen=True)
class Entry:
    """An entry in the diary, published in the evening of its day."""

    number: int
    film: Film
    day: int
    stars: float | None
    liked: bool


@dataclass
class State:
    """What a member has done by the end of a day: of films with stars, the day on which they were set."""

    rated: dict[Film, tuple[float, int]] = field(default_factory=dict)
    liked: dict[Film, int] = field(default_factory=dict)
    wanted: dict[Film, int] = field(default_factory=dict)
    seen: dict[Film, int] = field(default_factory=dict)
    favourites: tuple[Film, ...] = ()
    diary: tuple[Entry, ...] = ()


def live(rng: random.Random, days: int) -> list[State]:
    """Return what a member has done by the end of each day."""
    states, state = [], State()
    for day in range(days):
        for _ in range(rng.randint(0, 2)):
            state = _with_deed(state, rng, rng.choice(FILMS), day)
        states.append(state)
    return states


def _with_deed(state: State, rng: random.Random, film: Film, day: int) -> State:
    deed = rng.choice(("rate", "rate", "unrate", "log", "log", "edit", "like", "unlike", "want", "favourite"))
    stars = rng.choice(STARS)
    match deed:
        case "rate":
            return replace(state, rated=state.rated | {film: (stars, day)}, seen={film: day} | state.seen)
        case "unrate":
            return replace(state, rated={f: r for f, r in state.rated.items() if f != film})
        case "log":
            rating, liked = rng.choice((stars, None)), film in state.liked
            entry = Entry(len(state.diary) + 1, film, day, rating, liked)
            rated = state.rated | ({film: (rating, day)} if rating else {})
            seen = {film: day} | state.seen
            return replace(state, rated=rated, seen=seen, diary=(*state.diary, entry))
        case "edit" if state.diary:
            number = rng.randrange(len(state.diary))
            entries = list(state.diary)
            entries[number] = replace(entries[number], stars=stars)
            return replace(state, diary=tuple(entries))
        case "like":
            return replace(state, liked={film: day} | state.liked)
        case "unlike":
            return replace(state, liked={f: d for f, d in state.liked.items() if f != film})
        case "want":
            return replace(state, wanted={film: day} if film not in state.wanted else {})
        case "favourite":
            return replace(state, favourites=tuple(rng.sample(FILMS, rng.randint(0, 3))))
    return state


def as_named(film: Film, day: int) -> Film:
    """Return a film as the site calls it on that day."""
    return replace(film, title=f"{film.title}: Anew") if day >= RENAMED.get(film, day + 1) else film


def of_archive(film: Film, day: int) -> NamedFilm:
    return NamedFilm(as_named(film, day).title, film.year, film.lid)


def of_page(film: Film, day: int) -> NamedFilm:
    return NamedFilm(as_named(film, day).title, film.year, film.lid, film.slug, film.film_id)


def day_of(day: int) -> date:
    return (FIRST_DAY + day * DAY).date()


def noon(day: int, hour: int = 23) -> datetime:
    return FIRST_DAY + day * DAY + timedelta(hours=hour)


def url_of(entry: Entry) -> str:
    return f"https://letterboxd.com/ada/film/{entry.film.slug}/{entry.number}/"


def archive(state: State, day: int) -> Snapshot:
    newest = {entry.film: entry for entry in state.diary}

    def listed(since_of: dict[Film, int]) -> tuple[DatedFilm, ...]:
        return tuple(DatedFilm(of_archive(film, day), day_of(since)) for film, since in since_of.items())

    return Snapshot(
        "",
        noon(day),
        f"archive of day {day}",
        ratings=tuple(
            RatedFilm(of_archive(film, day), stars, day_of(since))
            for film, (stars, since) in state.rated.items()
        ),
        likes=tuple(of_archive(film, day) for film in state.liked),
        favourites=tuple(of_archive(film, day) for film in state.favourites),
        watched=listed(state.seen),
        watchlist=listed(state.wanted),
        links=tuple((of_archive(f, day), f"https://boxd.it/e{entry.number}") for f, entry in newest.items()),
    )


def pages(rng: random.Random, state: State, day: int) -> Iterator[Snapshot]:
    """Yield what saved pages tell: a whole listing or half of one, and a page of the diary."""
    page = Snapshot("", noon(day), "saved pages", of_pages=True)
    rated = tuple(RatedFilm(of_page(film, day), stars) for film, (stars, _) in state.rated.items())
    if rng.random() < 0.5:
        favourites = tuple(of_page(film, day) for film in state.favourites)
        yield replace(page, ratings=rated, favourites=favourites)
    else:
        likes = tuple(of_page(film, day) for film in state.liked)[:2]
        yield replace(page, ratings=rated[:2], likes=likes, complete=False)
    newest = sorted(state.diary, key=lambda entry: (entry.day, entry.number), reverse=True)[:5]
    viewings = tuple(Viewed(of_page(e.film, day), day_of(e.day), e.stars, url_of(e)) for e in newest)
    yield replace(page, viewings=viewings, complete=False)


def elsewhere(rng: random.Random, day: int) -> Snapshot:
    """Return what another service tells, where the member rates films, too."""
    chosen = rng.sample(FILMS, 3)
    days = [None if rng.random() < 0.3 else day_of(rng.randint(0, day)) for _ in chosen]
    names = [NamedFilm(film.title, film.year, slug=film.slug) for film in chosen]
    rated = tuple(RatedFilm(name, rng.choice(STARS), since) for name, since in zip(names, days, strict=True))
    service = rng.choice((Service.IMDB, Service.TRAKT))
    seen = tuple(DatedFilm(name) for name in names[:2])
    return Snapshot("", noon(day), f"{service} {day}", ratings=rated, watched=seen, service=service)


def feed(state: State, day: int) -> FeedNews:
    """Return what a reading of the feed finds."""
    newest = sorted(state.diary, key=lambda entry: entry.number, reverse=True)[:SHOWN]
    entries = tuple(
        FeedEntry(
            f"letterboxd-watch-{entry.number}",
            replace(as_named(entry.film, day), film_id=None, lid=None),
            day_of(entry.day),
            noon(entry.day, 20),
            entry.stars,
            entry.liked,
            url_of(entry),
            "movie",
            entry.film.film_id,
        )
        for entry in newest
    )
    return FeedNews("", entries)


Source = tuple[Snapshot | FeedNews, Provenance]


def sources_of(rng: random.Random, states: list[State], member: str) -> list[Source]:
    """Return sources that tell of a member's life, in the order of their moments."""
    told: list[Source] = []
    days = range(len(states))
    for day in sorted(rng.sample(days, min(len(days), rng.randint(3, 6)))):
        items: list[Snapshot | FeedNews] = []
        match rng.choice(("archive", "archive", "pages", "feed", "elsewhere")):
            case "archive":
                items.append(archive(states[day], day))
            case "pages":
                items += pages(rng, states[day], day)
            case "feed":
                items.append(feed(states[day], day))
            case "elsewhere":
                items.append(elsewhere(rng, day))
        for item in items:
            provenance = Provenance(noon(day), 1) if isinstance(item, FeedNews) else IMPORTED
            told.append((replace(item, member=member), provenance))
    return told


def in_another_order(rng: random.Random, told: list[Source]) -> list[Source]:
    """Return the sources in another order, some more than once; of a feed an earlier reading comes first."""
    order = told + rng.choices(told, k=2)
    rng.shuffle(order)
    readings: dict[str, list[Source]] = defaultdict(list)
    for source in told:
        if isinstance(source[0], FeedNews):
            readings[source[0].member].append(source)
    in_order: list[Source] = []
    for item, provenance in order:
        if not isinstance(item, FeedNews):
            in_order.append((item, provenance))
        elif readings[item.member]:
            in_order.append(readings[item.member].pop(0))
    return in_order


def end_state(connection: sa.Connection, told: list[Source]) -> dict[str, Any]:
    """Take in the sources; return all that is stored then."""
    for item, provenance in told:
        save(item, connection, provenance)
    for user in sources.stale(connection):
        sources.fold(connection, user)
    return stored(connection)


def stored(connection: sa.Connection) -> dict[str, Any]:
    """Return all that is stored of films and members, without numbers of rows."""
    film = sa.func.coalesce(films.c.slug, films.c.letterboxd_lid, films.c.imdb_id, films.c.title)
    member = users.c.letterboxd_username
    state: dict[str, Any] = {}
    for table in (ratings, watched, watchlist):
        query = sa.select(member, film, *_but(table, "user_id", "film_id"))
        query = query.join_from(table, films, films.c.id == table.c.film_id).join(users)
        state[table.name] = {tuple(row) for row in connection.execute(query)}
    # When they were first stored is no matter of sources.
    state["users"] = {tuple(row) for row in connection.execute(sa.select(*_but(users, "id", "created_at")))}
    # How many ratings a reading of a feed has set depends on what was known then.
    query = sa.select(member, *_but(user_scrape_state, "user_id", "total", "seen")).join(users)
    state["listings"] = {tuple(row) for row in connection.execute(query)}
    state["films"] = {tuple(row) for row in connection.execute(sa.select(*_but(films, "id")))}
    return state


def _but(table: sa.Table, *names: str) -> list[sa.Column[Any]]:
    return [column for column in table.c if column.name not in names]
