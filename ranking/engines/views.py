"""The store's tables as an engine finds them in the Parquet files of an export."""

from dataclasses import dataclass

# The one cohort of an export.
COHORT = 1


@dataclass(frozen=True, slots=True)
class View:
    """A table of the store: the file that holds it, and for each column the expression over the file."""

    name: str
    file: str
    columns: dict[str, str]

    @property
    def selected(self) -> list[str]:
        """The columns as a SELECT lists them."""
        return [f"{expression} AS {name}" for name, expression in self.columns.items()]


def _same(*names: str) -> dict[str, str]:
    """Return columns that have the same name in the file."""
    return {name: name for name in names}


# What the strategies' queries read, and no more.
VIEWS = (
    View(
        "ratings",
        "ratings",
        {
            "user_id": "member",
            "film_id": "film_id",
            "rating": "stars",
            **_same("rated_at", "first_seen_at", "seen_after"),
        },
    ),
    View("cohort_members", "members", {"cohort_id": str(COHORT), "user_id": "number", "depth": "depth"}),
    View(
        "films",
        "films",
        {
            **_same("id", "letterboxd_film_id", "slug", "title", "tmdb_id", "imdb_id"),
            "release_year": "year",
            "letterboxd_lid": "lid",
            "tmdb_media_type": "media_type",
            "letterboxd_weighted_average": "letterboxd_average",
        },
    ),
)
