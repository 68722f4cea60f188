"""`letterboxd cohort list|show|delete`: who belongs to a circle."""

from typing import Annotated, Any

import typer

from letterboxd_scraper.cli.rank_options import CohortOption
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, one_label
from letterboxd_scraper.terminal.columns import count
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

LabelArgument = Annotated[str | None, options.cohort_argument()]


def list_cohorts(context: typer.Context) -> None:
    """List the cohorts.

    \b
    Examples:
      letterboxd cohort list
    """
    session: Session = context.obj
    with session.reading() as connection:
        stored = cohorts.every(connection)
    if session.as_json:
        session.print_json([_told(cohort) for cohort in stored])
        return
    rows = [(c.id, c.label, c.seed, c.size, f"{c.updated_at:%Y-%m-%d}") for c in stored]
    session.show(("id", "label", "seed", count("members"), "changed"), rows)


def _told(cohort: cohorts.Cohort) -> dict[str, Any]:
    about = {"id": cohort.id, "label": cohort.label, "seed": cohort.seed, "members": cohort.size}
    return about | {"changed": cohort.updated_at, "definition": cohort.definition}


def show(context: typer.Context, label: LabelArgument = None, cohort: CohortOption = None) -> None:
    """Show a cohort's definition and its members.

    \b
    Examples:
      letterboxd cohort show friends
    """
    session: Session = context.obj
    with session.reading() as connection:
        circle = cohort_in(connection, session, one_label(label, cohort))
        members = cohorts.members(connection, circle)
    columns = ("member", "depth", "status", "films", "likes", "crawled")
    rows = [(m.member, m.depth, m.status, m.films_count, m.likes_count) for m in members]
    if session.as_json:
        moments = [member.last_full_scrape_at for member in members]
        session.print_json(
            [dict(zip(columns, (*row, at), strict=True)) for row, at in zip(rows, moments, strict=True)]
        )
        return
    session.say(f"{circle.label} ({circle.seed or 'a list of names'}): {in_words(circle.definition)}")
    days = [_day(member.last_full_scrape_at) for member in members]
    headings = ("member", "depth", "status", count("films"), count("likes"), "crawled")
    session.show(headings, [(*row, day) for row, day in zip(rows, days, strict=True)])


def delete(
    context: typer.Context,
    label: LabelArgument = None,
    cohort: CohortOption = None,
    yes: Annotated[bool, options.yes()] = False,
) -> None:
    """Delete a cohort with its rankings; its members' ratings stay.

    What goes is said, and asked about.

    \b
    Examples:
      letterboxd cohort delete friends
      letterboxd cohort delete friends --yes
    """
    session: Session = context.obj
    named = one_label(label, cohort)
    if named is None:  # what is deleted is never assumed
        raise InputError("give --cohort LABEL, the cohort to delete")
    with session.reading() as connection:
        circle = cohorts.find(connection, named)
        rankings = cohorts.rankings_of(connection, circle)
    parts = f"({counted(circle.size, 'member')}) and {counted(len(rankings), 'ranking')} of it"
    session.confirm(f"the cohort {circle.label} {parts} go; the members' ratings stay", yes=yes)
    transact(session.engine, cohorts.delete, circle)
    session.conclude(
        {"cohort": circle.label, "members": circle.size, "rankings": rankings},
        f"deleted cohort {circle.label!r} ({counted(circle.size, 'member')})",
    )


def in_words(definition: dict[str, Any]) -> str:
    """Return what a cohort's definition asks for; what it leaves open is left out."""
    conditions = {name: value for name, value in definition.items() if value not in (None, [], {})}
    return ", ".join(_in_words(name, value) for name, value in conditions.items()) or "no conditions"


def _in_words(name: str, value: Any) -> str:
    match value:
        case bool():
            return f"{name}={'yes' if value else 'no'}"
        case dict():
            return f"{name} " + " ".join(f"{key}={number:g}" for key, number in value.items())
        case list():
            return f"{name}={' '.join(map(str, value))}"
    return f"{name}={value}"


def _day(moment: Any) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
