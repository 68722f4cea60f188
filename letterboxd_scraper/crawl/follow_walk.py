"""Who belongs to a cohort: a breadth-first walk over who follows whom. No network, no database."""

from collections.abc import Container, Iterable

from letterboxd_scraper.arguments import Definition
from letterboxd_scraper.items.members import Person


class FollowWalk:
    """The people reached so far from the seed, each with the smallest depth at which they were reached."""

    def __init__(self, seed: str, definition: Definition, opted_out: Container[str] = ()) -> None:
        self.definition = definition
        self._opted_out = opted_out
        self._depths = {seed: 0}
        self._led_to: dict[str, list[str]] = {}
        self._expanded: set[str] = set()

    def add(self, owner: str, people: Iterable[Person]) -> list[str]:
        """Add the ``people`` on the listing of ``owner``; return the members whose listings are due now."""
        self._led_to.setdefault(owner, []).extend(p.member for p in people if self._may_belong(p))
        nearer = [owner]
        while nearer:  # a member who comes nearer takes along whom they led to
            leader = nearer.pop()
            depth = self._depths[leader] + 1
            for member in self._led_to.get(leader, ()):
                if member not in self._depths or depth < self._depths[member]:
                    self._depths[member] = depth
                    nearer.append(member)
        return self.to_expand()

    def cohort_members_among(self, people: Iterable[Person]) -> tuple[Person, ...]:
        """Return those of ``people`` who belong to the cohort as far as it is known."""
        names = {name for name, _ in self.members()}
        return tuple(person for person in people if person.member in names)

    def members(self) -> list[tuple[str, int]]:
        """Return (member, depth), nearest first; the seed only if the definition includes it."""
        reached = [
            (name, depth) for name, depth in self._depths.items() if depth or self.definition.include_self
        ]
        return sorted(reached, key=lambda member: member[1])[: self.definition.max_members]

    @property
    def full(self) -> bool:
        """Whether the cohort has as many members as its definition allows; never without a limit."""
        limit = self.definition.max_members
        return limit is not None and len(self.members()) >= limit

    def to_expand(self) -> list[str]:
        """Return the members whose listings are due and have not been returned before."""
        if self.full:
            return []
        due = [
            name
            for name, depth in self._depths.items()
            if depth < self.definition.depth and name not in self._expanded
        ]
        self._expanded.update(due)
        return due

    def _may_belong(self, person: Person) -> bool:
        filters = self.definition
        if person.member in filters.exclude or person.member in self._opted_out:
            return False
        if person.films is None:
            return True
        enough = filters.min_films is None or person.films >= filters.min_films
        return enough and (filters.max_films is None or person.films <= filters.max_films)
