"""Pages saved in a browser, read by the spiders' parsers and put together to snapshots of members.

What a page is, it says itself, whatever its file is called. A listing that lacks a page, or does not agree
with the total that the site counts, adds what it has, but proves nothing to have gone.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from parsel import Selector

from letterboxd_scraper import urls
from letterboxd_scraper.errors import InputError, LayoutChanged, PageError, WrongPage
from letterboxd_scraper.imports.contents import Contents, Options
from letterboxd_scraper.imports.files import File, file_on_disk
from letterboxd_scraper.imports.grouping import Group
from letterboxd_scraper.items.films import Film, FilmFacts
from letterboxd_scraper.items.members import DiaryEntry, Profile, Tile
from letterboxd_scraper.items.sources import DatedFilm, NamedFilm, RatedFilm, Snapshot, Viewed
from letterboxd_scraper.pages import proof
from letterboxd_scraper.pages.diary import read_diary
from letterboxd_scraper.pages.film import parse_film_page
from letterboxd_scraper.pages.head import meta, path_of
from letterboxd_scraper.pages.pagination import next_page, split_page
from letterboxd_scraper.pages.profile import parse_profile
from letterboxd_scraper.pages.saved import own_links
from letterboxd_scraper.pages.tiles import parse_likes_total, parse_watchlist_total, read_tiles
from letterboxd_scraper.words import counted

# A member's listings that are read, by what follows the name in their address, with the body's class.
_WATCHED, _RATED, _LIKES, _WATCHLIST = "films/", "films/rated/.5-5/", "likes/films/", "watchlist/"
_BODY_CLASS = {
    _WATCHED: "films-watched",
    _RATED: "films-watched",
    _LIKES: "likes",
    "likes/films/rated/none/": "likes",
    _WATCHLIST: "watchlist",
}
# The profile has the totals of the others.
_TOTALS = {_LIKES: parse_likes_total, _WATCHLIST: parse_watchlist_total}


@dataclass
class SavedPages:
    """The snapshots of members and the facts of films in saved pages; ``left_out`` says what is missing."""

    snapshots: list[Snapshot] = field(default_factory=list)
    films: list[tuple[FilmFacts, datetime]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class _ListingPage(NamedTuple):
    tiles: tuple[Tile, ...]
    following: int | None  # the number of the page after it
    total: int | None
    at: datetime
    whole: bool  # every entry could be read


class _Member:
    """What was saved of one member: of pages that were saved twice, the later one."""

    def __init__(self) -> None:
        self.profile: tuple[Profile, datetime] | None = None
        self.listings: dict[str, dict[int, _ListingPage]] = defaultdict(dict)
        self.diary: dict[int, tuple[tuple[DiaryEntry, ...], datetime]] = {}


def pages_in(folder: Path, *suffixes: str) -> list[Path]:
    """Return the pages in a folder, sorted by path, without those in a browser's folders of pictures."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in suffixes and file.is_file())
    return [
        file for file in files if not any(part.endswith("_files") for part in file.relative_to(folder).parts)
    ]


def read_saved_pages(paths: Iterable[Path], now: datetime) -> SavedPages:
    """Read pages; one that cannot be read is left out, and named. None was saved after ``now``."""
    files, unread = [], []
    for path in paths:
        try:
            files.append(file_on_disk(path))
        except InputError as error:
            unread.append(f"{path.name}: {error}")
    saved = _read_files(files, Options(now))
    saved.left_out[:0] = unread
    return saved


def read_group(pages: Group, options: Options) -> Contents:
    """Read the pages of one place; one that cannot be read is left out, and named."""
    saved = _read_files(pages.files.values(), options)
    return Contents(tuple(saved.snapshots), tuple(saved.films), tuple(saved.left_out))


