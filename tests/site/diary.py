"""The diary in the form of 2026: a table of viewings, 50 a page."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from html import escape
from itertools import pairwise

from . import chrome
from .grids import count, page_numbers, pagination, poster, star_text
from .world import Entry, Member, World

PER_PAGE = 50
SORTS = (
    ("added", "When Added, Newest First"), ("added-earliest", "When Added, Earliest First"),
    ("activity", "Latest Activity"), ("diary-count", "Diary Count"),
    ("entry-rating", "Entry Rating, Highest First"),
)  # fmt: skip

_TABLE = """<table cellpadding="0" cellspacing="0" id="diary-table" class="table-base reactions-table diary-table">
\t\t<colgroup>
\t\t\t<col class="col-monthdate">
\t\t\t<col class="col-daydate">
\t\t\t\t<col class="col-production">
\t\t\t\t<col class="col-released">
\t\t\t<col class="col-rating">
\t\t\t<col class="col-like">
\t\t\t<col class="col-rewatch">
\t\t\t<col class="col-review">
\t\t\t<col class="col-privacymode">
\t\t</colgroup>
\t\t<thead>
\t\t\t<tr>
\t\t\t\t<th scope="col" class="col-monthdate _aligncenter">Month</th>
\t\t\t\t<th scope="col" class="col-daydate _aligncenter _paddinginlinelg">Day</th>
\t\t\t\t\t<th scope="col" class="col-production">Film</th>
\t\t\t\t\t<th scope="col" class="col-releaseyear _aligncenter">Released</th>
\t\t\t\t<th scope="col" class="col-rating _aligncenter _paddinginlinelg">Rating</th>
\t\t\t\t<th scope="col" class="col-like _aligncenter _paddinginlinelg">Like</th>
\t\t\t\t<th scope="col" class="col-rewatch _aligncenter _paddinginlinelg">Rewatch</th>
\t\t\t\t<th scope="col" class="col-review _aligncenter _paddinginlinelg">Review</th>
\t\t\t\t<th scope="col" class="col-mode _aligncenter _paddinginlinelg"></th>
\t\t\t</tr>
\t\t</thead>
\t<tbody>
@rows@\t</tbody>
</table>
"""

_ROW = """<tr class="diary-entry-row viewing-poster-container" data-viewing-id="@id@" data-owner="@shown@" data-object-id="viewing:@id@" data-object-name="@kind@">
\t<td class="col-monthdate _aligncenter"> @month@</td> <td class="col-daydate _aligncenter _paddinginlinelg"> <a class="daydate" href="/@name@/diary/films/for/@year@/@mm@/@dd@/">@dd@</a> </td> <td class="col-production js-td-production"> <div class="productiondetails js-productiondetails"> @poster@ <div class="body"> <header class="inline-production-masthead -film -diary-entry-row"> <span> <h2 class="name -primary prettify"><a href="@entry@">@title@</a></h2>@released@ </span> </header> </div> </div> </td> <td class="col-releaseyear _aligncenter"><span>@release@</span></td> <td class="col-rating _paddinginlinelg"> <div class="rating-green">  <div class="hide-for-owner" data-owner="@shown@"> <span class="rating @level@"> @stars@ </span> </div> </div> </td> <td class="col-like _aligncenter _paddinginlinelg"> @liked@ </td> <td class="col-rewatch _aligncenter _paddinginlinelg js-td-rewatch@rewatch@"><span class="has-icon icon-rewatch icon-16"><span class="icon"></span></span></td> <td class="col-review _aligncenter _paddinginlinelg js-td-review@no_review@"> @review@</td> <td class="col-mode _aligncenter _paddinginlinelg js-td-mode"> </td>
</tr>
"""

_MONTH = '<div class="monthdate"> <svg></svg> <svg></svg> <a class="month" href="/@name@/diary/films/for/@year@/@mm@/">@word@</a> <a class="year" href="/@name@/diary/films/for/@year@/">@year@</a> </div> '
_LIKED = '<span class="has-icon icon-16 icon-liked hide-for-owner" data-owner="@shown@"><span class="icon"></span></span>'
_REVIEW = '<a href="@entry@" class="has-icon icon-review icon-16 tooltip" title="Read the review"><span class="icon"></span>Read the review</a> '
_RELEASED = '<span class="releasedate"> <a href="/films/year/@release@/">@release@</a> </span>'

# No whole diary without an entry was ever saved: this is how the site says it of a year.
_EMPTY = """\t<section class="ui-block-header filtered-message body-text -small  empty-text">
\t\t<p class="ui-block-heading">
\t\t\t<span class="replace-if-you" data-replacement="You haven’t" data-person="@shown@">@owner@ hasn’t</span> logged any films.
\t\t</p>
\t</section>
"""


def diary_page(world: World, member: Member, number: int) -> str:
    """Return a page of the diary; without an entry, and past the end, it says that there is none."""
    entries = member.diary[::-1]
    on_page = entries[(number - 1) * PER_PAGE : number * PER_PAGE]
    path, pages = f"/{member.name}/diary/films/", -(-len(entries) // PER_PAGE)
    links = pagination(path, number, pages, ("Newer", "Older"), page_numbers(path, number, pages))
    content = chrome.fill(
        chrome.profile_header(member, "diary")
        + '<section class="section col-main overflow">\n'
        + _heading(member)
        + (_TABLE if on_page else _EMPTY)
        + f'{links}\t<div class="clear"></div>\n</section>\n<div class="clear"></div>\n',
        rows="".join(_rows(world, member, on_page)),
        name=member.name,
        shown=member.shown,
        owner=chrome.owner(member),
    )
    return chrome.document(
        "screen-member-child-page diary films-diary wide logged-out show-hide-toggle",
        member,
        content,
        path=path,
        title=f"{chrome.owner(member)}’s diary",
    )


def entry_path(member: Member, entry: Entry) -> str:
    """Return where an entry is read: a film's second viewing to be logged has the number 1, and so on."""
    earlier = sum(other.film == entry.film and other.id < entry.id for other in member.diary)
    return f"/{member.name}/film/{entry.film}/" + (f"{earlier}/" if earlier else "")


