"""Recommendations are kept until the data change; what was made of older data does not stay."""

from pathlib import Path
from typing import Any

import pytest

from letterboxd_scraper.server import kept, recommendations
from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from ranking.recommend.personal import CircleModel
from tests.asked import Asked
from tests.server.test_kept import Clock
from tests.store.rows import add_cohort, add_film, add_rating, add_user

PATH = "/api/v1/cohorts/friends/recommendations"


def test_a_list_by_a_model_of_older_data_is_made_anew_with_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(kept, "time", clock)
    read_model = recommendations.read_model

    def slowly(*arguments: Any) -> CircleModel:
        clock.now += 100  # the model is not made again for five hundred seconds
        return read_model(*arguments)

    monkeypatch.setattr(recommendations, "read_model", slowly)
    url = f"sqlite:///{tmp_path}/circle.db"
    engine = make_engine(url)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        _, _, cleo = (add_user(connection, name) for name in ("ann", "bob", "cleo"))
        add_rating(connection, cleo, add_film(connection, "film-1"), rating=4.0)
        add_cohort(connection, "friends", ["ann", "bob", "cleo"])
    server = Asked(url, names=True)

    def slugs(member: str) -> list[str]:
        return [film["slug"] for film in server.get(f"{PATH}?member={member}").json()["films"]]

    assert slugs("ann") == ["film-1"]
    with engine.begin() as connection:
        add_rating(connection, cleo, add_film(connection, "film-2"), rating=4.0)
    assert slugs("bob") == ["film-1"]
    clock.now += 1000
    assert sorted(slugs("bob")) == ["film-1", "film-2"]
    server.engine.dispose()
    engine.dispose()
