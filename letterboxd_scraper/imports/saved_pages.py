"""Pages saved in a browser, read by the spiders' own parsers and put together to what they tell of members.

A page proves what it is, whatever its file is called. Listings of which a page is missing, or that do not
agree with the profile's own total, add what they have; they prove nothing to have gone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.errors import LayoutChanged, PageError, WrongPage
from letterboxd_scraper.items.films import Film, FilmFacts
from letterboxd_scraper.items.members import DiaryEntry, Profile, Tile
from letterboxd_scraper.items.sources import NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.pages import proof
from letterboxd_scraper.pages.diary import parse_diary
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.pagination import next_page, split_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.saved import own_links
from letterboxd_scraper.pages.tiles import parse_likes_total, parse_tiles, parse_watchlist_total

# Every listing of a member that is read, by what follows their name in its address, with its body's class.
_WATCHED, _RATED, _LIKES, _WATCHLIST = "films/", "films/rated/.5-5/", "likes/films/", "watchlist/"
_BODY_CLASS = {
    _WATCHED: "films-watched",
    _RATED: "films-watched",
    _LIKES: "likes",
    "likes/films/rated/none/": "likes",
    _WATCHLIST: "watchlist",
}


def pages_in(folder: Path, *suffixes: str) -> list[Path]:
    """Return the pages in a folder; what a browser puts beside them, in folders of its own, are none."""
    found = sorted(file for file in folder.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    return [
        file for file in found if not any(part.endswith("_files") for part in file.relative_to(folder).parts)
    ]


class SavedPage(NamedTuple):
    """A page of a listing, as saved ``at`` that time; ``following`` is the number of the next one."""

    number: int
    tiles: tuple[Tile, ...]
    following: int | None
    total: int | None
    at: datetime


@dataclass
class _Member:
    profile: Profile | None = None
    seen_at: datetime | None = None
    listings: dict[str, dict[int, SavedPage]] = field(default_factory=lambda: defaultdict(dict))
    diary: dict[int, tuple[tuple[DiaryEntry, ...], datetime]] = field(default_factory=dict)


@dataclass
class SavedPages:
    """What saved pages tell: of members, and of films; ``left_out`` says in words of what not."""

    snapshots: list[Snapshot] = field(default_factory=list)
    films: list[tuple[FilmFacts, datetime]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_saved_pages(files: Iterable[Path], now: datetime) -> SavedPages:
    """Read pages; one that cannot be read is left out, and named. None was saved after ``now``."""
    found, members = SavedPages(), defaultdict[str, _Member](_Member)
    for file in files:
        try:
            _read(file, now, members, found)
        except (PageError, OSError) as error:
            found.left_out.append(f"{file.name}: {error}")
    for name, member in sorted(members.items()):
        found.snapshots += _snapshots(name, member, found.left_out)
    return found


def _read(file: Path, now: datetime, members: dict[str, _Member], found: SavedPages) -> None:
    body = own_links(file.read_bytes())
    at = datetime.fromtimestamp(min(file.stat().st_mtime, now.timestamp()), UTC)
    proof.refuse_other_encoding(body, "utf-8")
    text = body.decode()
    if block := proof.block_in(200, {}, text):
        raise WrongPage(f"the site answered with a {block}, not with a page")
    proof.refuse_truncated(text)
    page = Selector(body=body, encoding="utf-8", type="html")
    classes = page.xpath("//body/@class").get("").split()
    if "film" in classes:
        shown = parse_film_page(page)
        found.films.append((FilmFacts(shown.film, shown.link, shown, None, False, shown.directors), at))
        return
    owner = proof.owner_of(page)
    if owner is None:
        raise WrongPage("neither a film's page nor a member's")
    if not re.fullmatch(r"[a-z0-9_-]+", owner):
        raise WrongPage("a page whose owner's name is no member's")
    if "profile" in classes:
        profile = parse_profile(page)
        member = members[owner]
        if member.seen_at is None or at > member.seen_at:
            member.profile, member.seen_at = profile, at
        return
    if "films-diary" in classes:
        _, number = split_page(_path(page, owner))
        members[owner].diary[number] = parse_diary(page), at
        return
    _read_listing(page, owner, at, members[owner])


def _read_listing(page: Selector, owner: str, at: datetime, member: _Member) -> None:
    path = _path(page, owner)
    listing, number = split_page(path.removeprefix(f"/{owner}/"))
    if listing not in _BODY_CLASS:
        raise WrongPage(f"nothing is taken from pages such as {path}")
    proof.check(page, _BODY_CLASS[listing], owner)
    total = {_LIKES: parse_likes_total, _WATCHLIST: parse_watchlist_total}.get(listing, _no_total)(page)
    saved = SavedPage(number, parse_tiles(page), next_page(page, path), total, at)
    before = member.listings[listing].get(number)
    if before is None or before.at < at:
        member.listings[listing][number] = saved


def _no_total(page: Selector) -> None:
    """Of other listings the profile shows the total."""


def _path(page: Selector, owner: str) -> str:
    """Return a page's path: by its links to the pages beside it, else its address, maybe the first's."""
    for href, step in ((_link(page, "next"), -1), (_link(page, "previous"), 1)):
        stem, number = split_page(href)
        if href.startswith(f"/{owner}/") and number + step >= 1:
            number += step
            return stem if number == 1 else f"{stem}page/{number}/"
    address = page.xpath("//meta[@property='og:url']/@content").get("")
    path = "/" + address.partition("://")[2].partition("/")[2]
    if not path.lower().startswith(f"/{owner}/"):
        raise LayoutChanged(f"a page of {owner!r} that does not say its address: {address!r}")
    return path.lower()


def _link(page: Selector, kind: str) -> str:
    href = page.css(f"div.pagination a.{kind}::attr(href)").get("")
    return ("/" + href.partition("://")[2].partition("/")[2] if "://" in href else href).lower()


def _snapshots(name: str, member: _Member, left_out: list[str]) -> list[Snapshot]:
    """Return what was saved of a member: one snapshot of what is proved whole, and one of the rest."""
    whole, rest = _Parts(), _Parts()
    profile = member.profile
    if profile is not None and member.seen_at is not None:
        whole.lid = rest.lid = profile.lid
        whole.favourites = tuple(_named(film) for film in profile.favourites)
        whole.note(member.seen_at)
    for listing, pages in member.listings.items():
        doubt = _doubt(listing, pages, profile)
        if doubt:
            left_out.append(f"{name}: /{listing} {doubt}: nothing is removed")
        (rest if doubt else whole).add(listing, [pages[number] for number in sorted(pages)])
    for number in sorted(member.diary):
        rest.add_viewings(*member.diary[number])
    if whole.likes is None:
        rest.add_likes(member.listings)
    found = []
    for parts, complete in ((whole, True), (rest, False)):
        if parts.at is not None and parts.tell_something:
            found.append(parts.snapshot(name, complete=complete))
    return found


@dataclass
class _Parts:
    at: datetime | None = None
    lid: str | None = None
    ratings: tuple[RatedFilm, ...] | None = None
    likes: tuple[NamedFilm, ...] | None = None
    favourites: tuple[NamedFilm, ...] | None = None
    watched: tuple[NamedFilm, ...] | None = None
    watchlist: tuple[NamedFilm, ...] | None = None
    viewings: tuple[Viewed, ...] = ()

    @property
    def tell_something(self) -> bool:
        parts = (self.ratings, self.likes, self.favourites, self.watched, self.watchlist)
        return bool(self.viewings) or any(part is not None for part in parts)

    def note(self, at: datetime) -> None:
        """The oldest page says as of when all this is known."""
        self.at = at if self.at is None else min(self.at, at)

    def add(self, listing: str, pages: Sequence[SavedPage]) -> None:
        tiles = {tile.film.key: tile for page in pages for tile in page.tiles}.values()
        films = tuple(_named(tile.film) for tile in tiles)
        for page in pages:
            self.note(page.at)
        if listing in (_WATCHED, _RATED):
            self.ratings = tuple(
                RatedFilm(_named(tile.film), tile.stars) for tile in tiles if tile.stars is not None
            )
        if listing == _WATCHED:
            self.watched = films
        elif listing == _WATCHLIST:
            self.watchlist = films
        elif listing == _LIKES:
            self.likes = films

    def add_viewings(self, entries: tuple[DiaryEntry, ...], at: datetime) -> None:
        self.viewings += tuple(
            Viewed(_named(each.film), each.date, each.stars, urls.SITE + each.url) for each in entries
        )
        self.note(at)

    def add_likes(self, listings: dict[str, dict[int, SavedPage]]) -> None:
        """Add the likes that stand beside other things, where there is no listing of all."""
        pages = [page for each in listings.values() for page in each.values()]
        marked = {tile.film.key: tile for page in pages for tile in page.tiles if tile.liked}
        known = {
            film.slug: film
            for film in (*(self.likes or ()), *(_named(tile.film) for tile in marked.values()))
        }
        if known:
            self.likes = tuple(known.values())
            self.note(min(page.at for page in pages))

    def snapshot(self, name: str, *, complete: bool) -> Snapshot:
        assert self.at is not None  # noqa: S101  (asked for only where there is something)
        return Snapshot(
            name,
            self.at,
            "saved pages",
            ratings=self.ratings,
            likes=self.likes,
            favourites=self.favourites,
            watched=self.watched,
            watchlist=self.watchlist,
            viewings=self.viewings,
            lid=self.lid,
            complete=complete,
        )


def _doubt(listing: str, pages: dict[int, SavedPage], profile: Profile | None) -> str | None:
    """Say why a listing is not proved whole; None if it is."""
    last = max(pages)
    missing = [number for number in range(1, last + 1) if number not in pages]
    if pages[last].following is not None:
        missing.append(last + 1)
    if missing:
        return f"lacks page {missing[0]}"
    tiles = {tile.film.key: tile for page in pages.values() for tile in page.tiles}.values()
    shown, rated = len(tiles), sum(tile.stars is not None for tile in tiles)
    totals: dict[str, tuple[int | None, int]] = dict.fromkeys((_LIKES, _WATCHLIST), (pages[1].total, shown))
    if profile is not None:
        totals |= {_WATCHED: (profile.films, shown), _RATED: (profile.ratings, rated)}
        if listing == _WATCHED and profile.ratings != rated:
            return (
                f"shows {rated} ratings, not the {profile.ratings or 'unknown number'} that the site counts"
            )
    expected, found = totals.get(listing, (None, shown))
    if expected is None:
        return "has no total to agree with: save the profile, too"
    return None if expected == found else f"shows {found} films, not the {expected} that the site counts"


def _named(film: Film) -> NamedFilm:
    return NamedFilm(film.title, film.year, film.lid, film.slug, film.film_id)
