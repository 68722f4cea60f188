"""LensKit's predictors on the circles of `exchange`: ``PYTHON lenskit_peers.py CIRCLES FORECASTS``.

PYTHON is one with `requirements.txt` of this folder installed. Each predictor is LensKit's own pipeline for
ratings: where it has no forecast, LensKit's user and item biases stand in. Its settings are those that
``--tune`` chose once: LensKit's defaults foretell worse. Each is asked about ratings; and, to know as much of
a film's reputation as what it is compared with, about how far they are above Letterboxd's averages.
"""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# One thread: another processor is somebody else's. LensKit reads these when it is imported.
for variable in ("LK_NUM_THREADS", "LK_NUM_BACKEND_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from lenskit import predict  # noqa: E402
from lenskit.als import BiasedMFScorer  # noqa: E402
from lenskit.data import DatasetBuilder, ItemList  # noqa: E402
from lenskit.knn import ItemKNNScorer, UserKNNScorer  # noqa: E402
from lenskit.pipeline import predict_pipeline  # noqa: E402
from lenskit.training import TrainingOptions  # noqa: E402

SCORERS = {"item-kNN": ItemKNNScorer, "user-kNN": UserKNNScorer, "biased MF": BiasedMFScorer}
# What `--tune` found best, of the ratings and of these less Letterboxd's averages.
TUNED: dict[str, dict[str, Any]] = {
    "item-kNN": {"max_nbrs": 50, "min_nbrs": 5, "min_sim": 0.00045},
    "user-kNN": {"max_nbrs": 16, "min_nbrs": 5, "min_sim": 0.08},
    "biased MF": {
        "embedding_size": 82,
        "regularization": {"user": 0.14, "item": 0.43},
        "damping": {"user": 1.3, "item": 1.4},
    },
}
# Item-kNN takes out each film's mean by itself: it says the same of both.
TUNED_ABOVE: dict[str, dict[str, Any]] = {
    "user-kNN": {"max_nbrs": 41, "min_nbrs": 5, "min_sim": 0.00019},
    "biased MF": {
        "embedding_size": 41,
        "regularization": {"user": 0.55, "item": 0.05},
        "damping": {"user": 9.1, "item": 33.0},
    },
}
POINTS = 12


def foretell(name: str, settings: Mapping[str, Any], kept: pa.Table, hidden: pa.Table) -> np.ndarray:
    """Return what the members of the hidden rows would give their films, in stars."""
    columns = {"user_id": kept["member"], "item_id": kept["film"], "rating": kept["stars"]}
    builder = DatasetBuilder()
    builder.add_interactions("rating", pa.table(columns), entities=["user", "item"], missing="insert")
    pipeline = predict_pipeline(SCORERS[name](**settings))
    pipeline.train(builder.build(), TrainingOptions(rng=0))
    members, films = hidden["member"].to_numpy(), hidden["film"].to_numpy()
    scores = np.full(len(members), np.nan)
    for member in np.unique(members).tolist():
        own = members == member
        scores[own] = predict(pipeline, member, ItemList(item_ids=films[own])).scores()
    return scores


def forecasts(circle: pa.Table) -> Iterator[tuple[str, np.ndarray]]:
    """Yield by name of a peer what it says of a circle's hidden ratings."""
    missing = circle["stars"].is_null()
    kept, hidden = circle.filter(pc.invert(missing)), circle.filter(missing)
    above, average = less_average(kept)
    back = hidden["average"].fill_null(average).to_numpy()
    for name, settings in TUNED.items():
        yield f"LensKit {name}", foretell(name, settings, kept, hidden)
    for name, settings in TUNED_ABOVE.items():
        yield f"LensKit {name}, above average", foretell(name, settings, above, hidden) + back


def less_average(kept: pa.Table) -> tuple[pa.Table, float]:
    """Return ratings less Letterboxd's averages, and the mean of these, which stands for an unknown one."""
    mean = pc.mean(kept["average"]).as_py()
    above = pc.subtract(kept["stars"], kept["average"].fill_null(mean))
    return kept.set_column(kept.schema.get_field_index("stars"), "stars", above), mean


def draw(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return settings out of the ranges in which LensKit's authors search for their own comparisons.

    Of matrix factorisation out of the part around the defaults: further away, all is worse.
    """
    if name == "biased MF":
        size = int(2 ** rng.uniform(2, 7))
        regularization = {entity: float(10 ** rng.uniform(-1.5, 0)) for entity in ("user", "item")}
        damping = {entity: float(10 ** rng.uniform(0, 2)) for entity in ("user", "item")}
        return {"embedding_size": size, "regularization": regularization, "damping": damping}
    neighbours = {"max_nbrs": int(rng.integers(2, 51)), "min_nbrs": int(rng.integers(1, 6))}
    return neighbours | {"min_sim": float(10 ** rng.uniform(-6, -1))}


def tune(file: pq.ParquetFile) -> None:
    """Print by predictor the settings with the least error on a fifth of the ratings that it may know."""
    rng = np.random.default_rng(0)
    circles = []
    for number in range(file.num_row_groups):
        circle = file.read_row_group(number)
        kept = circle.filter(circle["stars"].is_valid())
        circles.append((kept, rng.random(len(kept)) < 0.2))
    for above in (False, True):
        parts = []
        for kept, apart in circles:
            ratings = less_average(kept)[0] if above else kept
            parts.append((ratings.filter(pa.array(~apart)), ratings.filter(pa.array(apart))))
        for name in TUNED_ABOVE if above else TUNED:
            tried: list[tuple[float, dict[str, Any]]] = [(error_of(name, {}, parts), {})]
            print(f"{name}{', above average' * above}: defaults {tried[0][0]:.4f}", flush=True)
            points = (draw(name, rng) for _ in range(POINTS))
            tried += [(error_of(name, settings, parts), settings) for settings in points]
            for error, settings in sorted(tried, key=lambda one: one[0])[:3]:
                print(f"  {error:.4f} {settings}", flush=True)


def error_of(name: str, settings: Mapping[str, Any], parts: Sequence[tuple[pa.Table, pa.Table]]) -> float:
    """Return the root of the mean squared error, in stars."""
    errors = [foretell(name, settings, kept, apart) - apart["stars"].to_numpy() for kept, apart in parts]
    return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="PYTHON lenskit_peers.py", description=__doc__)
    parser.add_argument("circles", metavar="CIRCLES")
    parser.add_argument("forecasts", metavar="FORECASTS", nargs="?")
    parser.add_argument("--tune", action="store_true", help="print the best settings instead")
    chosen = parser.parse_args()
    file = pq.ParquetFile(chosen.circles)
    if chosen.tune:
        tune(file)
        return
    writer = None
    for number in range(file.num_row_groups):
        table = pa.table(dict(forecasts(file.read_row_group(number))))
        writer = writer or pq.ParquetWriter(chosen.forecasts, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


if __name__ == "__main__":
    main()
