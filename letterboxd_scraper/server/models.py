"""What the API answers: every field, so that the OpenAPI document is exact."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from letterboxd_scraper.terminal.options import MOST

ATTRIBUTION = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or otherwise approved by TMDB."
)

# Nothing that a control character stands in is the name of anything.
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[list[Word], Field(max_length=50)]
YearsText = Annotated[
    str, StringConstraints(pattern=r"^([0-9]{4}|[0-9]{4}-([0-9]{4})?|-[0-9]{4})$", max_length=9)
]
DecadeText = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}0s$", max_length=5)]
Count = Annotated[int, Field(ge=0, le=MOST)]
_Number = Annotated[float, Field(allow_inf_nan=False)]


class Paging(BaseModel):
    """Which part of a list is wanted; a parameter that there is not is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=500)] = Field(50, description="How many at most.")
    offset: Count = Field(0, description="How many to skip.")


class FilmChoices(Paging):
    """Which films of a ranking are wanted.

    Of several values of a choice any will do; all choices must hold.
    """

    year: Annotated[list[YearsText], Field(max_length=50)] = Field(
        [], description="1999, 1990-1999, 2000- or -1959."
    )
    decade: Annotated[list[DecadeText], Field(max_length=50)] = Field([], description="As 1990s.")
    genre: Words = Field([], description="A genre by its name.")
    director: Words = Field([], description="A director by name.")
    country: Words = Field([], description="A country by name or code.")
    media_type: Literal["movie", "tv"] | None = Field(None, description="What TMDB takes it for.")
    min_watchers: Count | None = Field(None, description="Rated by so many of the cohort at least.")
    max_watchers: Count | None = Field(None, description="Rated by so many of the cohort at most.")
    unseen_by: Words = Field([], description="Not watched, nor rated, by any of these members.")
    rated_by: Words = Field([], description="Rated by one of these members.")
    min_score: _Number | None = Field(None, description="Leave out films below this score.")


class Page(BaseModel):
    """A part of a list: ``total`` is the length of all of it."""

    total: int
    limit: int
    offset: int


class Cohort(BaseModel):
    """A circle. ``cohort`` is what it is asked for by, ``label`` what it is called."""

    cohort: str
    label: str
    members: int
    updated_at: datetime
    rankings: list[str]


class Cohorts(BaseModel):
    cohorts: list[Cohort]


class Member(BaseModel):
    """A member, called ``name``; ``unseen_by`` and ``rated_by`` take ``member``."""

    member: str
    name: str
    profile: str | None
    depth: int
    status: Literal["ok", "private", "gone"]
    ratings: int
    mean: float | None
    read_in_full_at: datetime | None
    changes_read_at: datetime | None


class Members(Page):
    cohort: str
    members: list[Member]


class StoredRanking(BaseModel):
    """A ranking of a cohort; its computation is what `letterboxd rank compute` does."""

    strategy: str
    meaning: str
    films: int
    computed_at: datetime
    parameters: dict[str, float]


class StoredRankings(BaseModel):
    cohort: str
    rankings: list[StoredRanking]


class RankedFilm(BaseModel):
    """A film's place: ``mean`` in stars, ``low`` and ``high`` bound the score's 90 % interval."""

    rank: int
    title: str
    year: int | None
    score: float
    low: float | None
    high: float | None
    watchers: int
    mean: float | None
    slug: str | None
    parameters: dict[str, float]
    link: str
    computed_at: datetime


class Ranking(Page):
    """The films of a ranking that fit, best first; ``remarks`` say what is not known."""

    cohort: str
    strategy: str
    films: list[RankedFilm]
    remarks: list[str]
    attribution: str = ATTRIBUTION


class Country(BaseModel):
    code: str
    name: str


class Opinions(BaseModel):
    """What the cohort thinks of a film; ``histogram`` counts ratings, half a star to five."""

    watchers: int
    mean: float | None
    histogram: dict[str, int]


class SiteOpinions(BaseModel):
    """What all of Letterboxd thinks of a film; ``histogram`` is empty if it was never read."""

    average: float | None
    ratings: int | None
    fans: int | None
    histogram: dict[str, int]
    histogram_read_at: datetime | None


class Standing(BaseModel):
    """A film's place among the ``films`` that a strategy ranks."""

    strategy: str
    rank: int
    films: int
    score: float
    low: float | None
    high: float | None
    parameters: dict[str, float]
    computed_at: datetime


class Film(BaseModel):
    """All about one film in one cohort."""

    cohort: str
    slug: str | None
    title: str
    year: int | None
    link: str
    release_date: date | None
    runtime_minutes: int | None
    overview: str | None
    poster_url: str | None
    genres: list[str]
    countries: list[Country]
    directors: list[str]
    media_type: str | None
    tmdb_id: int | None
    imdb_id: str | None
    tmdb_read_at: datetime | None
    circle: Opinions
    letterboxd: SiteOpinions
    rankings: list[Standing]
    attribution: str = ATTRIBUTION


class Run(BaseModel):
    """The latest run of its type."""

    type: str
    status: Literal["running", "finished", "failures", "blocked", "failed", "interrupted"]
    started_at: datetime
    finished_at: datetime | None
    requests: int


class RankingAge(BaseModel):
    strategy: str
    computed_at: datetime
    age_seconds: float


class Freshness(BaseModel):
    """How old what is known of a cohort is, as of ``at``.

    ``oldest_full_reading_at`` is of the member who waits longest; ``ratings_changed_at`` when a stored rating
    last changed. ``statistics_current`` is false while ratings or memberships have changed since the
    statistics of all cohorts were counted.
    """

    cohort: str
    at: datetime
    members: int
    members_read_in_full: int
    oldest_full_reading_at: datetime | None
    newest_full_reading_at: datetime | None
    changes_read_at: datetime | None
    ratings: int
    ratings_changed_at: datetime | None
    statistics_current: bool
    rankings: list[RankingAge]
    runs: list[Run]
