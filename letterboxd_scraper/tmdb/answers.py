"""TMDB's answers, checked, as facts about a film."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from letterboxd_scraper.errors import TmdbUnreadable
from letterboxd_scraper.items.films import Director, TmdbDetails, TmdbLink
from letterboxd_scraper.items.texts import storable

IMAGES = "https://image.tmdb.org/t/p"
POSTER_SIZE = "w500"
PROFILE_SIZE = "w185"


def _readable(kind: type[BaseModel], wanted: Callable[[dict[str, Any]], bool] = bool) -> Any:
    """Return a validator that keeps the readable entries of a list: one bad entry is not the whole film's."""

    def read(values: Any) -> Any:
        found = [each for each in values if isinstance(each, dict) and wanted(each)] if values else []
        return [each for each in found if _is_readable(kind, each)]

    return BeforeValidator(read)


def _is_readable(kind: type[BaseModel], value: dict[str, Any]) -> bool:
    try:
        kind.model_validate(value)
    except ValidationError:
        return False
    return True


def _codes(values: Any) -> Any:
    return [each for each in values or () if isinstance(each, str)]


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


_Number = Annotated[int, Field(gt=0, lt=2**31)]
_Name = Annotated[str, BeforeValidator(_text)]


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
    crew: Annotated[list[_Credit], _readable(_Credit, lambda each: each.get("job") == "Director")] = []


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
    genres: Annotated[list[_Genre], _readable(_Genre)] = []
    origin_country: Annotated[list[str], BeforeValidator(_codes)] = []
    production_countries: Annotated[list[_Country], _readable(_Country)] = []
    credits: Annotated[_Credits, BeforeValidator(lambda value: value or {})] = _Credits()


def read_details(link: TmdbLink, answer: Any) -> TmdbDetails:
    """Return what an answer tells of the film at ``link``. Raises TmdbUnreadable where it is none."""
    try:
        found = _Answer.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TmdbUnreadable(
            f"TMDB's answer to {link.path} cannot be read: {where}: {first['msg']}"
        ) from None
    # A season and an episode have numbers of their own.
    if link.season is None and found.id != link.id:
        raise TmdbUnreadable(f"TMDB answered {link.path} with number {found.id}")
    # Countries of origin have no names, those of production have.
    made_in = {each.iso_3166_1: each.name for each in found.production_countries}
    return TmdbDetails(
        title=found.title or found.name,
        release_date=found.release_date or found.first_air_date or found.air_date,
        # That of a series is of one part or another.
        runtime_minutes=found.runtime or None if link.kind == "movie" else None,
        poster_url=_image(POSTER_SIZE, found.poster_path or found.still_path),
        overview=found.overview,
        countries=tuple(dict.fromkeys(code for code in found.origin_country or made_in if code)),
        country_names=tuple((code, name) for code, name in made_in.items() if name),
        genres=tuple({genre.id: genre.name for genre in found.genres}.items()),
        directors=_directors(found.credits.crew),
    )


def _directors(crew: list[_Credit]) -> tuple[Director, ...]:
    directors: dict[int, Director] = {}
    for credit in crew:
        picture = _image(PROFILE_SIZE, credit.profile_path)
        director = Director(credit.name, None, credit.id, picture, credit.known_for_department)
        directors.setdefault(credit.id, director)
    return tuple(directors.values())


def _image(size: str, path: str | None) -> str | None:
    return f"{IMAGES}/{size}{path}" if path else None
