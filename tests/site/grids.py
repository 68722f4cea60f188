"""Film grids: tiles in the form of April 2026 and later, the pages of a listing, and links between them."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from . import chrome
from .world import Film, Member, World

PER_PAGE = 72
# The site shows no page of films after this one, whatever there is.
LAST_PAGE = 128

# Files of empty posters by width, and the height that goes with the width.
EMPTY_POSTERS = {
    35: ("vLSHh7kq", 52), 70: ("BSf-Pjrh", 105), 110: ("BCr__jme", 165), 125: ("AiuBHVCI", 187),
    150: ("DtnLDE3k", 225), 230: ("nQeuntFa", 345), 1000: ("D9cprv0m", 1500),
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """Films of one member in the order shown, and the page they stand on."""

    member: Member
    kind: str  # "films" or "likes"
    path: str  # of the first page
    films: Sequence[Film]
    filtered: str = ""  # what the films have in common, for the sentence above a filtered grid


def poster(film: Film, width: int = 70, target: str = "") -> str:
    """Return a film's poster ``div``; ``target`` is where it leads if not to the film."""
    plain = _poster(film, width)
    if not target:
        return plain
    return plain.replace(f'data-target-link="/film/{film.slug}/"', f'data-target-link="{target}"')


@cache  # by far the largest part of a page, and the same for all members
def _poster(film: Film, width: int) -> str:
    name, height = EMPTY_POSTERS[width]
    link = f"/film/{film.slug}/"
    identifier = {"lid": film.lid, "uid": f"film:{film.id}", "type": "film", "typeName": "film"}
    path = {
        "postered": identifier,
        "posteredBaseLink": link,
        "isAdultThemed": False,
        "hasDefaultPoster": True,
        "cacheBustingKey": f"{zlib.crc32(film.lid.encode()):08x}",
    }
    full_name, empty = escape(film.full_name), f"{chrome.STATIC}/empty-poster-{width}-{name}.png"
    return (
        '<div class="react-component" data-component-class="LazyPoster" data-request-poster-metadata="true"'
        ' data-likeable="true" data-watchable="true" data-rateable="true"'
        f' data-image-width="{width}" data-image-height="{height}" data-item-name="{full_name}"'
        f' data-item-slug="{film.slug}" data-item-link="{link}" data-item-full-display-name="{full_name}"'
        f" data-postered-identifier='{_json(identifier)}' data-poster-url=\"{link}image-150/\""
        f" data-resolvable-poster-path='{_json(path)}' data-empty-poster-src=\"{empty}\""
        f' data-is-linked="true" data-target-link="{link}" data-details-endpoint="{link}json/"'
        ' data-show-menu="true" > <div class="poster film-poster">'
        f' <img src="{empty}" class="image" width="{width}" height="{height}" alt="{escape(film.title)}"/>'
        ' <span class="frame"><span class="frame-title"></span></span> </div> </div>'
    )


def tile(film: Film, stars: float | None, liked: bool) -> str:
    """Return a film's ``li`` on a member's grid, with the member's rating and like beneath the poster."""
    marks = ""
    if stars is not None:
        marks += f'<span class="rating -micro -darker rated-{int(stars * 2)}">{star_text(stars)}</span> '
    if liked:
        marks += (
            '<span class="like liked-micro has-icon icon-liked icon-16"><span class="icon"></span></span> '
        )
    return (
        f'\t\t\t\t\t\t\t<li class="griditem">\n\t\t\t\t\t\t\t\t{poster(film)}'
        f' <p class="poster-viewingdata" data-item-uid="film:{film.id}"> {marks}</p>\n\t\t\t\t\t\t\t</li>\n'
    )


def star_text(stars: float) -> str:
    """Write 3.5 as ``★★★½``."""
    return "★" * int(stars) + "½" * (stars % 1 == 0.5)


def newest_first(world: World, slugs: Iterable[str]) -> list[Film]:
    """Return films by year, newest first; films without a year are still to come and lead the list."""
    films = sorted((world.films[slug] for slug in slugs), key=lambda film: film.slug)
    return sorted(films, key=lambda film: film.year or 9999, reverse=True)


