"""What surrounds the facts on every page: head, header, menus, footer. Built once, as heavy as the site's own.

Text that depends on the member stands as ``@name@``, ``@shown@`` and so on until ``fill`` replaces it.
"""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from functools import cache
from html import escape

from .world import Member

ORIGIN = "https://letterboxd.com"
STATIC = "https://s.ltrbxd.com/static/img"
UPLOADS = "https://a.ltrbxd.com/resized"

GENRES = (
    "Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary", "Drama", "Family", "Fantasy",
    "History", "Horror", "Music", "Mystery", "Romance", "Science Fiction", "Thriller", "TV Movie", "War",
    "Western",
)  # fmt: skip
SERVICES = ("Amazon Video", "Apple TV", "Disney Plus", "Kanopy", "MUBI", "Netflix")
COUNTRIES = ("AU", "BR", "CA", "DE", "FR", "GB", "IE", "IN", "NZ", "US")
FILM_SORTS = (
    ("name", "Film Name"), ("popular", "Film Popularity"), ("shuffle", "Shuffle"),
    ("date", "When Added, Newest First"), ("date-earliest", "When Added, Earliest First"),
    ("rated-date", "When Rated, Newest First"), ("rated-date-earliest", "When Rated, Earliest First"),
    ("release-earliest", "Release Date, Earliest First"),
    ("rating", "Average Rating, Highest First"), ("rating-lowest", "Average Rating, Lowest First"),
    ("entry-rating", "@owner@’s Rating, Highest First"),
    ("entry-rating-lowest", "@owner@’s Rating, Lowest First"),
    ("shortest", "Film Length, Shortest First"), ("longest", "Film Length, Longest First"),
)  # fmt: skip
LIKE_SORTS = (
    ("date-earliest", "When Liked, Earliest First"), ("release", "Release Date, Newest First"),
    ("release-earliest", "Release Date, Earliest First"), ("name", "Film Name"),
    ("popular", "Film Popularity"), ("shuffle", "Shuffle"),
    ("rating", "Average Rating, Highest First"), ("rating-lowest", "Average Rating, Lowest First"),
    ("member-rating", "@owner@’s Rating, Highest First"),
    ("member-rating-lowest", "@owner@’s Rating, Lowest First"),
    ("shortest", "Film Length, Shortest First"), ("longest", "Film Length, Longest First"),
)  # fmt: skip
PEOPLE_SORTS = (("name", "Name"), ("whenJoined", "When Joined"), ("popular", "Popularity"))
FOOTER_LINKS = (
    "about",
    "pro",
    "journal",
    "apps",
    "year-in-review",
    "gift-guide",
    "welcome",
    "api-beta",
    "contact",
)
NETWORKS = ("instagram", "threads", "x", "bluesky", "facebook", "tiktok", "youtube")
ACCOUNT_FILTERS = (
    "watched", "liked", "rated", "reviewed", "logged", "rewatched", "watchlisted", "owned", "short", "unreleased",
)  # fmt: skip
POLICIES = (
    ("Anyone", "everybody can see it"),
    ("Friends", "close friends can see it"),
    ("You", "nobody else can"),
)

_HEAD = f"""<!DOCTYPE html>
<html id="html" lang="en" class="context-client-unknown no-mobile no-js">
<head>
\t<meta charset="UTF-8">
\t<meta name="viewport" content="width=1024">
\t<meta http-equiv="X-UA-Compatible" content="IE=edge,chrome=1">
\t<meta name="description" content="@about@">
\t<meta property="og:url" content="{ORIGIN}@path@">
\t<meta property="og:title" content="@title@">
\t<meta property="og:description" content="@about@">
\t<meta property="og:image" content="@image@">@robots@
\t<meta name="twitter:card" content="summary">
\t<meta name="twitter:url" content="{ORIGIN}@path@">
\t<meta name="twitter:title" content="@title@ on Letterboxd">
\t<meta name="twitter:image" content="@image@">
\t<meta name="application-name" content="Letterboxd">
\t<meta name="theme-color" content="#14181C">
\t<title>&lrm;@title@ &bull; Letterboxd</title>
\t<link rel="manifest" href="/manifest.json">
\t<link rel="shortcut icon" href="/favicon.ico">
\t<link rel="search" type="application/opensearchdescription+xml" title="Letterboxd" href="/static/opensearch.xml">
</head>
"""

