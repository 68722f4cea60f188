"""Made-up lives of a member, and the sources that tell of them: archives, pages, feeds, another service."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FeedNews
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Service, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from letterboxd_scraper.store.schema import films, ratings, user_scrape_state, users, watched, watchlist

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
IMPORTED = Provenance(FIRST_DAY + 200 * DAY)
FILMS = [Film(f"film-{n}", f"Film {n}", 1990 + n, 100 + n, f"c{n}") for n in range(6)]
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
            given, liked = rng.choice((stars, None)), film in state.liked
            entry = Entry(len(state.diary) + 1, film, day, given, liked)
            rated = state.rated | ({film: (given, day)} if given else {})
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


def of_archive(film: Film) -> NamedFilm:
    return NamedFilm(film.title, film.year, film.lid)


def of_page(film: Film) -> NamedFilm:
    return NamedFilm(film.title, film.year, film.lid, film.slug, film.film_id)


def day_of(day: int) -> date:
    return (FIRST_DAY + day * DAY).date()


def noon(day: int, hour: int = 23) -> datetime:
    return FIRST_DAY + day * DAY + timedelta(hours=hour)


def url_of(entry: Entry) -> str:
    return f"https://letterboxd.com/ada/film/{entry.film.slug}/{entry.number}/"


def archive(state: State, day: int) -> Snapshot:
    newest = {entry.film: entry for entry in state.diary}
    return Snapshot(
        "ada",
        noon(day),
        f"archive of day {day}",
        ratings=tuple(
            RatedFilm(of_archive(film), stars, day_of(since)) for film, (stars, since) in state.rated.items()
        ),
        likes=tuple(map(of_archive, state.liked)),
        favourites=tuple(map(of_archive, state.favourites)),
        watched=tuple(DatedFilm(of_archive(film), day_of(since)) for film, since in state.seen.items()),
        watchlist=tuple(DatedFilm(of_archive(film), day_of(since)) for film, since in state.wanted.items()),
        links=tuple((of_archive(f), f"https://boxd.it/e{entry.number}") for f, entry in newest.items()),
    )


def pages(rng: random.Random, state: State, day: int) -> Iterator[Snapshot]:
    """Yield what saved pages tell: a whole listing or half of one, and a page of the diary."""
    page = Snapshot("ada", noon(day), "saved pages", of_pages=True)
    rated = tuple(RatedFilm(of_page(film), stars) for film, (stars, _) in state.rated.items())
    favourites = tuple(map(of_page, state.favourites))
    if rng.random() < 0.5:
        yield replace(page, ratings=rated, favourites=favourites)
    else:
        likes = tuple(of_page(film) for film in state.liked)[:2]
        yield replace(page, ratings=rated[:2], likes=likes, complete=False)
    newest = sorted(state.diary, key=lambda entry: (entry.day, entry.number), reverse=True)[:5]
    viewings = tuple(Viewed(of_page(e.film), day_of(e.day), e.stars, url_of(e)) for e in newest)
    yield replace(page, viewings=viewings, complete=False)


def elsewhere(rng: random.Random, day: int) -> Snapshot:
    """Return what another service tells, where the member rates films, too."""
    chosen = rng.sample(FILMS, 3)
    days = [None if rng.random() < 0.3 else day_of(rng.randint(0, day)) for _ in chosen]
    rated = tuple(
        RatedFilm(NamedFilm(film.title, film.year, slug=film.slug), rng.choice(STARS), since)
        for film, since in zip(chosen, days, strict=True)
    )
    service = rng.choice((Service.IMDB, Service.TRAKT))
    seen = tuple(DatedFilm(of_page(film)) for film in chosen[:2])
    return Snapshot("ada", noon(day), f"{service} {day}", ratings=rated, watched=seen, service=service)


def feed(state: State, day: int) -> tuple[FeedNews, Provenance]:
    """Return what a reading of the feed finds, and when it is read."""
    newest = sorted(state.diary, key=lambda entry: entry.number, reverse=True)[:SHOWN]
    entries = tuple(
        FeedEntry(
            f"letterboxd-watch-{entry.number}",
            Film(entry.film.slug, entry.film.title, entry.film.year),
            day_of(entry.day),
            noon(entry.day, 20),
            entry.stars,
            entry.liked,
            url_of(entry),
        )
        for entry in newest
    )
    return FeedNews("ada", entries), Provenance(noon(day), 1)


Source = tuple[Any, Provenance]


def sources_of(rng: random.Random, states: list[State]) -> list[Source]:
    """Return sources that tell of a life, in the order of their moments."""
    told: list[Source] = []
    days = range(len(states))
    for day in sorted(rng.sample(days, min(len(days), rng.randint(3, 6)))):
        state = states[day]
        match rng.choice(("archive", "archive", "pages", "feed", "elsewhere")):
            case "archive":
                told.append((archive(state, day), IMPORTED))
            case "pages":
                told += [(page, IMPORTED) for page in pages(rng, state, day)]
            case "feed":
                told.append(feed(state, day))
            case "elsewhere":
                told.append((elsewhere(rng, day), IMPORTED))
    return told


def in_another_order(rng: random.Random, told: list[Source]) -> list[Source]:
    """Return the sources in another order, some more than once; of a feed an earlier reading comes first."""
    order = told + rng.choices(told, k=2)
    rng.shuffle(order)
    readings = [source for source in told if isinstance(source[0], FeedNews)]
    rest = iter(readings)
    in_order = []
    for source in order:
        if not isinstance(source[0], FeedNews):
            in_order.append(source)
        elif (reading := next(rest, None)) is not None:
            in_order.append(reading)
    return in_order


def end_state(connection: sa.Connection, told: list[Source]) -> dict[str, Any]:
    """Take in the sources; return all that is stored of the member then."""
    for item, provenance in told:
        save(item, connection, provenance)
    return stored(connection)


def stored(connection: sa.Connection) -> dict[str, Any]:
    """Return all that is stored of members, films by their names."""
    state: dict[str, Any] = {}
    for table in (ratings, watched, watchlist):
        columns = [column for column in table.c if column.name not in ("user_id", "film_id")]
        name = sa.func.coalesce(films.c.slug, films.c.letterboxd_lid, films.c.title)
        query = sa.select(name, *columns).join_from(table, films, films.c.id == table.c.film_id)
        state[table.name] = {row[0]: tuple(row[1:]) for row in connection.execute(query)}
    # When they were first stored is no matter of sources.
    columns = [column for column in users.c if column.name not in ("id", "created_at")]
    state["users"] = [tuple(row) for row in connection.execute(sa.select(*columns))]
    listings = user_scrape_state.c
    # How many ratings a reading of a feed has set depends on what was known then.
    columns = [column for column in listings if column.name not in ("user_id", "total")]
    query = sa.select(*columns).order_by(listings.listing)
    state["listings"] = [tuple(row) for row in connection.execute(query)]
    return state
