"""TMDB's records: the JSON of a movie, a series, a season and an episode, each with its credits."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .directors import Person, crew_member

Record = dict[str, Any]

MOVIE_GENRES = {
    "Action": 28, "Adventure": 12, "Animation": 16, "Comedy": 35, "Crime": 80, "Documentary": 99, "Drama": 18,
    "Family": 10751, "Fantasy": 14, "History": 36, "Horror": 27, "Music": 10402, "Mystery": 9648,
    "Romance": 10749, "Science Fiction": 878, "Thriller": 53, "TV Movie": 10770, "War": 10752, "Western": 37,
}  # fmt: skip
# Where the two number spaces of genres differ in their words.
SERIES_GENRES = {
    "Action": (10759, "Action & Adventure"), "Adventure": (10759, "Action & Adventure"),
    "Science Fiction": (10765, "Sci-Fi & Fantasy"), "Fantasy": (10765, "Sci-Fi & Fantasy"),
    "War": (10768, "War & Politics"),
}  # fmt: skip
COUNTRIES = {
    "US": "United States of America", "GB": "United Kingdom", "FR": "France", "DE": "Germany", "IT": "Italy",
    "JP": "Japan", "KR": "South Korea", "SE": "Sweden", "PL": "Poland", "BR": "Brazil", "IR": "Iran",
    "SU": "Soviet Union", "HK": "Hong Kong", "TR": "Turkey", "CI": "Cote D'Ivoire", "NZ": "New Zealand",
}  # fmt: skip
# By countries: the code of their films' language, and what the site calls it.
LANGUAGES = {
    "US": ("en", "English"), "GB": ("en", "English"), "FR": ("fr", "French"), "DE": ("de", "German"),
    "IT": ("it", "Italian"), "JP": ("ja", "Japanese"), "KR": ("ko", "Korean"), "SE": ("sv", "Swedish"),
    "PL": ("pl", "Polish"), "BR": ("pt", "Portuguese"), "IR": ("fa", "Persian (Farsi)"),
    "SU": ("ru", "Russian"), "HK": ("cn", "Cantonese"), "TR": ("tr", "Turkish"), "CI": ("fr", "French"),
    "NZ": ("en", "English"),
}  # fmt: skip
JOBS = (
    ("Producer", "Production"), ("Screenplay", "Writing"), ("Editor", "Editing"),
    ("Director of Photography", "Camera"), ("First Assistant Director", "Directing"),
    ("Second Unit Director", "Directing"), ("Art Direction", "Art"), ("Director of Operations", "Production"),
    ("Original Music Composer", "Sound"), ("Script Supervisor", "Directing"),
)  # fmt: skip


@dataclass(frozen=True)
class Link:
    """Where TMDB has a film: movies and series are numbered apart, and a film may be a part of a series."""

    kind: str  # "movie" or "tv"
    id: int
    season: int | None = None
    episode: int | None = None

    @property
    def path(self) -> str:
        """The path at TMDB, such as ``/tv/7/season/1/``."""
        season = "" if self.season is None else f"season/{self.season}/"
        episode = "" if self.episode is None else f"episode/{self.episode}/"
        return f"/{self.kind}/{self.id}/{season}{episode}"


@dataclass(frozen=True)
class Subject:
    """What TMDB knows of a film, whatever kind of record it gets."""

    seed: int
    title: str
    date: str | None
    runtime: int
    picture: str | None
    overview: str
    imdb_id: str | None
    genres: Sequence[str]
    produced_in: Sequence[str]
    origin: Sequence[str]
    directors: Sequence[Person]

    @property
    def rng(self) -> random.Random:
        """Chances of this film's own, the same whatever has been asked before."""
        return random.Random(f"record {self.seed}")


def record(subject: Subject, link: Link) -> Record:
    """Return the record at a link, with its credits."""
    if link.kind == "movie":
        return _movie(subject, link.id)
    if link.episode is not None:
        return _episode(subject, link.season or 0, link.episode)
    return _series(subject, link.id) if link.season is None else _season(subject, link.season)


def _movie(subject: Subject, number: int) -> Record:
    genres = [{"id": MOVIE_GENRES[name], "name": name} for name in subject.genres]
    return {
        "adult": False,
        "backdrop_path": _picture(subject, "backdrop"),
        "belongs_to_collection": None,
        "budget": subject.rng.randrange(90_000_000),
        "genres": genres,
        "homepage": "",
        "id": number,
        "imdb_id": subject.imdb_id,
        **_shared(subject),
        "original_title": subject.title,
        "poster_path": subject.picture,
        "release_date": subject.date or "",
        "revenue": 0,
        "runtime": subject.runtime,
        "status": "Released",
        "title": subject.title,
        "video": False,
        "credits": {"cast": _cast(subject), "crew": _crew(subject, subject.directors)},
    }


