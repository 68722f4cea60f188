"""The pages of films, in the form of 2026."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

import json
import zlib
from collections.abc import Iterable
from functools import cache
from html import escape
from itertools import islice

from . import chrome
from .cinema import Details, details
from .directors import Person, crew_member
from .grids import poster
from .world import Film, World

SHOWN_DIRECTORS = 2
RELATED = 6

_CREDITS = ("Producers", "Executive Producers", "Writers", "Casting", "Editors", "Cinematography", "Assistant Directors",
            "Additional Directing", "Production Design", "Composer", "Sound", "Costume Design", "Makeup")  # fmt: skip
_SHORT = {"Executive Producers": "Exec. Producers", "Assistant Directors": "Asst. Directors"}
_THEMES = (
    "Surreal and quiet nights",
    "Seaside towns & their secrets",
    "Low-key heists",
    "Humanity and its neighbours",
)
_TITLES = ("Il faro", "Der Leuchtturm", "Latarnia", "灯台", "Маяк", "El faro de \"enfrente\"", "Fyren & havet")  # fmt: skip
_REVIEWERS = (
    ("piapopcorn", "Pia & the Popcorn", 8),
    ("ohara", "Fen O'Hara", 9),
    ("gaffer", "Gaffer & Sons", 3),
)

_HEAD = f"""<!DOCTYPE html>
<html id="html" lang="en" class="context-client-unknown no-mobile no-js">
<head>
\t<meta charset="UTF-8">
\t<meta name="viewport" content="width=1024">
\t<meta http-equiv="X-UA-Compatible" content="IE=edge,chrome=1">
@description@\t<meta property="og:type" content="video.movie">
\t<meta property="og:url" content="{chrome.ORIGIN}@path@">
\t<meta property="og:title" content="@full@">
@og@\t<meta property="og:image" content="@image@"><meta property="og:image:width" content="1200"><meta property="og:image:height" content="675">
\t<meta name="twitter:card" content="summary_large_image">
\t<meta name="twitter:site" content="@letterboxd"><meta name="twitter:url" content="{chrome.ORIGIN}@path@">
\t<meta name="twitter:title" content="@full@">
@labels@\t<meta name="twitter:image" content="@image@">
\t<meta name="application-name" content="Letterboxd">
\t<meta name="theme-color" content="#14181C">
\t<title>&lrm;@full@ directed by @by@ • Reviews, film + cast &bull; Letterboxd</title>
\t<link rel="manifest" href="/manifest.json">
\t<link rel="shortcut icon" href="/favicon.ico">
\t<link rel="search" type="application/opensearchdescription+xml" title="Letterboxd" href="/static/opensearch.xml">
</head>
"""

_BACKDROP = """<body class="film backdropped" data-type="film" data-tmdb-type="@type@" data-tmdb-id="@id@">
<div class="backdrop-container"> <div id="backdrop" class="backdrop-wrapper backdrop-fade-in " data-backdrop="@image@" data-support-custom="true" data-production-uid="film:@number@" data-custom-backdrop-template-url="/ajax/backdrop@path@:backdropId/?v=2" data-offset="40" > <div class="backdropimage js-backdrop-image" ></div> <div class="backdropmask js-backdrop-fade"></div> </div> </div>
"""

_POSTERS = """<div class="modal modal-poster fade" id="poster-modal" tabindex="-1" aria-hidden="true"> <div class="modal-dialog modal-fullscreen"> <div class="modal-content"> <div class="modal-body"> @large@ </div> </div> </div> </div>
<div id="film-page-wrapper" class="cols-3 overflow">
\t\t<div class="col-6 gutter-right-1 col-poster-large" id="js-poster-col">
\t\t\t<section class="poster-list -p230 -single no-hover el col">
\t\t\t\t@poster@ <div class="csi js-serial-csi " data-src="/csi@path@stats/" data-on-load=""> <div class="production-statistic-list -placeholder" aria-busy="true"> </div> </div>
\t\t\t</section>
<div class="csi js-csi js-hide-in-app" data-src="/csi@path@availability/?esiAllowUser=true&amp;esiAllowCountry=true" data-on-load="csi-availability">
\t<section class="watch-panel"> <div class="header"> <h3 class="title">Where to watch</h3> </div> <div id="watch"> <div class="other"> <span class="more">&nbsp;</span> <a href="https://www.justwatch.com" target="_blank" rel="noopener noreferrer" class="jw-branding">JustWatch</a> </div> </div> </section>
</div>
\t\t</div>
"""

_MASTHEAD = """\t<div class="col-17">
\t\t<section class="production-masthead -shadowed -productionscreen -film">
\t\t\t<div class="details">
<h1 class="headline-1 primaryname"><span class="name js-widont prettify">@heading@</span></h1>
        <div class="productioninfo">
