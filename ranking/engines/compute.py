"""Rankings from Parquet files, into Parquet files."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films
from ranking.compute import NothingToRank, with_ranks
from ranking.engines.base import Engine
from ranking.engines.views import COHORT
from ranking.facts import Facts
from ranking.parquet.columns import RANKING
from ranking.parquet.folder import RANKINGS, Export, file_of, refuse_foreign_file, replacing
from ranking.strategies.base import SqlStrategy

_RANKED = ("rank", "film_id", "slug", "title", "year", "score", "watchers", "mean")


def compute(
    engine: Engine, export: Export, strategy: SqlStrategy, chosen: Mapping[str, Any], at: datetime
) -> tuple[Path, int]:
    """Replace the export's ranking by ``strategy``; return its file and the number of ranked films.

    Parameters come from ``chosen``, then the exported cohort's definition, then the defaults. Raises
    InputError for parameters that make no sense, and NothingToRank.
    """
    strategy.refuse_unknown(chosen)
    parameters = strategy.settle(chosen, export.about.rank)
    ranked = engine.table(_query(strategy, Facts(COHORT, at), parameters))
    if not ranked.num_rows:
        cohort = export.about.cohort or "the exported cohort"
        raise NothingToRank(f"no film of {cohort} can be ranked by {strategy.name}: {strategy.why_empty}")
    file = file_of(export.folder / RANKINGS, strategy.name)
    refuse_foreign_file(file)
    with replacing(file.parent) as unfinished:
        pq.write_table(_finished(ranked, export, parameters, at), unfinished / file.name, compression="zstd")
    return file, ranked.num_rows


def _query(strategy: SqlStrategy, facts: Facts, parameters: Mapping[str, float]) -> sa.Select[Any]:
    # SQLite's way to round needs no type of PostgreSQL's.
    ranked = with_ranks(strategy.scores(facts, dict(parameters)), "sqlite").c
    film = facts.films.c
    return (
        sa.select(
            ranked.rank,
            ranked.film_id,
            films.c.slug,
            films.c.title,
            films.c.release_year.label("year"),
            ranked.score,
            film.votes.label("watchers"),
            film.mean,
        )
        .join(films, films.c.id == ranked.film_id)
        .join(facts.films, film.film_id == ranked.film_id)
        .order_by(ranked.rank)
    )


def _finished(ranked: pa.Table, export: Export, parameters: Mapping[str, float], at: datetime) -> pa.Table:
    rows = ranked.num_rows
    params = pa.repeat(json.dumps(dict(parameters), sort_keys=True), rows)
    computed_at = pa.repeat(pa.scalar(at, RANKING.field("computed_at").type), rows)
    columns = [*(ranked[name] for name in _RANKED), params, computed_at]
    schema = export.about.mark(RANKING)
    return pa.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