def _series(subject: Subject, number: int) -> Record:
    """A series, whose credits name no director: those of the episodes are with the episodes."""
    pairs = [SERIES_GENRES.get(name, (MOVIE_GENRES[name], name)) for name in subject.genres]
    seasons = [
        {
            "air_date": subject.date,
            "episode_count": 8,
            "id": _own_number(subject, one),
            "name": f"Season {one}",
            "overview": "",
            "poster_path": None,
            "season_number": one,
            "vote_average": 7.1,
        }
        for one in (1, 2)
    ]
    return {
        "adult": False,
        "backdrop_path": _picture(subject, "backdrop"),
        "created_by": [_named(crew_member(subject.seed), subject)],
        "episode_run_time": [],
        "first_air_date": subject.date or "",
        "genres": [{"id": id_, "name": name} for id_, name in dict.fromkeys(pairs)],
        "homepage": "",
        "id": number,
        "in_production": False,
        "languages": ["en"],
        "last_air_date": subject.date,
        "name": subject.title,
        "networks": [],
        "number_of_episodes": 16,
        "number_of_seasons": 2,
        **_shared(subject),
        "original_name": subject.title,
        "poster_path": subject.picture,
        "seasons": seasons,
        "status": "Ended",
        "type": "Miniseries",
        "credits": {"cast": _cast(subject), "crew": _crew(subject, ())},
    }


def _season(subject: Subject, season: int) -> Record:
    """A season: its number is not the series', and its directors stand with its episodes alone."""
    episodes = [
        {
            **_part(subject, season, one),
            "crew": _crew(subject, subject.directors[one % 2 : one % 2 + 1]),
            "guest_stars": [],
        }
        for one in (1, 2, 3)
    ]
    return {
        "_id": f"{subject.rng.getrandbits(96):024x}",
        "air_date": subject.date,
        "episodes": episodes,
        "id": _own_number(subject, season),
        "name": f"Season {season}" if season else "Specials",
        "networks": [],
        "overview": subject.overview,
        "poster_path": subject.picture,
        "season_number": season,
        "vote_average": 7.8,
        "credits": {"cast": _cast(subject), "crew": _crew(subject, ())},
    }


def _episode(subject: Subject, season: int, episode: int) -> Record:
    crew = _crew(subject, subject.directors)
    guests = [{**one, "order": 100 + one["order"]} for one in _cast(subject)[:1]]
    return {
        **_part(subject, season, episode),
        "name": subject.title,
        "overview": subject.overview,
        "still_path": subject.picture,
        "crew": crew,
        "guest_stars": guests,
        "credits": {"cast": _cast(subject), "crew": crew, "guest_stars": guests},
    }


def _part(subject: Subject, season: int, episode: int) -> Record:
    return {
        "air_date": subject.date,
        "episode_number": episode,
        "episode_type": "standard",
        "id": _own_number(subject, 100 * season + episode),
        "name": f"Episode {episode}",
        "overview": "",
        "production_code": "",
        "runtime": subject.runtime or None,
        "season_number": season,
        "still_path": _picture(subject, f"still {episode}"),
        "vote_average": 8.1,
        "vote_count": 12,
    }


def _shared(subject: Subject) -> Record:
    """What the records of movies and series have alike."""
    produced = [{"iso_3166_1": code, "name": COUNTRIES[code]} for code in subject.produced_in]
    company = {
        "id": 5000 + subject.seed % 400,
        "logo_path": None,
        "name": "Lantern & Sons",
        "origin_country": "",
    }
    return {
        "origin_country": list(subject.origin),
        "original_language": LANGUAGES[subject.produced_in[0]][0],
        "overview": subject.overview,
        "popularity": 12.345,
        "production_companies": [company],
        "production_countries": produced,
        "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
        "tagline": "",
        "vote_average": 7.2,
        "vote_count": 1234,
    }


def _cast(subject: Subject) -> list[Record]:
    people = [crew_member(subject.seed + 17 * place) for place in range(4)]
    return [
        {
            **_credit(person, subject, f"cast {place}"),
            "cast_id": place + 1,
            "character": f"Part {place + 1}",
            "order": place,
        }
        for place, person in enumerate(people)
    ]


def _crew(subject: Subject, directors: Sequence[Person]) -> list[Record]:
    """The crew: directors stand among the others, in the order given, and the first wrote as well."""
    work = [(crew_member(subject.seed + 29 * place), *job) for place, job in enumerate(JOBS)]
    places = sorted(subject.rng.sample(range(len(work)), len(directors)))
    for place, person in reversed(list(zip(places, directors, strict=True))):
        work.insert(place, (person, "Director", "Directing"))
    work += [(person, "Writer", "Writing") for person in directors[:1]]
    return [
        {**_credit(person, subject, f"{job} {place}"), "department": department, "job": job}
        for place, (person, job, department) in enumerate(work)
    ]


def _credit(person: Person, subject: Subject, what: str) -> Record:
    return {
        "adult": False,
        "gender": 0,
        "known_for_department": person.department,
        "original_name": person.name_at_tmdb,
        "popularity": 1.5,
        **_named(person, subject, what),
    }


def _named(person: Person, subject: Subject, what: str = "") -> Record:
    return {
        "credit_id": f"{random.Random(f'{subject.seed} {person.tmdb_id} {what}').getrandbits(96):024x}",
        "id": person.tmdb_id,
        "name": person.name_at_tmdb,
        "profile_path": person.profile_path,
    }


def _own_number(subject: Subject, part: int) -> int:
    """The number of a part, which is in nobody's links."""
    return 20_000_000 + 1_000 * (subject.seed % 100_000) + part


def _picture(subject: Subject, what: str) -> str:
    return f"/{random.Random(f'{what} {subject.seed}').getrandbits(96):024x}.jpg"
