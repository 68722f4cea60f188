"""What sources tell of ada and the film X, for the tests of how it is stored."""

from datetime import datetime
from itertools import permutations
from typing import Any

import sqlalchemy as sa

from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import FeedEntry, FeedNews
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.items.tasks import Provenance
from letterboxd_scraper.store.save import save
from tests.store.rows import DAY, MONDAY, rating_rows

IMPORTED = Provenance(MONDAY + 90 * DAY)
MIDNIGHT = MONDAY.replace(hour=0)
X = NamedFilm("X", 1999, "xX", "x", 7)
Y = NamedFilm("Y", 1999, "yY", "y", 8)
URL = "https://letterboxd.com/ada/film/x/"


def at(day: int) -> datetime:
    return MONDAY + day * DAY


def rated(stars: float, as_of: int, day: int | None = None, **more: Any) -> Snapshot:
    """Return a source of that day, which says that X has so many stars, and since which day."""
    rating = RatedFilm(X, stars, None if day is None else at(day).date())
    values = {"member": "ada", "source": f"of day {as_of}", "ratings": (rating,)} | more
    return Snapshot(as_of=at(as_of), **values)


def tell(connection: sa.Connection, *told: Snapshot) -> None:
    for snapshot in told:
        save(snapshot, connection, IMPORTED)


def the_row(connection: sa.Connection, *columns: str) -> Any:
    (row,) = rating_rows(connection, *columns).values()
    return row


def viewed(stars: float | None, day: int, url: str = URL) -> Viewed:
    return Viewed(X, at(day).date(), stars, url)


def diary(as_of: int, *viewings: Viewed) -> Snapshot:
    return Snapshot("ada", at(as_of), "saved pages", viewings=viewings, complete=False, of_pages=True)


def in_all_orders(connection: sa.Connection, told: list[Snapshot], *columns: str) -> set[Any]:
    """Return what is stored of X after these sources in each order."""
    ends = set()
    for order in permutations(told):
        with connection.begin_nested() as nested:
            tell(connection, *order)
            ends.add(the_row(connection, *columns))
            nested.rollback()
    return ends


def entry(number: int, published: datetime, stars: float | None, day: int | None = 1) -> FeedEntry:
    watched = None if day is None else at(day).date()
    guid, url = f"letterboxd-watch-{number}", f"{URL}{number}/"
    return FeedEntry(guid, Film("x", "X", 1999), watched, published, stars, None, url)


def read_feed(connection: sa.Connection, day: int, *entries: FeedEntry, member: str = "ada") -> None:
    save(FeedNews(member, entries), connection, Provenance(at(day), 3))