_NAVIGATION = """\t<nav class="profile-navigation">@person@
\t\t\t<ul class="navlist">
@items@
\t\t\t\t<li class="navitem -navicon -search" id="profile-search">
\t\t\t\t\t<a href="#" data-search-prefix="m:@shown@" class="has-icon icon-16 icon-search tooltip" title="Search"><span class="_sr-only">Search @owner@’s reviews and lists</span></a>
\t\t\t\t</li>
\t\t\t\t<li class="navitem -navicon -rss">
\t\t\t\t\t<a href="/@name@/rss/" class="has-icon icon-16 icon-rss tooltip" title="RSS feed"><span class="_sr-only">RSS feed for @owner@</span></a>
\t\t\t\t</li>
\t\t\t</ul>
\t</nav>
"""

_SIGN_IN = """<form method="post" action="#" id="signin" class="signin signin-form js-signin" data-url="/user/login.do" novalidate>
\t<input type="hidden" name="__csrf" value="">
\t<fieldset class="fieldset"><div class="fields">
\t\t<div class="col"><label for="username">Username</label> <input type="email" name="username" id="username" class="field signin-field" tabindex="1" autocomplete="email" value=""></div>
\t\t<div class="col"><label for="password">Password</label> <input type="password" name="password" id="password" class="field signin-field" tabindex="2" autocomplete="current-password" value=""></div>
\t\t<div class="signin-actions"><label for="remember" class="option-label -checkbox -small"><input type="checkbox" name="remember" id="remember" class="checkbox" tabindex="3" value="true"><i class="substitute"></i> Stay signed in</label></div>
\t\t<div class="col buttons"><div class="button-container"><input type="submit" value="Sign in" class="button -action button-green" tabindex="4"></div></div>
\t</div></fieldset>
</form>
"""

_HEADER = """<header class="site-header js-hide-in-app" id="header" data-allow-user-to-add-all-films-to-a-list="true">
\t<div class="site-header-bg"></div>
\t<section>
\t\t<h1 class="site-logo"><a href="/" class="logo replace">Letterboxd, the imitation</a></h1>
\t\t<div class="react-component" data-component-class="NavComponent"></div>
@sign_in@@entry@@policies@\t\t<form id="search" class="js-search-form search-form" action="/search/" method="get">
\t\t\t<fieldset><label for="search-q" class="hidden">Search:</label> <input type="text" name="q" id="search-q" class="field -borderless" value=""> <input type="submit" value="Search" class="action"></fieldset>
\t\t</form>
\t</section>
</header>
<div id="content" class="site-body">
\t\t<div class="content-wrap">
"""

