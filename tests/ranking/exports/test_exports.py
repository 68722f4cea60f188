"""Rankings as files: what a spreadsheet, a program, a browser and Letterboxd's importer get."""

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from parsel import Selector

from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.store import statistics
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import film_people, films, people
from ranking.compute import compute
from ranking.exports.html import Heading, as_html
from ranking.exports.letterboxd_list import COLUMNS, MOST_BYTES, Identity, as_import, identities
from ranking.exports.texts import CSV_COLUMNS, as_csv, as_json
from ranking.results import RankedFilm, ranking
from ranking.strategies import STRATEGIES
from tests.conftest import Shell, assert_ended, on_both, on_sqlite

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SITE = "https://letterboxd.com"


def film(
    number: int = 1, title: str = "Alien", slug: str | None = "alien", address: str | None = "/film/alien/"
) -> RankedFilm:
    numbers = (4.25, 4.0, 4.5, 7, 4.5, 3.9)
    return RankedFilm(number, number, title, 1979, slug, address, *numbers, {"m": 5.0}, NOW, 6, 0, 3)


@pytest.fixture
def ranked(crawled: Shell, crawled_engine: sa.Engine) -> Shell:
    statistics.refresh(crawled_engine, NOW)
    with crawled_engine.connect() as connection:
        cohort = cohorts.find(connection, "friends")
    compute(crawled_engine, cohort, STRATEGIES[DEFAULT_STRATEGY], {}, NOW)
    return crawled


def stored(engine: sa.Engine) -> list[RankedFilm]:
    with engine.connect() as connection:
        return ranking(connection, cohorts.find(connection, "friends"), DEFAULT_STRATEGY)


def test_csv_and_json_tell_the_same_in_full_precision() -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([film(title='"Quoted", she said')], SITE), newline=""))
    (told,) = json.loads(as_json([film(title='"Quoted", she said')], SITE))
    assert tuple(row) == CSV_COLUMNS
    assert row["title"] == told["title"] == '"Quoted", she said'
    assert float(row["score"]) == told["score"] == 4.25
    assert (float(row["low"]), float(row["high"])) == (told["low"], told["high"]) == (4.0, 4.5)
    assert row["link"] == told["link"] == f"{SITE}/film/alien/"
    assert list(row)[-4:] == ["letterboxd", "liked", "favorites", "wanted"]
    assert [row[name] for name in list(row)[-4:]] == ["3.9", "6", "0", "3"]
    assert [told[name] for name in list(row)[-4:]] == [3.9, 6, 0, 3]


HEADING = Heading("What 3 people think", "friends", NOW, "p { margin: 0 }")


def test_html_is_a_page_with_one_table_in_which_a_title_is_only_a_text() -> None:
    films = [film(title="<script>alert(1)</script> & co"), film(2, address=None)]
    page = as_html(films, "bayesian", SITE, HEADING)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page
    assert page.count("<tr>") == 3
    assert (
        page.count('<a href="https://letterboxd.com/film/') == 1
    )  # nothing is known that leads to the other
    assert "0 films" in as_html([], "bayesian", SITE, HEADING)


def test_the_html_page_says_whose_films_these_are_when_and_what_the_circle_says_beside_stars() -> None:
    liked = replace(film(), liked=7, wanted=3, letterboxd=None)
    page = Selector(as_html([liked], "bayesian", SITE, HEADING))
    assert page.css("h1::text").get() == page.css("title::text").get() == "What 3 people think"
    assert page.css("time::text").get() == "1 November 2026"
    assert page.css(".marks::text").get() == "liked by 7, on 3 of your lists"
    # Nobody's average is known: the table has no column for it.
    assert page.css("thead th::text").getall() == ["Rank", "Film", "Score", "Stars", "Ratings"]
    assert "p { margin: 0 }" in page.css("style::text").get("")


def test_a_film_whose_ratings_have_gone_since_it_was_ranked_has_no_mean() -> None:
    gone = replace(film(), watchers=0, mean=None)
    (row,) = csv.DictReader(io.StringIO(as_csv([gone], SITE), newline=""))
    assert (row["watchers"], row["mean"]) == ("0", "")
    page = Selector(as_html([gone], "bayesian", SITE, HEADING))
    assert page.css('td[data-label="stars"]::text').get() is None
    assert page.css('td[data-label="ratings"]::text').get() == "0"
    (imported,) = rows_of(as_import([gone], {})[0])
    assert imported["Review"] == "4.25"


@pytest.mark.parametrize("title", ["=1+1", "+1", "-30-", "@Suicide Room", "\t=1+1"])
def test_a_spreadsheet_takes_no_title_for_a_formula(title: str) -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([film(title=title)], SITE), newline=""))
    assert row["title"] == f"'{title}"
    assert json.loads(as_json([film(title=title)], SITE))[0]["title"] == title


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_import_names_each_film_and_rates_nothing() -> None:
    named = {1: Identity("29qU", 348, "tt0078748", ("Ridley Scott",)), 2: Identity()}
    (text,) = as_import([film(), film(2, 'The "Thing"', None)], named)
    first, second = rows_of(text)
    assert tuple(first) == COLUMNS
    assert not {"Rating", "Rating10", "WatchedDate", "Tags"} & set(first)
    assert first["LetterboxdURI"] == "https://boxd.it/29qU"
    assert (first["tmdbID"], first["imdbID"], first["Directors"]) == ("348", "tt0078748", "Ridley Scott")
    assert first["Review"] == "4.25 from 7 ratings with a mean of 4.50"
    assert (second["LetterboxdURI"], second["Title"]) == ("", "The ”Thing”")
    assert '"' not in as_import([film(2, 'The "Thing"', None)], {})[0]


