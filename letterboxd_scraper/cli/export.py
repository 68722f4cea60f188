"""`letterboxd export …` and `python -m ranking export …`: rankings as files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperCommand

from letterboxd_scraper.cli.film_choices import choices_of, with_film_choices
from letterboxd_scraper.cli.rank import chosen_films
from letterboxd_scraper.cli.rank_options import CohortOption, MinScoreOption, StrategyOption
from letterboxd_scraper.config import DEFAULT_STRATEGY
from letterboxd_scraper.errors import InputError
from letterboxd_scraper.machine.files import is_stdout, write_file
from letterboxd_scraper.store.members import naming
from letterboxd_scraper.terminal import options
from letterboxd_scraper.terminal.chosen import find_cohort
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted
from ranking.exports.letterboxd_list import as_import, identities
from ranking.exports.texts import as_csv, as_json
from ranking.results import RankedFilm

# Makes the texts of an export, one a file, of a ranking.
Texts = Callable[[Session, list[RankedFilm]], Sequence[str]]
_LimitOption = Annotated[int | None, options.limit("How many films; default: all.")]
_OutputOption = Annotated[Path | None, options.output("The file; default: standard output.")]


def _csv(session: Session, films: list[RankedFilm]) -> Sequence[str]:
    """Write a ranking as CSV, for a spreadsheet.

    Titles that a spreadsheet would compute as formulas get an apostrophe before them.

    \b
    Examples:
      letterboxd export csv --cohort friends --output friends.csv
      letterboxd export csv --cohort friends --min-score 3.8 --unseen-by marla
    """
    return [as_csv(films, session.config.LETTERBOXD_BASE_URL)]


def _json(session: Session, films: list[RankedFilm]) -> Sequence[str]:
    """Write a ranking as JSON, for programs.

    \b
    Examples:
      letterboxd export json --cohort friends --output friends.json
    """
    return [as_json(films, session.config.LETTERBOXD_BASE_URL)]


def _letterboxd(session: Session, films: list[RankedFilm]) -> Sequence[str]:
    """Write a ranking as the CSV that Letterboxd imports as a list.

    It tells no ratings and no days, so that importing it logs nothing and rates nothing. What is larger than
    the one megabyte that Letterboxd takes becomes several files: FILE.csv, FILE-2.csv and so on.

    \b
    Examples:
      letterboxd export letterboxd --cohort club --limit 100 --output list.csv
    """
    with session.reading() as connection:
        return as_import(films, identities(connection, films))


def _command(texts: Texts) -> TyperCommand:
    """Return the command that writes what ``texts`` makes of a ranking; its docstring is the command's."""

    def command(
        context: typer.Context,
        cohort: CohortOption = None,
        strategy: StrategyOption = DEFAULT_STRATEGY,
        limit: _LimitOption = None,
        min_score: MinScoreOption = None,
        output: _OutputOption = None,
    ) -> None:
        session: Session = context.obj
        if texts is not _json:
            session.refuse_two_documents(output)
        films = chosen_films(session, cohort, strategy, limit, min_score, choices_of(context))
        _export(session, texts(session, films), films, strategy, output)

    command.__doc__ = texts.__doc__
    return with_film_choices(command)


export_csv, export_json, export_letterboxd = map(_command, (_csv, _json, _letterboxd))


@with_film_choices
def export_html(
    context: typer.Context,
    cohort: CohortOption = None,
    strategy: StrategyOption = DEFAULT_STRATEGY,
    limit: _LimitOption = None,
    min_score: MinScoreOption = None,
    output: _OutputOption = None,
    names: Annotated[bool, options.names("Say in the title whose circle it is.")] = False,
) -> None:
    """Write a ranking as a page with one table, for any browser and for paper.

    It has no scripts, and names nobody unless --names is given. `letterboxd report` makes a page to explore.

    \b
    Examples:
      letterboxd export html --cohort friends --limit 100 --output friends.html
      letterboxd export html --cohort friends --names --output friends.html
    """
    # The page's templates take a tenth of a second to load, which no other export needs.
    from letterboxd_scraper.report import assets, sentences
    from ranking.exports.html import Heading, as_html

    session: Session = context.obj
    session.refuse_two_documents(output)
    circle = find_cohort(session, cohort)
    films = chosen_films(session, circle.label, strategy, limit, min_score, choices_of(context))
    with session.reading() as connection:
        named = naming.of_cohort(connection, circle, names=names)
    title = sentences.title(named, circle.seed)
    heading = Heading(title, named.label, session.config.now(), assets.shared_style())
    page = as_html(films, strategy, session.config.LETTERBOXD_BASE_URL, heading)
    _export(session, [page], films, strategy, output)


def _export(
    session: Session, texts: Sequence[str], films: Sequence[RankedFilm], strategy: str, output: Path | None
) -> None:
    if files := write(session, texts, len(films), output):
        result = {"strategy": strategy, "films": len(films), "files": files}
        words = f"{counted(len(films), 'film')} written to {', '.join(map(str, files))}"
        session.conclude(result, words)


def write(session: Session, texts: Sequence[str], films: int, output: Path | None) -> list[Path]:
    """Write an export to a file, or to several with numbers in their names, or print it; return the files.

    Raises InputError if that cannot be done.
    """
    if output is None or is_stdout(output):
        if len(texts) > 1:
            many = counted(films, "film")
            raise InputError(f"{many}, too many for one file: give --output FILE or --limit N")
        session.print_text(texts[0])
        return []
    files = [output, *(output.with_stem(f"{output.stem}-{number}") for number in range(2, len(texts) + 1))]
    for file, text in zip(files, texts, strict=True):
        write_file(file, text)
    return files
