"""The truth about films beyond title and year: what their pages show, what TMDB says, what to expect of both.

All of it follows from the film alone, most of it from its number: nothing here changes or is drawn in order.
"""

import random
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

from .directors import NAMESAKES, OTHERWISE_SPELLED, POOL, UNNUMBERED, Person
from .records import COUNTRIES, LANGUAGES, MOVIE_GENRES, Link, Record, Subject, record
from .world import LINK, Film

Oddity = Literal[
    "ordinary", "series", "season", "episode", "no link", "no tmdb", "not found", "empty at tmdb",
    "bare page", "other spelling", "one omitted", "few ratings", "namesakes", "unnamed country", "no year",
]  # fmt: skip
# One film of thirty-two each; the others are ordinary.
ODDITIES: tuple[Oddity, ...] = (
    "series", "season", "episode", "no link", "no tmdb", "not found", "empty at tmdb", "bare page",
    "other spelling", "one omitted", "few ratings", "namesakes", "unnamed country",
)  # fmt: skip
IMAGES = "https://image.tmdb.org/t/p/w500"

_PARTS: tuple[Oddity, ...] = ("series", "season", "episode")
_WHO = (
    "A lighthouse keeper & his sister's dog", "The last projectionist of a seaside town",
    "Two rival <bakers>",
    "“Nobody’s” favourite cartographer", "An out-of-work ventriloquist", 'A "retired" safe-cracker',
    "A choir of seven", "The widow of a clockmaker",
)  # fmt: skip
_DOES = (
    "must carry a piano across the marshes", "finds a door that wasn't there", "keeps a promise made in 1911",
    "learns to forget", "waits for a ferry that never comes", "forges a signature—and is believed",
)  # fmt: skip
_WHEN = (
    "during one long night.",
    "while the town sleeps.",
    "until the snow melts.",
    "before it is too late.",
)


