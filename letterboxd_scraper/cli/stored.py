"""`letterboxd stored`: what is stored of a member, for themselves."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.items.sources import as_of_in_words
from letterboxd_scraper.machine.files import is_stdout
from letterboxd_scraper.store.members import own_data
from letterboxd_scraper.store.members.cohorts import find_member_of
from letterboxd_scraper.store.members.own_data import Circle, Stored
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

# What a table's rows are called; those of others are the program's own.
_CALLED = {
    "ratings": ("rating or like", "ratings or likes"),
    "watched": ("watched film", "watched films"),
    "watchlist": ("film on the watchlist", "films on the watchlist"),
}
_WISHES = {True: ", by name", False: ", as a number", None: ""}


def stored(
    context: typer.Context,
    member: Annotated[str | None, options.member_argument("Their name, @name or profile's address.")] = None,
    named: Annotated[str | None, options.member("The same, as an option.")] = None,
    output: Annotated[
        Path | None, options.output("Write all of it there, as JSON; `-`: print it instead.")
    ] = None,
) -> None:
    """Show what is stored of a member, or write all of it to a file.

    It says how much there is, which files and feeds told of it, and in which circles they are. The file holds
    all of it, and nothing of anybody else: it is theirs to have. `letterboxd forget` removes it.

    \b
    Examples:
      letterboxd stored marla
      letterboxd stored marla --output marla.json
    """
    session: Session = context.obj
    name = member or named
    if name is None or (member and named):  # whose data are told is never assumed
        raise InputError("give one MEMBER, of whom it is told what is stored")
    if output is not None:
        session.refuse_two_documents(output)
    with session.reading() as connection:
        user = find_member_of(connection, None, name)
        about = own_data.about(connection, user)
        everything = own_data.export(connection, user) if output is not None else None
    if everything is not None:
        session.write(output, json.dumps(everything, ensure_ascii=False, indent=1) + "\n")
        if output is not None and not is_stdout(output):
            told = {"member": about.name, "file": output}
            session.conclude(told, f"all that is stored of {about.name} is written to {output}")
    elif session.as_json:
        session.print_json(asdict(about))
    else:
        for line in _lines(about):
            session.tell(line)


def numbers(about: Stored) -> str:
    """Return how many ratings, and films on lists, there are of a member."""
    return ", ".join(
        counted(about.rows.get(table, 0), *called)
        for table, called in _CALLED.items()
        if table in about.rows or table == "ratings"
    )


def _lines(about: Stored) -> Iterator[str]:
    called = f" ({about.display_name})" if about.display_name else ""
    yield f"{about.name}{called}: {numbers(about)}; stored since {about.since:%Y-%m-%d}"
    if about.crawled_at:
        yield f"from the site, read last on {about.crawled_at:%Y-%m-%d}"
    for source in about.sources:
        yield f"from {source.name} ({source.service}), {as_of_in_words(source.as_of)}"
    for circle in about.circles:
        yield _place(circle)


def _place(circle: Circle) -> str:
    whose = ", their own circle" if circle.is_own else ""
    page = ", with a page of their own" if circle.has_page else ""
    return f"in {circle.label} since {circle.since:%Y-%m-%d}{whose}{page}{_WISHES[circle.shows_name]}"
