"""Circles whose labels are hard to write in an address."""

from pathlib import Path
from urllib.parse import quote

import pytest

from letterboxd_scraper.store import migrate
from letterboxd_scraper.store.engine import make_engine
from tests.asked import BROWSER, Asked
from tests.store.rows import add_cohort, add_user


@pytest.mark.parametrize(
    "label", ["Zürich, фильмы?", "100 % #1", "映画の会", "films.json", "this/that", "a&b=c"]
)
def test_every_view_of_a_circle_is_found_by_its_links(tmp_path: Path, label: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'circle.db'}")
    migrate.upgrade(engine)
    with engine.begin() as connection:
        for name in ("ann", "bob"):
            add_user(connection, name)
        add_cohort(connection, label, ["ann", "bob"])
    engine.dispose()
    asked = Asked(f"sqlite:///{tmp_path / 'circle.db'}")
    (circle,) = asked.get("/api/v1/cohorts").json()["cohorts"]
    assert circle["label"] == label
    address = f"/cohorts/{quote(circle['cohort'], safe='')}"
    assert f'href="{address}"' in asked.get("/", accept=BROWSER).text
    for view in ("", "/members", "/members.csv", "/members.json?limit=1"):
        answer = asked.get(address + view, accept=BROWSER)
        assert answer.status == 200, answer.text
    part = asked.get(f"{address}/members.json?limit=1")
    assert f"<{part.json()['next']}>" in part.headers["link"]
    assert asked.get(part.json()["next"]).json()["offset"] == 1
    page = asked.get(f"{address}/members?limit=1", accept=BROWSER).text
    assert f'href="{address}/members?limit=1&amp;offset=1"' in page
    asked.engine.dispose()