def _read_files(files: Iterable[File], options: Options) -> SavedPages:
    saved, members = SavedPages(), defaultdict[str, _Member](_Member)
    for file in files:
        try:
            _read(file, options.made(file.modified), members, saved)
        except (PageError, InputError) as error:
            saved.left_out.append(f"{file.name}: {error}")
    for name, member in sorted(members.items()):
        saved.snapshots += _snapshots(name, member, saved.left_out)
    return saved


def _read(file: File, at: datetime, members: dict[str, _Member], saved: SavedPages) -> None:
    page = _parsed(file.read())
    classes = page.xpath("//body/@class").get("").split()
    if "film" in classes:
        film_page = parse_film_page(page)
        facts = FilmFacts(film_page.film, film_page.link, film_page, None, False, film_page.directors)
        saved.films.append((facts, at))
        return
    owner = proof.owner_of(page)
    if owner is None:
        raise WrongPage("neither a film's page nor a member's")
    if not re.fullmatch(r"[a-z0-9_-]+", owner):
        raise WrongPage("a page whose owner's name is no member's")
    if "profile" in classes:
        profile = parse_profile(page)
        member = members[owner]
        if member.profile is None or at > member.profile[1]:
            member.profile = profile, at
    elif "films-diary" in classes:
        _, number = split_page(_path(page, owner))
        entries, unread = read_diary(page)
        saved.left_out += [f"{file.name}: {entry}" for entry in unread]
        members[owner].diary[number] = entries, at
    else:
        reasons = _read_listing(page, owner, at, members[owner])
        saved.left_out += [f"{file.name}: an entry is left out: {reason}" for reason in reasons]


def _parsed(body: bytes) -> Selector:
    body = own_links(body)
    proof.refuse_other_encoding(body, "utf-8")
    text = body.decode()
    if block := proof.block_in(200, {}, text):
        raise WrongPage(f"the site answered with a {block}, not with a page")
    proof.refuse_truncated(text)
    return Selector(body=body, encoding="utf-8", type="html")


def _read_listing(page: Selector, owner: str, at: datetime, member: _Member) -> tuple[str, ...]:
    """Take in a page of a listing; return why entries of it could not be read."""
    path = _path(page, owner)
    listing, number = split_page(path.removeprefix(f"/{owner}/"))
    if listing not in _BODY_CLASS:
        raise WrongPage(f"nothing is taken from pages such as {path}")
    proof.check(page, _BODY_CLASS[listing])
    total = _TOTALS[listing](page) if listing in _TOTALS else None
    tiles, unread = read_tiles(page)
    listing_page = _ListingPage(tiles, next_page(page, path), total, at, whole=not unread)
    earlier = member.listings[listing].get(number)
    if earlier is None or earlier.at < at:
        member.listings[listing][number] = listing_page
    return unread


def _path(page: Selector, owner: str) -> str:
    """Return a page's path: by its links to the pages beside it, else its address, maybe the first page's."""
    for kind, step in (("next", -1), ("previous", 1)):
        href = page.css(f"div.pagination a.{kind}::attr(href)").get("").lower()
        stem, number = split_page(path_of(href))
        if stem.startswith(f"/{owner}/") and number + step >= 1:
            number += step
            return stem if number == 1 else f"{stem}page/{number}/"
    address = meta(page, "og:url")
    path = path_of(address).lower()
    if not path.startswith(f"/{owner}/"):
        raise LayoutChanged(f"a page of {owner!r} that does not say its address: {address!r}")
    return path


