"""`letterboxd year`: what a circle rated in a year, on one page to share and on the terminal."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.cli.posters import EmbedPostersOption, PostersOption, refuse_both, small_posters
from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.machine.files import is_stdout
from letterboxd_scraper.report import sentences, year_words
from letterboxd_scraper.report.year import ReadYear, YearOptions, page, read
from letterboxd_scraper.store.films import links
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.columns import Column, count, film, stars
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.urls import may_be_read
from ranking.year.films import FilmOfYear
from ranking.year.period import FIRST_YEAR, LAST_YEAR

_PAGE = Path("year.html")
_HEADINGS = {"letterboxd": "Letterboxd"}


def year(
    context: typer.Context,
    cohort: CohortOption = None,
    year: Annotated[
        int | None,
        options.count("Which year; default: this one.", least=FIRST_YEAR, most=LAST_YEAR, metavar="YEAR"),
    ] = None,
    member: Annotated[str | None, options.member("Also the year of this member of the circle.")] = None,
    names: Annotated[bool, options.names()] = False,
    posters: PostersOption = False,
    embed_posters: EmbedPostersOption = False,
    limit: Annotated[int, options.limit("How many films, members and directors of each kind.")] = 10,
    output: Annotated[
        Path | None, options.output("The page; default: year.html, and with --json none.")
    ] = None,
) -> None:
    """Show what a circle rated in a year: loved, fought about, discovered.

    Also who was first, how many ratings each month has, decades and directors. A rating counts for the year
    in which it was made: only those with a date tell, from members' archives, diaries or feeds, and those
    that were made between two crawls of the year. How many these are, and how many have no date, is said.

    It is printed, and written as one HTML page to share, which needs nothing else. Members are numbers,
    unless --names is given.

    \b
    Examples:
      letterboxd year --cohort friends --year 2026
      letterboxd year --member marla --names --output marla.html
      letterboxd year --cohort friends --json
    """
    session: Session = context.obj
    if output is not None:
        session.refuse_two_documents(output)
    refuse_both(posters=posters, embed_posters=embed_posters)
    config = session.config
    now = config.now()
    choices = YearOptions(
        year=now.year if year is None else year,
        at=now,
        member=member,
        names=names,
        posters=posters,
        limit=limit,
        base_url=config.LETTERBOXD_BASE_URL,
        pages=may_be_read(config.LETTERBOXD_BASE_URL, terms_accepted=config.LETTERBOXD_TERMS_ACCEPTED),
    )
    with session.reading() as connection:
        of_circle = read(connection, cohort_in(connection, session, cohort), choices)
    file = output or (None if session.as_json else _PAGE)
    size = _write(session, of_circle, file, embed_posters=embed_posters) if file else None
    if file and is_stdout(file):
        return
    if session.as_json:
        session.print_json(asdict(of_circle.told()) | {"file": file, "bytes": size})
        return
    _tell(session, of_circle)
    session.say(f"{file}: {(size or 0) / 1e6:.2f} MB, to be opened in a browser")


def _write(session: Session, year: ReadYear, file: Path, *, embed_posters: bool) -> int:
    """Write the page; return its size in bytes."""
    text = page(year)
    if embed_posters:
        text = page(year, small_posters(session, year.posters(), text))
    session.write(file, text)
    return len(text.encode())


def _tell(session: Session, year: ReadYear) -> None:
    """Print a year: a sentence, tables, and what is missing."""
    of_circle, limit = year.of_circle, year.options.limit
    session.tell(year_words.title(sentences.people(year.named, year.cohort.seed), of_circle))
    if of_circle.basis.ratings:
        session.tell(year_words.in_numbers(of_circle))
        session.tell(year_words.basis(of_circle))
        _show_films(session, year, "loved", [one.film for one in of_circle.loved[:limit]])
        _show_films(session, year, "fought about", [one.film for one in of_circle.fought[:limit]], "spread")
        discovered = [one.film for one in of_circle.discovered[:limit]]
        _show_films(session, year, "discovered", discovered, "letterboxd")
        _show_firsts(session, year)
        _show_groups(session, year)
        if own := of_circle.own:
            session.tell(f"\n{year_words.of_own(own, year.named.members[own.user], of_circle.mean)}")
    for line in year.remarks():
        session.say(line)


def _show_films(
    session: Session, year: ReadYear, title: str, films: Sequence[FilmOfYear], number: str = ""
) -> None:
    if not films:
        return
    numbers = [stars(number, _HEADINGS.get(number, ""))] if number else []
    columns: tuple[Column | str, ...] = (
        film(),
        "year",
        stars("mean"),
        *numbers,
        count("ratings"),
        count("dated"),
    )
    rows = [
        (
            one.title,
            one.year,
            one.mean,
            *([getattr(one, number)] if number else []),
            one.ratings,
            one.dated,
        )
        for one in films
    ]
    session.tell()
    session.show(columns, rows, title, [links.link(one.address, year.options.base_url) for one in films])


def _show_firsts(session: Session, year: ReadYear) -> None:
    firsts = year.of_circle.firsts.members[: year.options.limit]
    if not firsts:
        return
    columns = ("member", count("films"), count("followers", "followed by"), film("film"))
    rows: list[tuple[Any, ...]] = [
        (year.named.members[one.user], one.films, one.followers, year_words.titled(one.most))
        for one in firsts
    ]
    addresses = [links.link(one.most.address, year.options.base_url) for one in firsts]
    session.tell()
    session.show(columns, rows, "first to rate what others followed, above all …", addresses)


def _show_groups(session: Session, year: ReadYear) -> None:
    of_circle = year.of_circle
    if of_circle.directors:
        columns = (film("director"), count("films"), stars("mean"), count("ratings"), count("dated"))
        directed = of_circle.directors[: year.options.limit]
        rows = [(one.name, one.films, one.mean, one.ratings, one.dated) for one in directed]
        session.tell()
        session.show(columns, rows, "directors")
    lines = {
        "months": year_words.months([month.ratings for month in of_circle.months]),
        "decades": ", ".join(f"{one.name} {one.ratings:,}" for one in of_circle.decades),
    }
    session.tell()
    for name, line in lines.items():
        if line:
            session.tell(f"{name:<8}  {line}")
