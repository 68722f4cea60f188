"""The profile: counts, favourites, the histogram of a member's ratings, and other films around them."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

import zlib
from itertools import islice
from urllib.parse import quote

from . import chrome
from .grids import newest_first, poster, star_text
from .world import STARS, Film, Member, World

THIS_YEAR = 2026
RECENT = 4
WATCHLIST = 5

_LIKED = ' <span class="rating liked"> </span>'

_SUMMARY = """\t\t<div class="profile-summary js-profile-summary" data-profile-summary-options="{&quot;hasMeta&quot;: false, &quot;hasBio&quot;: false, &quot;isHQ&quot;: false}">
\t<div class="profile-avatar">
\t\t<span class="avatar -a110 -large"> <img src="@small@" alt="@owner@" width="110" height="110" /> <a id="avatar-zoom" href="#avatar-large"></a> </span>
\t</div>
\t<div hidden aria-hidden="true"><div id="avatar-large"><span class="avatar -a500 -borderless -large"> <img src="@large@" alt="@owner@" width="500" height="500" /> </span></div></div>
\t<div class="profile-name-and-actions js-profile-name-and-actions">
\t\t<h1 class="person-display-name">
\t\t\t<span class="displayname tooltip" title="@shown@">@owner@</span>@badge@
\t\t</h1>
\t\t<div class="profile-actions js-profile-actions"><div class="dropdown-menulist">
\t\t\t<div role="none" class="menuitem -trigger -has-icon js-dropdown-child"><button type="button" role="menuitem" data-menuitem-trigger="clipboard" data-clipboard-text="https://boxd.it/@lid@" data-dismiss="dropdown"> <svg></svg> <span class="label">Copy profile link</span></button></div>
\t\t\t<div role="none" class="menuitem -trigger -has-icon js-dropdown-child"><a href="/@name@/qr/" target="_blank" role="menuitem" data-menuitem-trigger="popup" data-dismiss="dropdown"> <svg></svg> <span class="label">Show QR code</span></a></div>
\t\t</div></div>
\t</div>
\t<div class="profile-info -has-no-bio -has-no-meta -is-not-hq js-profile-info">
\t<div class="profile-stats js-profile-stats">
@statistics@\t</div>
\t</div>
\t</div>
"""

_STATISTIC = """\t\t\t\t<h4 class="profile-statistic statistic"><a href="/@name@/{path}/"><span class="value">{number:,}</span><span class="definition title-all-caps -small">{word}</span></a></h4>
"""

_LIST = """\t\t\t\t<section class="section list-set{aside}">
\t\t\t\t\t<h2 class="section-heading"><a href="/@name@/{path}/">{heading}</a></h2>
\t\t\t\t\t<a href="/@name@/{path}/" class="all-link">{total:,}</a>
\t\t\t\t\t<section class="list js-list -overlapped -stacked" data-person="@shown@"><div class="poster-list-overlapped -p70"><a href="/@name@/{path}/" class="poster-list-link">
\t\t\t\t\t\t<ul class="posterlist">
{tiles}\t\t\t\t\t\t</ul>
\t\t\t\t\t</a></div></section>
\t\t\t\t</section>
"""


def profile_page(world: World, member: Member) -> str:
    """Return a member's profile; what the member has none of has no section."""
    summary = chrome.fill(
        _SUMMARY,
        statistics=_statistics(world, member),
        badge=f' <span class="badge -small">{member.badge}</span>' if member.badge else "",
        small=chrome.avatar(member, 220),
        large=chrome.avatar(member, 1000),
        lid=member.lid,
    )
    content = chrome.fill(
        chrome.profile_header(member, "profile", summary)
        + '<div class="cols-2">\n\t<div class="col-16">\n'
        + _favourites(world, member)
        + _recent_activity(world, member)
        + _recent_lists(world, member)
        + '\t</div>\n\t<aside class="sidebar col-8">\n'
        + _watchlist(world, member)
        + _histogram(member)
        + "\t</aside>\n</div>\n",
        name=member.name,
        shown=member.shown,
        owner=chrome.owner(member),
    )
    return chrome.document(
        "profile",
        member,
        content,
        path=f"/{member.name}/",
        title=f"{chrome.owner(member)}’s profile",
        about=f"{chrome.owner(member)} uses Letterboxd. {len(member.watched):,} films watched.",
        image=chrome.avatar(member, 1000),
    )


