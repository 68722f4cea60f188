"""TMDB's JSON, checked, as details of a film."""

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, ValidationError

from letterboxd_scraper import languages
from letterboxd_scraper.errors import TmdbUnreadable
from letterboxd_scraper.items.films import Director, TmdbDetails, TmdbHit, TmdbHits, TmdbLink
from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.items.texts import storable

IMAGES = "https://image.tmdb.org/t/p"
POSTER_SIZE = "w500"
PROFILE_SIZE = "w185"


def _day(value: Any) -> Any:
    """Read an ISO date; TMDB writes "" for a day that it does not know."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: Any) -> Any:
    return storable(value).strip() or None if isinstance(value, str) else value


_Text = Annotated[str | None, BeforeValidator(_text)]
_Day = Annotated[date | None, BeforeValidator(_day)]
_Number = Annotated[int, Field(gt=0, le=LARGEST_INTEGER)]
_Name = Annotated[str, BeforeValidator(_text)]
_Entry = TypeVar("_Entry")
_Model = TypeVar("_Model", bound=BaseModel)
# Null is an empty list, and an entry that cannot be read is left out: the film is more than one bad entry.
_List = Annotated[list[OnErrorOmit[_Entry]], BeforeValidator(lambda entries: entries or [])]


class _Genre(BaseModel):
    id: _Number
    name: _Name


class _Country(BaseModel):
    iso_3166_1: str
    name: _Text = None


class _Credit(BaseModel):
    id: _Number
    name: _Name
    job: _Text = None
    profile_path: _Text = None
    known_for_department: _Text = None


class _Credits(BaseModel):
    crew: _List[_Credit] = []


class _Answer(BaseModel):
    """The fields that are read, of movies, series, seasons and episodes alike."""

    id: int
    title: _Text = None
    name: _Text = None
    release_date: _Day = None
    first_air_date: _Day = None
    air_date: _Day = None
    runtime: Annotated[int | None, Field(ge=0, lt=100_000)] = None
    poster_path: _Text = None
    still_path: _Text = None
    overview: _Text = None
    original_language: _Text = None
    genres: _List[_Genre] = []
    origin_country: _List[str] = []
    production_countries: _List[_Country] = []
    credits: Annotated[_Credits, BeforeValidator(lambda value: value or {})] = _Credits()


class _Hit(BaseModel):
    """The fields that are read of a film in a list, be it a movie or a series."""

    id: _Number
    title: _Text = None
    original_title: _Text = None
    name: _Text = None
    original_name: _Text = None
    release_date: _Day = None
    first_air_date: _Day = None


class _Search(BaseModel):
    # Of a list that cannot be read whole nobody knows whether just one film fits.
    results: list[_Hit]
    total_pages: Annotated[int, Field(ge=0)]


class _Find(BaseModel):
    movie_results: list[_Hit]
    tv_results: list[_Hit]


def read_details(link: TmdbLink, answer: Any) -> TmdbDetails:
    """Return what an answer tells of the film at ``link``. Raises TmdbUnreadable if it is not about it."""
    fields = _read(_Answer, answer, link.path)
    # A season and an episode have numbers of their own.
    if link.season is None and fields.id != link.id:
        raise TmdbUnreadable(f"TMDB answered {link.path} with number {fields.id}")
    # Countries of origin have no names, those of production have.
    made_in = {country.iso_3166_1: country.name for country in fields.production_countries}
    return TmdbDetails(
        title=fields.title or fields.name,
        release_date=fields.release_date or fields.first_air_date or fields.air_date,
        # A series has the runtime of one of its episodes.
        runtime_minutes=fields.runtime or None if link.kind == "movie" else None,
        poster_url=_image(POSTER_SIZE, fields.poster_path or fields.still_path),
        overview=fields.overview,
        countries=tuple(dict.fromkeys(code for code in fields.origin_country or made_in if code)),
        country_names=tuple((code, name) for code, name in made_in.items() if name),
        genres=tuple({genre.id: genre.name for genre in fields.genres}.items()),
        directors=_directors(fields.credits.crew),
        original_language=fields.original_language if fields.original_language in languages.NAMES else None,
    )


def read_search(path: str, answer: Any) -> TmdbHits:
    """Return the movies that an answer names. Raises TmdbUnreadable where it cannot be read whole."""
    fields = _read(_Search, answer, path)
    return TmdbHits(tuple(_hit("movie", hit) for hit in fields.results), fields.total_pages)


def read_find(path: str, answer: Any) -> tuple[TmdbHit, ...]:
    """Return the movies and series that an answer names. Raises TmdbUnreadable."""
    fields = _read(_Find, answer, path)
    movies, series = fields.movie_results, fields.tv_results
    return (*(_hit("movie", hit) for hit in movies), *(_hit("tv", hit) for hit in series))


def _hit(kind: Literal["movie", "tv"], hit: _Hit) -> TmdbHit:
    titles = (hit.title, hit.original_title, hit.name, hit.original_name)
    day = hit.release_date or hit.first_air_date
    distinct = tuple(dict.fromkeys(title for title in titles if title))
    return TmdbHit(TmdbLink(kind, hit.id), distinct, day.year if day else None)


def _read(model: type[_Model], answer: Any, path: str) -> _Model:
    """Return an answer as this model. Raises TmdbUnreadable."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TmdbUnreadable(f"TMDB's answer to {path} cannot be read: {where}: {first['msg']}") from None


def _directors(crew: list[_Credit]) -> tuple[Director, ...]:
    directors: dict[int, Director] = {}
    for credit in crew:
        if credit.job == "Director":
            picture = _image(PROFILE_SIZE, credit.profile_path)
            director = Director(credit.name, None, credit.id, picture, credit.known_for_department)
            directors.setdefault(credit.id, director)
    return tuple(directors.values())


def _image(size: str, path: str | None) -> str | None:
    return f"{IMAGES}/{size}{path}" if path else None
