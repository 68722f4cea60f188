"""TMDB's answers, checked, as facts about a film."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from letterboxd_scraper.errors import TmdbUnavailable
from letterboxd_scraper.film_items import Director, TmdbDetails, TmdbLink

IMAGES = "https://image.tmdb.org/t/p"
POSTER_SIZE = "w500"
PROFILE_SIZE = "w185"


def _or_nothing(value: Any) -> Any:
    return [] if value is None else value


def _day(value: Any) -> Any:
    """Read an ISO date; TMDB writes "" for a day that it does not know."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: Any) -> Any:
    return value.strip() or None if isinstance(value, str) else value


_Text = Annotated[str | None, BeforeValidator(_text)]
_Day = Annotated[date | None, BeforeValidator(_day)]


class _Genre(BaseModel):
    id: int
    name: str


class _Country(BaseModel):
    iso_3166_1: str
    name: _Text = None


class _Credit(BaseModel):
    id: int
    name: str
    job: _Text = None
    profile_path: _Text = None
    known_for_department: _Text = None


class _Credits(BaseModel):
    crew: Annotated[list[_Credit], BeforeValidator(_or_nothing)] = []


class _Answer(BaseModel):
    """The fields that are read, of movies, series, seasons and episodes alike."""

    id: int
    title: _Text = None
    name: _Text = None
    release_date: _Day = None
    first_air_date: _Day = None
    air_date: _Day = None
    runtime: int | None = None
    poster_path: _Text = None
    still_path: _Text = None
    overview: _Text = None
    genres: Annotated[list[_Genre], BeforeValidator(_or_nothing)] = []
    origin_country: Annotated[list[str], BeforeValidator(_or_nothing)] = []
    production_countries: Annotated[list[_Country], BeforeValidator(_or_nothing)] = []
    credits: _Credits = _Credits()


def read_details(link: TmdbLink, answer: Any) -> TmdbDetails:
    """Return what an answer tells of the film at ``link``. Raises TmdbUnavailable where it is none."""
    try:
        found = _Answer.model_validate(answer)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TmdbUnavailable(
            f"TMDB's answer to {link.path} cannot be read: {where}: {first['msg']}"
        ) from None
    # A season and an episode have numbers of their own.
    if link.season is None and found.id != link.id:
        raise TmdbUnavailable(f"TMDB answered {link.path} with number {found.id}")
    return TmdbDetails(
        title=found.title or found.name,
        release_date=found.release_date or found.first_air_date or found.air_date,
        # That of a series is of one part or another.
        runtime_minutes=found.runtime or None if link.kind == "movie" else None,
        poster_url=_image(POSTER_SIZE, found.poster_path or found.still_path),
        overview=found.overview,
        countries=_countries(found),
        genres=tuple({genre.id: genre.name for genre in found.genres}.items()),
        directors=_directors(found.credits.crew),
    )


def _countries(found: _Answer) -> tuple[tuple[str, str | None], ...]:
    """Return the countries of origin; TMDB names them where they are countries of production, too."""
    names = {country.iso_3166_1: country.name for country in found.production_countries}
    codes = found.origin_country or list(names)
    return tuple((code, names.get(code)) for code in dict.fromkeys(codes) if code)


def _directors(crew: list[_Credit]) -> tuple[Director, ...]:
    directors = {
        credit.id: Director(
            credit.name,
            tmdb_id=credit.id,
            profile_url=_image(PROFILE_SIZE, credit.profile_path),
            department=credit.known_for_department,
        )
        for credit in reversed(crew)  # who is named twice keeps the first place
        if credit.job == "Director"
    }
    return tuple(reversed(directors.values()))


def _image(size: str, path: str | None) -> str | None:
    return f"{IMAGES}/{size}{path}" if path else None
