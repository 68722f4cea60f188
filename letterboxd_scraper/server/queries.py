"""What may be asked for in an address: names, parts of lists, films of a ranking."""

from typing import Annotated, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from letterboxd_scraper.items.limits import LARGEST_INTEGER
from letterboxd_scraper.server.served import ServedCohort, user_names
from ranking.choices.filters import Choices, read_choices

# Nothing that a control character stands in is the name of anything.
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[list[Word], Field(max_length=50)]
YearsText = Annotated[
    str, StringConstraints(pattern=r"^([0-9]{4}|[0-9]{4}-([0-9]{4})?|-[0-9]{4})$", max_length=9)
]
DecadeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}0s$", max_length=5)]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
# Which choices name members.
OF_MEMBERS = ("on_watchlist_of", "not_on_watchlist_of", "unseen_by", "rated_by")
_Number = Annotated[float, Field(allow_inf_nan=False)]


class Paging(BaseModel):
    """Which part of a list to return; a parameter that there is not is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=500)] = Field(50, description="How many at most.")
    offset: Count = Field(0, description="How many to skip.")


class FilmQuery(BaseModel):
    """Which films to return: choices of `ranking.choices.filters.read_choices`, by their names.

    Of several values of a choice any will do; all choices must hold.
    """

    model_config = ConfigDict(extra="forbid")

    year: Annotated[list[YearsText], Field(max_length=50)] = Field(
        [], description="1999, 1990-1999, 2000- or -1959."
    )
    decade: Annotated[list[DecadeText], Field(max_length=50)] = Field([], description="As 1990s.")
    genre: Words = Field([], description="A genre by its name.")
    director: Words = Field([], description="A director by name.")
    country: Words = Field([], description="A country by name or code.")
    language: Words = Field([], description="The language that it was made in, by name or code.")
    media_type: Literal["movie", "tv"] | None = Field(None, description="What TMDB takes it for.")
    min_watchers: Count | None = Field(None, description="Rated by so many of the cohort at least.")
    max_watchers: Count | None = Field(None, description="Rated by so many of the cohort at most.")
    max_runtime: Count | None = Field(None, description="So many minutes long at most.")
    wanted_by: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] | None = Field(
        None, description="On the watchlists of so many of the cohort's members at least."
    )
    on_watchlist_of: Words = Field([], description="On the watchlist of one of these members.")
    not_on_watchlist_of: Words = Field([], description="On the watchlist of none of these members.")
    unseen_by: Words = Field([], description="Not watched, nor rated, by any of these members.")
    rated_by: Words = Field([], description="Rated by one of these members.")
    min_score: _Number | None = Field(None, description="Leave out films below this score.")


class RankingQuery(FilmQuery, Paging):
    """Which films of a ranking to return, and which part of the list of them."""


def choices_of(connection: sa.Connection, circle: ServedCohort, query: FilmQuery) -> Choices:
    """Return the choice of films that a query makes. Raises InputError, and UnknownName for a member."""
    filters = query.model_dump(include=FilmQuery.model_fields.keys() - {"min_score"})
    for name in OF_MEMBERS:
        filters[name] = user_names(connection, circle, filters[name])
    return read_choices(**filters)
