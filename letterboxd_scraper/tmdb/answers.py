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
        if credit.job == "Director":
            picture = _image(PROFILE_SIZE, credit.profile_path)
            director = Director(credit.name, None, credit.id, picture, credit.known_for_department)
            directors.setdefault(credit.id, director)
    return tuple(directors.values())


def _image(size: str, path: str | None) -> str | None:
    return f"{IMAGES}/{size}{path}" if path else None
