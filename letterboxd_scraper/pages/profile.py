"""The profile page: counts, favourites and the member's own rating histogram."""

import re

from parsel import Selector

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items.films import Film
from letterboxd_scraper.items.members import Profile
from letterboxd_scraper.pages.bars import BARS, parse_bar
from letterboxd_scraper.pages.head import meta
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.proof import owner_of
from letterboxd_scraper.pages.tiles import parse_film

CONTAINER = ".profile-header, #profile-header"
_NAMED_FAVOURITES = re.compile(r"films? watched\. Favorites: ")


def parse_profile(page: Selector) -> Profile:
    """Read a profile page. Raises LayoutChanged where its owner or its header is missing."""
    member = owner_of(page)
    if member is None or not page.css(CONTAINER):
        raise LayoutChanged("no profile header on the page")
    histogram = _histogram(page)
    return Profile(
        member=member,
        display_name=_display_name(page),
        avatar_url=_avatar(page),
        lid=page.css("[data-clipboard-text]::attr(data-clipboard-text)").re_first(r"boxd\.it/(\w+)"),
        films=_count(page, member, "films/"),
        following=_count(page, member, "following/"),
        followers=_count(page, member, "followers/"),
        favourites=_favourites(page),
        ratings=sum(histogram) if histogram else None,
        histogram=histogram,
    )


def _display_name(page: Selector) -> str | None:
    name = page.css(".person-display-name .displayname").xpath("string()").get()
    name = name or re.sub(r"[’']s profile$", "", meta(page, "og:title"))
    return " ".join(name.split()) or None


def _avatar(page: Selector) -> str | None:
    return meta(page, "og:image") or page.css(".profile-avatar img::attr(src)").get()


def _count(page: Selector, member: str, listing: str) -> int | None:
    """Read a header count by its link: the words beside it are translated, the link is not."""
    for link in page.css(".profile-statistic a, .profile-stats a"):
        if link.xpath("@href").get("").lower() == f"/{member}/{listing}":
            return parse_count(link.css(".value").xpath("string()").get())
    return None


def _favourites(page: Selector) -> tuple[Film, ...]:
    # Only this section: recent activity and the watchlist teaser have tiles too.
    tiles = page.css("#favourites [data-item-slug], #favourites [data-film-slug]")
    # The description names them as well: if only that does, the section has changed, not the member's mind.
    if not tiles and _NAMED_FAVOURITES.search(meta(page, "og:description")):
        raise LayoutChanged("the profile names favourites, but no tile of them was found")
    return tuple(parse_film(tile) for tile in tiles)


def _histogram(page: Selector) -> tuple[int, ...] | None:
    """Return the ten counts; None if one cannot be read, or they do not add up to the total beside them."""
    section = page.css("section.ratings-histogram-chart")
    total = parse_count(section.css("a.all-link").xpath("string()").get())
    bars = [parse_bar(bar) for bar in section.css(BARS)]
    levels = [level or place for place, (level, _) in enumerate(bars, start=1)]
    if levels != list(range(1, 11)):
        return None
    counts = tuple(count or 0 for _, count in bars)
    # A bar without text may be a level without ratings, but only the total can prove it.
    silent = any(count is None for _, count in bars)
    if total != sum(counts) and (total is not None or silent):
        return None
    return counts
