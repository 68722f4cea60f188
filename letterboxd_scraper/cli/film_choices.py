"""The options by which a command that shows or exports a ranking lets its user choose films."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.help import Command, command_of
from ranking.choices.filters import Choices, read_choices

_PANEL = "Which films (repeated: any of them will do)"
_IN_CONTEXT = "letterboxd_scraper.choices"


def _filter(metavar: str, text: str) -> Any:
    return options.value(metavar, text, rich_help_panel=_PANEL)


def _member(text: str) -> Any:
    return options.member_who(text, rich_help_panel=_PANEL)


def _count(text: str, least: int = 0, **more: Any) -> Any:
    return options.count(text, least=least, rich_help_panel=_PANEL, **more)


def film_choices(
    year: Annotated[list[str] | None, _filter("YEARS", "1999, 1990-1999, 2000- or -1959.")] = None,
    decade: Annotated[list[str] | None, _filter("DECADE", "As 1990s.")] = None,
    genre: Annotated[list[str] | None, _filter("NAME", "A genre by its name.")] = None,
    director: Annotated[list[str] | None, _filter("NAME", "A director by name.")] = None,
    country: Annotated[list[str] | None, _filter("NAME", "A country by name or code.")] = None,
    language: Annotated[
        list[str] | None, _filter("NAME", "The language that it was made in, by name or code.")
    ] = None,
    media_type: Annotated[
        str | None, options.word(("movie", "tv"), "What TMDB takes it for.", rich_help_panel=_PANEL)
    ] = None,
    min_watchers: Annotated[int | None, _count("Rated by so many of the cohort at least.")] = None,
    max_watchers: Annotated[int | None, _count("Rated by so many of the cohort at most.")] = None,
    max_runtime: Annotated[int | None, _count("So many minutes long at most.", metavar="MINUTES")] = None,
    wanted_by: Annotated[
        int | None, _count("On so many of the cohort's watchlists at least.", least=1)
    ] = None,
    on_watchlist_of: Annotated[list[str] | None, _member("On this member's watchlist.")] = None,
    not_on_watchlist_of: Annotated[
        list[str] | None, _member("Not on this member's watchlist; repeated: on none of theirs.")
    ] = None,
    unseen_by: Annotated[
        list[str] | None, _member("Not watched, nor rated, by this member; repeated: by none of them.")
    ] = None,
    rated_by: Annotated[list[str] | None, _member("Rated by this member.")] = None,
    in_list: Annotated[
        list[Path] | None,
        _filter("FILE", "Named in this file: titles or addresses, one a line, or a Letterboxd list as CSV."),
    ] = None,
    without: Annotated[
        str | None, options.without("Rank as if this member's ratings were not there; nothing is stored.")
    ] = None,
) -> Choices:
    """Return the choices that these options stand for. Raises InputError."""
    try:
        return read_choices(
            year=year,
            decade=decade,
            genre=genre,
            director=director,
            country=country,
            language=language,
            media_type=media_type,
            min_watchers=min_watchers,
            max_watchers=max_watchers,
            max_runtime=max_runtime,
            wanted_by=wanted_by,
            on_watchlist_of=on_watchlist_of,
            not_on_watchlist_of=not_on_watchlist_of,
            unseen_by=unseen_by,
            rated_by=rated_by,
            in_list=in_list,
            without=without,
        )
    except InputError as error:  # which begins with the choice's name
        raise InputError(f"--{error}") from None


class _CommandWithChoices(Command):
    """A command that has the options of `film_choices` beside its own."""

    def __init__(self, *arguments: Any, params: list[Any], **settings: Any) -> None:
        self.choices = command_of(film_choices)
        super().__init__(*arguments, params=[*params, *self.choices.params], **settings)

    def invoke(self, ctx: Any) -> Any:
        values = {option.name: ctx.params.pop(option.name) for option in self.choices.params}
        ctx.meta[_IN_CONTEXT] = ctx.invoke(self.choices.callback, **values)
        return super().invoke(ctx)


def with_film_choices(function: Callable[..., None]) -> TyperCommand:
    """Return a function's command, with the options of `film_choices`; `choices_of` returns what they say."""
    return command_of(function, _CommandWithChoices)


def choices_of(context: typer.Context) -> Choices:
    """Return the user's choice of films, in a command made `with_film_choices`."""
    return cast(Choices, context.meta[_IN_CONTEXT])
