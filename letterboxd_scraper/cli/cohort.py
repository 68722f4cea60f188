"""`letterboxd cohort …`: who belongs to a circle."""

from pathlib import Path
from typing import Annotated, Any

import typer

from letterboxd_scraper.arguments import Definition, FollowGraphArguments, NamedList
from letterboxd_scraper.cli.rank_options import find_cohort, read_parameters
from letterboxd_scraper.cli.run_spider import FINISHED, AcceptTerms, crawl, crawl_settings
from letterboxd_scraper.cli.scrape import announce, is_for_full_crawl
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.targets import find_target
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.session import Session
from ranking.strategies import STRATEGIES

LabelArgument = Annotated[str, options.cohort_argument()]


def build(
    context: typer.Context,
    label: Annotated[str, options.value("LABEL", "A name for the cohort.")],
    seed: Annotated[str | None, options.member("The member whose circle it is.")] = None,
    members: Annotated[
        Path | None, options.value("FILE", "A file of member names, one a line, instead.")
    ] = None,
    depth: Annotated[
        int | None, options.count("1, as usual: whom the seed follows; 2: whom those follow, too.")
    ] = None,
    include_self: Annotated[
        bool | None, options.flag("--include-self/--no-include-self", "Whether the seed belongs to it.")
    ] = None,
    via: Annotated[
        str | None,
        options.value(
            "WHOM",
            "following, as usual, or followers.",
            autocompletion=options.one_of("following", "followers"),
        ),
    ] = None,
    max_members: Annotated[int | None, options.count("Stop at so many members.")] = None,
    accept_terms: AcceptTerms = False,
) -> None:
    """Build a cohort from a member's circle, or from a list of names.

    \b
    Examples:
      letterboxd cohort build --seed marla --label friends
      letterboxd cohort build --members names.txt --label club
    """
    session: Session = context.obj
    if (seed is None) == (members is None):
        raise InputError("give --seed NAME or --members FILE, and not both")
    if members is not None:
        _build_from_file(session, label, members)
        return
    arguments = {"seed": seed, "label": label, "depth": depth, "include_self": include_self}
    arguments |= {"via": via, "max_members": max_members}
    raise typer.Exit(follow(session, arguments, accept_terms=accept_terms))


def refresh(context: typer.Context, label: LabelArgument, accept_terms: AcceptTerms = False) -> None:
    """Read again whom a cohort's seed follows: who joined, who left.

    \b
    Examples:
      letterboxd cohort refresh friends
    """
    raise typer.Exit(follow(context.obj, {"cohort": label}, accept_terms=accept_terms))


def list_cohorts(context: typer.Context) -> None:
    """List the cohorts.

    \b
    Examples:
      letterboxd cohort list
    """
    session: Session = context.obj
    with session.reading() as connection:
        rows = [
            (c.id, c.label, c.seed, c.size, f"{c.updated_at:%Y-%m-%d}") for c in cohorts.every(connection)
        ]
    session.show(("id", "label", "seed", "members", "changed"), rows)


def show(context: typer.Context, label: LabelArgument) -> None:
    """Show a cohort's definition and its members.

    \b
    Examples:
      letterboxd cohort show friends
    """
    session: Session = context.obj
    with session.reading() as connection:
        cohort = cohorts.find(connection, label)
        members = cohorts.members(connection, cohort)
    session.say(f"{cohort.label} ({cohort.seed or 'a list of names'}): {_in_words(cohort.definition)}")
    rows = [
        (m.member, m.depth, m.status, m.films_count, m.likes_count, _day(m.last_full_scrape_at))
        for m in members
    ]
    session.show(("member", "depth", "status", "films", "likes", "crawled"), rows)


