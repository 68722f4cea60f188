"""The profile page: counts, favourites and the member's own rating histogram."""

import re

from parsel import Selector, SelectorList

from letterboxd_scraper.errors import LayoutChanged
from letterboxd_scraper.items import Film, Profile
from letterboxd_scraper.pages.numbers import parse_count
from letterboxd_scraper.pages.proof import owner_of
from letterboxd_scraper.pages.tiles import parse_film

_LEVEL = re.compile(r"(half-★|★+½?|½)")
_LEVELS = (
    {"½": 1, "half-★": 1}
    | {"★" * n: 2 * n for n in range(1, 6)}
    | {"★" * n + "½": 2 * n + 1 for n in range(1, 5)}
)

_NAMED_FAVOURITES = re.compile(r"films? watched\. Favorites: ")


def parse_profile(page: Selector) -> Profile:
    """Read a profile page. Raises LayoutChanged where its owner or its header is missing."""
    member = owner_of(page)
    if member is None or not page.css(".profile-header, #profile-header"):
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
    name = name or re.sub(r"[’']s profile$", "", _meta(page, "og:title") or "")
    return " ".join(name.split()) or None


def _avatar(page: Selector) -> str | None:
    return _meta(page, "og:image") or page.css(".profile-avatar img::attr(src)").get()


def _meta(page: Selector, name: str) -> str | None:
    return page.xpath("//meta[@property=$name]/@content", name=name).get()


def _count(page: Selector, member: str, listing: str) -> int | None:
    """Read a header count by its link: the words beside it are translated, the link is not."""
    for link in page.css(".profile-statistic a, .profile-stats a"):
        if link.attrib.get("href", "").lower() == f"/{member}/{listing}":
            return parse_count(link.css(".value").xpath("string()").get())
    return None


def _favourites(page: Selector) -> tuple[Film, ...]:
    # Only this section: recent activity and the watchlist teaser have tiles too.
    tiles = page.css("#favourites [data-item-slug], #favourites [data-film-slug]")
    # The description names them as well: if only that does, the section has changed, not the member's mind.
    if not tiles and _NAMED_FAVOURITES.search(_meta(page, "og:description") or ""):
        raise LayoutChanged("the profile names favourites, but no tile of them was found")
    return tuple(parse_film(tile) for tile in tiles)


def _histogram(page: Selector) -> tuple[int, ...] | None:
    """Return the ten counts, or None if they cannot all be read or do not add up to the total shown."""
    section = page.css("section.ratings-histogram-chart")
    bars = section.css("li.rating-histogram-bar, .barcolumn")
    counts: dict[int, int] = {}
    for number, bar in enumerate(bars, start=1):
        text = _bar_text(bar)
        level = _LEVEL.search(text)
        halves = _LEVELS.get(level[1]) if level else number if len(bars) == 10 else None
        if halves is None or halves in counts:
            return None
        counts[halves] = parse_count(text[: level.start()] if level else text) or 0
    total = _total(section)
    if sorted(counts) != list(range(1, 11)) or (total is not None and total != sum(counts.values())):
        return None
    return tuple(counts[halves] for halves in range(1, 11))


def _bar_text(bar: Selector) -> str:
    """Return a bar's sentence, "17 ★★ ratings (5%)"; a level without ratings may have none."""
    titles = bar.xpath(".//@title | .//@data-original-title | ./@title | ./@data-original-title").getall()
    return titles[0] if titles else bar.xpath("string()").get("")


def _total(section: SelectorList[Selector]) -> int | None:
    return parse_count(section.css("a.all-link").xpath("string()").get())
