"""`letterboxd report`: what a circle thinks, as one HTML file."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from letterboxd_scraper.cli.posters import EmbedPostersOption, PostersOption, refuse_both, small_posters
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.cli.rank_options import strategy as strategy_option
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.extras import require
from letterboxd_scraper.machine.files import is_stdout, write_file
from letterboxd_scraper.report import Options, render
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.urls import may_be_read


def report(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: Annotated[str | None, strategy_option()] = None,
    output: Annotated[Path, options.output("The file.")] = Path("report.html"),
    names: Annotated[bool, options.names()] = False,
    posters: PostersOption = False,
    embed_posters: EmbedPostersOption = False,
    for_member: Annotated[
        str | None, options.member_who('The member whom the page calls "you"; default: the seed.', "--for")
    ] = None,
    limit: Annotated[int, options.limit("How many films, the best ranked first.")] = 5_000,
    image: Annotated[
        Path | None, options.output("Also a picture to share, with the ten best films, as PNG.", "--image")
    ] = None,
) -> None:
    """Write one HTML page to look at: the ranking, pictures, taste.

    The file needs nothing else, and fetches nothing but what --posters allows. Members are numbers in it,
    unless --names is given. --embed-posters fetches TMDB's posters once, while the page is made.

    \b
    Examples:
      letterboxd report --cohort friends
      letterboxd report --cohort friends --names --posters --output friends.html
      letterboxd report --cohort friends --strategy discovery --for marla
      letterboxd report --cohort friends --image top.png
    """
    session: Session = context.obj
    session.refuse_two_documents(output)
    _refuse(image, posters=posters, embed_posters=embed_posters)
    config = session.config
    choices = Options(
        at=config.now(),
        strategy=strategy or DEFAULT_STRATEGY,
        names=names,
        posters=posters,
        for_member=for_member,
        limit=limit,
        base_url=config.LETTERBOXD_BASE_URL,
        pages=may_be_read(config.LETTERBOXD_BASE_URL, terms_accepted=config.LETTERBOXD_TERMS_ACCEPTED),
    )
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        page = render(connection, circle, choices)
        picture = _picture(session, connection, circle, choices) if image else None
    if embed_posters:
        page = _with_posters(session, circle, choices, page)
    session.write(output, page)
    if image and picture:
        write_file(image, picture)
    if not is_stdout(output):
        size = len(page.encode())
        result = {"cohort": circle.label, "strategy": choices.strategy, "file": output, "bytes": size}
        lines = [f"{output}: {size / 1e6:.1f} MB, to be opened in a browser"]
        lines += [f"{image}: a picture"] if image else []
        session.conclude(result | {"image": image}, *lines)


def _refuse(image: Path | None, *, posters: bool, embed_posters: bool) -> None:
    """Raise InputError for options that cannot be followed."""
    refuse_both(posters=posters, embed_posters=embed_posters)
    if image:
        require("images", "--image")
        if is_stdout(image):
            raise InputError("--image -: a picture is no text: name a file, as --image top.png")


def _picture(session: Session, connection: sa.Connection, cohort: Cohort, choices: Options) -> bytes:
    """Return the picture to share as PNG, and say what could not be written in it."""
    from letterboxd_scraper.report import image  # of an extra

    picture = image.of_cohort(connection, cohort, choices.strategy, choices.at, names=choices.names)
    for remark in picture.remarks:
        session.say(remark)
    return picture.png


def _with_posters(session: Session, circle: Cohort, choices: Options, page: str) -> str:
    """Return a page once more, with as many small posters as it has room for."""
    from letterboxd_scraper.report import thumbnails  # of an extra

    with session.reading() as connection:
        addresses = thumbnails.addresses(connection, circle, choices.strategy, choices.limit)
    pictures = small_posters(session, addresses, page)
    with session.reading() as connection:
        return render(connection, circle, replace(choices, thumbnails=pictures))