@dataclass(frozen=True)
class Histogram:
    """How everybody rates a film: ten counts, half a star to five; ``older`` is the form of its fragment."""

    counts: tuple[int, ...]
    average: float | None
    fans: str | None
    older: bool

    @property
    def ratings(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Look:
    """In which of its forms a film's page comes."""

    label: str  # of the link to TMDB
    genres_tab: str  # its id
    lists_genres: bool  # there; they are in the JSON-LD in any case


@dataclass(frozen=True)
class Details:
    """What a film's page shows and, in ``tmdb``, what TMDB answers (None: that it has no such film)."""

    oddity: Oddity
    link: Link | None
    body_tmdb_id: int | None
    body_tmdb_type: str
    imdb_id: str | None
    runtime: int | None
    poster: str | None
    overview: str | None
    genres: tuple[str, ...]
    countries: tuple[str, ...]
    language: tuple[str, str] | None  # its code, and what the page calls it
    directors: tuple[Person, ...]
    average: float | None
    count: int | None
    look: Look
    histogram: Histogram
    tmdb: Record | None

    @property
    def at_tmdb(self) -> Link | None:
        """Where TMDB is to be asked: as the link says, else as the body does."""
        return self.link or (Link(self.body_tmdb_type, self.body_tmdb_id) if self.body_tmdb_id else None)


def oddity(film: Film) -> Oddity:
    """Return what is odd about a film: as its number decides, unless its link is a given one."""
    place = zlib.crc32(f"oddity {film.id}".encode()) % 32
    by_number: Oddity = ODDITIES[place] if place < len(ODDITIES) else "ordinary"
    if film.year is None:
        by_number = "no year"
    if film.link is None:
        return by_number
    link = _given(film.link)
    if link is None:
        return "no tmdb"
    if link.kind == "tv":
        return _PARTS[(link.season is not None) + (link.episode is not None)]
    return "ordinary" if by_number in ("no tmdb", "no link", "not found", *_PARTS) else by_number


def where_at_tmdb(film: Film) -> Link | None:
    """Return where TMDB has a film or, for "not found", does not have it any more."""
    return _given(film.link) if film.link is not None else _usual_link(film)


def directors_of(film: Film) -> tuple[Person, ...]:
    """Return the directors that the page names, in its order."""
    rng, kind = random.Random(f"directors {film.id}"), oddity(film)
    if kind == "namesakes":
        return rng.choice(NAMESAKES)
    if kind == "other spelling":
        odd, other = rng.choice(OTHERWISE_SPELLED), rng.choice(POOL)
        return rng.choice([(odd,), (odd, other), (other, odd)])
    count = rng.choices([1, 2, 3], weights=[80, 17, 3])[0]
    number = {"series": 3, "one omitted": 2}.get(kind, count)
    # A quarter of the pool directs half of the films.
    crowd = POOL[: len(POOL) // 4] if rng.random() < 0.33 else POOL
    chosen = rng.sample(crowd, number)
    if kind in ("series", "no tmdb") and rng.random() < 0.4:
        chosen[-1] = UNNUMBERED
    return tuple(chosen)


@cache
def details(film: Film) -> Details:
    """Return all about a film, the same every time."""
    rng, kind = random.Random(f"film {film.id}"), oddity(film)
    subject, page_runtime = _subject(film, rng)
    histogram = _histogram(rng, kind == "few ratings", film.id % 5 == 0)
    look = Look(
        "TMDb" if rng.random() < 0.12 else "TMDB",
        rng.choice(["tab-genres", "tab-panel-genres"]),
        rng.random() >= 0.08,
    )
    place = where_at_tmdb(film)
    overview, bare = _overview(rng), kind == "bare page"
    poster = f"{rng.getrandbits(64):016x}-0-230-0-345-crop.jpg?v={rng.getrandbits(40):010x}"
    return Details(
        oddity=kind,
        link=None if kind == "no link" else place,
        body_tmdb_id=place.id if place and place.kind == "movie" else None,
        body_tmdb_type="movie",
        imdb_id=subject.imdb_id,
        runtime=page_runtime,
        poster=None if bare else f"https://a.ltrbxd.com/resized/film-poster/{film.id}/{poster}",
        overview=None if bare else overview,
        genres=tuple(subject.genres[:2]),
        countries=tuple(COUNTRIES[code] for code in subject.produced_in),
        language=None if bare else LANGUAGES[subject.produced_in[0]],
        directors=directors_of(film),
        average=histogram.average,
        count=histogram.ratings if histogram.average else None,
        look=look,
        histogram=histogram,
        tmdb=None if place is None or kind == "not found" else record(_as_tmdb_has_it(subject, film), place),
    )


def series_record(film: Film) -> Record | None:
    """Return the record of the whole series where the film is but a part of it."""
    place = where_at_tmdb(film)
    if place is None or place.season is None:
        return None
    subject, _ = _subject(film, random.Random(f"film {film.id}"))
    return record(_as_tmdb_has_it(subject, film), Link("tv", place.id))


@dataclass(frozen=True)
class Expected:
    """What a database should hold once a film's page, TMDB and the film's ``rating-histogram`` were read.

    ``tmdb_id`` is the number in the link: that of the series, too, where the link leads to a part of one.
    A director is a name, a slug and a number at TMDB. Countries are those of origin.
    """

    tmdb_id: int | None
    tmdb_media_type: str | None
    tmdb_show_id: int | None
    tmdb_season_number: int | None
    tmdb_episode_number: int | None
    tmdb_not_found: bool
    imdb_id: str | None
    runtime_minutes: int | None
    original_language: str | None
    language_by: str | None
    poster_url: str | None
    overview: str | None
    release_date: date | None
    release_year: int | None
    genres: frozenset[str]
    countries: dict[str, str | None]
    directors: tuple[tuple[str, str | None, int | None], ...]
    average: float | None
    ratings: int
    fans: int | None
    histogram: tuple[int, ...]


def expected(film: Film) -> Expected:
    """Return what is to be found out about a film: TMDB's word first, the page's where TMDB has none."""
    about = details(film)
    link, said = about.at_tmdb, about.tmdb or {}
    day = said.get("release_date") or said.get("first_air_date") or said.get("air_date")
    picture = said.get("still_path") if link and link.episode is not None else said.get("poster_path")
    runtime = said.get("runtime") if link and link.kind == "movie" else None
    language = about.language[0] if about.language else said.get("original_language")
    is_part = link is not None and link.season is not None
    return Expected(
        tmdb_id=link.id if link else None,
        tmdb_media_type=link.kind if link else None,
        tmdb_show_id=link.id if link and is_part else None,
        tmdb_season_number=link.season if link else None,
        tmdb_episode_number=link.episode if link else None,
        tmdb_not_found=link is not None and about.tmdb is None,
        imdb_id=about.imdb_id,
        runtime_minutes=runtime or about.runtime,
        original_language=language,
        language_by="page" if about.language else "tmdb" if language else None,
        poster_url=IMAGES + picture if picture else about.poster,
        overview=said.get("overview") or about.overview,
        release_date=date.fromisoformat(day) if day else None,
        release_year=film.year or (int(day[:4]) if day else None),
        genres=frozenset(genre["name"] for genre in said.get("genres", ())) or frozenset(about.genres),
        countries=_countries(said),
        directors=_all_directors(about),
        average=about.average,
        ratings=about.histogram.ratings,
        fans=_whole(about.histogram.fans) if about.histogram.older else None,
        histogram=about.histogram.counts,
    )


def _countries(said: Record) -> dict[str, str | None]:
    names = {one["iso_3166_1"]: one["name"] for one in said.get("production_countries", ())}
    return {code: names.get(code) for code in said.get("origin_country", ())}


def _all_directors(about: Details) -> tuple[tuple[str, str | None, int | None], ...]:
    """TMDB's directors, then those that the page alone has; one name or one number is one person."""
    crew = (about.tmdb or {}).get("credits", {}).get("crew", ())
    by_tmdb = [(one["name"], one["id"]) for one in crew if one["job"] == "Director"]
    on_page, there = Counter(one.name for one in about.directors), Counter(name for name, _ in by_tmdb)
    by_name = {one.name: one for one in about.directors if on_page[one.name] == there[one.name] == 1}
    alone = [one for one in about.directors if one.name not in by_name]
    by_number = {one.page_tmdb_id: one for one in alone}
    directors = []
    for name, number in by_tmdb:
        match = by_name.get(name) or by_number.get(number)
        directors.append((name, match.slug if match else None, number))
    numbers = {number for _, number in by_tmdb}
    rest = [(one.name, one.slug, one.page_tmdb_id) for one in alone if one.page_tmdb_id not in numbers]
    return (*directors, *rest)


def _usual_link(film: Film) -> Link | None:
    """Films are numbered otherwise at TMDB, and series otherwise again; season 0 is that of the specials."""
    kind = oddity(film)
    if kind == "no tmdb":
        return None
    if kind not in _PARTS:
        return Link("movie", 3 * film.id + 11)
    season = None if kind == "series" else film.id % 4
    return Link("tv", 2 * film.id + 5, season, film.id % 12 + 1 if kind == "episode" else None)


def _given(link: str) -> Link | None:
    match = LINK.fullmatch(link)
    if match is None:
        return None
    season, episode = (int(part) if part else None for part in match.groups()[2:])
    return Link(match[1], int(match[2]), season, episode)


def _subject(film: Film, rng: random.Random) -> tuple[Subject, int | None]:
    """Return what TMDB would know of a film that is not odd, and the runtime that the page has."""
    year = film.year or rng.randint(2025, 2028)
    premiere = date(year, 1, 1) + timedelta(rng.randrange(365))
    if rng.random() < 0.1:  # seen at a festival the year before
        premiere += timedelta(365)
    runtime = rng.randint(71, 210)
    # The two of them count a little differently now and then; some pages do not say.
    on_page = rng.choices([runtime, runtime + 1, runtime - 2, None], weights=[75, 10, 8, 7])[0]
    codes = rng.sample(list(COUNTRIES), rng.choice([1, 1, 1, 2, 3]))
    subject = Subject(
        seed=film.id,
        title=film.title,
        date=premiere.isoformat(),
        runtime=runtime,
        picture=f"/{rng.getrandbits(96):024x}.jpg",
        overview="",
        imdb_id=f"tt{film.id + 1_000_000:07}" if rng.random() < 0.94 else None,
        genres=rng.sample(list(MOVIE_GENRES), rng.choice([1, 2, 2, 3])),
        produced_in=codes,
        origin=codes[: rng.randint(1, len(codes))],
        directors=directors_of(film),
    )
    return subject, on_page


def _as_tmdb_has_it(subject: Subject, film: Film) -> Subject:
    """Return what TMDB knows in truth: with its own text, and with what is odd about the film."""
    rng, kind = random.Random(f"tmdb {film.id}"), oddity(film)
    people = list(subject.directors)
    if len(people) > 1 and rng.random() < 0.4:
        people.reverse()
    if kind == "one omitted":
        people.pop()
    empty = kind == "empty at tmdb"
    origin = list(subject.origin)
    if kind == "unnamed country":
        origin.append(rng.choice([code for code in COUNTRIES if code not in subject.produced_in]))
    return Subject(
        seed=subject.seed,
        title=subject.title,
        date=None if empty else subject.date,
        runtime=0 if empty else subject.runtime,
        picture=None if empty else subject.picture,
        overview="" if empty else _overview(rng),
        imdb_id=subject.imdb_id,
        genres=[] if rng.random() < 0.06 else subject.genres,
        produced_in=subject.produced_in,
        origin=origin,
        directors=people,
    )


def _overview(rng: random.Random) -> str:
    return " ".join((rng.choice(_WHO), rng.choice(_DOES), rng.choice(_WHEN)))


def _histogram(rng: random.Random, few: bool, older: bool) -> Histogram:
    """Return counts around an opinion; a film with few ratings has no average and no fans yet."""
    opinion, total = rng.uniform(4.5, 9), 24 if few else int(10 ** rng.uniform(2.2, 6.2))
    weights = [max(0.004, 2.718 ** (-((level - opinion) ** 2) / 5)) for level in range(1, 11)]
    if few:
        weights[0] = 0
        votes = Counter(rng.choices(range(10), weights, k=rng.randint(1, total)))
        return Histogram(tuple(votes[level] for level in range(10)), None, None, older)
    counts = tuple(int(total * weight / sum(weights)) for weight in weights)
    mean = sum(level * count for level, count in enumerate(counts, start=1)) / sum(counts) / 2
    fans = rng.choice([0, 1, rng.randint(2, 999), int(total * rng.uniform(0.002, 0.09))])
    return Histogram(counts, round(mean - 0.01, 2), _short(fans), older)


def _short(fans: int) -> str | None:
    """Write a number of fans as the site does, ``75K fans``; nobody is nothing.

    >>> [_short(fans) for fans in (0, 1, 999, 7_512, 75_400, 1_234_000)]
    [None, '1 fan', '999 fans', '7.5K fans', '75K fans', '1.2M fans']
    """
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if fans >= size:
            digits = f"{fans / size:.1f}" if fans < 10 * size else f"{fans // size}"
            return f"{digits.removesuffix('.0')}{letter} fans"
    return (f"{fans} fan" if fans == 1 else f"{fans} fans") if fans else None


def _whole(text: str | None) -> int | None:
    """Read a number of fans.

    >>> [_whole(text) for text in (None, "1 fan", "999 fans", "7.5K fans", "1.2M fans")]
    [None, 1, 999, 7500, 1200000]
    """
    if text is None:
        return None
    number = text.split()[0]
    return round(float(number.rstrip("KM")) * {"K": 1_000, "M": 1_000_000}.get(number[-1], 1))
