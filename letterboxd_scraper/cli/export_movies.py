"""`letterboxd export radarr|kometa`: lists of films for programs that keep a library."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from typer.core import TyperCommand

from letterboxd_scraper.cli.export import write
from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank_options import CohortOption, MinScoreOption, StrategyOption, find_strategy
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.store.members.cohorts import Cohort
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import cohort_in
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking import results
from ranking.choices.filters import Choices, Tell
from ranking.exports.doubts import (
    LONGEST_MAX_AGE,
    USUAL_MAX_AGE,
    USUAL_WANTED_BY,
    Trust,
    refuse_unread_watchlists,
    refuse_unsure,
)
from ranking.exports.movies import MOST, USUAL_LIMIT, Movie, as_kometa, as_radarr, movies_of

TOP, WANTED, RECOMMEND = _LISTS = ("top", "wanted", "recommend")
_CALLED = {TOP: "Best of {}", WANTED: "Wanted by {}", RECOMMEND: "Recommended in {}"}
# Makes the text of an export of films and what a collection of them is called.
Text = Callable[[list[Movie], str], str]


def _radarr(movies: list[Movie], title: str) -> str:
    """Write a list of films as the JSON that Radarr takes.

    Of its kinds of lists, Custom Lists and StevenLu Custom. Films that TMDB has are on it, and no series.
    Where a list is not sure, because the last crawl was cut short, say, or would be empty, none is written:
    Radarr could be set to remove what is on its list no more.

    \b
    Examples:
      letterboxd export radarr --cohort friends --output top.json
      letterboxd export radarr --list wanted --wanted-by 3 -o wanted.json
      letterboxd export radarr --list recommend --member marla -o films.json
    """
    return as_radarr(movies)


def _kometa(movies: list[Movie], title: str) -> str:
    """Write a list of films as a collection file of Kometa's.

    It holds one collection. What is not sure is not written, as by `letterboxd export radarr`.

    \b
    Examples:
      letterboxd export kometa --cohort friends --output friends.yml
      letterboxd export kometa --cohort friends --list wanted -o wanted.yml
    """
    return as_kometa(movies, title)


@dataclass(frozen=True)
class _Films:
    """The films to choose from."""

    connection: sa.Connection
    cohort: Cohort
    choices: Choices
    min_score: float | None
    at: datetime
    tell: Tell

    def listed(self, kind: str, strategy: str) -> list[int]:
        """Return the ids of a ranking's films, or of those that several want to see, in order."""
        how: Any = {"min_score": self.min_score, "choices": self.choices, "tell": self.tell}
        if kind == TOP:
            return results.film_ids(self.connection, self.cohort, strategy, **how)
        least = self.choices.wanted_by or USUAL_WANTED_BY
        refuse_unread_watchlists(self.connection, self.cohort, least)
        return results.wanted_film_ids(self.connection, self.cohort, strategy, least, self.at, **how)

    def recommended(self, names: Sequence[str]) -> list[int]:
        """Return the ids of the films that members would like, best first. Raises UnknownName."""
        # NumPy takes longer to load than all other commands.
        from ranking.recommend import films

        wish = films.Wish(choices=self.choices, min_score=self.min_score)
        members = films.find_members(self.connection, self.cohort, names)
        without = films.left_out(self.connection, self.cohort, wish)
        model = films.read_model(self.connection, self.cohort, self.at, without)
        ordered = films.order_films(self.connection, self.cohort, model, members, wish, self.at, self.tell)
        return list(map(int, ordered.film_ids))


def _command(text: Text) -> TyperCommand:
    """Return the command that writes what ``text`` makes of films; its docstring is the command's."""

    def command(
        context: typer.Context,
        cohort: CohortOption = None,
        kind: Annotated[
            str,
            options.word(
                _LISTS,
                "A ranking's best films, what most members want to see, or what --member would like.",
                "--list",
            ),
        ] = TOP,
        member: Annotated[
            list[str] | None, options.member("Whom to recommend films to; repeated: to all together.")
        ] = None,
        strategy: StrategyOption = DEFAULT_STRATEGY,
        limit: Annotated[int, options.count("How many films at most.", "--limit", "-n", most=MOST)] = (
            USUAL_LIMIT
        ),
        min_score: MinScoreOption = None,
        max_age: Annotated[
            float,
            options.number("DAYS", "Write none if the circle was read, or ranked, longer ago.", "--max-age"),
        ] = USUAL_MAX_AGE,
        output: Annotated[Path | None, options.output("The file; default: standard output.")] = None,
    ) -> None:
        session: Session = context.obj
        session.refuse_two_documents(output)
        if bool(member) is not (kind == RECOMMEND):
            raise InputError("--list recommend and --member go together: who shall like the films?")
        if not 0 < max_age <= LONGEST_MAX_AGE:
            raise InputError(f"--max-age {max_age:g}: give more than 0 days, and {LONGEST_MAX_AGE:g} at most")
        trust = Trust(session.config.now(), max_age, session.config.silence)
        with session.reading() as connection:
            circle = cohort_in(connection, session, cohort)
            name = find_strategy(strategy).name
            refuse_unsure(connection, circle, None if kind == RECOMMEND else name, trust)
            remarks: list[str] = []
            chosen = _Films(connection, circle, choices_of(context), min_score, trust.at, remarks.append)
            ids = chosen.recommended(member) if member else chosen.listed(kind, name)
            movies = movies_of(connection, ids, limit, remarks)
            label = naming.of_cohort(connection, circle).label
        for line in filter(None, [*remarks, movies.passed_over]):
            session.say(line)
        made = text(movies.movies, _CALLED[kind].format(label))
        if files := write(session, [made], len(movies.movies), output):
            words = f"{counted(len(movies.movies), 'film')} written to {output}"
            result = {"list": kind, "films": len(movies.movies), "files": files}
            session.conclude(result | {"series": movies.series, "unnumbered": movies.unnumbered}, words)

    command.__doc__ = text.__doc__
    return with_film_choices(command)


export_radarr, export_kometa = map(_command, (_radarr, _kometa))
