"""Following and followers: tables of people, 25 a page."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from . import chrome
from .grids import count, pagination
from .world import Member, World

PER_PAGE = 25

_TABLE = """\t\t<table class="table-base member-table">
\t\t\t\t<colgroup> <col class="col-member"> <col class="col-watched"> <col class="col-lists"> <col class="col-likes"> </colgroup>
\t\t\t\t<thead>
\t\t\t\t\t<tr> <th class="col-member">Name</th> <th class="col-watched _paddinginlinelg">Watched</th> <th class="col-lists _paddinginlinelg">Lists</th> <th class="col-likes _paddinginlinelg">Likes</th> <th class="col-follow hide-when-logged-out"></th> </tr>
\t\t\t\t</thead>
\t\t\t<tbody>
@rows@\t\t\t</tbody>
\t\t</table>
"""

_ROW = """<tr>
\t<td class="col-member table-person"><div class="person-summary"> <a class="avatar -a40" href="/@name@/"> <img src="@picture@" alt="@owner@" width="40" height="40"> </a> <h3 class="title-3"> <a href="/@name@/" class="name"> @owner@ @badge@</a> </h3> <small class="metadata"> <a href="/@name@/followers/" class="_nobr">@followers@</a>, <a href="/@name@/following/" class="_nobr">following @following@</a> </small> </div></td>
\t\t\t\t<td class="col-watched _paddinginlinelg table-stats"><a class="has-icon icon-16 icon-watched" href="/@name@/films/"><span class="icon"></span>@films@</a></td>
\t\t\t\t<td class="col-lists _paddinginlinelg table-stats"><a class="has-icon icon-16 icon-list" href="/@name@/lists/"><span class="icon"></span>@lists@</a></td>
\t\t\t\t<td class="col-likes _paddinginlinelg table-stats"><a class="has-icon icon-16 icon-liked tooltip" href="/@name@/likes/films/" title="@liked@"><span class="icon"></span>@likes@</a></td>
\t\t\t\t<td class="col-follow table-follow-status hide-when-logged-out"><div class="follow-button-wrapper js-follow-button-wrapper" data-username="@shown@" data-profile="/@name@/"> <a href="#" data-action="/@name@/follow/" class="ajax-click-action button -compact -follow js-button-follow"><span class="icon"></span><span class="button-text">Follow</span></a> <a href="#" data-action="/@name@/unfollow/" class="ajax-click-action button -compact -following js-button-following"><span class="icon"></span><span class="button-text">Following</span></a> </div></td>
</tr>
"""


def people_page(world: World, member: Member, kind: str, number: int) -> str:
    """Return a page of ``following`` or ``followers``, newest first; past the end the table is empty."""
    names = member.following if kind == "following" else world.followers(member.name)
    people = [world.members[name] for name in reversed(names)]
    on_page = people[(number - 1) * PER_PAGE : number * PER_PAGE]
    path = f"/{member.name}/{kind}/"
    pages = -(-len(people) // PER_PAGE)
    content = (
        f"{chrome.profile_header(member, 'network')}"
        f'<div class="cols-2">\n\t<section class="section col-17 col-main">\n{_tabs(world, member, kind)}'
        f"{chrome.fill(_TABLE, rows=''.join(_row(world, person) for person in on_page))}"
        f"{pagination(path, number, pages, ('Previous', 'Next'))}"
        '\t</section>\n\t<aside class="sidebar">\n\t</aside>\n</div>\n'
    )
    # As on the site: the pages of followers ask search engines not to index them.
    robots = '\n\t<meta name="robots" content="noindex">' if kind == "followers" else ""
    verb = "People {} follows" if kind == "following" else "{}’s followers"
    title = verb.format(chrome.owner(member))
    return chrome.document(
        f"screen-member-child-page {kind}", member, content, path=path, title=title, robots=robots
    )


def _row(world: World, person: Member) -> str:
    badge = f'<span class="badge -small">{person.badge}</span> ' if person.badge else ""
    return chrome.fill(
        _ROW,
        badge=badge,
        picture=chrome.avatar(person, 80),
        followers=count(len(world.followers(person.name)), "follower"),
        following=f"{len(person.following):,}",
        films=f"{len(person.watched):,}",
        lists=f"{person.lists:,}",
        liked=f"{count(len(person.likes), 'film')} liked",
        likes=f"{len(person.likes):,}",
        name=person.name,
        shown=person.shown,
        owner=chrome.owner(person),
    )


def _tabs(world: World, member: Member, kind: str) -> str:
    sizes = {"following": len(member.following), "followers": len(world.followers(member.name))}
    tabs = " ".join(_tab(member, tab, size, tab == kind) for tab, size in sizes.items())
    sorts = chrome.sort_menu(f"/{member.name}/{kind}/", "When Followed", chrome.PEOPLE_SORTS)
    return (
        '<div id="content-nav" class="tabbed gapless"> <section class="sub-nav-wrapper"> <ul class="sub-nav">'
        f' {tabs} </ul> </section> <div class="sorting-selects"> {sorts} </div> <div class="clear"></div> </div>\n'
    )


def _tab(member: Member, tab: str, size: int, selected: bool) -> str:
    total = f' class="tooltip" title="{count(size, "person", "people")}"' if size else ""
    classes = " ".join(["selected"] * selected + ["empty"] * (not size))
    return f'<li class="{classes}"> <a href="/{member.name}/{tab}/"{total}>{tab.capitalize()}</a> </li>'
