"""Every address on the site, as a path; the host is a setting."""

from urllib.parse import urlsplit

from letterboxd_scraper.items.members import STARS_OF, Listing

# The site that saved pages and archives come from, whichever site is crawled.
SITE = "https://letterboxd.com"

_LISTINGS = {
    Listing.PROFILE: "",
    Listing.FOLLOWING: "following/",
    Listing.FOLLOWERS: "followers/",
    Listing.RATED: "films/rated/.5-5/",
    Listing.UNRATED_LIKES: "likes/films/rated/none/",
    Listing.UNRATED_WATCHED: "films/rated/none/",
    Listing.LIKES: "likes/films/",
    Listing.RATED_BY_DATE: "films/rated/.5-5/by/rated-date/",
    Listing.DIARY: "diary/films/",
    Listing.FEED: "rss/",
    Listing.WATCHLIST: "watchlist/",
    # Written as in the site's own range: .5, 1, 1.5 …
    **{level: f"films/rated/{f'{stars:g}'.removeprefix('0')}/" for level, stars in STARS_OF.items()},
}
# The site shows no page of a member's films after this one, however many there are.
LAST_PAGE = 128
FILMS_PER_PAGE = 72
PEOPLE_PER_PAGE = 25
VIEWINGS_PER_PAGE = 50


def listing(member: str, kind: Listing, number: int = 1) -> str:
    """Return the path of page ``number`` (from 1) of a member's listing.

    >>> listing("ada", Listing.RATED, 2)
    '/ada/films/rated/.5-5/page/2/'
    >>> listing("ada", Listing.RATED_0_5), listing("ada", Listing.RATED_4_0)
    ('/ada/films/rated/.5/', '/ada/films/rated/4/')
    """
    path = f"/{member}/{_LISTINGS[kind]}"
    return path if number == 1 else f"{path}page/{number}/"


def film(slug: str) -> str:
    """Return the path of a film's page; ``film:NUMBER`` leads there as well.

    >>> film("ordet"), histogram("ordet"), director("carl-theodor-dreyer")
    ('/film/ordet/', '/csi/film/ordet/rating-histogram/', '/director/carl-theodor-dreyer/')
    """
    return f"/film/{slug}/"


def film_elsewhere(service: str, number: int | str) -> str:
    """Return a path that leads to the page of a film that TMDB (of its movies alone) or IMDb numbers so.

    Its code leads there from another host only, boxd.it.

    >>> film_elsewhere("tmdb", 1018), film_elsewhere("imdb", "tt0166924")
    ('/tmdb/1018/', '/imdb/tt0166924/')
    """
    return f"/{service}/{number}/"


def histogram(slug: str) -> str:
    """Return the path of a film's rating histogram."""
    return f"/csi/film/{slug}/rating-histogram/"


def director(slug: str) -> str:
    """Return the path of a director's page."""
    return f"/director/{slug}/"


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address.

    >>> origin("https://Letterboxd.com/ada/") == origin("https://letterboxd.com:443/") == origin(SITE)
    True
    >>> origin("https://letterboxd.com@elsewhere.test/"), origin("http://[::1]:8000/ada/")
    (('https', 'elsewhere.test', 443), ('http', '::1', 8000))
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def may_be_read(base_url: str, *, terms_accepted: bool) -> bool:
    """Say whether the site at ``base_url`` may be read: it is this machine's, or its terms are accepted."""
    return terms_accepted or is_loopback(base_url)


def is_loopback(base_url: str) -> bool:
    """Say whether ``base_url`` names this machine, so that no terms of a real site apply.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://letterboxd.com")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
