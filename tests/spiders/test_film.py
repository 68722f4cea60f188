"""Real runs of `film` and `letterboxd enrich` against the imitation site and its TMDB."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import films, ratings, scrape_failures, scrape_runs, watched
from tests.conftest import Shell, assert_ended, on_postgresql, on_sqlite, stored_facts
from tests.enriched import asked, assert_true, looked_at, open_failures, stored_films
from tests.site import Fault, Site
from tests.site.cinema import details, oddity


def count(engine: sa.Engine, *conditions: Any) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(films).where(*conditions)) or 0


def keep_few(engine: sa.Engine, site: Site) -> None:
    """Leave the circle three films of each kind that there is."""
    kept = {kind: [] for kind in map(oddity, site.world.films.values())}  # type: dict[str, list[str]]
    for slug in sorted(stored_films(engine)):
        kept[oddity(site.world.films[slug])].append(slug)
    few = sa.select(films.c.id).where(
        films.c.slug.in_([slug for slugs in kept.values() for slug in slugs[:3]])
    )
    with engine.begin() as connection:
        for table in (ratings, watched):
            connection.execute(table.delete().where(table.c.film_id.not_in(few)))


@on_sqlite
def test_every_field_equals_the_truth(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    keep_few(crawled_engine, site)
    facts = stored_facts(crawled_engine)
    site.clear_log()
    assert_ended(crawled.scrapy("film", cohort="friends", histograms="true"), 0)
    stored = looked_at(crawled_engine)
    assert len({oddity(site.world.films[slug]) for slug in stored}) > 12
    assert_true(site, stored)
    assert stored_facts(crawled_engine) == facts
    # A page and a histogram for each, TMDB where the page leads there, nothing twice.
    requests = asked(site)
    linked = sum(film.tmdb_id is not None for film in stored.values())
    assert (requests["films"], requests["histograms"]) == (len(stored), len(stored))
    assert (requests["tmdb"], requests["most"]) == (linked, 1)
    assert 0 < requests["directors"] < len(stored)
    site.clear_log()
    enriched = crawled.letterboxd("enrich", "--cohort", "friends", "--histograms")
    assert_ended(enriched, 0)
    assert "nothing is to be found out now; of 3 films something is missing" in enriched.stderr
    assert_ended(crawled.scrapy("film", cohort="friends", histograms="true"), 0)
    assert site.log == []


@pytest.mark.parametrize(
    ("options", "settings", "said"), [((), {"TMDB_API_KEY": ""}, 1), (("--no-tmdb",), {}, 0)]
)
@on_sqlite
def test_without_a_key_films_are_as_their_pages_say(
    options: tuple[str, ...],
    settings: dict[str, str],
    said: int,
    crawled: Shell,
    site: Site,
    crawled_engine: sa.Engine,
) -> None:
    site.clear_log()
    enriched = crawled.letterboxd("enrich", "--cohort", "friends", "--limit", "12", *options, **settings)
    assert_ended(enriched, 0)
    assert enriched.stderr.count("TMDB_API_KEY") == said
    assert asked(site) == Counter(films=12, most=1)
    fetched = {hit.path.split("/")[2] for hit in site.log if hit.path.startswith("/film/")}
    pages = {slug: details(site.world.films[slug]) for slug in fetched}
    for slug, film in stored_films(crawled_engine).items():
        page = pages.get(slug)
        assert film.overview == (page.overview if page else None)
        assert film.poster_url == (page.poster if page else None)
        assert film.average == (page.average if page else None)
    assert count(crawled_engine, films.c.tmdb_synced_at.is_not(None)) == 0
    site.clear_log()
    assert_ended(crawled.letterboxd("enrich", "--cohort", "friends", "--limit", "12"), 0)
    # As soon as there is a key, TMDB is asked; of the site, only directors' pages.
    again = {hit.path.split("/")[2] for hit in site.log if hit.path.startswith("/film/")} & fetched
    assert again == {slug for slug in fetched if pages[slug].at_tmdb and pages[slug].tmdb is None}
    assert asked(site)["tmdb"] > 8


@pytest.mark.parametrize("command", ["scrapy", "letterboxd"])
@on_sqlite
def test_a_wrong_key_is_one_line_and_changes_nothing(
    command: str, crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    assert_ended(crawled.scrapy("film", cohort="friends", limit=5), 0)
    before = stored_films(crawled_engine)
    if command == "scrapy":
        refused = crawled.scrapy("film", "-s", "TMDB_API_KEY=not-the-key", cohort="friends", force="true")
    else:
        refused = crawled.letterboxd("enrich", "--cohort", "friends", "--force", TMDB_API_KEY="not-the-key")
    assert refused.returncode == 2, refused.stderr
    lines = [line for line in refused.stderr.splitlines() if "TMDB does not accept" in line]
    assert len(lines) == 1
    assert "TMDB_API_KEY" in lines[0]
    assert "Traceback" not in refused.stderr
    assert "not-the-key" not in refused.stderr
    assert stored_films(crawled_engine) == before


@on_postgresql
def test_with_faults_the_rest_completes_and_the_next_run_makes_them_good(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    keep_few(crawled_engine, site)
    for fault in (
        Fault("status", "/film/.*", code=500, share=0.05),
        Fault("truncated", "/film/.*", share=0.05, adapted=True),
        Fault("reset", "/(film|csi|director)/.*", share=0.05),
        Fault("truncated", "/csi/.*", share=0.1, adapted=True),
        Fault("garbage", "/(csi|director)/.*", share=0.1),
        Fault("status", "/3/.*", code=502, share=0.1),
        Fault("garbage", "/3/.*", share=0.1),
    ):
        site.faults.add(fault)
    arguments = {"cohort": "friends", "histograms": "true"}
    assert_ended(crawled.scrapy("film", "-s", "RETRY_TIMES=0", **arguments), 3)
    failed = open_failures(crawled_engine)
    assert {row.stage for row in failed} == {"film", "histogram", "director", "tmdb"}
    whole = [slug for slug, film in looked_at(crawled_engine).items() if film.tmdb_id and film.release_date]
    assert len(whole) > 10
    site.faults.clear()
    assert_ended(crawled.scrapy("film", **arguments), 0)
    assert open_failures(crawled_engine) == []
    assert_true(site, looked_at(crawled_engine))


@on_sqlite
def test_films_that_moved_keep_their_ratings(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    before = stored_facts(crawled_engine)
    most_rated = Counter(slug for _, slug, *_ in before).most_common(4)
    renamed, merged, into, removed = (slug for slug, _ in most_rated)
    site.world.rename_film(renamed, f"{renamed}-again")
    site.world.merge_film(merged, into)
    site.world.remove_film(removed)
    assert_ended(crawled.scrapy("film", cohort="friends", limit=12), 0)
    circle = set(site.world.truth(site.world.circle("marla")))
    stored = {row for row in stored_facts(crawled_engine) if row[1] != removed}
    # Of two ratings the one seen last is kept; the site may have kept the other, as the next crawl will see.
    two = {name for name, slug, *_ in before if slug == merged} & {
        name for name, slug, *_ in before if slug == into
    }
    in_doubt = {(name, into) for name in two}
    assert {row for row in stored if row[:2] not in in_doubt} == {
        row for row in circle if row[:2] not in in_doubt
    }
    rated = {(name, stars) for name, slug, stars, *_ in before if slug in (merged, into)}
    kept = {(name, stars) for name, slug, stars, *_ in stored if (name, slug) in in_doubt}
    assert {name for name, _ in kept} == two
    assert kept <= rated
    assert count(crawled_engine, films.c.slug == removed, films.c.gone_at.is_not(None)) == 1


@on_sqlite
def test_the_key_is_nowhere_to_be_read(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    site.faults.add(Fault("reset", "/3/.*", share=0.5))
    quickly = ("-s", "RETRY_TIMES=0", "-s", "LOG_LEVEL=DEBUG")
    ran = crawled.scrapy("film", *quickly, cohort="friends", limit=8)
    assert ran.returncode == 3
    assert Site.tmdb_key not in ran.stderr + ran.stdout
    with crawled_engine.connect() as connection:
        tables = (scrape_failures, scrape_runs)
        rows = [row for table in tables for row in connection.execute(sa.select(table))]
    assert rows
    assert Site.tmdb_key not in str(rows)


@on_sqlite
def test_bad_arguments_are_refused_before_any_request(crawled: Shell, site: Site) -> None:
    site.clear_log()
    for arguments in (
        {"cohort": "nobody"},
        {"slug": "no-such-film"},
        {"cohort": "friends", "slug": "alien"},
    ):
        refused = crawled.scrapy("film", **arguments)
        assert refused.returncode == 2, arguments
        assert len(refused.stderr.splitlines()) == 1
    assert site.log == []


@on_postgresql
def test_killed_it_goes_on_where_it_was(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    arguments = {"cohort": "friends", "limit": "16", "histograms": "true"}
    words = [word for name, value in arguments.items() for word in ("-a", f"{name}={value}")]
    site.clear_log()
    site.faults.add(Fault("slow", seconds=0.03))
    process = crawled.start("scrapy", "crawl", "film", *words)
    deadline = time.monotonic() + 60
    while asked(site)["histograms"] < 6:
        assert time.monotonic() < deadline, "the crawl does not get there"
        time.sleep(0.005)
    process.kill()
    process.wait()
    site.faults.clear()
    before = looked_at(crawled_engine)
    assert before
    site.clear_log()
    assert_ended(crawled.scrapy("film", **arguments | {"limit": "20"}), 0)
    stored = looked_at(crawled_engine)
    assert_true(site, stored)
    # What was stored is not asked for again, unless it still lacks something.
    again = {hit.path for hit in site.log if hit.path.startswith("/csi/")}
    assert not again & {f"/csi/film/{slug}/rating-histogram/" for slug in before}


@on_sqlite
def test_what_tmdb_told_long_ago_is_asked_anew_and_nothing_of_the_site(
    crawled: Shell, site: Site, crawled_engine: sa.Engine
) -> None:
    assert_ended(crawled.scrapy("film", cohort="friends", limit=15, histograms="true"), 0)
    before = looked_at(crawled_engine)
    with crawled_engine.begin() as connection:
        old = {"tmdb_synced_at": datetime(2020, 1, 1, tzinfo=UTC), "overview": "Of 2020."}
        connection.execute(films.update().where(films.c.tmdb_synced_at.is_not(None)).values(old))
    site.clear_log()
    on_tmdb = sum(film.tmdb_id is not None for film in before.values())
    assert_ended(crawled.scrapy("film", cohort="friends", limit=on_tmdb), 0)
    moments = looked_at(crawled_engine)
    bare = {slug for slug in moments if moments[slug].overview == "Of 2020."}  # TMDB says nothing of these
    assert {slug: film for slug, film in moments.items() if slug not in bare} == {
        slug: film for slug, film in before.items() if slug not in bare
    }
    # The page is read where TMDB has the film no more.
    lost = sum(film.tmdb_not_found for film in before.values())
    assert asked(site) == Counter(tmdb=on_tmdb, most=1) + Counter(films=lost)


@on_sqlite
def test_one_film_by_its_name(crawled: Shell, site: Site, crawled_engine: sa.Engine) -> None:
    slug = next(iter(stored_films(crawled_engine)))
    site.clear_log()
    enriched = crawled.letterboxd("enrich", "--slug", slug)
    assert_ended(enriched, 0)
    assert asked(site)["films"] == 1
    assert "1 due, 1 read" in enriched.stderr
    assert count(crawled_engine, films.c.poster_url.is_not(None)) == 1
