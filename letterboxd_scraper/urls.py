"""Every address on the site, as a path; the host is a setting."""

from urllib.parse import urlsplit

from letterboxd_scraper.items import Listing

_LISTINGS = {
    Listing.PROFILE: "",
    Listing.FOLLOWING: "following/",
    Listing.FOLLOWERS: "followers/",
    Listing.RATED: "films/rated/.5-5/",
    Listing.UNRATED_LIKES: "likes/films/rated/none/",
    Listing.UNRATED_WATCHED: "films/rated/none/",
}


def listing(member: str, kind: Listing, number: int = 1) -> str:
    """Return the path of page ``number`` (from 1) of a member's listing.

    >>> listing("ada", Listing.RATED, 2)
    '/ada/films/rated/.5-5/page/2/'
    """
    path = f"/{member}/{_LISTINGS[kind]}"
    return path if number == 1 else f"{path}page/{number}/"


def is_loopback(base_url: str) -> bool:
    """Say whether ``base_url`` names this machine, so that no terms of a real site apply.

    >>> is_loopback("http://127.0.0.1:8000"), is_loopback("https://letterboxd.com")
    (True, False)
    """
    host = urlsplit(base_url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
