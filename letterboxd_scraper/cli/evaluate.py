"""`rank evaluate`: which strategy foretells best what the members of a circle think."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, refuse_both
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.evaluation.data import FromCohort, Source
from ranking.evaluation.evaluate import Evaluation, Judged, evaluate

_NAMES = {"pairs": "pairs right", "ndcg_10": "NDCG@10", "ndcg_100": "NDCG@100", "rmse": "RMSE, stars"}


def rank_evaluate(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    file: Annotated[
        Path | None,
        options.value("FILE", "A Parquet file instead: user, film (or slug), rating in stars.", "--data"),
    ] = None,
    hide: Annotated[float, options.number("SHARE", "The share of each member's ratings to hide.")] = 0.2,
    seed: Annotated[
        int, options.count("Which ratings are hidden: others by another number.", "--draw", "--seed", least=0)
    ] = 0,
) -> None:
    """Say how well each strategy foretells ratings hidden from it.

    Each measure is taken within every member and averaged over the members, with its standard error;
    "more" is the difference to the plain mean, member by member. Pairs right: of two films to which a
    member gave different stars, how often the ranking has them in that order; a tie counts half. A film
    that a strategy does not score counts as an average one; hidden ratings of films that nobody else
    rated are left out. In the 90 % interval: of the films with at least three hidden ratings, how often
    their mean lies there, the interval widened by that mean's own noise; as noise is most of that,
    this shows gross errors only. Nothing is written to the database.

    \b
    Examples:
      letterboxd rank evaluate --cohort friends
      letterboxd rank evaluate --data ratings.parquet --draw 1 --json
    """
    session: Session = context.obj
    if not 0 < hide < 1:
        raise InputError(f"--hide {hide:g}: a share between 0 and 1 is wanted, such as 0.2")
    with _source(session, cohort, file) as source:
        evaluation = evaluate(source, hide, seed, session.config.now())
    if session.as_json:
        session.print_json(asdict(evaluation))
    else:
        _show(session, evaluation)


@contextmanager
def _source(session: Session, cohort: str | None, file: Path | None) -> Iterator[Source]:
    if file is not None:
        refuse_both(cohort, file, "--data")
        extras.require("parquet", "--data")
        from ranking.evaluation.parquet_file import FromParquet

        yield FromParquet(file)
        return
    with session.reading() as connection:
        yield FromCohort(connection, cohort_in(connection, session, cohort))


def _show(session: Session, evaluation: Evaluation) -> None:
    session.say(
        f"{counted(evaluation.members, 'member')}; {counted(evaluation.kept, 'rating')} kept, "
        f"{evaluation.hidden:,} hidden and judged, {evaluation.left_out:,} left out (films that nobody else "
        "rated)"
    )
    rows = [row for judged in evaluation.rankings for row in _rows(judged)]
    session.show(("strategy", "measure", "value", "±", "more", "± "), rows)
    for judged in evaluation.rankings:
        if judged.remark:
            session.say(f"{judged.strategy} was not judged: {judged.remark}")


def _rows(judged: Judged) -> Iterator[tuple[object, ...]]:
    for name, figure in judged.figures.items():
        more = judged.more[name]
        yield judged.strategy, _NAMES[name], figure.mean, figure.error, more.mean, more.error
    if judged.inside and judged.inside.mean is not None:
        inside = judged.inside
        yield judged.strategy, "in 90 % interval", inside.mean, inside.error, None, None
    if judged.scored is not None and judged.scored < 1:
        yield judged.strategy, "hidden films scored", judged.scored, None, None, None
