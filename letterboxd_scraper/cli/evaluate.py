"""`rank evaluate`: which strategy foretells best what the members of a circle think."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine import extras
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in, refuse_both
from letterboxd_scraper.terminal.columns import Column
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.evaluation.data import FromCohort, Source
from ranking.evaluation.evaluate import MEAN, Evaluation, Judged, evaluate
from ranking.evaluation.groups import (
    AT,
    DEFAULT,
    FEW_GROUPS,
    FEWEST_FILMS,
    GroupsOfSize,
    evaluate_groups,
)
from ranking.evaluation.measures import Figure

_HIDE, _HIDE_OF_GROUPS = 0.2, 0.6


def rank_evaluate(
    context: typer.Context,
    cohort: Annotated[str | None, options.cohort()] = None,
    file: Annotated[
        Path | None,
        options.value("FILE", "A Parquet file instead: user, film (or slug), rating in stars.", "--data"),
    ] = None,
    hide: Annotated[
        float | None,
        options.number("SHARE", "The share of ratings to hide (default: 0.2; with --groups: 0.6)."),
    ] = None,
    seed: Annotated[
        int, options.count("Which ratings are hidden: others by another number.", "--draw", "--seed", least=0)
    ] = 0,
    groups: Annotated[
        bool, options.flag("--groups", "Judge what `recommend` does for two, three and four members.")
    ] = False,
) -> None:
    """Say how well each strategy foretells ratings hidden from it.

    A share of each member's ratings is hidden, and three questions are asked; ± is a standard error, "more"
    the difference to the plain mean.

    Forecast: of two films to which a member gave different stars, how often the ranking has them in that
    order; a tie counts half. NDCG@10 is what a member would think of the first ten, 1 at best. All are taken
    within every member and averaged over members. A film that a strategy does not score counts as an average
    one.

    Voice: how a strategy's scores go with what the circle's hidden ratings say of films, however generous
    their members are: Spearman's correlation over films with at least five of them.

    Apart: how many stars more than Letterboxd's members, and than this circle usually does, it gave the first
    twenty films of each list in its hidden ratings; and how many it gave.

    With --groups the rules of `letterboxd recommend` for several members are judged instead. Groups of two,
    three and four are drawn, and a share of the films that all of a group rated is hidden; each rule puts
    these in order by what the members' other ratings let expect. What the order is worth to a member is
    NDCG@5 of their own hidden ratings: the mean over the group, and that of the worst-off member.

    Nothing is written to the database.

    \b
    Examples:
      letterboxd rank evaluate --cohort friends
      letterboxd rank evaluate --data ratings.parquet --draw 1 --json
      letterboxd rank evaluate --cohort friends --groups
    """
    session: Session = context.obj
    share = (_HIDE_OF_GROUPS if groups else _HIDE) if hide is None else hide
    if not 0 < share < 1:
        raise InputError(f"--hide {share:g}: a share between 0 and 1 is wanted, such as 0.2")
    now = session.config.now()
    if not groups:
        with _source(session, cohort, file) as source:
            evaluation = evaluate(source, share, seed, now)
        _show(session, evaluation)
        return
    if file is not None:
        raise InputError(f"--groups and --data {file}: groups are drawn from a stored cohort; give --cohort")
    with session.reading() as connection:
        chosen = cohort_in(connection, session, cohort)
        _show_groups(session, evaluate_groups(connection, chosen, share, seed, now), seed, share)


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
    if session.as_json:
        session.print_json(asdict(evaluation))
        return
    judged = [ranking for ranking in evaluation.rankings if not ranking.remark]
    session.say(
        f"{counted(evaluation.members, 'member')}; {counted(evaluation.kept, 'rating')} kept, "
        f"{evaluation.hidden:,} hidden and judged, {evaluation.left_out:,} left out (films that nobody else "
        "rated)"
    )
    _show_forecasts(session, judged)
    _show_voices(session, judged)
    _show_lists(session, judged)
    for ranking in evaluation.rankings:
        if ranking.remark:
            session.say(f"{ranking.strategy} was not judged: {ranking.remark}")


def _show_forecasts(session: Session, judged: Sequence[Judged]) -> None:
    columns = ("strategy", "pairs", "±", "more", "±", "NDCG@10", "±", "RMSE", "±", "scored")
    session.show(
        [_column(name, "more") for name in columns],
        [_forecast(ranking) for ranking in judged],
        "Forecast: pairs of films in a member's own order, NDCG@10, error in stars",
    )
    for ranking in judged:
        if ranking.inside and ranking.inside.mean is not None:
            session.tell(
                f"{ranking.strategy}: the 90 % interval holds what is hidden of a film in "
                f"{100 * ranking.inside.mean:.1f} % of cases; its own noise is most of that"
            )
    if judged:
        session.tell(in_short(judged))


def _show_voices(session: Session, judged: Sequence[Judged]) -> None:
    voices = [(ranking.strategy, *_both(ranking.voice)) for ranking in judged if _is_known(ranking.voice)]
    if voices:
        session.tell()
        title = "Voice: correlation with what the circle's hidden ratings say of films"
        session.show(("strategy", "correlation", "±"), voices, title)
    else:
        session.say("voice was not judged: fewer than ten films have five hidden ratings")


def _show_lists(session: Session, judged: Sequence[Judged]) -> None:
    lists = [
        (ranking.strategy, *_both(ranking.apart), *_both(ranking.stars))
        for ranking in judged
        if _is_known(ranking.apart)
    ]
    if lists:
        session.tell()
        title = "Apart: the first twenty films, in stars above Letterboxd and in stars"
        names = ("strategy", "above", "±", "stars", "±")
        session.show([_column(name, "above") for name in names], lists, title)
    else:
        session.say("apart was not judged: no Letterboxd average is known of films with hidden ratings")


def in_short(judged: Sequence[Judged]) -> str:
    """Return what the forecast says: whether a ranking is better than the mean by more than chance makes."""
    best = max(judged, key=lambda ranking: ranking.figures["pairs"].mean or 0.0)
    more = best.more["pairs"]
    if more.mean is None or more.error is None or more.mean <= 2 * more.error:
        return f"In short: none orders pairs better than the {MEAN} by more than chance may make, twice its ±"
    return f"In short: {best.strategy} orders pairs best, better than the {MEAN} by more than twice its ±"


def _column(name: str, signed: str) -> Column:
    return Column(name, signed=name == signed)


def _forecast(ranking: Judged) -> tuple[object, ...]:
    figures = ranking.figures
    pairs, more = _both(figures["pairs"]), _both(ranking.more["pairs"])
    return (
        ranking.strategy,
        *pairs,
        *more,
        *_both(figures["ndcg_10"]),
        *_both(figures.get("rmse")),
        ranking.scored,
    )


def _both(figure: Figure | None) -> tuple[float | None, float | None]:
    return (figure.mean, figure.error) if figure else (None, None)


def _is_known(figure: Figure | None) -> bool:
    return figure is not None and figure.mean is not None


def _show_groups(session: Session, sizes: Iterable[GroupsOfSize], seed: int, hide: float) -> None:
    if session.as_json:
        session.print_json({"seed": seed, "hide": hide, "sizes": [asdict(of_size) for of_size in sizes]})
        return
    session.say("for each group the circle is fitted anew: of a hundred members that takes half a minute")
    for place, of_size in enumerate(sizes):
        if place and of_size.rules:
            session.tell()
        groups = f"{counted(of_size.groups, 'group')} of {of_size.size}"
        if of_size.rules:
            title = f"{groups}: NDCG@{AT} of {of_size.films:.0f} hidden films; more than by {DEFAULT}"
            names = ("rule", "mean", "±", "more", "±", "worst off", "±", "more", "±")
            rows = [
                (
                    rule.rule,
                    *(_both(rule.mean) + _both(rule.mean_more)),
                    *(_both(rule.worst_off) + _both(rule.worst_off_more)),
                )
                for rule in of_size.rules
            ]
            session.show([_column(name, "more") for name in names], rows, title)
            if of_size.groups < FEW_GROUPS:
                session.say(f"{groups} only: the cohort is too small to tell rules apart")
        else:
            films = counted(math.ceil((FEWEST_FILMS - 0.5) / hide), "film")
            session.say(f"no groups of {of_size.size}: there are none who have rated {films} in common")
