"""Ratings to evaluate that stand in a Parquet file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from letterboxd_scraper.errors import InputError
from ranking.evaluation.data import Rating

_AT_ONCE = 50_000


class FromParquet:
    """A file with the columns user, film (or slug) and rating in stars, or the ratings of `export parquet`.

    Raises InputError.
    """

    parameters: ClassVar[dict[str, Any]] = {}

    def __init__(self, file: Path) -> None:
        table = _read(file)
        self._names = sorted(pc.unique(table["film"]).to_pylist(), key=str.encode)
        codes = pc.index_in(table["film"], value_set=pa.array(self._names, pa.string()))
        table = table.set_column(table.schema.get_field_index("film"), "film", codes)
        self._table = table.sort_by([("user", "ascending"), ("film", "ascending")])

    def films(self) -> list[dict[str, Any]]:
        return [{"id": at, "slug": name, "title": name} for at, name in enumerate(self._names, start=1)]

    def ratings(self) -> Iterator[Rating]:
        for batch in self._table.to_batches(max_chunksize=_AT_ONCE):
            columns = (batch["user"].to_pylist(), batch["film"].to_pylist(), batch["rating"].to_pylist())
            for user, film, stars in zip(*columns, strict=True):
                yield (user, film + 1, stars, None, None, None)


def _read(file: Path) -> pa.Table:
    """Return the table user, film, rating; checked."""
    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"cannot read {file} as Parquet: {str(error).splitlines()[0]}") from None
    user, film, rating = _columns(file, table.column_names)
    try:
        users_and_films = [table[name].cast(pa.string()) for name in (user, film)]
    except pa.ArrowException:
        raise InputError(f"{file}: a user and a film must be a text or a number") from None
    table = pa.table([*users_and_films, table[rating]], names=["user", "film", "rating"])
    table = table.filter(pc.is_valid(table["rating"]))
    if table["user"].null_count or table["film"].null_count:
        raise InputError(f"{file} has ratings without a user or without a film")
    if not pa.types.is_floating(table["rating"].type) and not pa.types.is_integer(table["rating"].type):
        raise InputError(f"{file}: ratings must be numbers, 0.5 to 5 stars, not {table['rating'].type}")
    halves = pc.multiply(table["rating"].cast(pa.float64()), 2.0)
    sound = pc.and_(
        pc.equal(halves, pc.round(halves)), pc.and_(pc.greater(halves, 0.9), pc.less(halves, 10.1))
    )
    if not pc.all(sound, min_count=0).as_py():
        wrong = table.filter(pc.invert(sound))["rating"][0].as_py()
        raise InputError(f"{file}: a rating of {wrong:g}; they must be 0.5 to 5 stars in half steps")
    if len(table.group_by(["user", "film"]).aggregate([])) < len(table):
        raise InputError(f"{file} has several ratings of one film by one user")
    return table


def _columns(file: Path, names: Sequence[str]) -> tuple[str, str, str]:
    """Return which columns are the user, the film and the rating; `export parquet` has names of its own."""
    if {"member", "film_id", "stars"} <= set(names):
        return "member", "film_id", "stars"
    film = "film" if "film" in names else "slug"
    if missing := [name for name in ("user", film, "rating") if name not in names]:
        raise InputError(f"{file} has no column {missing[0]!r}: user, film (or slug) and rating are wanted")
    return "user", film, "rating"
