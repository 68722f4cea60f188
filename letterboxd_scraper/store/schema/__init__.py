"""Every table, once, for SQLite and PostgreSQL alike.

A change here is one commit with its migration. `cohort_film_stats` is a materialized view on
PostgreSQL and a table on SQLite; both have the columns given here.
"""

from letterboxd_scraper.store.schema.columns import JSON, UTCDateTime, metadata
from letterboxd_scraper.store.schema.crawling import (
    field_coverage,
    member_leases,
    robots_txt,
    scrape_failures,
    scrape_runs,
    site_pace,
    user_scrape_state,
)
from letterboxd_scraper.store.schema.films import (
    countries,
    film_countries,
    film_genres,
    film_names,
    film_people,
    films,
    genres,
    people,
)
from letterboxd_scraper.store.schema.history import former_members, former_ratings, ranking_history
from letterboxd_scraper.store.schema.members import (
    cohort_members,
    cohorts,
    invitations,
    last_imports,
    member_sources,
    opt_outs,
    own_pages,
    ratings,
    reading_passwords,
    users,
    watched,
    watchlist,
)
from letterboxd_scraper.store.schema.rankings import (
    changed_facts,
    cohort_film_stats,
    film_histograms,
    film_rankings,
)

__all__ = [
    "JSON",
    "MATERIALIZED_VIEWS",
    "REVISION",
    "UTCDateTime",
    "changed_facts",
    "cohort_film_stats",
    "cohort_members",
    "cohorts",
    "countries",
    "field_coverage",
    "film_countries",
    "film_genres",
    "film_histograms",
    "film_names",
    "film_people",
    "film_rankings",
    "films",
    "former_members",
    "former_ratings",
    "genres",
    "invitations",
    "last_imports",
    "member_leases",
    "member_sources",
    "metadata",
    "opt_outs",
    "own_pages",
    "people",
    "ranking_history",
    "ratings",
    "reading_passwords",
    "robots_txt",
    "scrape_failures",
    "scrape_runs",
    "site_pace",
    "user_scrape_state",
    "users",
    "watched",
    "watchlist",
]

# That of the newest migration.
REVISION = "0016"

# On PostgreSQL this view stands in for the table; `statistics_query` fills the table on SQLite.
MATERIALIZED_VIEWS = frozenset({"cohort_film_stats"})
