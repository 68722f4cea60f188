"""The statistics and all five rankings in SQL as one would write it by hand, for one database and one cohort.

``python -m benchmarks.ranking_by_hand URL`` runs it. It leaves the same rows behind as ``rank compute
--strategy all`` with the defaults, and shares no line with it.
"""

import sqlite3
import sys
from collections.abc import Iterator

import psycopg2
from sqlalchemy import make_url

from benchmarks.circles import NOW

# What the two databases write differently. The age of a rating, in days, is never below zero.
_SQLITE = {
    "label": "printf('%.1f', r.rating)",
    "refresh": """
        DELETE FROM cohort_film_stats;
        INSERT INTO cohort_film_stats
        SELECT m.cohort_id, r.film_id, count(*), avg(r.rating), sum(r.rating),
               min(r.rated_at), max(r.rated_at)
        FROM cohort_members m JOIN ratings r USING (user_id) WHERE r.rating IS NOT NULL GROUP BY 1, 2""",
    "place": "round(score, 10) DESC, votes DESC, slug COLLATE BINARY, film_id",
    "now": f"'{NOW:%Y-%m-%d %H:%M:%S.%f}'",
    "age": "max(0, julianday({now}) - coalesce(julianday(r.rated_at), "
    "(julianday(r.first_seen_at) + julianday(r.seen_after)) / 2))",
}
_POSTGRESQL = {
    "label": "to_char(r.rating, 'FM0.0')",
    "refresh": "REFRESH MATERIALIZED VIEW CONCURRENTLY cohort_film_stats",
    "place": 'round(score::numeric, 10) DESC, votes DESC, slug COLLATE "C", film_id',
    "now": f"'{NOW.isoformat()}'::timestamptz",
    "age": "greatest(0, extract(epoch FROM {now} - coalesce(r.rated_at, "
    "r.seen_after + (r.first_seen_at - r.seen_after) / 2))::float8 / 86400)",
}

_STATISTICS = """
{refresh};
DELETE FROM film_histograms WHERE cohort_id IS NOT NULL;
INSERT INTO film_histograms (cohort_id, film_id, bucket_label, count, computed_at)
SELECT m.cohort_id, r.film_id, {label}, count(*), {now}
FROM cohort_members m JOIN ratings r USING (user_id) WHERE r.rating IS NOT NULL
GROUP BY m.cohort_id, r.film_id, r.rating"""

_RANKING = """
DELETE FROM film_rankings WHERE cohort_id = 1 AND strategy = '{strategy}';
INSERT INTO film_rankings (cohort_id, strategy, film_id, score, rank, params, computed_at)
WITH films_here AS (
    SELECT s.film_id, s.watchers AS votes, s.avg_rating AS mean, f.slug,
           f.letterboxd_weighted_average * 1.0 AS site
    FROM cohort_film_stats s JOIN films f ON f.id = s.film_id WHERE s.cohort_id = 1),
prior AS (SELECT sum(mean * votes) / sum(votes) AS c FROM films_here),
{scored}
SELECT 1, '{strategy}', film_id, score, row_number() OVER (ORDER BY {place}), '{params}', {now} FROM scored"""

_BAYESIAN = """
scored AS (
    SELECT film_id, votes, slug, (votes * mean + 5 * c) / (votes + 5) AS score FROM films_here, prior)"""

_WILSON = """
liked AS (
    SELECT r.film_id, count(*) * 1.0 AS n, avg(CASE WHEN r.rating >= 3.5 THEN 1.0 ELSE 0.0 END) AS p
    FROM cohort_members m JOIN ratings r USING (user_id)
    WHERE m.cohort_id = 1 AND r.rating IS NOT NULL GROUP BY r.film_id),
scored AS (
    SELECT film_id, votes, slug,
           (p + 1.9208 / n - 1.96 * sqrt((p * (1 - p) + 0.9604 / n) / n)) / (1 + 3.8416 / n) AS score
    FROM liked JOIN films_here USING (film_id))"""

_DISCOVERY = """
known AS (
    SELECT film_id, votes, slug, (votes * mean + 5 * c) / (votes + 5) AS b, site
    FROM films_here, prior
    WHERE site IS NOT NULL AND votes >= 3 AND (votes * mean + 5 * c) / (votes + 5) >= c - 1e-9),
spread AS (
    SELECT avg(b) AS mb, avg(site) AS ms, sqrt(avg(b * b) - avg(b) * avg(b)) AS db,
           sqrt(avg(site * site) - avg(site) * avg(site)) AS ds FROM known),
scored AS (SELECT film_id, votes, slug, (b - mb) / db - (site - ms) / ds AS score FROM known, spread)"""

_WEIGHED = """
weighed AS (
    SELECT r.film_id, exp(-{age} / 180.0) AS w, r.rating
    FROM cohort_members m JOIN ratings r USING (user_id)
    WHERE m.cohort_id = 1 AND r.rating IS NOT NULL AND (r.rated_at IS NOT NULL OR r.seen_after IS NOT NULL)),
recent AS (
    SELECT film_id, (sum(w * rating) + 2 * (SELECT c FROM prior)) / (sum(w) + 2) AS recency
    FROM weighed GROUP BY film_id),"""

_RECENCY = """
scored AS (SELECT film_id, votes, slug, recency AS score FROM recent JOIN films_here USING (film_id))"""

_HYBRID = """
shown AS (
    SELECT film_id, votes, slug, mean, ln(votes) AS seen, recency
    FROM films_here LEFT JOIN recent USING (film_id) WHERE votes >= 3),
spread AS (
    SELECT avg(mean) AS mm, sqrt(avg(mean * mean) - avg(mean) * avg(mean)) AS dm,
           avg(seen) AS ms, sqrt(avg(seen * seen) - avg(seen) * avg(seen)) AS ds,
           avg(recency) AS mr, sqrt(avg(recency * recency) - avg(recency) * avg(recency)) AS dr FROM shown),
scored AS (
    SELECT film_id, votes, slug,
           (mean - mm) / dm + 0.25 * (seen - ms) / ds + 0.25 * coalesce((recency - mr) / dr, 0) AS score
    FROM shown, spread)"""

_SCORED = {
    "bayesian": _BAYESIAN,
    "wilson": _WILSON,
    "discovery": _DISCOVERY,
    "recency": _WEIGHED + _RECENCY,
    "hybrid": _WEIGHED + _HYBRID,
}


def scripts(dialect: str) -> Iterator[str]:
    """Yield the statements of each transaction: the statistics, then one for each strategy."""
    own = _SQLITE if dialect == "sqlite" else _POSTGRESQL
    own = own | {"age": own["age"].format(now=own["now"])}
    yield _STATISTICS.format(**own)
    for strategy, scored in _SCORED.items():
        yield _RANKING.format(strategy=strategy, scored=scored.format(**own), params="{}", **own)


def main(address: str) -> None:
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database))
        for pragma in ("journal_mode=wal", "synchronous=normal"):
            connection.execute(f"PRAGMA {pragma}")
        for script in scripts("sqlite"):
            connection.executescript(f"BEGIN; {script}; COMMIT;")
        return
    server = psycopg2.connect(host=url.query.get("host") or url.host, dbname=url.database, user=url.username)
    with server.cursor() as cursor:
        for script in scripts("postgresql"):
            cursor.execute(script)
            server.commit()


if __name__ == "__main__":
    main(sys.argv[1])