_ENTRY_FORM = """<div id="diary-entry-form-modal" class="modal fade diary-entry-form-modal" tabindex="-1" role="dialog" aria-hidden="true" data-bs-backdrop="static">
\t<div class="modal-dialog modal-fullscreen-sm-down modal-dialog-centered"><div class="modal-content">
\t\t<form method="post" action="/s/save-diary-entry" class="diary-entry-form js-diary-entry-form" novalidate>
\t\t\t<input type="hidden" name="__csrf" value=""> <input type="hidden" name="viewingId" value=""> <input type="hidden" name="viewingableUid" value="">
\t\t\t<section class="diary-entry-form-wizard-step -search" data-js-wizard-step="search" role="group" aria-label="1 of 2"><div class="formrow"><label class="_sr-only">Film</label> <input type="text" class="field-large field -reversed -large js-viewingable-type-input" data-url="/s/autocompletefilm" placeholder="Which film?"></div></section>
\t\t\t<section class="diary-entry-form-wizard-step -compose fields-reversed" data-js-wizard-step="compose" role="group" aria-label="2 of 2" hidden>
\t\t\t\t<div class="formrow datefields"><table class="datepickerViewDays"><tbody class="datepickerDays">@days@</tbody><tbody class="datepickerYears">@years@</tbody></table></div>
\t\t\t\t<div class="formrow reviewfields"><textarea name="review" class="field reviewfield" placeholder="Your thoughts"></textarea></div>
\t\t\t\t<div class="fieldgroup -rating"><label>Rating</label><input name="rating" type="range" min="0" max="10" step="1" value="0"><div class="rateit js-rateit" data-rateit-starwidth="13" data-rateit-starheight="26"></div></div>
\t\t\t\t<div class="fieldgroup -like"><label class="option-label -like"><input type="checkbox" name="liked" value="true" class="ajax-working like-checkbox"><i class="substitute"></i> Like</label></div>
\t\t\t</section>
\t\t</form>
\t</div></div>
</div>
"""

_POLICY = """<template id="{kind}-policy-icon-{code}"><span class="policy-icon -{kind} -{code} -default -is-not-default" data-policy-type="{kind}" data-policy-code="{code}"><span class="frame tooltip" title="{says}" data-js-trigger="tooltip"> <svg></svg> </span> <span class="label _sr-only">{says}</span> </span></template>
"""

_FOOTER = """\t\t</div>
\t</div>
\t<footer id="page-footer" class="page-footer js-page-footer js-hide-in-app">
\t\t<div class="content-wrap">
\t\t\t<nav class="footer-nav js-footer-nav"><ul>
@links@
\t\t\t</ul></nav>
\t\t\t<div class="socials"><nav class="social-service-list -inline">
@socials@
\t\t\t</nav></div>
\t\t\t<p class="copyright">An imitation for tests: the members are invented. <a href="https://www.themoviedb.org" class="mute">TMDB</a></p>
\t\t</div>
\t</footer>
@pickers@</body>
</html>
"""

_PICKER = """<div id="{kind}-picker-modal" class="modal fade content-media-picker-modal {kind}-picker-modal" tabindex="-1" role="dialog" aria-labelledby="{kind}-picker-modal-title" aria-hidden="true" data-bs-backdrop="static">
\t<div class="modal-dialog modal-lg modal-fullscreen-sm-down modal-dialog-centered modal-dialog-scrollable"><div class="modal-content">
\t\t<div class="modal-header"><h5 class="modal-title" id="{kind}-picker-modal-title">Choose a {kind}</h5> <button type="button" class="modal-close" data-bs-dismiss="modal" aria-label="Close"></button></div>
\t\t<div class="modal-body"><form id="{kind}-picker" method="post" action="" novalidate data-js-target="{kind}-picker"></form></div>
\t\t<div class="modal-footer"><button form="{kind}-picker" class="button -destructive" type="button" data-js-trigger="reset" disabled><span class="label">Reset</span></button> <button form="{kind}-picker" class="button -action" type="submit" data-js-trigger="submit" disabled><span class="label">Save</span></button></div>
\t</div></div>
</div>
"""


def fill(template: str, /, **texts: str) -> str:
    """Replace every ``@key@`` in a template by its text, which must be HTML already."""
    for key, text in texts.items():
        template = template.replace(f"@{key}@", text)
    return template


def document(body_class: str, member: Member, content: str, /, **head: str) -> str:
    """Return a whole page about a member; ``head`` has path, title and, if need be, about, image, robots."""
    body = f'<body class="{body_class}" data-owner="{member.shown}">\n'
    return f"{opening(**head)}{body}{header()}{content}{footer()}"


