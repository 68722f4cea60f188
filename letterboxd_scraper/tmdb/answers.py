"""TMDB's JSON, checked, as details of a film."""

from datetime import date
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, OnErrorOmit, ValidationError

from letterboxd_scraper.errors import TmdbUnreadable
from letterboxd_scraper.items.films import Director, TmdbDetails, TmdbLink
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
    genres: _List[_Genre] = []
    origin_country: _List[str] = []
    production_countries: _List[_Country] = []
    credits: Annotated[_Credits, BeforeValidator(lambda value: value or {})] = _Credits()


def read_details(link: TmdbLink, answer: Any) -> TmdbDetails:
    """Return what an answer tells of the film at ``link``. Raises TmdbUnreadable if it is not about it."""
    try:
        fields = _Answer.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TmdbUnreadable(
            f"TMDB's answer to {link.path} cannot be read: {where}: {first['msg']}"
        ) from None
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
    )


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
