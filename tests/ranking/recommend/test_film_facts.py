"""What is read of films, and how it becomes columns."""

from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from letterboxd_scraper.store.schema import film_genres, film_histograms, films, genres
from ranking.facts import Facts
from ranking.recommend.audience import Audiences
from ranking.recommend.columns import GROUPS, Columns
from ranking.recommend.film_facts import FilmFacts, read_facts
from ranking.strategies.circle_ratings import Ratings, read
from tests.ranking.circles import COHORT, NOW, make_circle, packed

RATED = {(member, film): 3.0 for member in (1, 2) for film in range(1, 5)}


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    """A circle with four films: of the third TMDB told everything, of the fourth nothing is known."""
    engine = make_circle(tmp_path, RATED, averages={1: (4.0, 100), 2: (3.0, 50)})
    with engine.begin() as connection:
        facts = {"release_year": 1972, "year_by": "page", "runtime_minutes": 167, "tmdb_media_type": "movie"}
        facts |= {"original_language": "it", "language_by": "page"}
        connection.execute(films.update().where(films.c.id == 1).values(facts))
        told = {"release_year": 2001, "runtime_minutes": 50, "tmdb_media_type": "tv"}
        told |= {"original_language": "ja", "language_by": "tmdb"}
        connection.execute(films.update().where(films.c.id == 3).values(tmdb_synced_at=NOW, **told))
        missing = {"year_by": "file", "tmdb_synced_at": NOW, "tmdb_not_found": True}
        connection.execute(films.update().where(films.c.id == 2).values(**told | missing))
        named = [{"id": 1, "name": "Crime"}, {"id": 2, "name": "Western"}]
        connection.execute(genres.insert(), named)
        pairs = [(1, 1), (1, 2), (2, 2), (3, 1)]
        connection.execute(film_genres.insert(), [{"film_id": f, "genre_id": g} for f, g in pairs])
        level = {"film_id": 1, "computed_at": NOW}
        counts = [("4.0", 2, None), ("5.0", 2, None), ("0.5", 7, COHORT)]
        for label, count, cohort in counts:
            row = level | {"bucket_label": label, "count": count, "cohort_id": cohort}
            connection.execute(film_histograms.insert().values(row))
    return engine


def test_facts_are_those_of_pages_and_archives_in_the_order_asked_for(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        facts = read_facts(connection, [4, 3, 2, 1])
    assert facts.year.tolist() == [0, 0, 2001, 1972]
    assert facts.minutes.tolist() == [0, 0, 50, 167]
    assert facts.tv.tolist() == [False, True, True, False]
    assert facts.genre_names == ("Western", "Crime")
    assert facts.genres.tolist() == [0, 0, 1, 3]
    assert facts.deviation[3] == 0.5
    assert np.isnan(facts.deviation[:3]).all()
    assert (facts.language.tolist(), facts.language_names) == ([-1, -1, -1, 0], ("it",))


def test_what_films_are_as_columns(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        ratings = read(connection, Facts(COHORT, NOW))
        facts = read_facts(connection, ratings.film_ids.tolist())
    columns = Columns.of(ratings, facts, np.zeros((4, 0)))
    rows = dict(zip(columns.names, columns.rows(np.arange(4, dtype=np.int32)).T.tolist(), strict=True))
    assert rows["habit"] == [1, 1, 1, 1]
    assert rows["average"] == [0.5, -0.5, 0, 0]
    fame = np.log(101 / 51) / 2 / 1.5
    assert rows["fame"] == pytest.approx([fame, -fame, 0, 0])
    assert rows["average squared"] == pytest.approx([0, 0, 0, 0])
    assert rows["average by fame"] == pytest.approx([fame / 2, fame / 2, 0, 0])
    assert rows["divisive"] == [0, 0, 0, 0]
    assert rows["about 1970"][0] == pytest.approx(np.exp(-0.5 * (2 / 7) ** 2))
    assert rows["about 1970"][2:] == [0, 0]
    assert rows["Crime"] == pytest.approx([0.5**0.5, 0, 0, 0])
    assert rows["Western"] == pytest.approx([0.5**0.5, 1, 0, 0])
    assert rows["under an hour"] == [0, 1, 0, 0]
    assert rows["length"] == pytest.approx([2, -1.9, 0, 0])
    assert rows["tv"] == [0, 1, 1, 0]
    assert [GROUPS[group] for group in columns.groups].count("era") == 9


def test_languages_other_than_english_with_five_films_have_a_column() -> None:
    ratings = packed([(1, film, 3.0) for film in range(1, 14)])
    spoken = ["en"] * 5 + ["fr"] * 5 + ["ja"] * 2 + [None]
    facts = FilmFacts.of([{"language": language} for language in spoken])
    columns = Columns.of(ratings, facts, np.zeros((13, 0)))
    rows = dict(zip(columns.names, columns.rows(np.arange(13, dtype=np.int32)).T.tolist(), strict=True))
    assert rows["fr"] == [0] * 5 + [1] * 5 + [0] * 3
    assert rows["not English"] == [0] * 5 + [1] * 7 + [0]
    assert not {"en", "ja"} & rows.keys()


def blocks() -> Ratings:
    """Two audiences that rate different films."""
    return packed(
        (member, film, 3.0)
        for member in range(20)
        for film in range(30)
        if (member % 2 == film % 2) or (member + 7 * film) % 13 == 0
    )


def test_audiences_are_the_singular_vectors_of_who_of_the_others_rated_what() -> None:
    ratings = blocks()
    for without in (None, 3):
        audiences = Audiences(ratings)
        vectors = audiences.of_everybody() if without is None else audiences.without(without)
        rated = np.zeros((20, 30))
        rated[np.repeat(np.arange(20), ratings.by_member), ratings.film] = 1
        weights = rated.sum(0) / rated.sum()
        if without is not None:
            rated[without] = 0
        singular = np.linalg.svd(rated)[2][:2].T
        singular = singular - weights @ singular
        singular /= np.sqrt(weights @ singular**2)
        for place in range(2):
            same = vectors[:, place] @ (weights * singular[:, place])
            assert abs(same) == pytest.approx(1, abs=1e-3)
        assert weights @ vectors == pytest.approx(np.zeros(6), abs=1e-9)


def test_whatever_the_member_left_out_rated_the_audiences_are_those_of_the_others() -> None:
    rated = [(member, film, 3.0) for member in range(6) for film in range(12) if (member * film) % 5 < 3]
    one, other = packed(rated), packed([*rated, (9, 0, 5.0), (9, 5, 1.0)])
    alone, without = Audiences(one).of_everybody(), Audiences(other).without(6)
    # They are scaled by all ratings, and so agree but for that.
    for place in range(3):
        assert abs(np.corrcoef(alone[:, place], without[:, place])[0, 1]) == pytest.approx(1, abs=1e-6)