@year@            <p class="credits"> <span class="introduction">Directed by </span> <span class="creatorlist"> @credits@ </span> </p>
        </div>
\t\t\t</div>
\t\t</section>
\t\t<section class="section col-10 col-main">
\t\t\t<section class="production-synopsis"><div class="review body-text -prose -hero prettify"> <h3 class="hidden">Synopsis</h3> <h4 class="tagline">Nobody asked for it.</h4> @synopsis@</div> </section>
"""

_FOOT = """ <p class="text-link text-footer"> @runtime@@more@<span class="block-flag-wrapper show-on-hover hide-when-logged-out"> <a href="#" class="block-or-report-flag report-link has-icon icon-16 icon-report tooltip" title="Report this page" data-report-url="/ajax/film:@number@/report-form">Report this page</a> </span> </p>
\t\t</section>
"""

_SIDEBAR = """\t\t<aside class="sidebar">
\t\t\t<section id="userpanel" class="actions-panel">
\t\t\t\t<ul class="js-actions-panel">
<span class="csi js-csi " data-src="/csi@path@sidebar-user-actions/?esiAllowUser=true" data-on-load="sidebar-user-actions">
</span>
\t\t\t\t\t<li class="panel-sharing sharing-toggle js-actions-panel-sharing"> <button class="trigger" type="button" aria-expanded="false" aria-controls="sharing-toggle-body-film-@number@"> Share </button> <div id="sharing-toggle-body-film-@number@" class="body"> <div class="urlgroup"> <input id="url-field-film-@number@" type="text" value="https://boxd.it/@lid@" readonly spellcheck="false"> <button class="button clipboardtrigger has-icon" data-clipboard-target="#url-field-film-@number@" data-sharer-type="link" > <span class="label">Copy URL to Clipboard</span> <span class="icon"></span> </button> </div> </div> </li>
\t\t\t\t</ul>
\t\t\t</section>
<div class="csi js-csi " data-src="/csi@path@rating-histogram/" data-on-load="rating-histogram">
</div>
\t\t</aside>
<div class="csi js-csi " data-src="/csi@path@friend-activity/?esiAllowUser=true" data-on-load="">
</div>
<div class="csi js-csi " data-src="/csi@path@news/?esiAllowUser=true&amp;esiAllowCountry=true" data-on-load="production-news">
</div>
\t\t<section class="film-recent-reviews -clear">
<div class="csi js-csi " data-src="/csi@path@friend-reviews/?esiAllowUser=true" data-on-load="csi-friend-reviews">
</div>
\t<section class="film-reviews section js-popular-reviews" data-url="/ajax@path@popular-reviews/" data-how-many="12">
\t\t<h2 class="section-heading"><a href="@path@reviews/by/activity/">Popular reviews</a></h2>
\t\t<div class="viewing-list -marginblockstart js-viewing-list" data-listitem-mask-size="3">
@reviews@\t\t</div>
\t</section>
<div class="csi js-csi " data-src="/csi@path@recent-reviews/" data-on-load="csi-recent-reviews">
</div>
\t\t</section>
\t\t\t<section class="section related-films -clear">
\t\t\t\t<h2 class="section-heading"><a href="@path@similar/">Similar Films</a></h2>
\t\t\t\t<ul class="poster-list -p110 -horizontal -scaled104">
@related@\t\t\t\t</ul>
\t\t\t</section>
<div class="csi js-csi " data-src="/csi@path@popular-lists/" data-on-load="">
</div>
\t</div>
\t<div class="clear"></div>
</div>
<script type="application/ld+json">
/* <![CDATA[ */
@linked@
/* ]]> */
</script>
"""

_REVIEW = """\t\t\t\t<div class="listitem js-listitem"> <article class="production-viewing -viewing js-production-viewing" data-viewing-id="@viewing@" data-person="@member@"> <a class="avatar -a40" href="/@member@/" > <img src="{static}/avatar80-CTtJ8HSs.png" alt="@name@" width="40" height="40" /> </a> <div class="body"> <div class="attribution-block -large"> <div class="body"> <span class="attribution-detail"> <a href="/@member@@path@" class="context" title="Read @name@’s review"> Review by <span class="owner"><strong class="displayname">@name@</strong></span> </a> </span> <span class="content-reactions-strip -viewing"> <span class="rating -green rated-@halves@"> {stars} </span> </span> </div> </div> <div class="js-review " > <div class="body-text -prose -reset js-review-body js-collapsible-text" lang="en" > <p>Ran for 90&nbsp;mins and felt like 12. More at my blog. <a href="https://letterboxd.com/director/nobody-at-all/" rel="nofollow">Not directed by Nobody At All</a>.</p> </div> </div> </div> </article> </div>
"""


def film_page(world: World, film: Film) -> str:
    """Return the page of a film; the films around it are others of the world."""
    about, path = details(film), f"/film/{film.slug}/"
    image = f"{chrome.UPLOADS}/sm/upload/{_code(film, 'backdrop')}/{film.slug}-1200-1200-675-675-crop-000000.jpg?v=e7"
    parts = (
        _head(film, about, path, image),
        chrome.fill(_BACKDROP, type=about.body_tmdb_type, id=str(about.body_tmdb_id or ""), image=image,
              number=str(film.id), path=path),
        chrome.header(),
        chrome.fill(_POSTERS, large=poster(film, 1000, "/"), poster=poster(film, 230, "/"), path=path),
        _masthead(film, about, path),
        _tabs(film, about, path),
        _foot(film, about),
        chrome.fill(_SIDEBAR, path=path, number=str(film.id), lid=film.lid, reviews=_reviews(path),
              related=_related(world, film), linked=_linked_data(film, about, path)),
        chrome.footer(),
    )  # fmt: skip
    return "".join(parts)


def _head(film: Film, about: Details, path: str, image: str) -> str:
    synopsis, by = escape(about.overview or ""), escape(_by(about.directors))
    labels = (
        f'\t<meta name="twitter:label1" content="Directed by"><meta name="twitter:data1" content="{by}">\n'
    )
    if about.average:
        labels += (
            '\t<meta name="twitter:label2" content="Average rating">'
            f'<meta name="twitter:data2" content="{about.average:.2f} out of 5">\n'
        )
    return chrome.fill(
        _HEAD,
        path=path,
        full=escape(film.full_name),
        image=image,
        labels=labels,
        by=by,
        description=f'\t<meta name="description" content="{synopsis}">\n' if synopsis else "",
        og=f'\t<meta property="og:description" content="{synopsis}">\n' if synopsis else "",
    )


def _masthead(film: Film, about: Details, path: str) -> str:
    """The first two of the directors, the others behind an ellipsis; long titles do not break before a last word."""
    credits = ", ".join(
        f'<a class="contributor" href="/director/{person.slug}/"><span class="prettify">{escape(person.name)}</span></a>'
        for person in about.directors[:SHOWN_DIRECTORS]
    )
    if len(about.directors) > SHOWN_DIRECTORS:
        credits += f' <a href="{path}crew/#crew">&hellip;</a>'
    year = (
        f'            <span class="releasedate"> <a href="/films/year/{film.year}/">{film.year}</a> </span>\n'
    )
    heading = escape(film.title)
    if heading.count(" ") >= 3:
        heading = "&nbsp;".join(heading.rsplit(" ", 1))
    synopsis = f'<div class="truncate" data-truncate="450"> <p>{escape(about.overview or "")}</p> </div> '
    return chrome.fill(
        _MASTHEAD,
        heading=heading,
        year=year if film.year else "",
        credits=credits,
        synopsis=synopsis if about.overview else "",
    )


def _tabs(film: Film, about: Details, path: str) -> str:
    """Cast, crew, details and genres; all four ids are written the older way or all the newer one."""
    prefix = about.look.genres_tab.removesuffix("genres")
    names = ("cast", "crew", "details", "genres")
    header = " ".join(
        f'<li><a href="{path}{name}/" data-id="{name}">{name.capitalize()}</a></li>' for name in names
    )
    blocks = " ".join((
        f'<div id="{prefix}cast" class="tabbed-content-block"> <h3 class="hidden">Cast</h3> {_cast(film)} </div>',
        f'<div id="{prefix}crew" class="tabbed-content-block column-block -crewroles"> {_crew(film, about.directors)} </div>',
        f'<div id="{prefix}details" class="tabbed-content-block column-block"> {_facts(film, about)} </div>',
        f'<div id="{prefix}genres" class="tabbed-content-block column-block"> {_genres(about, path)} </div>',
    ))  # fmt: skip
    return f'\t\t\t\t<div id="tabbed-content" data-selected-tab=""> <header> <ul> {header} </ul> </header> {blocks} </div>'


def _cast(film: Film) -> str:
    parts = "".join(
        f'<a title="Part {place + 1} &amp; others" href="/actor/{person.slug}/" class="text-slug tooltip">{escape(person.name)}</a> '
        for place, person in enumerate(_actors(film))
    )
    return f'<div class="cast-list text-sluglist"> <p> {parts}</p> </div>'


def _crew(film: Film, directors: tuple[Person, ...]) -> str:
    """The crew by roles; a director may be a producer, too, and has another link there."""
    plural = "Directors" if len(directors) > 1 else "Director"
    roles = [_role(plural, "director", directors)]
    for place, role in enumerate(_CREDITS):
        people = [crew_member(film.id + 31 * place + 7 * one) for one in range(1 + (film.id + place) % 4)]
        word = role.lower().removesuffix("s").replace(" ", "-")
        roles.append(_role(role, word, [*people, *directors[:1]] if place % 4 == 1 else people))
    return " ".join(roles)


def _role(heading: str, word: str, people: Iterable[Person]) -> str:
    links = " ".join(
        f'<a href="/{word}/{one.slug}/" class="text-slug">{escape(one.name)}</a>' for one in people
    )
    return (
        f'<h3> <span class="crewrole -full">{heading}</span>'
        f' <span class="crewrole -short" aria-hidden="true">{_SHORT.get(heading, heading)}</span> </h3>'
        f' <div class="text-sluglist"> <p> {links} </p> </div>'
    )


def _facts(film: Film, about: Details) -> str:
    countries = " ".join(
        f'<a href="/films/country/{_word(one)}/" class="text-slug"> {escape(one)} </a>'
        for one in about.countries
    )
    return (
        '<h3><span>Studio</span></h3> <div class="text-sluglist"> <p> <a href="/studio/lantern-sons/" class="text-slug">Lantern &amp; Sons</a> </p> </div>'
        f' <h3><span>Countries</span></h3> <div class="text-sluglist"> <p> {countries} </p> </div>'
        f"{_languages(film, about)}"
        f' <h3><span>Alternative Titles</span></h3> <div class="text-indentedlist"> <p> {escape(", ".join(_TITLES))} </p> </div>'
    )


def _languages(film: Film, about: Details) -> str:
    """The language; of every third film several are spoken, of which the primary one is told apart."""
    if about.language is None:
        return ""
    _, name = about.language
    spoken = ("Latin", name) if film.id % 3 == 0 else (name,)
    primary = "Primary Language" if len(spoken) > 1 else "Language"
    headings = {primary: (name,)} | ({"Spoken Languages": spoken} if len(spoken) > 1 else {})
    return "".join(
        f' <h3><span>{heading}</span></h3> <div class="text-sluglist"> <p> '
        + " ".join(f'<a href="/films/language/{_word(one)}/" class="text-slug">{one}</a>' for one in names)
        + " </p> </div>"
        for heading, names in headings.items()
    )


def _genres(about: Details, path: str) -> str:
    themes = " ".join(
        f'<a href="/films/theme/{_word(one)}/by/best-match/" class="text-slug">{escape(one)}</a>'
        for one in _THEMES
    )
    links = " ".join(
        f'<a href="/films/genre/{_word(one)}/" class="text-slug">{escape(one)}</a>' for one in about.genres
    )
    listed = f'<h3><span>Genres</span></h3> <div class="text-sluglist capitalize"> <p> {links} </p> </div> '
    return (
        f'{listed if about.look.lists_genres else ""}<h3><span>Themes</span></h3> <div class="text-sluglist capitalize"> <p> {themes}'
        f' <a class="text-slug" href="{path}themes/">Show All&hellip;</a> </p> </div>'
    )


def _foot(film: Film, about: Details) -> str:
    links = []
    if about.imdb_id:
        links.append(_more(f"http://www.imdb.com/title/{about.imdb_id}/maindetails", "IMDb"))
    if about.link:
        links.append(_more(f"https://www.themoviedb.org{about.link.path}", about.look.label))
    runtime = f"{about.runtime}&nbsp;mins &nbsp; " if about.runtime else ""
    return chrome.fill(
        _FOOT, runtime=runtime, more=f"More at {' '.join(links)} " if links else "", number=str(film.id)
    )


def _more(href: str, label: str) -> str:
    return f'<a href="{href}" class="micro-button track-event" data-track-action="{label}" target="_blank" >{label}</a>'


def _related(world: World, film: Film) -> str:
    """Films that follow somewhere in the world's order, each with an identifier of its own."""
    start = film.id % max(1, len(world.films) - RELATED)
    others = [one for one in islice(world.films.values(), start, start + RELATED + 1) if one.id != film.id]
    return "".join(
        f'\t\t\t\t\t\t<li class="posteritem">\n\t\t\t\t\t\t\t{poster(one, 110)}\n\t\t\t\t\t\t</li>\n'
        for one in others[:RELATED]
    )


