"""`letterboxd cohort build --members FILE` and `--imported`: a cohort of names, from a file or stored."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa

from letterboxd_scraper.errors import InputError, refusal
from letterboxd_scraper.items.names import lines_of_names, member_name, short_code
from letterboxd_scraper.store.members import cohorts
from letterboxd_scraper.store.members.users import user_ids
from letterboxd_scraper.store.names import similar
from letterboxd_scraper.store.patience import transact
from letterboxd_scraper.store.schema import users
from letterboxd_scraper.terminal.chosen import member_of_code
from letterboxd_scraper.terminal.session import Session
from letterboxd_scraper.words import counted

# So many lines, or names, are told of.
_TOLD = 10
# So many pairs of names are compared, which takes a second or two.
_COMPARED = 100_000


def build_from_names(session: Session, label: str, file: Path) -> None:
    """Make the cohort, or set its members anew, and say which names are new here.

    Raises InputError, which tells of each line that is no name.
    """
    names = _read(session, file)
    with session.reading() as connection:
        new = _new_names(connection, names)
    _make(session, label, names, new, "scrape")


def build_of_imported(session: Session, label: str) -> None:
    """Make a cohort of everybody whose files were taken in, or set its members to them. Raises InputError."""
    with session.reading() as connection:
        names = cohorts.imported_names(connection)
    if not names:
        raise InputError("nobody's files are stored yet: letterboxd import FOLDER takes them in")
    _make(session, label, names, {}, "rank compute")


def _make(session: Session, label: str, names: Sequence[str], new: dict[str, str | None], then: str) -> None:
    cohort = transact(session.engine, cohorts.make_from_names, label, names, session.config.now())
    if new:
        told = [f"{name} (did you mean {alike}?)" if alike else name for name, alike in new.items()]
        more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
        session.say(f"new here: {', '.join(told[:_TOLD])}{more}")
    if left_out := len(names) - cohort.size:
        session.say(f"{left_out} of the names left out: they asked to be forgotten")
    session.conclude(
        {
            "cohort": cohort.label,
            "members": cohort.size,
            "new": list(new),
            "left_out": left_out,
            "runs": [],
        },
        f"{cohort.label}: {counted(cohort.size, 'member')}; now: letterboxd {then} --cohort {cohort.label}",
    )


def _read(session: Session, file: Path) -> list[str]:
    """Return the names in a file, each once. Raises InputError."""
    try:
        lines = list(lines_of_names(file.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the member names in {file}: {refusal(error)}") from None
    if not lines:
        raise InputError(f"{file}: no name in it: write one a line")
    names: dict[str, None] = {}
    wrong: list[str] = []
    for number, text in lines:
        code = short_code(text)
        try:
            names[(code and member_of_code(session, code)) or member_name(text)] = None
        except ValueError as error:
            wrong.append(f"line {number}, {text!r} {error}")
    if wrong:
        raise InputError(f"{file}: {'; '.join(_in_short(wrong))}")
    return list(names)


def _in_short(wrong: list[str]) -> Iterator[str]:
    yield from wrong[:_TOLD]
    if len(wrong) > _TOLD:
        yield f"and {counted(len(wrong) - _TOLD, 'more line')}"


def _new_names(connection: sa.Connection, names: Collection[str]) -> dict[str, str | None]:
    """Return the names that nobody stored has, and whose name they resemble; those that do come first."""
    stored = user_ids(connection, names)
    new = [name for name in names if name not in stored]
    others = list(connection.scalars(sa.select(users.c.letterboxd_username)))
    is_quick = len(new) * len(others) <= _COMPARED
    alike = {name: next(iter(similar(name, others)), None) if is_quick else None for name in new}
    return dict(sorted(alike.items(), key=lambda item: item[1] is None))