def _heading(member: Member) -> str:
    tooltip = count(len({entry.film for entry in member.diary}), "film")
    menus = chrome.menus("/diary/films/", SORTS, "Watched Date")
    return (
        f'<div id="content-nav" class="tabbed"> <h1 class="section-heading"><span class="tooltip" title="{tooltip}">Diary</span></h1>'
        f' <div class="sorting-selects has-hide-toggle"> {menus} </div> <div class="clear"></div> </div>\n'
    )


def _rows(world: World, member: Member, entries: list[Entry]) -> list[str]:
    """Return the rows of a page; only the first of a month names it."""
    months = [None, *((entry.date.year, entry.date.month) for entry in entries)]
    first = [before != month for before, month in pairwise(months)]
    return [_row(world, member, entry, new) for entry, new in zip(entries, first, strict=True)]


def _row(world: World, member: Member, entry: Entry, new_month: bool) -> str:
    film, path = world.films[entry.film], entry_path(member, entry)
    tile = poster(film, 35, path).replace('class="react-component"', 'class="react-component figure"', 1)
    return chrome.fill(
        _ROW,
        month=_MONTH if new_month else "",
        released=_RELEASED if film.year else "",
        liked=_LIKED if entry.liked else "",
        rewatch="" if entry.rewatch else " icon-status-off",
        review=_REVIEW if entry.review else "",
        no_review="" if entry.review else " icon-status-off",
        poster=tile,
        title=escape(film.title),
        release=str(film.year or ""),
        level="" if entry.stars is None else f"rated-{int(entry.stars * 2)}",
        stars="" if entry.stars is None else star_text(entry.stars),
        kind="review" if entry.review else "entry",
        id=str(entry.id),
        entry=path,
        word=entry.date.strftime("%b"),
        year=f"{entry.date.year}",
        mm=f"{entry.date.month:02}",
        dd=f"{entry.date.day:02}",
    )