def _statistics(world: World, member: Member) -> str:
    followers = len(world.followers(member.name))
    rows = (
        ("films", len(member.watched), "Films" if len(member.watched) != 1 else "Film"),
        (f"diary/for/{THIS_YEAR}", len(member.watched) // 5, f"In {THIS_YEAR}"),
        ("lists", member.lists, "Lists" if member.lists != 1 else "List"),
        ("following", len(member.following), "Following"),
        ("followers", followers, "Followers" if followers != 1 else "Follower"),
    )
    return "".join(_STATISTIC.format(path=path, number=number, word=word) for path, number, word in rows)


def _favourites(world: World, member: Member) -> str:
    """The favourites as in June 2026; a rated one leads to what the member wrote, not to the film."""
    if not member.favourites:
        return ""
    tiles = "".join(
        '\t\t\t\t\t\t<li class="griditem"><div class="favourite-production-poster-container" data-owner="@shown@"'
        f' data-object-id="favouriteFilm:{_favourite_id(member, slug)}" data-object-name="favorite film">'
        f" {poster(world.films[slug], 150, _own_page(member, slug))} </div></li>\n"
        for slug in member.favourites
    )
    return (
        '\t\t\t\t<section id="favourites" class="section">\n\t\t\t\t\t<h2 class="section-heading">Favorite films</h2>\n'
        f'\t\t\t\t\t<div class="poster-grid"><ul class="grid -p150">\n{tiles}\t\t\t\t\t</ul></div>\n\t\t\t\t</section>\n'
    )


def _recent_activity(world: World, member: Member) -> str:
    """The newest ratings: tiles like those of favourites, and ratings written unlike those on grids."""
    if not member.ratings:
        return ""
    tiles = "".join(
        '\t\t\t\t\t\t<li class="posteritem viewing-poster-container" data-owner="@shown@">'
        f" {poster(world.films[slug], 150, _own_page(member, slug))}"
        f' <p class="poster-viewingdata" data-item-uid="film:{world.films[slug].id}">'
        f' <span class="rating rated-{int(member.ratings[slug] * 2)}"> {star_text(member.ratings[slug])} </span>'
        f"{_LIKED if slug in member.likes else ''} </p></li>\n"
        for slug in islice(reversed(member.ratings), RECENT)
    )
    return (
        '\t\t\t\t<section id="recent-activity" class="section -tinyicons">\n'
        '\t\t\t\t\t<h2 class="section-heading"><a href="/@name@/activity/">Recent activity</a></h2>\n'
        '\t\t\t\t\t<a href="/@name@/films/" class="all-link">All</a>\n'
        f'\t\t\t\t\t<ul class="poster-list -p150 -horizontal">\n{tiles}\t\t\t\t\t</ul>\n\t\t\t\t</section>\n'
    )


def _watchlist(world: World, member: Member) -> str:
    """A few films the member has not watched."""
    slugs = [slug for slug in world.films if slug not in member.watched][:WATCHLIST]
    return _stacked(newest_first(world, slugs), "watchlist", "Watchlist", 40, " watchlist-aside")


def _recent_lists(world: World, member: Member) -> str:
    """Films of up to three lists, watched or not."""
    lists = min(member.lists, 3)
    films = list(islice(world.films.values(), 5 * lists))
    return "".join(
        _stacked(films[5 * one : 5 * one + 5], f"list/list-{one + 1}", f"List {one + 1}", member.lists)
        for one in range(lists)
    )


def _stacked(films: list[Film], path: str, heading: str, total: int, aside: str = "") -> str:
    tiles = "".join(
        f'\t\t\t\t\t\t\t<li class="posteritem"> {poster(film, 70, "/")} </li>\n' for film in films
    )
    return _LIST.format(path=path, heading=heading, total=total, tiles=tiles, aside=aside)


def _histogram(member: Member) -> str:
    """How many ratings of each level, with their sum; a member without ratings has no histogram."""
    total = len(member.ratings)
    if not total:
        return ""
    rated = list(member.ratings.values())
    counts = [rated.count(stars) for stars in STARS]
    bars = " ".join(
        _bar(place, stars, number, total, max(counts))
        for place, (stars, number) in enumerate(zip(STARS, counts, strict=True))
    )
    return (
        '\t<section class="section ratings-histogram-chart"> <h2 class="section-heading"><a href="/@name@/films/by/entry-rating/">Ratings</a></h2>'
        f' <a href="/@name@/films/by/entry-rating/" class="all-link">{total:,}</a> <div class="rating-histogram clear rating-histogram-exploded">'
        ' <span class="rating-green rating-green-tiny rating-1"><span class="rating rated-2">★</span></span>'
        f" <ul> {bars} </ul>"
        ' <span class="rating-green rating-green-tiny rating-5"><span class="rating rated-10">★★★★★</span></span> </div> </section>\n'
    )


def _bar(place: int, stars: float, number: int, total: int, most: int) -> str:
    """One of ten bars; a level never given has no link.

    No saved page shows such a level on a profile: this is how older readers describe a film's histogram.
    """
    height = f'<i style="height: {1 + 43 * number / most:.2f}px;;"></i>'
    if number:
        text = "half-★" if stars == 0.5 else star_text(stars)
        says = f"{number:,} {text} rating{'s' * (number != 1)} ({number / total:.0%})"
        link = f"/@name@/films/ratings/rated/{quote(_digits(stars))}/by/date/"
        height = f'<a href="{link}" class="bar ir tooltip" title="{says}">{says}{height}</a>'
    return f'<li class="rating-histogram-bar" style="width: 17px; left: {18 * place}px"> {height} </li>'


def _digits(stars: float) -> str:
    """Write 0.5 as ``½`` and 3.5 as ``3½``."""
    return f"{int(stars) or ''}{'½' * (stars % 1 == 0.5)}"


def _own_page(member: Member, slug: str) -> str:
    return f"/{member.name}/film/{slug}/" if slug in member.ratings else ""


def _favourite_id(member: Member, slug: str) -> int:
    return zlib.crc32(f"{member.lid} {slug}".encode())
