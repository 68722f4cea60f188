"""The columns of the Parquet files that `export parquet` and `rank compute --data` write."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

_MOMENT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())
_Column = tuple[str, pa.DataType, str]


def _schema(*columns: _Column) -> pa.Schema:
    """Return a schema whose fields carry their descriptions."""
    return pa.schema(
        [
            pa.field(name.rstrip("!"), kind, nullable=not name.endswith("!"), metadata={"description": text})
            for name, kind, text in columns
        ]
    )


# A column with an exclamation mark has a value in every row.
RATINGS = _schema(
    ("member!", pa.int32(), "The member's number in members.parquet."),
    ("film_id!", pa.int32(), "The film's id in films.parquet."),
    ("stars", pa.float32(), "0.5 to 5 in half steps; null: liked or a favourite, but not rated."),
    ("liked!", pa.bool_(), "Whether the member likes the film."),
    ("favorite!", pa.bool_(), "Whether it is one of the favourites on the member's profile."),
    ("rated_at", _MOMENT, "When it was rated, where a diary or a feed tells."),
    ("first_seen_at!", _MOMENT, "When a crawl first found it: an undated rating was made before."),
    ("seen_after", _MOMENT, "The crawl before that: an undated rating was made after; null: not known."),
)
FILMS = _schema(
    ("id!", pa.int32(), "1, 2, 3 … in the order of slugs and codes, with which ratings name the film."),
    ("letterboxd_film_id", pa.int32(), "Its number on Letterboxd, which survives a new slug."),
    ("lid", pa.string(), "Its code on Letterboxd: boxd.it/CODE."),
    ("slug", pa.string(), "Its name in addresses: /film/SLUG/."),
    ("title!", pa.string(), "Its title on Letterboxd."),
    ("year", pa.int32(), "The year of its release."),
    ("runtime_minutes", pa.int32(), "How long it is, in minutes."),
    ("original_language", pa.string(), "The language that it was made in, as its ISO 639-1 code."),
    ("media_type", pa.string(), "What TMDB takes it for: movie or tv."),
    ("tmdb_id", pa.int32(), "Its number on TMDB, among those of its media type."),
    ("tmdb_guessed!", pa.bool_(), "Whether title and year alone say that this is its number there."),
    ("imdb_id", pa.string(), "Its number on IMDb: tt and digits."),
    ("letterboxd_average", pa.float64(), "Letterboxd's own average of all its members, in stars."),
    ("letterboxd_rating_count", pa.int32(), "How many ratings that is."),
    ("letterboxd_fan_count", pa.int32(), "How many members have it among their favourites."),
    ("link", pa.string(), "Where to find it: on Letterboxd, else on TMDB or IMDb."),
    ("genres", _TEXTS, "Its genres, by name."),
    ("countries", _TEXTS, "The countries that made it, as ISO 3166 codes."),
    ("directors", _TEXTS, "Its directors' names, in the order of the credits."),
)
MEMBERS = _schema(
    ("number!", pa.int32(), "1, 2, 3 … in an order that says nothing of the names."),
    ("depth!", pa.int32(), "0: whose circle it is; 1: followed by them; 2: by those; and so on."),
    ("rated!", pa.int32(), "How many films the member has rated in ratings.parquet."),
    ("liked!", pa.int32(), "How many of the rows there are liked."),
    ("favorites!", pa.int32(), "How many of the rows there are favourites."),
    ("films_count", pa.int32(), "How many films the member has watched, as the site counts."),
    ("likes_count", pa.int32(), "How many films the member likes, as the site counts."),
)
NAMES = _schema(
    ("user_name!", pa.string(), "The member's name in addresses."),
    ("display_name", pa.string(), "The name that the member goes by."),
)
# Of `watched` and `watchlist` alike.
LIST = _schema(
    ("member!", pa.int32(), "The member's number in members.parquet."),
    ("film_id!", pa.int32(), "The film's id in films.parquet."),
    ("since", _MOMENT, "The day on which the film came there, where that is told."),
    ("as_of", _MOMENT, "As of when it is known to be there."),
    ("source", pa.string(), "What it is known by."),
)
RANKING = _schema(
    ("rank!", pa.int32(), "1 is the best."),
    ("film_id!", pa.int32(), "The film's id in films.parquet."),
    ("slug", pa.string(), "Its name in addresses: /film/SLUG/."),
    ("title!", pa.string(), "Its title on Letterboxd."),
    ("year", pa.int32(), "The year of its release."),
    ("score!", pa.float64(), "What it is ranked by; `rank list` names the formulas."),
    ("watchers!", pa.int32(), "How many of the cohort have rated it."),
    ("mean!", pa.float64(), "The mean of their ratings, in stars."),
    ("params!", pa.string(), "The strategy's parameters, as JSON."),
    ("computed_at!", _MOMENT, "The moment to which the ages of ratings are counted."),
)

_INTRODUCTION = """# What is in this folder

The ratings of one circle, written by `letterboxd export parquet` at {exported_at}. The circle: {cohort}.
Members are {members}. All moments are in UTC. The same descriptions stand in the files, with each column.

    letterboxd rank compute --cohort {cohort_argument} --engine duckdb --data FOLDER

ranks the films from these files alone, without the database, into `rankings/STRATEGY.parquet`.

Film data come partly from TMDB. This product uses TMDB and the TMDB APIs but is not endorsed, certified,
or otherwise approved by TMDB.
"""


def table_of(schema: pa.Schema, columns: Sequence[Sequence[Any]]) -> pa.Table:
    """Return a table of the values of each column."""
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def described(tables: Sequence[tuple[str, pa.Schema]], facts: dict[str, str]) -> str:
    """Return the text that explains the files: ``facts`` fill its introduction, then each table's columns."""
    return "\n".join([_INTRODUCTION.format(**facts), tables_in_words(tables)])


def tables_in_words(tables: Sequence[tuple[str, pa.Schema]]) -> str:
    """Return each table's columns with their types and meanings, as Markdown."""
    parts = []
    for name, schema in tables:
        rows = [f"| `{column.name}` | {column.type} | {_description(column)} |" for column in schema]
        parts.append("\n".join([f"## {name}\n", "| column | type | meaning |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _description(field: pa.Field) -> str:
    return str(field.metadata[b"description"].decode())