def opening(**head: str) -> str:
    """Return a page as far as its body; ``head`` is as for ``document``."""
    texts = {"about": head["title"], "image": f"{STATIC}/default-share-7md9L34t.png", "robots": "", **head}
    return fill(_HEAD, **texts)


def message(title: str, strong: str) -> str:
    """Return the page shown instead of one that is missing or closed."""
    head = fill(
        _HEAD, about="", path="/", title=title, image=f"{STATIC}/default-share-7md9L34t.png", robots=""
    )
    body = f'<section class="message"><p><strong>{strong}</strong></p><p><a href="/">Home</a></p></section>\n'
    return f'{head}<body class="error message-dark">\n{header()}{body}{footer()}'


def owner(member: Member) -> str:
    """The display name as HTML."""
    return escape(member.display_name)


def avatar(member: Member, size: int) -> str:
    """Return the address of a member's picture, or of the default one, that many pixels wide."""
    if not member.picture:
        return f"{STATIC}/avatar{size}-CTtJ8HSs.png"
    return f"{UPLOADS}/avatar/{member.picture}-0-{size}-0-{size}-crop.jpg?v=0f23ac7ca5"


def profile_header(member: Member, active: str, summary: str = "") -> str:
    """Return ``section.profile-header``; without a summary it is the small one of the inner pages."""
    person = fill(_MINI_PERSON, picture=avatar(member, 48)) if not summary else ""
    items = _nav_items().replace(f'js-page-{active}"', f'js-page-{active} -active"')
    navigation = fill(
        _NAVIGATION, person=person, items=items, owner=owner(member), name=member.name, shown=member.shown
    )
    mini = "-is-not-mini-nav" if summary else "-is-mini-nav"
    return (
        f'<section class="profile-header js-profile-header {mini}" data-person="{member.shown}">\n'
        f"{summary}{navigation}</section>\n"
    )


_MINI_PERSON = """
\t\t\t<div class="profile-mini-person -has-no-badge">
\t\t\t\t<a class="avatar -a24" href="/@name@/"> <img src="@picture@" alt="@owner@" width="24" height="24"> </a>
\t\t\t\t<h1 class="title-3"><a href="/@name@/">@owner@</a></h1>
\t\t\t</div>"""


@cache
def header() -> str:
    """The site's header with its hidden forms, the same on every page."""
    policies = "".join(
        _POLICY.format(kind=kind, code=code.lower(), says=f"{code}: {says}")
        for kind in ("privacy", "share", "comment", "draft")
        for code, says in POLICIES
    )
    days = "".join(f"<tr>{''.join(_day(week * 7 + day) for day in range(1, 8))}</tr>" for week in range(6))
    years = "".join(f'<td colspan="2"><a href="#"><span>{year}</span></a></td>' for year in range(2011, 2027))
    entry = fill(_ENTRY_FORM, days=days, years=f"<tr>{years}</tr>")
    return fill(_HEADER, sign_in=_SIGN_IN, entry=entry, policies=policies)


@cache
def footer() -> str:
    """The site's footer, the same on every page."""
    links = "\n".join(f'\t\t\t\t<li><a href="/{name}/">{name.capitalize()}</a></li>' for name in FOOTER_LINKS)
    socials = "\n".join(
        f'\t\t\t\t<div class="listitem -icononly"><a class="trigger tooltip" href="https://{name}.example/letterboxd"'
        f' target="_blank" rel="noopener noreferrer" title="{name.capitalize()}"> <svg></svg>'
        f' <span class="label">{name.capitalize()}</span></a></div>'
        for name in NETWORKS
    )
    pickers = "".join(_PICKER.format(kind=kind) for kind in ("poster", "backdrop"))
    return fill(_FOOTER, links=links, socials=socials, pickers=pickers)


