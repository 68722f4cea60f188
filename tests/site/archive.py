"""The archive that a member can download: a zip of CSV files, in the form of 2026."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from .data import short_id
from .world import Film, Member, World

# The world knows the order of ratings and likes, not their days: each has a day of its own, from this one on.
FIRST_DAY = date(2025, 1, 1)
HEAD = ("Date", "Name", "Year", "Letterboxd URI")
EMAIL = "never-stored@example.org"

Row = Sequence[object]


def archive(world: World, name: str, days: Mapping[str, date] | None = None) -> bytes:
    """Return a member's archive as of now; ``days`` are those on which the ratings were set."""
    member = world.member(name)
    days = rating_days(member) if days is None else days
    files = {
        "profile.csv": _table(_PROFILE, [_profile(world, member)]),
        "watched.csv": _table(HEAD, _dated(world, sorted(member.watched))),
        "ratings.csv": _table((*HEAD, "Rating"), _ratings(world, member, days)),
        "diary.csv": _table((*HEAD, "Rating", "Rewatch", "Tags", "Watched Date"), _diary(world, member)),
        "reviews.csv": _table((*HEAD, "Rating", "Rewatch", "Review", "Tags", "Watched Date"), []),
        "watchlist.csv": _table(HEAD, _dated(world, watchlist_of(world, member))),
        "comments.csv": _table(("Date", "Content", "Comment"), []),
        "deleted/diary.csv": _table((*HEAD, "Rating", "Rewatch", "Tags", "Watched Date"), []),
        "orphaned/diary.csv": _table((*HEAD, "Rating", "Rewatch", "Tags", "Watched Date"), []),
        "likes/films.csv": _table(HEAD, _dated(world, member.likes)),
        "likes/lists.csv": _table(("Date", "Content"), []),
    }
    return packed(files)


def file_name(name: str, moment: str = "2026-01-21-11-21") -> str:
    """Return how the site names an archive that was made at that moment."""
    return f"letterboxd-{name}-{moment}-utc.zip"


def packed(files: dict[str, str], folder: str = "") -> bytes:
    """Return a zip of texts, in a ``folder`` if its owner packed it anew."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text)
    return body.getvalue()


_PROFILE = (
    "Date Joined", "Username", "Given Name", "Family Name", "Email Address", "Location", "Website", "Bio",
    "Pronoun", "Favorite Films",
)  # fmt: skip


def rating_days(member: Member) -> dict[str, date]:
    """Return the day on which each of a member's ratings was set."""
    return {slug: FIRST_DAY + timedelta(place % 300) for place, slug in enumerate(member.ratings)}


def _profile(world: World, member: Member) -> Row:
    favourites = ", ".join(_link(world.films[slug]) for slug in member.favourites)
    bio = 'Two lines,\r\nand a "quotation".'
    return (FIRST_DAY, member.shown, member.display_name, "", EMAIL, "", "", bio, "They / them", favourites)


def _ratings(world: World, member: Member, days: Mapping[str, date]) -> Iterable[Row]:
    for slug, stars in member.ratings.items():
        yield (*_film(world.films[slug], days[slug]), f"{stars:g}")


def _diary(world: World, member: Member) -> Iterable[Row]:
    for entry in member.diary:
        film = world.films[entry.film]
        stars = f"{entry.stars:g}" if entry.stars else ""
        link = f"https://boxd.it/{short_id(entry.id, 6)}"
        yield (
            entry.date,
            film.title,
            film.year or "",
            link,
            stars,
            "Yes" if entry.rewatch else "",
            "",
            entry.date,
        )


def watchlist_of(world: World, member: Member) -> list[str]:
    """Films that a member has not seen: the world knows no watchlists, and makes some up for archives."""
    unseen = [slug for slug in world.films if slug not in member.watched]
    return unseen[len(member.name) :: 40]


def _dated(world: World, slugs: Iterable[str]) -> Iterable[Row]:
    for place, slug in enumerate(slugs):
        yield _film(world.films[slug], FIRST_DAY + timedelta(place % 300))


def _film(film: Film, day: date) -> Row:
    return day, film.title, film.year or "", _link(film)


def _link(film: Film) -> str:
    return f"https://boxd.it/{film.lid}"


def _table(head: Row, rows: Iterable[Row]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([head, *rows])
    return text.getvalue()
