"""The options by which a command that shows or exports a ranking lets its user choose films."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from ranking.filters import Choices


# What a database's whole number holds.
_MOST = 2_147_483_647


_PANEL = "Which films (repeated: any of them will do)"


def _filter(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=_PANEL)


def _count(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=_PANEL, min=0, max=_MOST)


def film_choices(
    year: Annotated[list[str] | None, _filter("1999, 1990-1999, 2000- or -1959.")] = None,
    decade: Annotated[list[str] | None, _filter("As 1990s.")] = None,
    genre: Annotated[list[str] | None, _filter("A genre by its name.")] = None,
    director: Annotated[list[str] | None, _filter("A director by name.")] = None,
    country: Annotated[list[str] | None, _filter("A country by name or code.")] = None,
    media_type: Annotated[Literal["movie", "tv"] | None, _filter("What TMDB takes it for.")] = None,
    min_watchers: Annotated[int | None, _count("Rated by so many of the cohort at least.")] = None,
    max_watchers: Annotated[int | None, _count("Rated by so many of the cohort at most.")] = None,
    unseen_by: Annotated[
        list[str] | None, _filter("Not watched, nor rated, by this member; repeated: by none of them.")
    ] = None,
    rated_by: Annotated[list[str] | None, _filter("Rated by this member.")] = None,
    in_list: Annotated[
        list[Path] | None,
        _filter("Named in this file: slugs or addresses, one a line, or a Letterboxd list as CSV."),
    ] = None,
    without: Annotated[
        str | None, typer.Option(help="Rank as if this member's ratings were not there; nothing is stored.")
    ] = None,
) -> "Choices":
    """Gather the options that every command has which shows or exports a ranking. Raises InputError."""
    from ranking.filters import Choices, read_decade, read_years

    return Choices(
        years=tuple(map(read_years, year or ())),
        decades=tuple(map(read_decade, decade or ())),
        genres=tuple(genre or ()),
        directors=tuple(director or ()),
        countries=tuple(country or ()),
        media_type=media_type,
        min_watchers=min_watchers,
        max_watchers=max_watchers,
        unseen_by=tuple(unseen_by or ()),
        rated_by=tuple(rated_by or ()),
        lists=tuple(in_list or ()),
        without=without,
    )


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
