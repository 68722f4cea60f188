"""What is said to people of files, and of what they change."""

from collections.abc import Iterator, Sequence

from letterboxd_scraper.imports.reading import ReadFile, ReadFiles
from letterboxd_scraper.items.sources import Snapshot, as_of_in_words, is_dated
from letterboxd_scraper.store.intake import Outcomes, Told
from letterboxd_scraper.store.members.sources import Outcome

# So many sentences of one kind are said of a file.
_SAID = 10
_ONE = {
    "ratings": "rating",
    "likes": "like",
    "favourites": "favourite",
    "entries that wait": "entry that waits",
    "entries": "entry",
    "films": "film",
}


def of_files(read: ReadFiles) -> Iterator[str]:
    """Say of each file what it is, whose, how much of what is in it, and what is left out."""
    for file in read.files:
        yield from _of_file(file)
    yield from read.unknown


def _of_file(file: ReadFile) -> Iterator[str]:
    if file.error:
        yield file.error if file.path in file.error else f"{file.path}: {file.error}"
    for snapshot in file.snapshots:
        yield f"{file.path}: {file.kind} {of_snapshot(snapshot)}"
    if file.films:
        yield f"{file.path}: {file.kind}: own pages of {_number(len(file.films), 'films')}"
    elif not file.snapshots and not file.error:
        yield f"{file.path}: {file.kind}"
    yield from some(f"{file.path}: ", file.notes)
    if not all(is_dated(snapshot.as_of) for snapshot in file.snapshots):
        yield f"{file.path}: `letterboxd import --as-of` says from when it is"
    yield from some(f"{file.path}: left out: ", file.left_out)


def some(begin: str, sentences: Sequence[str]) -> Iterator[str]:
    """Say the first sentences, and how many more there are."""
    yield from (begin + sentence for sentence in sentences[:_SAID])
    if len(sentences) > _SAID:
        yield f"{begin}{len(sentences) - _SAID} more"


def of_snapshot(snapshot: Snapshot) -> str:
    """Say whose something is, if that is known, as of when, and how much of what is in it."""
    counts = ", ".join(_number(count, what.replace("_", " ")) for what, count in counts_of(snapshot).items())
    whose = f"of {snapshot.member}, " if snapshot.member else ""
    return f"{whose}{as_of_in_words(snapshot.as_of)}: {counts or 'nothing'}"


def counts_of(snapshot: Snapshot) -> dict[str, int]:
    """Return how much of what is in it."""
    parts: dict[str, Sequence[object] | None] = {
        "ratings": snapshot.ratings,
        "likes": snapshot.likes,
        "favourites": snapshot.favourites,
        "watched": snapshot.watched,
        "on_the_watchlist": snapshot.watchlist,
        "diary_entries": snapshot.viewings or snapshot.links or None,
    }
    return {what: len(films) for what, films in parts.items() if films is not None}


def of_outcomes(told: Told, outcomes: Outcomes) -> Iterator[str]:
    """Say what changes of each member."""
    for name in sorted(told.forgotten):
        yield f"{name} asked to be forgotten: nothing of them is stored"
    for name in told.welcome:
        yield f"{name}: {of_outcome(outcomes[name])}"


def of_outcome(outcome: Outcome) -> str:
    """Say what changes of a member.

    >>> of_outcome(Outcome(new=1, added=3, new_films=2)), of_outcome(Outcome())
    ('3 new ratings, 2 films new here', 'known already: nothing changes')
    """
    if not outcome.new:
        return "known already: nothing changes"
    counts = {
        "new ratings": outcome.added,
        "changed ratings": outcome.changed,
        "ratings removed": outcome.removed,
        "films new here": outcome.new_films,
        "diary entries that wait for a rating": outcome.waiting,
        "films that cannot be matched": len(outcome.unmatched),
    }
    return ", ".join(_number(count, what) for what, count in counts.items() if count) or "nothing changes"


def _number(count: int, what: str) -> str:
    """Say how many there are.

    >>> _number(1, "ratings removed"), _number(2, "diary entries"), _number(1, "watched")
    ('1 rating removed', '2 diary entries', '1 watched')
    """
    if count == 1:
        for many, one in _ONE.items():
            what = what.replace(many, one)
    return f"{count:,} {what}"