@cache
def menus(base: str, sorts: tuple[tuple[str, str], ...], order: str) -> str:
    """Return the sort and filter menus of a film grid at ``/@name@{base}``."""
    root = f"/@name@{base}"
    services = [
        (f"on/{_slug(one)}-{country.lower()}", f"{one} {country}")
        for one in SERVICES
        for country in COUNTRIES
    ]
    genres = [(f"genre/{_slug(genre)}", genre) for genre in GENRES]
    decades = [(f"decade/{year}s", f"{year}s") for year in range(2020, 1860, -10)]
    rating = (
        f'<section class="smenu-wrapper"> <div class="smenu"> <label> Rating <i class="ir s icon"></i> </label>'
        f' <ul class="smenu-menu"> <li class="smenu-subselected"><a class="item" href="{root}">Any rating</a></li>'
        f' <li><a class="item" href="{root}rated/none/">No rating</a></li> <li class="divider-line">'
        f' <div class="menu-rating-filter js-rating-filter" data-action="{root}rated/%7B%7Bvalue%7D%7D/">'
        f' <div class="rateit-range"></div> </div> </li> </ul> </div> </section>'
    )
    return "\n".join((
        _toggles(root),
        sort_menu(root, order, sorts),
        _menu(root, "Service", services),
        _menu(root, "Genre", genres),
        _menu(root, "Decade", decades),
        rating,
    ))  # fmt: skip


def sort_menu(root: str, order: str, sorts: tuple[tuple[str, str], ...]) -> str:
    """Return the "Sort by" menu of the page at ``root``, which shows its default order."""
    return _menu(
        root,
        order,
        [(f"by/{token}", text) for token, text in sorts],
        '<strong class="smenu-label">Sort by</strong> ',
    )


def _menu(root: str, label: str, items: list[tuple[str, str]], before: str = "") -> str:
    entries = " ".join(
        f'<li class=""><a href="{root}{path}/" class="item"><i class="ir s icon"></i>{text}</a></li>'
        for path, text in items
    )
    return (
        f'<section class="smenu-wrapper"> {before}<div class="smenu"> <label>{label}<i class="ir s icon"></i></label>'
        f' <ul class="smenu-menu"> <li class="smenu-subselected"><span class="selected">Any</span></li>'
        f" {entries} </ul> </div> </section>"
    )


def _toggles(root: str) -> str:
    """The size switch and the filters by a visitor's own account, which show words like ``liked`` on every page."""
    filters = " ".join(
        f'<li class="js-film-filter" data-category="{category}" data-type="{kind}"><a class="item" href="#">'
        f'<i class="ir s icon"></i>{kind.capitalize()} {category} films</a></li>'
        for category in ACCOUNT_FILTERS
        for kind in ("show", "hide")
    )
    return (
        '<section class="grid-toggle-menu mob-hide"> <ul> <li class="selected">'
        f'<a href="{root}" class="grid-toggle ir s grid-toggle-small" data-toggle="large">Small</a></li>'
        f' <li><a href="{root}size/large/" class="grid-toggle ir s grid-toggle-large" data-toggle="small">Large</a></li>'
        ' </ul> </section> <section class="smenu-wrapper hide-toggle-menu"> <div class="smenu">'
        ' <label><span class="ir s hide-toggle-icon">Visibility Filters</span><i class="ir s icon"></i></label>'
        f' <ul class="smenu-menu" id="hide-toggle-menu"> {filters} </ul> </div> </section>'
    )


@cache
def _nav_items() -> str:
    pages = ("activity", "films", "diary", "reviews", "watchlist", "lists", "likes", "tags", "network")
    paths = {"likes": "likes/films", "network": "following"}
    return "\n".join(
        f'\t\t\t\t<li data-owner="@shown@" class="navitem js-page-{page}">'
        f'<a class="navlink" href="/@name@/{paths.get(page, page)}/">{page.capitalize()}</a></li>'
        for page in pages
    )


def _day(number: int) -> str:
    outside = "" if 1 <= number <= 31 else "datepickerNotInMonth"
    return f'<td class="{outside}"><a href="#"><span>{(number - 1) % 31 + 1}</span></a></td>'


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-")
