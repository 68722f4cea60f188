"""The options by which a command that shows or exports a ranking lets its user choose films."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.terminal import options

if TYPE_CHECKING:
    from ranking.choices.filters import Choices


_PANEL = "Which films (repeated: any of them will do)"


def _filter(metavar: str, text: str) -> Any:
    return typer.Option(help=text, metavar=metavar, rich_help_panel=_PANEL)


def _member(text: str) -> Any:
    return options.member(text, rich_help_panel=_PANEL)


def _count(text: str) -> Any:
    return options.count(text, least=0, rich_help_panel=_PANEL)


def film_choices(
    year: Annotated[list[str] | None, _filter("YEARS", "1999, 1990-1999, 2000- or -1959.")] = None,
    decade: Annotated[list[str] | None, _filter("DECADE", "As 1990s.")] = None,
    genre: Annotated[list[str] | None, _filter("NAME", "A genre by its name.")] = None,
    director: Annotated[list[str] | None, _filter("NAME", "A director by name.")] = None,
    country: Annotated[list[str] | None, _filter("NAME", "A country by name or code.")] = None,
    media_type: Annotated[
        Literal["movie", "tv"] | None, _filter("movie|tv", "What TMDB takes it for.")
    ] = None,
    min_watchers: Annotated[int | None, _count("Rated by so many of the cohort at least.")] = None,
    max_watchers: Annotated[int | None, _count("Rated by so many of the cohort at most.")] = None,
    unseen_by: Annotated[
        list[str] | None, _member("Not watched, nor rated, by this member; repeated: by none of them.")
    ] = None,
    rated_by: Annotated[list[str] | None, _member("Rated by this member.")] = None,
    in_list: Annotated[
        list[Path] | None,
        _filter("FILE", "Named in this file: slugs or addresses, one a line, or a Letterboxd list as CSV."),
    ] = None,
    without: Annotated[
        str | None, options.member("Rank as if this member's ratings were not there; nothing is stored.")
    ] = None,
) -> "Choices":
    """Gather the options that every command has which shows or exports a ranking. Raises InputError."""
    from ranking.choices.filters import read_choices

    try:
        return read_choices(
            year=year,
            decade=decade,
            genre=genre,
            director=director,
            country=country,
            media_type=media_type,
            min_watchers=min_watchers,
            max_watchers=max_watchers,
            unseen_by=unseen_by,
            rated_by=rated_by,
            in_list=in_list,
            without=without,
        )
    except InputError as error:  # which begins with the choice's name
        raise InputError(f"--{error}") from None


def with_film_choices(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `film_choices` in place of its parameter ``choices``."""
    options = inspect.signature(film_choices).parameters
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "choices"]

    @wraps(command)
    def run(**given: Any) -> None:
        choices = film_choices(**{name: given.pop(name) for name in options})
        command(**given, choices=choices)

    # Typer reads a command's options from its signature.
    shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *options.values())]
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in shown}
    return run
