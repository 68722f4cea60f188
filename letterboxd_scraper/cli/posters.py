"""Posters in a page: the options for them, and small ones that become part of it."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from platformdirs import user_cache_path

from letterboxd_scraper.config import user_agent
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.extras import require
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session

PostersOption = Annotated[bool, options.flag("--posters", "Let the page fetch the films' posters.")]
EmbedPostersOption = Annotated[
    bool, options.flag("--embed-posters", "Make posters, small ones, part of the page: it works offline.")
]


def refuse_both(*, posters: bool, embed_posters: bool) -> None:
    """Raise InputError where posters are to be fetched by the page, and to be part of it."""
    if embed_posters:
        require("images", "--embed-posters")
        if posters:
            raise InputError("--posters and --embed-posters: give one of them")


def small_posters(session: Session, posters: Iterable[str | None], page: str) -> Mapping[str, str]:
    """Return small posters, as many as a page has room for, by the addresses of the ``posters``."""
    from letterboxd_scraper.report import thumbnails  # of an extra
    from letterboxd_scraper.tmdb.images import Images

    config = session.config
    session.say("posters come from TMDB, one after the other")
    images = Images(
        config.TMDB_TIMEOUT, config.TMDB_REQUESTS_PER_SECOND, user_agent(config.LETTERBOXD_CONTACT)
    )
    kept = thumbnails.Kept(user_cache_path("letterboxd-scraper") / "posters", config.TMDB_REFRESH_DAYS)
    small = thumbnails.Thumbnails(images, kept, thumbnails.LARGEST_PAGE - len(page.encode()))
    try:
        small.collect(posters)
    finally:
        images.close()
    for remark in small.remarks():
        session.say(remark)
    return small.pictures
