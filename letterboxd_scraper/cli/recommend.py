"""`letterboxd recommend`: what a member would like, and what several could watch together."""

from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.cli.export import write
from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank_options import CohortOption, MinScoreOption
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.choices import coverage

_RULES = ("average", "least-misery", "proportional", "multiplicative")


@with_film_choices
def recommend(
    context: typer.Context,
    member: Annotated[list[str], options.member("Whom for; repeated: for all of them together.")],
    cohort: CohortOption = None,
    limit: Annotated[int, options.limit("How many films.")] = 20,
    rule: Annotated[str, options.word(_RULES, "How several members' stars become one.")] = "average",
    veto: Annotated[
        float | None,
        options.number("STARS", "By the average: no film that one of them would give less; default: 2.5."),
    ] = None,
    min_score: MinScoreOption = None,
    seen_by_some: Annotated[
        bool, options.flag("--seen-by-some/--seen-by-none", "Films that some of them have seen, too.")
    ] = False,
    names: Annotated[bool, options.names("Say who of the cohort gave each film what.")] = False,
    output: Annotated[
        Path | None, options.output("Into this file: as JSON if its name ends in .json, else as CSV.")
    ] = None,
) -> None:
    """Say what a member would like, or several together.

    By what the circle says of a film, by how a member usually rates, and by what kind of films they rate
    higher than others do. Films that one of them has watched or rated are left out. With 90 % probability a
    rating lies between low and high. This names members: it is for you, not for sharing.

    \b
    Examples:
      letterboxd recommend --member marla --cohort friends
      letterboxd recommend --member marla --member tycho --decade 1990s
      letterboxd recommend --member marla --limit 200 --output films.csv
    """
    # NumPy takes longer to load than all other commands.
    from letterboxd_scraper.cli.recommend_forms import as_csv, as_json, fields, show
    from ranking.recommend import films
    from ranking.recommend.recommended import read_films, what_differs

    session: Session = context.obj
    wish = films.Wish(rule, veto, seen_by_some, choices_of(context), min_score)
    site, now = session.config.LETTERBOXD_BASE_URL, session.config.now()
    with session.reading() as connection:
        circle = cohort_in(connection, session, cohort)
        members = films.find_members(connection, circle, member)
        model = films.read_model(connection, circle, now, films.left_out(connection, circle, wish))
        ordered = films.order_films(connection, circle, model, members, wish, now, session.say)
        raters = films.stored_names(connection, model.ratings.member_ids.tolist()) if names else None
        recommended = read_films(connection, circle, ordered, site, limit=limit, named=raters)
        lacking = coverage.of_choices(connection, circle, None, wish.choices)
    for line in [*films.little_known(ordered.ratings), *lacking]:
        session.say(line)
    if not recommended:
        session.say(f"no film that members of {circle.label} rated fits")
    if output is not None:
        make = as_json if output.suffix == ".json" else as_csv
        _write(session, make(recommended), len(recommended), output)
    elif session.as_json:
        session.print_json(fields(recommended))
    else:
        show(session, recommended, what_differs(ordered, limit))


def _write(session: Session, text: str, films: int, output: Path) -> None:
    session.refuse_two_documents(output)
    if files := write(session, [text], films, output):
        session.conclude({"films": films, "files": files}, f"{counted(films, 'film')} written to {output}")