def grid_page(listing: Listing, number: int) -> str:
    """Return one page of a listing; past the end it has an empty grid and no way but back."""
    member = listing.member
    on_site = listing.films[: LAST_PAGE * PER_PAGE]
    films = on_site[(number - 1) * PER_PAGE : number * PER_PAGE]
    tiles = "".join(tile(film, member.ratings.get(film.slug), film.slug in member.likes) for film in films)
    pages = -(-len(on_site) // PER_PAGE)
    numbers = page_numbers(listing.path, number, pages) if listing.kind == "films" else ""
    content = (
        f'{_above(listing)}\t\t\t\t<div class="poster-grid">\n\t\t\t\t\t<ul class="grid -p70">\n'
        f"{tiles}\t\t\t\t\t</ul>\n\t\t\t\t</div>\n"
        f"{pagination(listing.path, number, pages, ('Newer', 'Older'), numbers)}"
        '\t\t<div class="clear"></div>\n\t</section>\n\t<div class="clear"></div>\n</div>\n'
    )
    body_class = {"films": "films-watched", "likes": "likes"}[listing.kind]
    title = {"films": "{}’s films", "likes": "Films {} likes"}[listing.kind].format(chrome.owner(member))
    return chrome.document(
        f"screen-member-child-page {body_class} wide small-poster-grid",
        member,
        content,
        path=listing.path,
        title=title,
    )


def pagination(path: str, number: int, pages: int, words: tuple[str, str], numbers: str = "") -> str:
    """Return the links to the pages before and after; nothing if page 1 is the only one."""
    if number == 1 and pages <= 1:
        return ""
    before = number - 1 if number > 1 else None
    after = number + 1 if number < pages else None
    steps = (("previous", words[0], before), ("next", words[1], after))
    links = " ".join(_step(name, word, path, target) for name, word, target in steps)
    return f'\t\t\t\t<div class="pagination"> {links} {numbers}</div>\n'


def page_numbers(path: str, number: int, pages: int) -> str:
    """Return the numbered links: the first page, the last, and those near this one."""
    linked = [page for page in range(1, pages + 1) if page in (1, pages) or abs(page - number) <= 2]
    gap = '<li class="paginate-page unseen-pages">&hellip;</li>'
    items, last = [], 0
    for page in linked:
        if page > last + 1:
            items.append(gap)
        link = f'<a href="{page_path(path, page)}">{page}</a>' if page != number else f"<span>{page}</span>"
        items.append(f'<li class="paginate-page{" paginate-current" * (page == number)}">{link}</li>')
        last = page
    if number > last + 1:
        items.append(gap)
    return f'<div class="paginate-pages"> <ul> {" ".join(items)} </ul> </div> '


def page_path(path: str, number: int) -> str:
    """Return the path of a page of the listing at ``path``; page 1 has no number."""
    return path if number == 1 else f"{path}page/{number}/"


def count(number: int, one: str, many: str = "") -> str:
    """Write ``1&nbsp;film`` and ``2,770&nbsp;films``."""
    return f"{number:,}&nbsp;{one if number == 1 else many or one + 's'}"


def _step(name: str, word: str, path: str, target: int | None) -> str:
    if target is None:
        return f'<div class="paginate-nextprev paginate-disabled"><span class="{name}">{word}</span></div>'
    link = f'<a class="{name}" href="{page_path(path, target)}">{word}</a>'
    return f'<div class="paginate-nextprev">{link}</div>'


def _above(listing: Listing) -> str:
    """Everything between the site's header and the grid."""
    member, kind = listing.member, listing.kind
    if kind == "films":
        menus = chrome.menus("/films/", chrome.FILM_SORTS, "Release Date")
        tooltip = count(len(member.watched), "film")
        heading = f'<h1 class="section-heading"><span class="tooltip" title="{tooltip}">Watched</span></h1>'
    else:
        menus = chrome.menus("/likes/films/", chrome.LIKE_SORTS, "When Liked")
        heading = _likes_tabs(member)
    nav = f'<div id="content-nav" class="tabbed"> {heading} <div class="sorting-selects has-hide-toggle"> @menus@ </div> <div class="clear"></div> </div>\n'
    html = (
        f'{chrome.profile_header(member, kind)}<div class="cols-2 overflow">\n\t<section class="section col-main overflow">\n'
        f"{nav}{_sentence(listing)}"
    )
    return chrome.fill(html, menus=menus, name=member.name, owner=chrome.owner(member))


def _likes_tabs(member: Member) -> str:
    """The tabs of the likes pages; one with nothing behind it is marked empty and has no count."""
    films = f' title="{count(len(member.likes), "film")}" class="tooltip"' if member.likes else ""
    return (
        '<section class="sub-nav-wrapper"> <ul class="sub-nav">'
        f' <li class="selected{"" if films else " empty"}"> <a href="/@name@/likes/films/"{films}> Films </a> </li>'
        ' <li class=" empty"> <a href="/@name@/likes/reviews/"> Reviews </a> </li>'
        ' <li class=" empty"> <a href="/@name@/likes/lists/"> Lists </a> </li> </ul> </section>'
    )


def _sentence(listing: Listing) -> str:
    """The sentence above a filtered grid, which says how many films there are in all."""
    if not listing.filtered:
        return ""
    films = f'<a href="{listing.path}">{count(len(listing.films), "film")}</a>'
    return (
        '\t<section class="ui-block-header filtered-message body-text -small">'
        f'<p class="ui-block-heading">@owner@ has watched {films} {listing.filtered}.</p></section>\n'
    )


def _json(value: object) -> str:
    return escape(json.dumps(value, separators=(",", ":")))
