"""The pages of those who directed films, in the form of 2026."""
# ruff: noqa: E501  (whole lines of markup are easier to compare with the site's)

from html import escape

from . import chrome
from .catalogue import catalogue
from .directors import Person
from .grids import poster
from .world import World

_PERSON = """<div class="cols-2">
<section class="section col-17 col-main">
\t<header class="page-header">
\t\t<div class="contextual-title">
\t\t\t<h1 class="title-1 prettify">
\t\t\t\t<span class="context">
\t\t\t\t\t\t\tFilms directed by
\t\t\t\t</span>
\t\t\t\t@name@
\t\t\t</h1>
\t\t</div>
\t</header>
<div id="content-nav" class="hide-toggle-menu"> <section class="smenu-wrapper smenu-wrapper-left"> <div class="smenu"> <label>Director<i class="ir s icon"></i></label> <ul class="smenu-menu"> <li class="smenu-subselected"> <span class="selected"> Director <small>@films@</small> </span> </li> <li> <a href="/producer/@slug@/" class="item"> Producer <small>4</small> </a> </li> <li> <a href="/writer/@slug@/" class="item"> Writer <small>2</small> </a> </li> </ul> </div> </section> <div class="sorting-selects has-hide-toggle"> <section class="smenu-wrapper"> <strong class="smenu-label">Sort by</strong> <div class="smenu"> <label>Popularity<i class="ir s icon"></i></label> <ul class="smenu-menu"> <li class=""><a class="item" href="/director/@slug@/by/name/">Film Name</a></li> <li class=""><a class="item" href="/director/@slug@/by/release/">Newest First</a></li> </ul> </div> </section> </div> </div>
\t\t\t<div class="poster-grid">
\t\t\t\t<ul class="grid -p150">
@tiles@\t\t\t\t</ul>
\t\t\t</div>
</section>
\t<aside class="sidebar">
\t\t<div class="avatar person-image"><img src="{static}/empty-DtpQRXf9.png" class="js-tmdb-person"@picture@ data-tmdb-id="@id@"/></div>
\t\t<div class="bio">
\t\t\t<section class='section panel-text js-tmdb-bio'> <p>@name@ does not exist &amp; never did.</p> </section>
\t\t\t@more@
\t\t</div>
\t</aside>
</div>
"""


def director_page(world: World, person: Person) -> str:
    """Return the page of somebody's films; one whose number the site lacks has an empty one."""
    films = catalogue(world).by_director.get(person.slug, [])
    number, name = str(person.page_tmdb_id or ""), escape(person.name)
    tiles = "".join(
        f'\t\t\t\t\t\t<li\n\t\t\t\t\t\t\tclass="tooltip griditem"\n\t\t\t\t\t\t\ttitle="{escape(film.full_name)}"\n'
        f"\t\t\t\t\t\t>\n\t\t\t\t\t\t\t{poster(film, 150)}\n\t\t\t\t\t\t</li>\n"
        for film in films
    )
    picture = (
        f' data-image="https://image.tmdb.org/t/p/w500{person.profile_path}"' if person.profile_path else ""
    )
    more = (
        '<p class="text-link text-footer">More details at'
        f' <a href="https://www.themoviedb.org/person/{number}/" class="micro-button" target="_blank" rel="noopener noreferrer">TMDB</a></p>'
    )
    title = f"Films directed by {name}"
    return "".join((
        chrome.opening(path=f"/director/{person.slug}/", title=title),
        f'<body class="wide crew-page filmography-page" data-type="director" data-tmdb-type="person" data-tmdb-id="{number}">\n',
        chrome.header(),
        chrome.fill(_PERSON.replace("{static}", chrome.STATIC), name=name, slug=person.slug, films=str(len(films)),
              tiles=tiles, picture=picture, id=number, more=more if number else ""),
        chrome.footer(),
    ))  # fmt: skip
