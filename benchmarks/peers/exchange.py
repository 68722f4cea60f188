"""Circles for other programs, and what these foretell: two Parquet files with a row group for each circle.

A circle's rows are ratings: ``member``, ``film``, ``stars``, and Letterboxd's ``average`` (null where
unknown). Hidden ratings have no stars. A program reads the file, and writes another with a row for each of
the circle's hidden ratings, in their order, and a column of stars for each way of its to foretell them.
"""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ranking.strategies.circle_ratings import Floats, Integers, Ratings

LENSKIT = Path(__file__).parent / "lenskit_peers.py"
_SCHEMA = pa.schema(
    [("member", pa.int32()), ("film", pa.int32()), ("stars", pa.float32()), ("average", pa.float32())]
)


def write(file: Path, circles: Iterable[tuple[Ratings, int, Integers]]) -> None:
    """Write circles: each with its ratings, a member, and the films that are hidden of it (positions)."""
    with pq.ParquetWriter(file, _SCHEMA) as writer:
        for ratings, member, films in circles:
            raters = np.repeat(np.arange(len(ratings.member_ids)), ratings.by_member)
            film = np.concatenate([ratings.film, films])
            columns = (
                np.append(raters, np.full(len(films), member)),
                film,
                np.append(ratings.half_stars * 0.5, np.full(len(films), np.nan)),
                ratings.site_average[film],
            )
            arrays = [
                pa.array(column, field.type, from_pandas=True)
                for column, field in zip(columns, _SCHEMA, strict=True)
            ]
            writer.write_table(pa.table(arrays, schema=_SCHEMA))


def foretold(python: str, circles: Path, script: Path = LENSKIT) -> Iterator[dict[str, Floats]]:
    """Have a program foretell the hidden ratings; yield by circle what each way of its says.

    ``python`` is that of the program's environment. Raises CalledProcessError.
    """
    forecasts = circles.with_name(f"forecasts-of-{circles.name}")
    subprocess.run([python, str(script), str(circles), str(forecasts)], check=True)
    file = pq.ParquetFile(forecasts)
    for number in range(file.num_row_groups):
        table = file.read_row_group(number)
        yield {name: table[name].to_numpy() for name in table.column_names}


def tune(python: str, circles: Path, script: Path = LENSKIT) -> None:
    """Have a program print its best settings for the ratings that are not hidden."""
    subprocess.run([python, str(script), str(circles), "--tune"], check=True)
