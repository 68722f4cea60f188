"""Who reads, where not everybody may read everything: what a request proves is kept while it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """What a reader may see: the pages of the cohorts ``circles``, by id, and as an operator all there is.

    ``member_of``: the cohort in which they are a member, and may be told who the others are.
    """

    circles: frozenset[int] = frozenset()
    member_of: int | None = None
    is_operator: bool = False

    def may_read(self, cohort_id: int) -> bool:
        """Say whether the cohort's pages are there for them."""
        return self.is_operator or cohort_id in self.circles

    def may_see_names(self, cohort_id: int) -> bool:
        """Say whether they may be told who the cohort's members are."""
        return self.is_operator or cohort_id == self.member_of


OPERATOR = Reader(is_operator=True)
NOBODY = Reader()
_READER: ContextVar[Reader] = ContextVar("reader", default=NOBODY)


def current_reader() -> Reader:
    """Return who reads; of whom nothing is known may read nothing."""
    return _READER.get()


@contextmanager
def reading_as(reader: Reader) -> Iterator[None]:
    """Let this reader be the one for whom everything in the block is answered."""
    token = _READER.set(reader)
    try:
        yield
    finally:
        _READER.reset(token)
