"""What the report's scripts are given: what is stored of films and members, in the form that `data` says."""

from collections import Counter
from itertools import islice
from typing import Any

import pytest
import sqlalchemy as sa

from benchmarks.circles import NOW
from benchmarks.report_circle import invented, load
from letterboxd_scraper.items.members import STARS
from letterboxd_scraper.report import Options, forecasts
from letterboxd_scraper.report.columns import numbers
from letterboxd_scraper.report.data import unpacked
from letterboxd_scraper.report.page import gather
from letterboxd_scraper.store.engine import read_transaction
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.schema import (
    cohort_members,
    film_histograms,
    film_rankings,
    films,
    ratings,
    users,
    watched,
    watchlist,
)
from ranking.compute import compute
from ranking.recommend.films import Wish, order_films, read_model
from ranking.results import ranking
from ranking.strategies import STRATEGIES

SMALL = invented(members=6, count=60, rated_by_each=30)


@pytest.fixture
def circle(engine: sa.Engine) -> sa.Engine:
    """A database with a circle of six members, everything known."""
    load(engine, SMALL)
    return engine


def blocks(engine: sa.Engine, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the page reads at once, and what it reads later."""
    with read_transaction(engine) as connection:
        page = gather(connection, cohorts.find(connection, "1"), Options(at=NOW, **options))
    return unpacked(page["report"]), unpacked(page["later"])


def marks_of(later: dict[str, Any]) -> list[dict[int, int]]:
    """Return film by film what the members gave it, by their places."""
    members, marks = (iter(numbers(later["raters"][name])) for name in ("member", "mark"))
    of_films = []
    for count in numbers(later["raters"]["count"]):
        place, of_film = 0, {}
        for distance, mark in zip(islice(members, count), islice(marks, count), strict=True):
            place += distance
            of_film[place] = mark
        of_films.append(of_film)
    return of_films


def test_it_has_who_gave_what(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        user = 1
        mine = sa.select(ratings.c.film_id).where(ratings.c.user_id == user)
        hearted, favorite = connection.scalars(mine.order_by(ratings.c.film_id).limit(2)).all()
        own = (ratings.c.user_id == user, ratings.c.film_id)
        connection.execute(ratings.update().where(own[0], own[1] == hearted).values(liked=True))
        connection.execute(ratings.update().where(own[0], own[1] == favorite).values(favorite=True))
        unrated = connection.scalars(sa.select(films.c.id).where(films.c.id.not_in(mine))).all()
        liked = {"user_id": user, "liked": True, "first_seen_at": NOW, "updated_at": NOW}
        connection.execute(ratings.insert(), [liked | {"film_id": unrated[0]}])
        listed = [{"user_id": user, "film_id": film} for film in (unrated[1], unrated[2], hearted)]
        connection.execute(watched.insert(), listed)
        connection.execute(watchlist.insert(), listed[1:2])
        expected: dict[str, dict[str, int]] = {}
        rows = connection.execute(
            sa.select(
                users.c.letterboxd_username,
                films.c.slug,
                ratings.c.rating,
                ratings.c.liked,
                ratings.c.favorite,
            )
            .join_from(ratings, films)
            .join(users)
        ).all()
        slugs = dict(connection.execute(sa.select(films.c.id, films.c.slug)).all())
    for name, slug, stars, heart, favourite in rows:
        expected.setdefault(slug, {})[name] = int(2 * (stars or 0)) + 16 * heart + 32 * favourite
    expected.setdefault(slugs[unrated[1]], {})["member_0001"] = 128
    expected.setdefault(slugs[unrated[2]], {})["member_0001"] = 128 + 64
    report, later = blocks(circle, names=True)
    rated = [slug for _, slug, stars, *_ in rows if stars]
    counts = (
        f"6 people, {len(set(rated))} films, {len(rated)} ratings and {sum(row[3] for row in rows)} hearts"
    )
    assert report["sentence"].removesuffix(".").split(";")[0] == counts
    members = [name.removesuffix(" (you)") for name in report["members"]]
    told = {
        slug: {members[place]: mark for place, mark in of_film.items()}
        for slug, of_film in zip(report["films"]["slug"], marks_of(later), strict=True)
    }
    assert told == {slug: expected[slug] for slug in told}
    assert any(mark & 128 for of_film in told.values() for mark in of_film.values())


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_it_has_what_is_stored_of_films(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        best = sa.select(film_rankings.c.film_id).where(film_rankings.c.rank == 1)
        connection.execute(films.update().where(films.c.id.in_(best)).values(original_language="ja"))
        minutes = dict(connection.execute(sa.select(films.c.slug, films.c.runtime_minutes)).all())
        site: dict[str, Counter[str]] = {}
        h = film_histograms.c
        for slug, label, count in connection.execute(
            sa.select(films.c.slug, h.bucket_label, h.count).join(films).where(h.cohort_id.is_(None))
        ):
            site.setdefault(slug, Counter())[label] = count
    report, later = blocks(circle)
    columns = report["films"]
    assert columns["minutes"] == [minutes[slug] for slug in columns["slug"]]
    assert report["languages"] == ["ja"]
    assert columns["language"] == [0, *[None] * (len(columns["rank"]) - 1)]
    assert not {"liked", "favorites", "wanted"} & columns.keys()  # nobody marked anything
    for slug, shares in zip(columns["slug"], later["site"], strict=True):
        total = site[slug].total()
        assert numbers(shares) == [round(1000 * site[slug][str(stars)] / total) for stars in STARS]
    assert report["least"] == 2
    assert set(report["cards"]) == {"love", "fight", "unknown", "tonight"}
    assert len(later["pairs"]["one"]) == len(later["pairs"]["high"]) == 15
    assert all(-100 <= number <= 100 for number in later["pairs"]["agreement"])
    assert later["words"][0].split()[1:3] == ["of", "you,"]
    assert all(later["why"])


def test_it_has_the_ranks_of_discovery_stored_or_not(circle: sa.Engine) -> None:
    fresh = blocks(circle)[0]["films"]["discovery"]
    with circle.connect() as connection:
        cohort = cohorts.find(connection, "1")
    compute(circle, cohort, STRATEGIES["discovery"], {}, NOW)
    with circle.connect() as connection:
        rank_of = {film.slug: film.rank for film in ranking(connection, cohort, "discovery")}
    report, _ = blocks(circle)
    assert fresh == report["films"]["discovery"] == [rank_of.get(slug) for slug in report["films"]["slug"]]
    assert 1 in fresh
    with circle.begin() as connection:
        own = film_rankings.c.strategy == "discovery"
        connection.execute(film_rankings.delete().where(own))
        connection.execute(films.update().values(letterboxd_weighted_average=None))
    assert "discovery" not in blocks(circle)[0]["films"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_circle_that_was_ranked_and_has_no_member_any_more_has_a_report(circle: sa.Engine) -> None:
    with circle.begin() as connection:
        connection.execute(cohort_members.delete())
    assert blocks(circle)[0]["members"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_it_has_what_members_would_give_films_that_they_have_not_seen(
    circle: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, later = blocks(circle, names=True)
    with read_transaction(circle) as connection:
        cohort = cohorts.find(connection, "1")
        model = read_model(connection, cohort, NOW)
        ordered = order_films(connection, cohort, model, {"member_0003": 3}, Wish(), NOW)
        slug_of = dict(connection.execute(sa.select(films.c.id, films.c.slug)).all())
    stars = zip(ordered.film_ids.tolist(), ordered.value.tolist(), strict=True)
    recommended = {slug_of[film]: value for film, value in stars}
    expected = numbers(later["expected"][report["members"].index("member_0003")])
    told = {
        slug: 0.5 + (steps - 1) / 20
        for slug, steps in zip(report["films"]["slug"], expected, strict=True)
        if steps
    }
    assert told == pytest.approx({slug: recommended[slug] for slug in told}, abs=0.025001)
    assert set(told) == recommended.keys() & set(report["films"]["slug"])
    monkeypatch.setattr(forecasts, "MOST", 10)
    assert [stars is not None for stars in blocks(circle)[1]["expected"]] == [
        place == blocks(circle)[0]["you"] for place in range(6)
    ]