def change(
    context: typer.Context,
    label: LabelArgument,
    rank: Annotated[
        list[str] | None, options.value("NAME=NUMBER", "A strategy parameter, as m=10; repeatable.")
    ] = None,
    depth: Annotated[int | None, options.count("How many steps from the seed.")] = None,
    max_members: Annotated[int | None, options.count("Stop at so many members.")] = None,
    min_films: Annotated[int | None, options.count("Leave out members with fewer films.")] = None,
    max_films: Annotated[int | None, options.count("Leave out members with more films.")] = None,
    exclude: Annotated[list[str] | None, options.member("Leave out this member; repeatable.")] = None,
) -> None:
    """Change a cohort's definition.

    Membership follows at the next refresh, ranks at the next `letterboxd rank compute`.

    \b
    Examples:
      letterboxd cohort set friends --rank m=10 --rank min_votes=3
      letterboxd cohort set friends --exclude kip --min-films 20
    """
    session: Session = context.obj
    changes: dict[str, Any] = {"depth": depth, "max_members": max_members, "exclude": exclude}
    changes |= {"min_films": min_films, "max_films": max_films}
    changes = {name: value for name, value in changes.items() if value not in (None, [])}
    with session.writing() as connection:
        cohort = cohorts.find(connection, label)
        if rank:
            changes["rank"] = (cohort.definition.get("rank") or {}) | _numbers(rank)
        definition = Definition.read(cohort.definition | changes).model_dump(mode="json")
        cohorts.redefine(connection, cohort, definition, session.config.now())
    session.say(f"{cohort.label}: {_in_words(definition)}")


def delete(context: typer.Context, label: LabelArgument) -> None:
    """Delete a cohort with its rankings; its members' ratings stay.

    \b
    Examples:
      letterboxd cohort delete friends
    """
    session: Session = context.obj
    with session.writing() as connection:
        cohort = cohorts.find(connection, label)
        cohorts.delete(connection, cohort)
    session.say(f"deleted cohort {cohort.label!r} ({cohort.size} members)")


def follow(session: Session, arguments: dict[str, Any], *, accept_terms: bool) -> int:
    """Run `follow_graph`, then say who belongs to the circle and what crawling them takes.

    Returns its exit code. Raises InputError.
    """
    checked = FollowGraphArguments.read(arguments)
    with session.reading() as connection:
        find_target(connection, checked)
    session.say("reading who belongs to the circle: one request for every 25 people")
    code = crawl(session, "follow_graph", arguments, crawl_settings(accept_terms=accept_terms))
    if code in FINISHED:
        cohort = find_cohort(session, str(checked.cohort or checked.label))
        if is_for_full_crawl(session, cohort):
            announce(session, cohort)
        else:
            how = f"`letterboxd plan --cohort {cohort.label}` says what bringing them up to date takes"
            session.say(f"{cohort.label}: {cohort.size} members; {how}")
    return code


def _build_from_file(session: Session, label: str, file: Path) -> None:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the member names in {file}: {error}") from None
    names = [line.split("#")[0].strip() for line in lines]
    circle = NamedList.read({"label": label, "members": [name for name in names if name]})
    with session.writing() as connection:
        at = session.config.now()
        cohort = cohorts.make_from_names(connection, circle.label, circle.members, at)
    if left_out := len(set(circle.members)) - cohort.size:
        session.say(f"{left_out} of the names left out: they asked to be forgotten")
    session.say(f"{cohort.label}: {cohort.size} members; now: letterboxd scrape --cohort {cohort.label}")


def _numbers(texts: list[str]) -> dict[str, float]:
    """Return strategy parameters as numbers that a strategy accepts. Raises InputError."""
    numbers = {}
    for name, text in read_parameters(texts).items():
        users = [strategy for strategy in STRATEGIES.values() if name in strategy.parameters]
        if not users:
            raise InputError(f"--rank {name}: no strategy has such a parameter (`letterboxd rank list`)")
        numbers[name] = users[0].settle({name: text})[name]
    return numbers


def _in_words(definition: dict[str, Any]) -> str:
    conditions = {name: value for name, value in definition.items() if value not in (None, [], {})}
    return ", ".join(f"{name}={value}" for name, value in conditions.items()) or "no conditions"


def _day(moment: Any) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None
