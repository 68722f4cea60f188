"""Who belongs to a cohort: a breadth-first walk from the seed. No network, no database."""

from collections.abc import Container, Iterable

from letterboxd_scraper.arguments import Definition
from letterboxd_scraper.items.members import Person


class Circle:
    """The people found so far, each with the smallest depth at which they were reached."""

    def __init__(self, seed: str, definition: Definition, opted_out: Container[str] = ()) -> None:
        self.seed = seed
        self.definition = definition
        self._opted_out = opted_out
        self._depths = {seed: 0}
        self._led_to: dict[str, list[str]] = {}
        self._expanded: set[str] = set()

    def add(self, owner: str, people: Iterable[Person]) -> list[str]:
        """Note whom ``owner`` leads to; return those whose own listings are to be read now."""
        self._led_to.setdefault(owner, []).extend(p.member for p in people if self._wanted(p))
        nearer = [owner]
        while nearer:  # whoever comes nearer brings those nearer whom they led to
            leader = nearer.pop()
            depth = self._depths[leader] + 1
            for member in self._led_to.get(leader, ()):
                if depth < self._depths.get(member, depth + 1):
                    self._depths[member] = depth
                    nearer.append(member)
        return self.to_expand()

    def wanted(self, people: Iterable[Person]) -> tuple[Person, ...]:
        """Return those of ``people`` who belong to the circle; nothing is kept of the others."""
        kept = {name for name, _ in self.members()}
        return tuple(person for person in people if person.member in kept)

    def depth_of(self, member: str) -> int:
        return self._depths[member]

    def members(self) -> list[tuple[str, int]]:
        """Return (member, depth), nearest first; the seed only if the definition includes it."""
        found = [
            (name, depth) for name, depth in self._depths.items() if depth or self.definition.include_self
        ]
        return sorted(found, key=lambda member: member[1])[: self.definition.max_members]

    @property
    def full(self) -> bool:
        limit = self.definition.max_members
        return limit is not None and len(self.members()) >= limit

    def to_expand(self) -> list[str]:
        """Return those whose listings are to be read and have not been given out yet."""
        if self.full:
            return []
        new = [
            name
            for name, depth in self._depths.items()
            if depth < self.definition.depth and name not in self._expanded
        ]
        self._expanded.update(new)
        return new

    def _wanted(self, person: Person) -> bool:
        chosen = self.definition
        if person.member in chosen.exclude or person.member in self._opted_out:
            return False
        if person.films is None:
            return True
        most = person.films if chosen.max_films is None else chosen.max_films
        return (chosen.min_films or 0) <= person.films <= most