def test_nor_one_of_an_import_whose_titles_letterboxd_still_finds() -> None:
    formula = "=HYPERLINK(1)"
    (text,) = as_import([film(1, formula)], {1: Identity(directors=("+1", "-2"))})
    (row,) = rows_of(text)
    assert (row["Title"], row["Directors"]) == (f" {formula}", " +1, -2")
    assert row["Title"].strip() == formula


def test_an_import_too_large_for_one_file_becomes_several_with_a_header_each() -> None:
    many = [film(number, "x" * 500) for number in range(1, 4001)]
    texts = as_import(many, {})
    assert len(texts) > 1
    assert all(len(text.encode()) <= MOST_BYTES for text in texts)
    assert [len(row["Title"]) for text in texts for row in rows_of(text)] == 4000 * [500]


def test_identities_leave_out_the_number_of_a_series(crawled_engine: sa.Engine, ranked: Shell) -> None:
    ranking = stored(crawled_engine)
    a_film, a_series = ranking[0].film_id, ranking[1].film_id
    with crawled_engine.begin() as connection:
        for kind, which in (("movie", a_film), ("tv", a_series)):
            values = {"tmdb_id": 7000 + which, "tmdb_media_type": kind, "imdb_id": f"tt{which}"}
            connection.execute(films.update().where(films.c.id == which).values(values))
        for person, name in ((1, "Second"), (2, "First")):
            row = {"id": person, "name": name, "created_at": NOW, "updated_at": NOW}
            connection.execute(people.insert().values(row))
            credit = {"film_id": a_film, "person_id": person, "role": "director", "credit_order": 3 - person}
            connection.execute(film_people.insert().values(credit))
    with crawled_engine.connect() as connection:
        named = identities(connection, ranking)
    assert named[a_film].tmdb_id == 7000 + a_film
    assert named[a_film].directors == ("First", "Second")
    assert named[a_series].tmdb_id is None
    assert named[a_series].imdb_id == f"tt{a_series}"
    assert set(named) == {one.film_id for one in ranking}


@on_sqlite
def test_the_html_page_names_nobody_unless_asked(ranked: Shell) -> None:
    def title(*options: str) -> str:
        made = ranked.letterboxd("export", "html", "--cohort", "friends", *options)
        assert_ended(made, 0)
        return Selector(made.stdout).css("h1::text").get("")

    assert re.fullmatch(r"What \d+ people think", title())
    assert re.fullmatch(r"What Marla .* and \d+ friends think", title("--names"))


@on_both
def test_each_format_is_written_and_printed(ranked: Shell, crawled_engine: sa.Engine) -> None:
    count = len(stored(crawled_engine))
    printed = ranked.letterboxd("export", "letterboxd", "--cohort", "friends", "--limit", "3")
    assert_ended(printed, 0)
    assert [row["Title"] for row in rows_of(printed.stdout)] == [
        one.title for one in stored(crawled_engine)[:3]
    ]
    written = ranked.letterboxd("export", "json", "--cohort", "friends", "--output", "friends.json")
    assert_ended(written, 0)
    assert f"{count} films written to friends.json" in written.stderr
    assert len(json.loads((ranked.folder / "friends.json").read_text())) == count
    page = ranked.letterboxd("export", "html", "--cohort", "friends", "--unseen-by", "marla")
    assert_ended(page, 0)
    assert 1 < page.stdout.count("<tr>") < count
    nowhere = ranked.letterboxd("export", "csv", "--cohort", "friends", "--output", str(Path("no/where.csv")))
    assert_ended(nowhere, 2)
    assert "cannot write no/where.csv" in nowhere.stderr


_ONE_AFTER_THE_OTHER = """
import sys
from letterboxd_scraper.cli.main import run
for words in sys.argv[1:]:
    if words != sys.argv[1]:
        print(end="\\0", flush=True)
    assert run([*words.split(), "--cohort", "friends", "--limit", "1"]) == 0
"""


@on_sqlite
def test_titles_are_told_whatever_the_terminal_can_write(ranked: Shell, crawled_engine: sa.Engine) -> None:
    best, title = stored(crawled_engine)[0].film_id, "千と千尋 :smile: [b]"
    with crawled_engine.begin() as connection:
        connection.execute(films.update().where(films.c.id == best).values(title=title))

    # In a process of its own: the encoding is chosen when Python starts.
    process = subprocess.run(
        [sys.executable, "-c", _ONE_AFTER_THE_OTHER, "rank show", "export html", "export csv"],
        cwd=ranked.folder,
        env=ranked.environment | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr.decode()
    shown, page, table = process.stdout.split(b"\0")
    assert r"\u5343\u3068\u5343\u5c0b :smile: [b]" in shown.decode("ascii")
    # A file says UTF-8, or its reader takes it for that.
    assert title in page.decode("utf-8")
    assert title in table.decode("utf-8")