class _SnapshotParts:
    """The parts of a snapshot, by their names there; the oldest page says as of when they are true."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}
        self.times: list[datetime] = []

    def add(self, times: Iterable[datetime], **parts: Any) -> None:
        self.times += times
        self.parts |= parts


def _snapshots(name: str, member: _Member, left_out: list[str]) -> list[Snapshot]:
    """Return what was saved of a member: one snapshot of what is proved whole, and one of the rest."""
    whole, rest = _SnapshotParts(), _SnapshotParts()
    profile = None
    if member.profile is not None:
        profile, seen_at = member.profile
        whole.add([seen_at], favourites=tuple(map(_named, profile.favourites)))
    for listing, pages in member.listings.items():
        doubt = _doubt(listing, pages, profile)
        if doubt:
            left_out.append(f"{name}: /{listing} {doubt}: nothing is removed")
        (rest if doubt else whole).add(
            [page.at for page in pages.values()], **_parts_of(listing, _tiles(pages))
        )
    _add_diary(rest, member)
    if "likes" not in whole.parts:
        _add_marked_likes(rest, member)
    lid = profile.lid if profile else None
    return [
        Snapshot(
            name,
            min(bundle.times),
            "saved pages",
            lid=lid,
            complete=bundle is whole,
            of_pages=True,
            **bundle.parts,
        )
        for bundle in (whole, rest)
        if bundle.parts
    ]


def _add_diary(rest: _SnapshotParts, member: _Member) -> None:
    viewings = [
        Viewed(_named(entry.film), entry.date, entry.stars, urls.SITE + entry.url)
        for _, (entries, _) in sorted(member.diary.items())
        for entry in entries
    ]
    rest.add([at for _, at in member.diary.values()], **({"viewings": tuple(viewings)} if viewings else {}))


def _add_marked_likes(rest: _SnapshotParts, member: _Member) -> None:
    """Add the likes that are marked on other listings, where no listing of all likes is proved whole."""
    pages = [page for listing in member.listings.values() for page in listing.values()]
    marked = {tile.film.key: _named(tile.film) for page in pages for tile in page.tiles if tile.liked}
    likes = {film.slug: film for film in (*rest.parts.get("likes", ()), *marked.values())}
    if likes:
        rest.add([page.at for page in pages], likes=tuple(likes.values()))


def _parts_of(listing: str, tiles: Sequence[Tile]) -> dict[str, Any]:
    """Return the parts of a snapshot that a listing tells."""
    films = tuple(_named(tile.film) for tile in tiles)
    rated = tuple(RatedFilm(_named(tile.film), tile.stars) for tile in tiles if tile.stars is not None)
    parts: dict[str, dict[str, Any]] = {
        _WATCHED: {"watched": tuple(map(DatedFilm, films)), "ratings": rated},
        _RATED: {"ratings": rated},
        _LIKES: {"likes": films},
        _WATCHLIST: {"watchlist": tuple(map(DatedFilm, films))},
    }
    return parts.get(listing, {})


def _doubt(listing: str, pages: dict[int, _ListingPage], profile: Profile | None) -> str | None:
    """Say why a listing is not proved whole; None if it is."""
    last = max(pages)
    missing = [number for number in range(1, last + 1) if number not in pages]
    if pages[last].following is not None:
        missing.append(last + 1)
    if missing:
        return f"lacks page {missing[0]}"
    if not all(page.whole for page in pages.values()):
        return "has entries that cannot be read"
    tiles = _tiles(pages)
    rated = sum(tile.stars is not None for tile in tiles)
    count, total = len(tiles), pages[1].total
    if profile is not None and listing == _WATCHED:
        if profile.ratings != rated:
            counts = profile.ratings or "unknown number"
            return f"shows {counted(rated, 'rating')}, not the {counts} that the site counts"
        total = profile.films
    elif profile is not None and listing == _RATED:
        count, total = rated, profile.ratings
    if total is None:
        return "has no total to agree with: save the profile, too"
    return None if total == count else f"shows {counted(count, 'film')}, not the {total} that the site counts"


def _tiles(pages: dict[int, _ListingPage]) -> list[Tile]:
    """Return the films of a listing in the order of its pages, each once."""
    tiles = {tile.film.key: tile for _, page in sorted(pages.items()) for tile in page.tiles}
    return list(tiles.values())


def _named(film: Film) -> NamedFilm:
    return NamedFilm(film.title, film.year, film.lid, film.slug, film.film_id)