@cache
def _reviews_anywhere() -> str:
    return "".join(
        chrome.fill(
            _REVIEW.replace("{static}", chrome.STATIC).replace("{stars}", "★" * (halves // 2)),
            viewing=str(70_000_000 + zlib.crc32(member.encode()) % 10_000_000),
            member=member,
            name=escape(name),
            halves=str(halves),
        )
        for member, name, halves in _REVIEWERS
    )


def _reviews(path: str) -> str:
    return _reviews_anywhere().replace("@path@", path)


def _linked_data(film: Film, about: Details, path: str) -> str:
    """The JSON-LD; what the film lacks is left out, and nothing in it can end the script."""
    url = f"{chrome.ORIGIN}{path}"
    rating = {
        "bestRating": 5,
        "reviewCount": (about.count or 0) // 9,
        "@type": "aggregateRating",
        "ratingValue": about.average,
        "description": "A weighted average of what the members of the imitation gave.",
        "ratingCount": about.count,
        "worstRating": 0,
    }
    year = [{"@type": "PublicationEvent", "startDate": str(film.year)}]
    value = {
        "image": about.poster,
        "@type": "Movie",
        "director": _people(about.directors, "director"),
        "dateModified": "2026-01-03",
        "productionCompany": [
            {"@type": "Organization", "name": "Lantern & Sons", "sameAs": "/studio/lantern-sons/"}
        ],
        "releasedEvent": year if film.year else None,
        "@context": "http://schema.org",
        "url": url,
        "actors": _people(_actors(film), "actor"),
        "dateCreated": "2019-09-15",
        "name": film.title,
        "genre": list(about.genres),
        "@id": url,
        "countryOfOrigin": [{"@type": "Country", "name": name} for name in about.countries],
        "aggregateRating": rating if about.average else None,
    }
    present = {key: one for key, one in value.items() if one}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def _people(people: Iterable[Person], role: str) -> list[dict[str, str]]:
    return [{"@type": "Person", "name": one.name, "sameAs": f"/{role}/{one.slug}/"} for one in people]


def _actors(film: Film) -> list[Person]:
    return [crew_member(film.id + 17 * place) for place in range(24)]


def _by(directors: tuple[Person, ...]) -> str:
    names = ", ".join(person.name for person in directors[:SHOWN_DIRECTORS])
    return f"{names} et al" if len(directors) > SHOWN_DIRECTORS else names


def _word(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _code(film: Film, what: str) -> str:
    return f"{zlib.crc32(f'{what} {film.id}'.encode()):08x}"
